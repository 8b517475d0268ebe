"""The configuration: defaults, a file, the environment above it, and one clear line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage.config import Config, load
from linkage.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    """Write a configuration file."""
    path = folder / "inbeeld.toml"
    path.write_text(text)
    return path


def test_without_a_file_every_setting_has_its_default() -> None:
    assert load(None) == Config()


def test_the_environment_outranks_the_file_and_leaves_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBEELD_LIMITS__TIMELY_DAYS", "5")
    found = load(written(tmp_path, "[limits]\ntimely_days = 6\nlate_days = 40\n")).limits
    assert (found.timely_days, found.late_days, found.very_late_days) == (5, 40, 365)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[limits]\ntimely_dayz = 5\n",
            "inbeeld.toml: unknown key limits.timely_dayz, did you mean limits.timely_days?",
        ),
        ("[limit]\ntimely_days = 5\n", "inbeeld.toml: unknown key limit, did you mean limits?"),
        ("[linkage]\nsure = 1.0\n", "inbeeld.toml: linkage.sure: Input should be less than 1"),
        ("[linkage]\npossible = 1.5\n", "inbeeld.toml: linkage.possible: Input should be less than or equal to 1"),
        ("[limits\n", "inbeeld.toml is not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert str(caught.value).startswith(message)


def test_all_wrong_settings_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"limits\.timely_dayz.*machine\.threads"):
        load(written(tmp_path, "[limits]\ntimely_dayz = 5\n[machine]\nthreads = 0\n"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load(tmp_path / "inbeeld.toml")
