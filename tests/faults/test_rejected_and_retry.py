"""What was refused is listed by reason and place; a repaired file is taken in, the old refusals stay on record."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from linkage.engine.duckdb import DuckDBEngine
from tests.command import Done, inbeeld
from tests.faults.site import SOURCE, Site
from tests.faults.test_bad_input import one_line_of

pytestmark = pytest.mark.usefixtures("without_gates")

BROKEN = 9
"""Lines that are no rows, at the end of a file."""


def rejected(site: Site, *options: str) -> list[dict[str, Any]]:
    """Return what ``inbeeld rejected`` lists."""
    done = inbeeld("rejected", "--out", site.out, "--json", *options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["deliveries"]
    return found


def retry(site: Site, name: str, *rest: str | Path) -> Done:
    """Try a delivery of the police again."""
    where = ("--inbox", site.inbox, "--out", site.out, "--config", site.config)
    return inbeeld("retry", f"{SOURCE}/{name}", *rest, *where)


def sightings(out: Path, token: str) -> set[str]:
    """Return the files of an output folder that hold a text: in their bytes, or in a column of their tables."""
    found = set()
    files = [path for path in out.rglob("*") if path.is_file() and not path.is_symlink()]
    assert {"restricted.duckdb", "case_view.duckdb", "ledger.sqlite"} <= {path.name for path in files}
    for path in files:
        name = path.name
        if token.encode() in path.read_bytes():
            found.add(name)
        if name.endswith(".duckdb"):
            with DuckDBEngine(path, read_only=True) as db:
                for (table,) in db.rows("SELECT table_name FROM duckdb_tables()"):
                    rows = db.rows(f'SELECT CAST(t AS VARCHAR) FROM "{table}" AS t')
                    found |= {name for (row,) in rows if token in row}
        elif name.endswith(".sqlite"):
            with sqlite3.connect(path) as state:
                found |= {name for line in state.iterdump() if token in line}
    return found


FREE, LOST, KNOWN = "Zq7kanarievrij", "Zq7kanariekwijt", "Zq7kanarienaam"
"""Texts in a column that the contract does not know, in a rejected row, and in a surname."""


@pytest.fixture
def spoilt(site: Site, tmp_path: Path) -> tuple[Site, str, Path]:
    """A delivery with rows that cannot be read, refused for them; its name, and its good file."""
    today = site.deliver()
    good = tmp_path / "good"
    shutil.copytree(today.folder, good)
    today.file("incidenten.csv", lambda content: content + b"stuk\n" * BROKEN, is_declared=True)
    today.manifest(lambda m: m["files"][0].update(rows=m["files"][0]["rows"] + BROKEN))
    return site, today.folder.name, good / "incidenten.csv"


@pytest.mark.slow
def test_a_refused_delivery_is_listed_repaired_and_stays_on_record(spoilt: tuple[Site, str, Path]) -> None:
    site, name, good = spoilt
    before = site.view()
    assert site.run().returncode == 2
    assert site.view() == before, "nothing was published, so nothing but the history can tell"

    [one] = rejected(site)
    rows = good.read_bytes().count(b"\n") - 1
    assert (one["source_id"], one["delivery_id"], one["state"]) == (SOURCE, name, "refused")
    assert [r["line_number"] for r in one["rows"]] == list(range(rows + 2, rows + 2 + BROKEN))
    assert one["by_reason"] == {"column_count": BROKEN}
    assert all(r["meaning"] and r["advice"] and r["byte_length"] for r in one["rows"])
    assert rejected(site, "--source", "nobody") == rejected(site, "--reason", "orphan") == []

    again = retry(site, name)
    assert again.returncode == 2
    assert "would be refused again, nothing was changed" in one_line_of(again)

    tried = retry(site, name, good, "--check")
    assert (tried.returncode, tried.stderr) == (0, "")
    assert site.view() == before
    assert not list(site.inbox.rglob("*.r01"))

    done = retry(site, name, good, "--by", "anna", "--reason", "delimiters")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert f"{SOURCE}/{name} is taken in as {name}.r01" in done.stdout
    assert "Remains: nothing" in done.stdout
    assert rejected(site) == []
    [old] = rejected(site, "--all")
    assert (old["state"], old["repaired_as"], len(old["rows"])) == ("repaired", f"{name}.r01", BROKEN)
    site.verify()

    night = site.run()
    assert (night.returncode, night.stderr) == (0, ""), "the original waits for nobody any more"
    assert "retry that one" in one_line_of(retry(site, name, good))
    assert not [path for path in site.inbox.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_the_rows_of_a_delivery_that_was_taken_in_are_repaired_and_an_orphan_remains(
    site: Site, tmp_path: Path
) -> None:
    today = site.deliver()
    persons = today.folder / "personen.csv"
    header = persons.read_bytes().split(b"\n")[0].removesuffix(b"\r")
    surname = header.split(b";").index(b"geslachtsnaam")
    incidents = (today.folder / "incidenten.csv").read_bytes().split(b"\n")[1:-1]
    number = incidents[0].split(b";")[0].decode()
    width = header.count(b";") + 1

    def row(number: str, seq: str, name: str) -> str:
        fields = [number, seq, *[""] * (width - 2), f"{FREE} vertelde dat"]
        fields[surname] = name
        return ";".join(fields)

    def file(*lines: str) -> bytes:
        return b"\n".join([header + b";toelichting", *(line.encode() for line in lines), b""])

    rows = [row(number, "7", KNOWN), row(number, "acht", LOST), row("PL0100-2099000001", "1", "Smit")]

    today.file("personen.csv", lambda _: file(*rows), is_declared=True)
    today.file("incidenten.csv", lambda content: content.replace(b"ingetrokken", b"gewijzigd"), is_declared=True)
    today.manifest(lambda m: next(f for f in m["files"] if f["name"] == "personen.csv").update(rows=3))
    assert site.run().returncode == 0
    assert sightings(site.out, FREE) == sightings(site.out, LOST) == set()
    assert sightings(site.out, KNOWN) == {"restricted.duckdb"}, "the search must see what is there"
    [one] = rejected(site)
    assert "toelichting" in one["message"]
    assert (one["state"], one["by_reason"]) == ("accepted", {"bad_integer": 1, "orphan": 1})
    assert [(r["line_number"], r["column_name"]) for r in one["rows"]] == [(3, "volgnummer"), (4, "registratienummer")]
    table = inbeeld("rejected", "--out", site.out)
    assert "personen.csv" in table.stdout and number not in table.stdout and "acht" not in table.stdout

    repaired = tmp_path / "personen.csv"
    repaired.write_bytes(file())
    fewer = retry(site, today.folder.name, repaired)
    assert fewer.returncode == 2
    assert "nothing was changed" in one_line_of(fewer)

    repaired.write_bytes(file(rows[0], rows[1].replace("acht", "8"), rows[2]))
    done = retry(site, today.folder.name, repaired, "--json")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    told = json.loads(done.stdout)
    assert told["before"]["by_reason"] == {"bad_integer": 1, "orphan": 1}
    assert (told["after"]["rejected"], told["left_out"]) == ({"orphan": 1}, 0)
    states = [(d["delivery_id"], d["state"], d["by_reason"]) for d in rejected(site, "--all")]
    assert states == [
        (f"{today.folder.name}.r01", "accepted", {"orphan": 1}),
        (today.folder.name, "repaired", {"bad_integer": 1, "orphan": 1}),
    ]
    with DuckDBEngine(site.out / "restricted.duckdb", read_only=True) as db:
        kept = db.rows(
            "SELECT person_seq, delivery_id FROM police_person_version "
            "WHERE incident_number = ? AND person_seq IN (7, 8) ORDER BY 1",
            [number],
        )
    assert kept == [(7, f"{today.folder.name}.r01"), (8, f"{today.folder.name}.r01")]

    repaired.write_bytes(file())
    done = retry(site, f"{today.folder.name}.r01", repaired, "--fewer")
    assert "2 rows of" in done.stdout and "stay as they were taken in" in done.stdout, done.stderr
    with DuckDBEngine(site.out / "restricted.duckdb", read_only=True) as db:
        query = "SELECT person_seq FROM police_person WHERE incident_number = ? ORDER BY 1"
        assert db.rows(query, [number]) == [(7,), (8,)], "what a repair leaves out it does not withdraw"


@pytest.mark.slow
def test_what_cannot_be_retried_is_one_line(site: Site, tmp_path: Path) -> None:
    today = site.deliver()
    today.manifest(lambda manifest: manifest.update(purpose="=cmd()"))
    assert site.run().returncode == 2
    (tmp_path / "lijst.csv").write_text("x")
    (tmp_path / "incidenten.csv").symlink_to(today.folder / "incidenten.csv")
    name = today.folder.name
    for done, told in (
        (retry(site, "2020-01-01"), "nothing of"),
        (retry(site, "../x"), "nothing of"),
        (retry(site, name, tmp_path / "lijst.csv"), "must be called incidenten.csv"),
        (retry(site, name, tmp_path / "incidenten.csv"), "not a regular file"),
        (retry(site, name, today.folder / "incidenten.csv"), "purpose"),
        (inbeeld("rejected", "--out", tmp_path / "nowhere"), "is no output folder"),
        (inbeeld("rejected", "--out", site.out, "--json", "--csv"), "give --json or --csv"),
    ):
        assert done.returncode == 2
        assert told in one_line_of(done)
    lines = list(csv.DictReader(io.StringIO(inbeeld("rejected", "--out", site.out, "--csv").stdout)))
    assert [(line["delivery_id"], line["reason"], line["meaning"]) for line in lines] == [
        (name, "purpose", "refused whole")
    ]
