"""Bad input ends with one clear line and the right exit code, and yesterday's case view stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command import Done, inbeeld
from tests.faults.site import Site, Spoilt


def one_line_of(done: Done) -> str:
    """Return the only line on standard error."""
    assert done.stderr.startswith("inbeeld: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr


def truncated(delivery: Spoilt) -> None:
    """The transfer broke off half-way."""
    delivery.file("incidenten.csv", lambda content: content[: len(content) // 2], is_declared=False)


def wrong_hash(delivery: Spoilt) -> None:
    """One letter became another on the way."""
    delivery.file("personen.csv", lambda content: content.replace(b"a", b"b", 1), is_declared=False)


def missing_column(delivery: Spoilt) -> None:
    """The source renamed a column."""
    delivery.file("incidenten.csv", lambda content: content.replace(b"kennisname", b"kennis", 1), is_declared=True)


def wrong_delimiter(delivery: Spoilt) -> None:
    """The source writes commas since yesterday."""
    delivery.file("personen.csv", lambda content: content.replace(b";", b","), is_declared=True)


def zero_byte(delivery: Spoilt) -> None:
    """A disk error left a zero byte."""
    delivery.file("incidenten.csv", lambda content: content[:-3] + b"\0" + content[-2:], is_declared=True)


def missing_file(delivery: Spoilt) -> None:
    """A file of the manifest is not there."""
    (delivery.folder / "personen.csv").unlink()


def changed(**values: Any) -> Callable[[Spoilt], None]:
    """Return a change of manifest keys."""
    return lambda delivery: delivery.manifest(lambda manifest: manifest.update(values))


def row_count(delivery: Spoilt) -> None:
    """The manifest counts a row more than there is."""
    delivery.manifest(lambda m: m["files"][0].update(rows=m["files"][0]["rows"] + 1))


def path_as_name(delivery: Spoilt) -> None:
    """A file name leads out of the delivery."""
    delivery.manifest(lambda m: m["files"][0].update(name="../2025-03-10/incidenten.csv"))


def linked_file(delivery: Spoilt) -> None:
    """A file is a symlink to somewhere else."""
    file = delivery.folder / "incidenten.csv"
    file.rename(delivery.folder.parent.parent.parent / "elsewhere.csv")
    file.symlink_to(delivery.folder.parent.parent.parent / "elsewhere.csv")


def broken_manifest(delivery: Spoilt) -> None:
    """The manifest is no JSON."""
    (delivery.folder / "manifest.json").write_text('{"source_id": ')


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (truncated, "incidenten.csv"),
        (wrong_hash, "personen.csv"),
        (missing_column, "kennisname"),
        (wrong_delimiter, "personen.csv"),
        (zero_byte, "incidenten.csv"),
        (missing_file, "personen.csv"),
        (row_count, "rows"),
        (changed(purpose="marketing"), "purpose"),
        (changed(profile="onbekend"), "profile"),
        (changed(kind="delta"), "kind"),
        (changed(source_id="politie-zz"), "source_id"),
        (path_as_name, "manifest"),
        (linked_file, "incidenten.csv"),
        (broken_manifest, "manifest"),
    ],
    ids=lambda value: getattr(value, "__name__", None) if callable(value) else str(value),
)
def test_a_spoilt_delivery_is_refused_and_the_case_view_stays(
    site: Site, spoil: Callable[[Spoilt], None], told: str
) -> None:
    before, delivery = site.view(), site.deliver()
    spoil(delivery)
    for _ in range(2):
        done = site.run()
        assert done.returncode == 2
        line = one_line_of(done)
        assert f"politie-nn/{delivery.folder.name}" in line
        assert told in line
    assert site.view() == before
    site.verify()


@pytest.mark.slow
def test_a_refused_delivery_that_is_sent_again_well_is_taken_in(site: Site) -> None:
    before, delivery = site.view(), site.deliver()
    good = (delivery.folder / "incidenten.csv").read_bytes()
    truncated(delivery)
    assert site.run().returncode == 2
    (delivery.folder / "incidenten.csv").write_bytes(good)
    done = site.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert site.view() != before
    site.verify()


@pytest.mark.slow
def test_a_night_without_news_changes_nothing(site: Site) -> None:
    before = site.view()
    done = site.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert site.view() == before


@pytest.mark.slow
def test_an_unknown_setting_is_named_with_the_right_one(site: Site, tmp_path: Path) -> None:
    before = site.view()
    (tmp_path / "inbeeld.toml").write_text("[limits]\ntimely_dayz = 5\n")
    done = inbeeld("run", "--inbox", site.inbox, "--out", site.out, "--config", tmp_path / "inbeeld.toml")
    assert done.returncode == 2
    assert "inbeeld.toml: unknown key limits.timely_dayz, did you mean limits.timely_days?" in one_line_of(done)
    assert site.view() == before


@pytest.mark.slow
def test_a_missing_inbox_is_named(site: Site) -> None:
    before = site.view()
    site.inbox.rename(site.path / "elsewhere")
    done = site.run()
    assert done.returncode == 2
    assert f"inbox {site.inbox} is not a folder" in one_line_of(done)
    assert site.view() == before


def begun_after_it_was_reported(delivery: Spoilt) -> None:
    """Every incident of tonight begins years after it was reported; there are four more than there were."""

    header, *lines = (delivery.folder / "incidenten.csv").read_text(encoding="utf-8").splitlines()
    names = header.split(";")
    number, begin = names.index("registratienummer"), names.index("pleegdatum_van")
    rows = [line.split(";") for line in [*lines, *lines[:1] * 4]]
    for n, row in enumerate(rows):
        row[begin], row[number], row[-1] = "2031-01-01T10:00:00", f"{row[number][:-3]}{900 + n}", "nieuw"
    text = "\n".join([header, *(";".join(row) for row in rows), ""])
    delivery.file("incidenten.csv", lambda _: text.encode(), is_declared=True)
    delivery.manifest(lambda m: next(f for f in m["files"] if f["name"] == "incidenten.csv").update(rows=len(rows)))


@pytest.mark.slow
def test_a_fault_of_tonight_is_told_though_the_years_before_are_well(site: Site) -> None:
    delivery = site.deliver()
    begun_after_it_was_reported(delivery)
    done = site.run()
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if "not_before_offence" in line]
    assert len(told) == 1
    assert f"of politie-nn/{delivery.folder.name} do not, at most 0.005 allowed" in told[0]
    shown = inbeeld("status", "--out", site.out).stdout
    assert f"of politie-nn/{delivery.folder.name} do not" in " ".join(shown.split())
