"""What does not belong in an inbox is refused with one line and a reason; the other deliveries are taken in."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from tests.spec.intake import inbox as box
from tests.spec.intake.inbox import incident, police, report, steunpunt

SECRET = "Zq7kanarie"


def refused_beside(inbox: Path) -> list[tuple[str, str, str]]:
    """Take an inbox in; return source, delivery and reason of what was refused, the good delivery being taken in."""
    steunpunt(inbox, 4, [report("M1", "C1")])
    db, told = box.take(inbox)
    assert [(a.source_id, a.accepted) for a in told.accepted] == [("vt-drenthe", 1)]
    assert db.rows("SELECT count(*) FROM steunpunt_report") == [(1,)]
    stored = db.rows("SELECT source_id, delivery_id, message, profile, kind, purpose, version FROM delivery")
    for text in (str(value) for row in stored for value in row):
        assert SECRET not in text
        assert text.isascii() and text.isprintable() and len(text) < 300, ascii(text)
    assert all(r.message.isprintable() for r in told.refused)
    return [(r.source_id, r.delivery_id, r.reason) for r in told.refused]


def redeclare(folder: Path, name: str, data: bytes, rows: int | None = None) -> None:
    """Write a file and put its hash in the manifest."""
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text())
    for listed in manifest["files"]:
        if listed["name"] == name:
            listed |= {"sha256": hashlib.sha256(data).hexdigest()}
            listed["rows"] = listed["rows"] if rows is None else rows
    (folder / "manifest.json").write_text(json.dumps(manifest))


NAMES = {
    "-rf": "-rf",
    "--help": "--help",
    "a b": "a b",
    "a;DROP TABLE delivery": "a;DROP TABLE delivery",
    "regel\neen": "regel\\neen".replace("\\n", "\\x0a"),
    "\x1b[2Jweg": "\\x1b[2Jweg",
    "\u202efdp": "\\u202efdp",
    "p\u043elitie": "p\\u043elitie",
    "=cmd()": "=cmd()",
    "x" * 200: "x" * 60 + "~" + hashlib.sha256(b"x" * 200).hexdigest()[:8],
    os.fsdecode(b"\xff\xfe"): "\\udcff\\udcfe",
}


@pytest.mark.parametrize(("name", "shown"), NAMES.items(), ids=[ascii(name)[:20] for name in NAMES])
def test_a_folder_with_a_hostile_name_is_refused_and_shown_in_plain_ascii(
    tmp_path: Path, name: str, shown: str
) -> None:
    police(tmp_path, 3, [incident(1)], delivery_id="goed").rename(tmp_path / "politie-nn" / name)
    police(tmp_path, 3, [incident(2)])
    (tmp_path / "politie-nn" / "2025-03-03").rename(tmp_path / "politie-nn" / "tijdelijk")
    (tmp_path / "politie-nn" / "tijdelijk" / "manifest.json").unlink()
    assert refused_beside(tmp_path) == [("politie-nn", shown, "delivery_id")]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:20] for name in NAMES])
def test_a_source_with_a_hostile_name_is_refused(tmp_path: Path, name: str) -> None:
    police(tmp_path, 3, [incident(1)])
    (tmp_path / "politie-nn").rename(tmp_path / name)
    assert refused_beside(tmp_path) == [(NAMES[name], "2025-03-03", "source_id")]


@pytest.mark.parametrize(
    "name",
    ["../../x.csv", "/etc/passwd", "-rf.csv", "a\nb.csv", "inc\u0456denten.csv", "*.csv", "x" * 300, "incidenten.csv ",
     "Incidenten.csv", "incidenten.csv.gz", "\ud800", "", ".", "sub/incidenten.csv", "manifest.json"],
    ids=ascii,
)  # fmt: skip
def test_a_file_of_a_manifest_with_a_hostile_name_is_refused(tmp_path: Path, name: str) -> None:
    folder = police(tmp_path, 3, [incident(1)])
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][0]["name"] = name
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert refused_beside(tmp_path) == [("politie-nn", "2025-03-03", "file_name")]


@pytest.mark.parametrize("key", ["purpose", "profile", "kind"])
@pytest.mark.parametrize("text", [f"{SECRET} woont nu elders", "\ud800", "x" * 100_000], ids=["person", "half", "long"])
def test_no_text_of_a_refused_manifest_is_kept(tmp_path: Path, key: str, text: str) -> None:
    folder = police(tmp_path, 3, [incident(1)])
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {key: text}))
    assert refused_beside(tmp_path) == [("politie-nn", "2025-03-03", key)]


def _zip(folder: Path) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "incidenten.csv", "incidenten.csv")
    return whole.getvalue()


def _tar(folder: Path) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        archive.add(folder / "incidenten.csv", "incidenten.csv")
    return whole.getvalue()


def _workbook(folder: Path) -> bytes:
    whole = io.BytesIO()
    with xlsxwriter.Workbook(whole) as book:
        book.add_worksheet().write_string(0, 0, "registratienummer")
    return whole.getvalue()


ARCHIVES: dict[str, Callable[[Path], bytes]] = {
    "zip": _zip,
    "tar": _tar,
    "xlsx": _workbook,
    "gz": lambda folder: gzip.compress((folder / "incidenten.csv").read_bytes()),
    "gz of 300 MB": lambda folder: gzip.compress(bytes(1 << 20)) * 3,
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_that_calls_itself_csv_is_refused_unopened(tmp_path: Path, kind: str) -> None:
    folder = police(tmp_path, 3, [incident(1)])
    redeclare(folder, "incidenten.csv", ARCHIVES[kind](folder))
    assert refused_beside(tmp_path) == [("politie-nn", "2025-03-03", "archive")]


@pytest.mark.parametrize("name", ["export.zip", "incidenten.csv.gz", "Export.XLSX", "b.tar", "verdwaald.csv"])
def test_a_loose_file_of_data_is_refused_where_a_delivery_should_be(tmp_path: Path, name: str) -> None:
    police(tmp_path, 3, [incident(1)])
    folder = tmp_path / "politie-nn" / "2025-03-03"
    (tmp_path / "politie-nn" / name).write_bytes(b"x")
    (tmp_path / name).write_bytes(b"x")
    (folder / name).write_bytes(b"x")
    assert sorted(refused_beside(tmp_path)) == sorted(
        [
            (name, "-", "loose_file"),
            ("politie-nn", "2025-03-03", "unlisted_file"),
            ("politie-nn", name, "loose_file"),
        ]
    )


def _link(path: Path, folder: Path) -> None:
    path.symlink_to(folder)


def _dangling(path: Path, folder: Path) -> None:
    path.symlink_to("nergens")


def _loop(path: Path, folder: Path) -> None:
    path.symlink_to(path)


def _pipe(path: Path, folder: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [_link, _dangling, _loop, _pipe], ids=lambda f: f.__name__.strip("_"))
def test_a_link_or_a_pipe_is_refused_wherever_it_stands(tmp_path: Path, make: Callable[[Path, Path], None]) -> None:
    inbox, elsewhere = tmp_path / "inbox", tmp_path / "elsewhere"
    kept = police(elsewhere, 3, [incident(9)])
    folder = police(inbox, 3, [incident(1)])
    make(inbox / "bron", kept.parent)
    make(inbox / "politie-nn" / "2025-03-02", kept)
    make(folder / "extra", kept)
    assert refused_beside(inbox) == [
        ("bron", "-", "not_regular"),
        ("politie-nn", "2025-03-02", "not_regular"),
        ("politie-nn", "2025-03-03", "unlisted_file"),
    ]


@pytest.mark.parametrize("name", ["incidenten.csv", "manifest.json"])
@pytest.mark.parametrize("make", [_link, _dangling, _loop, _pipe, lambda p, f: p.mkdir()], ids=[*"lnop", "folder"])
def test_a_file_of_a_delivery_must_be_a_file(tmp_path: Path, make: Callable[[Path, Path], None], name: str) -> None:
    folder = police(tmp_path / "inbox", 3, [incident(1)])
    (folder / name).rename(tmp_path / name)
    make(folder / name, tmp_path / name)
    [(source, delivery, reason)] = refused_beside(tmp_path / "inbox")
    assert (source, delivery) == ("politie-nn", "2025-03-03")
    assert reason in ("not_regular", "unreadable")


def test_a_hard_link_is_the_file_itself(tmp_path: Path) -> None:
    """Transfer tools make them, and the manifest's hash says what must be in it."""
    folder = police(tmp_path / "inbox", 3, [incident(1)])
    os.link(folder / "incidenten.csv", tmp_path / "same.csv")
    assert box.take(tmp_path / "inbox")[1].refused == ()


def test_files_that_are_nobodys_data_are_left_alone(tmp_path: Path) -> None:
    folder = police(tmp_path, 3, [incident(1)])
    for path in (tmp_path / "LEESMIJ", tmp_path / "politie-nn" / ".nfs0001", folder / "Thumbs.db", folder / ".x.csv"):
        path.write_text("x")
    assert box.take(tmp_path)[1].refused == ()


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    police(tmp_path, 3, [incident(1)])
    real = os.scandir

    def deny(path: object) -> object:
        if str(path).endswith("politie-nn"):
            raise PermissionError(13, "Permission denied")
        return real(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", deny)
    assert refused_beside(tmp_path) == [("politie-nn", "-", "unreadable")]
