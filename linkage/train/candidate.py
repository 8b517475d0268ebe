"""A candidate model as a file: the model of a night with its notes, and the line that calibrates its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from linkage.pairs import Model


def next_name(models: Path, day: date) -> str:
    """Return ``candidate_<day>_<n>`` with the first number above those taken."""
    taken = [int(p.stem.rsplit("_", 1)[1]) for p in models.glob(f"candidate_{day.isoformat()}_*.json")]
    return f"candidate_{day.isoformat()}_{max(taken, default=0) + 1}"


def write(models: Path, name: str, model: Model, line: tuple[float, float], notes: Mapping[str, Any]) -> Path:
    """Write ``<name>.json``; ``line`` (slope, intercept) is applied after a calibration that the model has already."""
    models.mkdir(parents=True, exist_ok=True, mode=0o700)
    slope, intercept = line
    model = replace(
        model,
        name=name,
        notes=dict(notes),
        slope=slope * model.slope,
        intercept=slope * model.intercept + intercept,
    )
    path = models / f"{name}.json"
    with path.open("x", encoding="utf-8") as file:
        file.write(model.to_json())
    return path
