"""What Great Expectations imports and nobody here uses is loaded when somebody asks for it, and then as ever."""

from __future__ import annotations

import subprocess
import sys

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
