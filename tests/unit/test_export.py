"""``inbeeld export``: tables as files, whole or not at all, and nothing that names people unless asked for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from linkage import contracts, export
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from tests.command import inbeeld
from tests.nights import Night


def test_all_of_the_case_view_leaves_with_a_manifest_and_is_the_same_again(night: Night, tmp_path: Path) -> None:
    made = export.export(night.out, tmp_path / "one", form="parquet")
    again = export.export(night.out, tmp_path / "two", form="parquet")
    assert made == again
    told = json.loads((tmp_path / "one" / "manifest.json").read_text(encoding="utf-8"))
    assert told["run_id"] == (night.out / "current").resolve().name and told["as_of"] == "2025-03-13"
    assert {table["table"] for table in told["tables"]} == {t.name for t in contracts.tables("case_view")}
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        for table in told["tables"]:
            content = (tmp_path / "one" / table["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == table["sha256"]
            read = f"SELECT count(*) FROM '{tmp_path / 'one' / table['file']}'"
            assert view.rows(read) == [(table["rows"],)] == view.rows(f'SELECT count(*) FROM "{table["table"]}"')


def test_an_export_holds_no_identifying_column(night: Night, tmp_path: Path) -> None:
    export.export(night.out, tmp_path / "one", form="csv")
    named = {c.name for t in contracts.tables("restricted") for c in t.columns if c.identifying} - {"value"}
    for path in (tmp_path / "one").glob("*.csv"):
        assert not named & set(path.read_text(encoding="utf-8").splitlines()[0].split(",")), path.name


def test_a_table_that_names_people_leaves_only_when_that_is_asked(night: Night, tmp_path: Path) -> None:
    done = inbeeld("export", "--out", night.out, "--to", tmp_path / "one", "--tables", "gap,mention")
    assert (done.returncode, done.stdout) == (2, "")
    assert "mention of restricted.duckdb name people" in done.stderr and "--identifying" in done.stderr
    assert list(tmp_path.iterdir()) == []
    export.export(night.out, tmp_path / "one", form="csv", names=["mention"], identifying=True)
    assert json.loads((tmp_path / "one" / "manifest.json").read_text(encoding="utf-8"))["identifying"] is True


@pytest.mark.parametrize(
    ("names", "told"),
    [(["incidnt"], "did you mean incident?"), (["nothing_like_it_x9"], "nothing_like_it_x9 is no table")],
)
def test_a_table_that_is_none_is_named(night: Night, tmp_path: Path, names: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told.replace("?", r"\?")):
        export.export(night.out, tmp_path / "one", form="csv", names=names)


def test_a_folder_that_is_there_is_replaced_by_force_alone_and_only_an_export(night: Night, tmp_path: Path) -> None:
    export.export(night.out, tmp_path / "one", form="csv", names=["gap"])
    with pytest.raises(UsageError, match="--force"):
        export.export(night.out, tmp_path / "one", form="csv", names=["person"])
    export.export(night.out, tmp_path / "one", form="csv", names=["person"], force=True)
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"person.csv", "manifest.json"}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(UsageError, match="is no export"):
        export.export(night.out, tmp_path / "mine", form="csv", force=True)
    assert (tmp_path / "mine" / "notes.txt").exists()


def test_an_export_that_breaks_off_leaves_what_was_there(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export.export(night.out, tmp_path / "one", form="csv", names=["gap"])
    before = (tmp_path / "one" / "gap.csv").read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "asdict", full)
    with pytest.raises(UsageError, match="No space left"):
        export.export(night.out, tmp_path / "one", form="csv", names=["person"], force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    assert (tmp_path / "one" / "gap.csv").read_bytes() == before


def test_a_text_that_a_spreadsheet_would_run_is_text_in_a_csv(tmp_path: Path) -> None:
    with DuckDBEngine() as db:
        texts = ["=1+1", "+1", "-", "-2+3", "@SUM(1)", "\tx", "plain", "a=b", ""]
        db.register("t", pd.DataFrame({"text": texts}))
        found = [row[0] for row in db.rows(f"SELECT {export._column('text', 'VARCHAR')} FROM t")]
    assert found == ["'=1+1", "'+1", "-", "'-2+3", "'@SUM(1)", "'\tx", "plain", "a=b", ""]
