"""The project as a whole: its texts say what is so, its contracts are complete, its locks are locked."""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel
from typer.testing import CliRunner

from linkage import cli, contracts, dictionary
from linkage.contracts import Table
from linkage.engine.duckdb import DuckDBEngine
from tests.command import inbeeld, installed, interrupted

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
SAMPLE = "300"
"""Incidents of the README's sample."""
LOCKS = (
    "requirements.lock", "requirements-dev.lock", "requirements-bench.lock", "requirements-bench-mismo.lock",
    "requirements-bench-pseudo.lock",
)  # fmt: skip


def blocks(language: str) -> list[str]:
    """Return the code blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[str]:
    """Return the README's lines for a program, as they stand, without their comment."""
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.split(" ")[0] == program]


@pytest.mark.parametrize("line", commands("make"))
def test_a_make_target_of_the_readme_exists(line: str) -> None:
    targets = re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(shlex.split(line)[1:]) <= set(targets)


@pytest.mark.parametrize("line", commands("inbeeld"))
def test_a_command_of_the_readme_has_the_options_it_names(line: str) -> None:
    verb, *rest = shlex.split(line)[1:]
    if verb.startswith("--"):
        return
    shown = CliRunner().invoke(cli.app, [verb, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for option in (word for word in rest if word.startswith("--")):
        assert option in shown.stdout


def test_a_unit_starts_a_command_that_exists() -> None:
    """A timer names no command: it starts the unit of its name."""
    started = {
        path.stem: shlex.split(line.partition("=")[2])
        for path in sorted((TOP / "deploy").glob("*.service"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("ExecStart=")
    }
    assert {path.stem for path in (TOP / "deploy").glob("*.timer")} == {"inbeeld-doctor"} <= set(started)
    ours = [words[1:] for words in started.values() if words[0].endswith("/inbeeld")]
    assert [words[0] for words in ours] == ["doctor"]
    for verb, *rest in ours:
        known = {name for param in typer.main.get_group(cli.app).commands[verb].params for name in param.opts}
        assert {word for word in rest if word.startswith("--")} <= known


def test_every_verb_and_option_says_what_it_is_for() -> None:
    verbs = typer.main.get_group(cli.app).commands
    assert len(verbs) > 15
    for name, verb in verbs.items():
        assert verb.help, name
        told = {param.name: getattr(param, "help", None) for param in verb.params}
        assert [param for param, text in told.items() if not text] == [], name


def test_the_readme_names_every_verb_that_prints_json() -> None:
    sentence = re.search(r"`--json` makes (.*?) readable", README, flags=re.DOTALL)
    assert sentence
    verbs = typer.main.get_group(cli.app).commands
    with_json = {name for name, verb in verbs.items() if any("--json" in param.opts for param in verb.params)}
    assert set(re.findall(r"`([a-z]+)`", sentence[1])) == with_json


@pytest.fixture(scope="module")
def readme_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which every command of the README was run, in its order, on a smaller sample.

    The first time that a verb comes it is the installed command, in a process of its own; after that it is in this one.
    """
    folder = tmp_path_factory.mktemp("readme")
    (folder / "data_samples").symlink_to(TOP / "data_samples")
    (folder / "inbeeld.toml").write_bytes((TOP / "inbeeld.example.toml").read_bytes())
    given, before = {SAMPLE: "150"}, set[str]()
    for line in commands("inbeeld"):
        words = [given.get(word, word) for word in shlex.split(line)[1:]]
        if words[0] == "review":  # it serves until it is interrupted
            done = interrupted(*words, "--port", "0", cwd=folder, after="Ctrl-C")
        else:
            done = (inbeeld if words[0] in before else installed)(*words, cwd=folder)
        before.add(words[0])
        assert (done.returncode, done.stderr) == (0, ""), line
        assert done.stdout.strip(), line
        if words[0] == "train":
            given["CANDIDATE"] = next((folder / "out" / "state" / "models").glob("candidate_*.json")).stem
        if words[0] == "run":
            with DuckDBEngine(folder / "out" / "case_view.duckdb", read_only=True) as view:
                given["INCIDENT_NUMBER"] = str(
                    view.rows("SELECT min(incident_number) FROM incident_status WHERE status = 'unmatched'")[0][0]
                )
                [(given["HOUSEHOLD"],)] = view.rows("SELECT min(household_id) FROM household_colour")
            with DuckDBEngine(folder / "out" / "restricted.duckdb", read_only=True) as restricted:
                mentions = restricted.rows(
                    "SELECT concat_ws(':', source_id, record_kind, record_id, person_seq) "
                    "FROM mention ORDER BY mention_id"
                )
            given |= {"MENTION_A": str(mentions[0][0]), "MENTION_B": str(mentions[-1][0])}
    yield folder


@pytest.mark.slow
def test_the_commands_of_the_readme_run(readme_folder: Path) -> None:
    with DuckDBEngine(readme_folder / "out" / "case_view.duckdb", read_only=True) as view:
        assert view.rows("SELECT severity FROM household_colour WHERE override_id = 1") == [("red",)]
    assert SAMPLE in README


@pytest.mark.slow
@pytest.mark.parametrize("query", blocks("sql"))
def test_a_query_of_the_readme_answers(readme_folder: Path, query: str) -> None:
    with DuckDBEngine(readme_folder / "out" / "case_view.duckdb", read_only=True) as view:
        assert view.rows(query)


def test_the_example_configuration_holds_the_defaults() -> None:
    from linkage.config import Config, load

    assert load(TOP / "inbeeld.example.toml") == Config()


def test_the_example_configuration_shows_every_key() -> None:
    from linkage.config import Config

    example = (TOP / "inbeeld.example.toml").read_text(encoding="utf-8")
    assert Config.model_fields
    for section, field in Config.model_fields.items():
        [shown] = re.findall(rf"^\[{section}\](.*?)(?=^\[|\Z)", example, flags=re.MULTILINE | re.DOTALL)
        keys = set(re.findall(r"^(?:# )?([a-z_]+) = ", shown, flags=re.MULTILINE))
        assert isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        assert keys == set(field.annotation.model_fields), section


@pytest.mark.parametrize("table", contracts.tables(), ids=lambda table: table.name)
def test_every_table_and_column_has_a_comment(table: Table) -> None:
    assert len(table.comment) > 20
    assert [column.name for column in table.columns if not column.comment.strip()] == []


@pytest.mark.parametrize("table", contracts.tables(), ids=lambda table: table.name)
def test_a_code_list_that_a_column_names_exists(table: Table) -> None:
    for column in table.columns:
        if column.codes:
            assert contracts.codes(column.codes).codes


@pytest.mark.parametrize("table", contracts.tables("case_view"), ids=lambda table: table.name)
def test_a_table_for_analysts_has_a_key_and_nothing_identifying(table: Table) -> None:
    assert table.key
    assert [column.name for column in table.columns if column.identifying] == []


def test_the_data_dictionary_is_up_to_date() -> None:
    written = (TOP / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert written == dictionary.render(), "run inbeeld dictionary"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_host(name: str) -> None:
    text = (TOP / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|git\+|^-|--(extra-)?index|--find-links", text, flags=re.MULTILINE)
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[A-Za-z0-9._-]+==\S+( ;[^\n\\]+)?", entry), entry[:60]
        assert "--hash=sha256:" in entry, entry[:60]


def test_the_development_lock_holds_the_runtime_one() -> None:
    pins = [set(re.findall(r"^(\S+==\S+)", (TOP / name).read_text(encoding="utf-8"), re.MULTILINE)) for name in LOCKS]
    assert pins[0] <= pins[1]


def test_the_licence_is_the_eupl() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "EUPL-1.2"
    assert "EUPL-1.2" in README


def test_the_version_is_told_once() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert installed("--version").stdout == f"inbeeld {project['version']}\n"
    assert f"## [{project['version']}]" in (TOP / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_top_level_is_what_the_design_says() -> None:
    folders = {".ci", "benchmarks", "data_samples", "docs", "flows", "linkage", "schemas", "tests"}
    files = {"README.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml", "inbeeld.example.toml", *LOCKS}
    assert {name for name in folders if not (TOP / name).is_dir()} == set()
    assert {name for name in files if not (TOP / name).is_file()} == set()
    assert os.access(TOP / ".ci" / "run", os.X_OK)
