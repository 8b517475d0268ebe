"""The cookbook: every question has a query that answers on a published night, every example runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from linkage.engine.duckdb import DuckDBEngine
from tests.command import inbeeld
from tests.nights import Night

COOKBOOK = (Path(__file__).resolve().parents[1] / "docs" / "cookbook.md").read_text(encoding="utf-8")
QUESTIONS = dict(re.findall(r"^### \d+\. (.*?)\n.*?^```sql\n(.*?)^```", COOKBOOK, flags=re.MULTILINE | re.DOTALL))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", COOKBOOK, flags=re.MULTILINE | re.DOTALL)


def test_there_are_twenty_questions_with_an_answer_each() -> None:
    numbers = [int(n) for n in re.findall(r"^### (\d+)\.", COOKBOOK, flags=re.MULTILINE)]
    assert numbers == list(range(1, 21))
    assert len(QUESTIONS) == len(blocks("sql")) == 20
    assert all(question.endswith("?") for question in QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered(night: Night, question: str) -> None:
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        answer = view.frame(QUESTIONS[question])
    assert len(answer)
    assert [column for column in answer.columns if answer[column].isna().all()] == []


def test_the_example_in_pandas_runs(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(night.folder)
    [code] = blocks("python")
    names: dict[str, object] = {}
    exec(compile(code, "cookbook", "exec"), names)
    found = names["by_month"]
    assert isinstance(found, pd.DataFrame) and int(found["incidents"].sum()) == 100


def test_the_examples_of_the_command_run(night: Night, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(night.out)
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("inbeeld")]
    assert len(lines) == 2
    for line in lines:
        done = inbeeld(*shlex.split(line)[1:], cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "export").iterdir()} == {
        "gap.csv", "incident_status.csv", "municipality.csv", "manifest.json"
    }  # fmt: skip


def test_the_query_for_duckdb_s_command_line_answers(night: Night) -> None:
    [query] = re.findall(r'duckdb -readonly out/case_view.duckdb "(.*?)"', COOKBOOK)
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        rows = view.rows(query)
    assert len(rows) > 10 and all(comment for _, comment in rows)
