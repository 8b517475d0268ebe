"""What Great Expectations imports and nobody here uses is loaded when somebody asks for it, and then as ever."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import ClassVar

import pytest
from pydantic.v1 import BaseModel, Field, ValidationError, validator
from pydantic.v1.fields import ModelField

from linkage.quality import later

STARTED = """
import sys
from linkage import quality
expectations = quality._great_expectations()
assert sys.modules["linkage.quality.expectations"] is expectations
print(*(name for name in ("altair.vegalite", "scipy.stats._stats_py") if name in sys.modules))
"""
USED = """
from scipy import stats
import altair
print(stats.norm.cdf(0.0), altair.Chart.__name__)
assert not any(type(finder).__name__ == "_Later" for finder in sys.meta_path)
"""


def _said(code: str) -> list[str]:
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return found.stdout.splitlines()


def test_what_nobody_uses_is_not_loaded() -> None:
    assert _said(STARTED) == [""]


def test_what_somebody_uses_after_all_is_there() -> None:
    assert _said(STARTED + USED) == ["", "0.5 Chart"]


class Named(BaseModel):
    """A model that others extend."""

    name: str | None = Field(None, description="of the base")
    numbers: list[int] = []


def short() -> type[Named]:
    class Short(Named):
        class Config:
            fields: ClassVar = {"name": {"alias": "called"}, "numbers": {"exclude": ...}}

        @validator("name", allow_reuse=True)
        def _is_short(cls, value: str) -> str:  # noqa: N805
            assert len(value) < 3
            return value

    return Short


def test_a_model_that_extends_another_is_as_ever_and_changes_nothing_of_it() -> None:
    with later.shallow_fields():
        made = short()

        class Again(Named):
            @validator("name", allow_reuse=True)
            def _is_said(cls, value: str) -> str:  # noqa: N805
                return value.upper()

    assert Again(name="long").name == "LONG"
    assert made.__fields__["numbers"].field_info.exclude
    assert not Named.__fields__["numbers"].field_info.exclude
    assert Named(name="long", numbers=[1000]).dict() == {"name": "long", "numbers": [1000]}
    assert made.schema() == short().schema()
    assert made(called="ab", numbers=["7"]).numbers == [7]
    for wrong in ({"called": "long"}, {"numbers": ["x"]}):
        with pytest.raises(ValidationError):
            made(**wrong)


def test_fields_are_copied_as_ever_afterwards() -> None:
    with later.shallow_fields():
        assert "__deepcopy__" in vars(ModelField)
    assert "__deepcopy__" not in vars(ModelField)
    numbers = Named.__fields__["numbers"]
    assert copy.deepcopy(numbers).sub_fields is not numbers.sub_fields
