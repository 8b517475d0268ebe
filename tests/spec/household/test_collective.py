"""The list of shelters and institutions: what a line protects, and what is told of a wrong one, without its address."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from linkage import pipeline
from linkage.config import Config
from linkage.entities import household
from linkage.errors import ConfigError
from linkage.intake.collective import read_listed


def write(folder: Path, *lines: str) -> Path:
    path = folder / "opvang.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_line_is_a_door_a_building_or_a_postcode(tmp_path: Path) -> None:
    header = "postcode;huisnummer;huisletter;toevoeging;naam"
    path = write(tmp_path, header, "7901 ab;12;A;;De Vlier", "7902CD;5;;;", "9401EF;;;;", ";;;;", "7901AB;12;a;;twice")
    assert read_listed(path) == [("7901AB", 12, "a"), ("7902CD", 5, ""), ("9401EF", None, "")]


def test_without_a_list_nothing_is_listed() -> None:
    assert read_listed(None) == []


WRONG = [
    (("straat;nummer", "x;1"), "opvang.csv has no column postcode, huisnummer"),
    (("postcode;huisnummer", "7901AB;12", "79 1AB;12"), "opvang.csv line 3: the postcode is none"),
    (("postcode;huisnummer", "7901AB;twaalf"), "opvang.csv line 2: the house number is none"),
]


@pytest.mark.parametrize(("lines", "message"), WRONG)
def test_a_wrong_line_is_named_by_its_number(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        read_listed(write(tmp_path, *lines))
    assert "7901AB" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.csv of households.collective_file does not exist"):
        read_listed(tmp_path / "none.csv")


def test_the_list_of_the_settings_reaches_the_households(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(household, "build", lambda *_, **values: given.update(values))
    config = Config(households={"collective_file": write(tmp_path, "postcode;huisnummer", "7901AB;12")})
    night: Any = SimpleNamespace(db=None, config=config, run_id="1", keys=SimpleNamespace(mint=None))
    pipeline.build_households(night)
    assert given["listed"] == [("7901AB", 12, "")]
