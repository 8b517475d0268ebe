"""What stops a night on its figures, a person lets pass once; a rollback loses and doubles nothing."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage import cli, pipeline
from linkage.engine.duckdb import DuckDBEngine
from linkage.overrides import Overrides
from linkage.store import OutFolder
from tests.faults.site import SOURCE, Site

TIGHT = """[volume]
min_history = 2
deviations = 0.001
share = 0
min_rows = 0
[audit]
match_rate = 0
certainty = 0
min_records = 1
"""


pytestmark = pytest.mark.usefixtures("without_gates")


class Command:
    """The command in this process: exit code and what it said."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def __call__(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli.app, [*words, "--out", str(self.site.out)])
        error = done.exception
        code = getattr(error, "exit_code", None)
        return (done.exit_code if code is None else int(code)), done.output + str(error or "")

    def night(self, settings: str = "") -> tuple[int, str]:
        self.site.set(settings)
        return self("run", "--inbox", str(self.site.inbox), "--config", str(self.site.config))


@pytest.fixture
def command(site: Site) -> Command:
    return Command(site)


@pytest.fixture(scope="module")
def published(yesterday: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Yesterday and today, both published."""
    site = Site(tmp_path_factory.mktemp("published") / "site")
    shutil.copytree(yesterday.path, site.path, symlinks=True)
    site.deliver()
    code, said = Command(site).night()
    assert code == 0, said
    return site


@pytest.fixture
def today(published: Site, tmp_path: Path) -> Command:
    """A copy of both nights that the test may spoil."""
    shutil.copytree(published.path, tmp_path / "today", symlinks=True)
    return Command(Site(tmp_path / "today"))


def rows(site: Site, query: str, name: str = "case_view.duckdb") -> list[tuple[object, ...]]:
    with DuckDBEngine(site.out / name, read_only=True) as view:
        return view.rows(query)


EVERYTHING = (
    "SELECT * FROM incident_status ORDER BY ALL",
    "SELECT source_id, record_kind, record_id, person_seq, person_id FROM involvement ORDER BY ALL",
    "SELECT * FROM household_member ORDER BY ALL",
    "SELECT source_id, delivery_id, content_hash, rows FROM delivery ORDER BY ALL",
)


def refusals(command: Command) -> list[tuple[str, str, dict[str, int]]]:
    """Return delivery, state and reasons of all that was refused."""
    found = json.loads(command("rejected", "--all", "--json")[1])["deliveries"]
    return [(one["delivery_id"], one["state"], one["by_reason"]) for one in found]


@pytest.mark.slow
def test_a_stopped_night_leaves_yesterday_and_passes_once_a_person_accepted_it(site: Site, command: Command) -> None:
    """Stopped twice: by the volume before anything was linked, and then by what moved."""
    today = site.deliver()
    today.file("incidenten.csv", lambda content: content + b"stuk\n", is_declared=True)
    today.manifest(lambda m: m["files"][0].update(rows=m["files"][0]["rows"] + 1))
    before = site.view()
    for measure in ("volume of delivery", "match_rate"):
        code, said = command.night(TIGHT)
        assert code == 1
        assert measure in said and "inbeeld accept --reason" in said
        assert site.view() == before
        assert json.loads(command("status", "--json")[1])["waiting"]["figures"][0].startswith(measure)
        assert "ACCEPTED" not in command("status")[1]
        assert refusals(command) == [(today.folder.name, "stopped", {"column_count": 1})]
        assert f"{SOURCE}/{today.folder.name}: 1 of" in command("rejected")[1]
        code, said = command("accept", "--reason", f"KANARIE: {measure}", "--by", "anna")
        assert (code, measure in said, site.view() == before) == (0, True, True)

    code, said = command.night(TIGHT)
    assert (code, site.view() == before) == (0, False), said
    assert refusals(command) == [(today.folder.name, "accepted", {"column_count": 1})]
    assert rows(site, "SELECT count(*) > 1 FROM audit WHERE verdict = 'accepted'") == [(True,)]
    told, log = command("status")[1], "".join(path.read_text() for path in (site.out / "state" / "logs").iterdir())
    assert "went on with figures that a person let pass:" in told
    assert "  volume of delivery" in told and "  match_rate" in told
    assert '"event": "accepted"' in log and "match_rate" in log
    for shown in (told, command("status", "--json")[1], log):
        assert "anna" not in shown and "KANARIE" not in shown, "who and why stay in the ledger"

    code, said = command("accept", "--reason", "again")
    assert (code, "no run waits" in said) == (2, True), "an acceptance is good for one publication"
    kept = sqlite3.connect(site.out / "state" / "ledger.sqlite")
    assert kept.execute("SELECT accepted_by, reason FROM acceptance").fetchall() == [
        ("anna", "KANARIE: volume of delivery"),
        ("anna", "KANARIE: match_rate"),
    ]
    with pytest.raises(sqlite3.IntegrityError):
        kept.execute("DELETE FROM acceptance")
    kept.close()


@pytest.mark.slow
def test_a_rollback_returns_and_the_next_night_takes_the_deliveries_in_again_each_once(
    yesterday: Site, today: Command
) -> None:
    site, command, before = today.site, today, yesterday.view()
    delivered = max(folder.name for folder in (site.inbox / SOURCE).iterdir())
    after, content = site.view(), [rows(site, query) for query in EVERYTHING]
    newest = OutFolder(site.out).current()
    assert newest is not None

    code, said = command("rollback", "--reason", "KANARIE", "--by", "anna")
    assert (code, delivered in said) == (0, True)
    assert site.view() == before
    site.verify()
    told = json.loads(command("status", "--json")[1])
    assert list(told["rollbacks"][-1]) == ["rollback_id", "rolled_back_at", "from_run_id", "to_run_id"]
    shown = said + json.dumps(told) + command("status")[1]
    assert "KANARIE" not in shown and "anna" not in shown, "who and why stay in the ledger"
    assert [(r["rolled_back_by"], r["reason"]) for r in Overrides(OutFolder(site.out)).rollbacks()] == [
        ("anna", "KANARIE")
    ]
    assert [(o["source_id"], o["delivery_id"]) for o in told["owed"]] == [(SOURCE, delivered)]

    assert command.night()[0] == 0
    assert [rows(site, query) for query in EVERYTHING] == content
    assert json.loads(command("status", "--json")[1])["owed"] == []

    code, said = command("rollback", "--to", newest.name, "--reason", "forward again")
    assert (code, site.view()) == (0, after), said


@pytest.mark.slow
def test_a_delivery_that_was_rolled_back_and_left_the_inbox_stops_the_night_until_accepted(today: Command) -> None:
    site, command = today.site, today
    folder = max((site.inbox / SOURCE).iterdir(), key=lambda folder: folder.name)
    assert command("rollback", "--reason", "a wrong delivery")[0] == 0
    shutil.move(folder, site.path / "wrong")
    before = site.view()
    assert command.night()[0] == 0, "nothing is new, so there is nothing to stop"
    later = shutil.copytree(site.path / "wrong", site.inbox / SOURCE / "later")
    change_manifest(later)
    code, said = command.night()
    assert (code, f"owed_delivery {SOURCE}/{folder.name}" in said) == (1, True), said
    assert site.view() == before
    assert command("accept", "--reason", "the source withdrew it")[0] == 0
    assert command.night()[0] == 0
    assert json.loads(command("status", "--json")[1])["owed"] == []


NAMING = ("geslachtsnaam", "straat", "postcode", "bsn", "telefoon", "voornamen", "partner_geslachtsnaam")


def delivered(inbox: Path) -> set[str]:
    """Return what was delivered of persons and identifies them."""
    found = set()
    for path in [*inbox.rglob("personen.csv"), *inbox.rglob("betrokkenen.csv")]:
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle, delimiter=";"):
                found |= {row[name] for name in NAMING if len(row.get(name, "")) > 4}
    return found


@pytest.mark.slow
def test_the_log_of_a_night_tells_every_step_and_nobody(today: Command) -> None:
    site = today.site
    newest = max((site.out / "state" / "logs").iterdir())
    lines = [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in lines if line["event"] == "step"] == [step.name for step in pipeline.STEPS]
    assert (lines[0]["event"], lines[-1]["event"], lines[-1]["status"]) == ("started", "ended", "published")
    assert next(line["rows"]["mention"] for line in lines if "mention" in line.get("rows", ())) > 100
    people = delivered(site.inbox)
    told = "".join(path.read_text(encoding="utf-8") for path in newest.parent.iterdir())
    told += today("status", "--json")[1] + today("doctor", "--json")[1]
    kept = str(rows(site, "SELECT surname, street FROM mention", "restricted.duckdb"))
    assert len(people) > 100 and any(value.lower() in kept.lower() for value in people), "the scan must be able to find"
    assert [value for value in people if value in told] == []


def change_manifest(folder: Path) -> None:
    """Make another delivery of the same files."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | {"delivery_id": folder.name}), encoding="utf-8")


def test_a_rollback_refuses_what_it_cannot_do_in_one_line(site: Site, command: Command) -> None:
    for words, message in [
        (("rollback", "--reason", "x"), "no older generation is kept"),
        (("rollback", "--reason", "x", "--to", "99"), "--to is no kept generation: 00001-"),
        (("rollback", "--reason", "x", "--to", "1"), "that generation is the published one already"),
        (("rollback", "--reason", " "), "no older generation"),
    ]:
        code, said = command(*words)
        assert (code, message in said) == (2, True), said
    current = OutFolder(site.out).current()
    assert current is not None
    older = shutil.copytree(current, current.with_name("00000-older"))
    with (older / "case_view.duckdb").open("ab") as handle:
        handle.write(b"x")
    code, said = command("rollback", "--reason", "x")
    assert (code, "does not match its manifest" in said) == (2, True), said
    assert OutFolder(site.out).current() == current


def test_the_last_nights_are_kept_and_no_more(site: Site) -> None:
    folder = OutFolder(site.out, keep=3)
    current = folder.current()
    assert current is not None
    with folder.lock():
        for number in range(2, 7):
            made = shutil.copytree(current, folder.generations / f"{number:05d}-copy")
            folder.return_to(made)
        folder.sweep()
        assert [g.name for g in folder.kept()] == ["00006-copy", "00005-copy", "00004-copy"]
        folder.return_to(folder.generations / "00004-copy")
        shutil.copytree(made, folder.generations / "00007-copy")
        folder.sweep()
    assert [g.name for g in folder.kept()] == ["00007-copy", "00006-copy", "00005-copy", "00004-copy"]
