"""A census linked to Social Security and to W-2 forms: the sets ``ssa`` and ``w2``.

Made from the simulated population that the package ``pseudopeople`` ships (about 10,000 people in one made-up town),
with the noise that it puts on each form. Needs that package, which has an environment of its own (pseudo.in).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.sets.store import write
from benchmarks.sets.task import Comparison, Task

YEAR = 2020
BASE = (
    Comparison("first_name", "name", (0.92, 0.8), frequencies=True),
    Comparison("surname", "name", (0.92, 0.8), frequencies=True),
    Comparison("middle_initial", "exact"),
)
SSA = Task(
    "ssa",
    "link",
    (*BASE, Comparison("dob", "date", (1, 2)), Comparison("sex", "exact")),
    blocking=(
        ("dob",),
        ("first_name", "surname"),
        ("surname", "substr(dob, 1, 4)"),
        ("first_name", "substr(dob, 6, 5)"),
        ("surname", "middle_initial"),
    ),
    training=(("first_name", "surname"), ("dob",)),
    sure=(("first_name", "surname", "dob"),),
)
W2 = Task(
    "w2",
    "link",
    (
        *BASE,
        Comparison("street_number", "code", (1,)),
        Comparison("street_name", "name", (0.92, 0.8), frequencies=True),
        Comparison("unit_number", "exact"),
    ),
    blocking=(
        ("first_name", "surname"),
        ("street_number", "street_name"),
        ("surname", "middle_initial", "substr(first_name, 1, 1)"),
        ("first_name", "middle_initial", "substr(surname, 1, 1)"),
    ),
    training=(("first_name", "surname"), ("street_number", "street_name")),
    sure=(("first_name", "surname", "street_name"),),
    address=("street_name", "street_number"),
    address_training=(("first_name", "surname"), ("street_number", "street_name")),
)
COMMON = {"first_name": "first_name", "last_name": "surname"}
HOME = {"street_number": "street_number", "street_name": "street_name", "unit_number": "unit_number"}

SIDES = ("left_id", "right_id")
NOTES = {
    "ssa": "Social Security; a person may stand there twice, once born and once died",
    "w2": "W-2 and 1099 forms; a person has one for each employer, and each of them is a true pair with the census",
}


def build(folder: Path, name: str, seed: int) -> None:
    """Write ``ssa`` or ``w2``; the noise follows the seed."""
    import pseudopeople

    task = {"ssa": SSA, "w2": W2}[name]
    census = pseudopeople.generate_decennial_census(year=YEAR, seed=seed)
    if name == "ssa":
        other = pseudopeople.generate_social_security(year=YEAR, seed=seed)
    else:
        other = pseudopeople.generate_taxes_w2_and_1099(year=YEAR, seed=seed)
        other = other.rename(columns={f"mailing_address_{column}": column for column in HOME})
    files = [_tidy(frame, task) for frame in (census, other)]
    who = [frame["simulant_id"].to_numpy() for frame in (census, other)]
    sides = [pd.DataFrame({"person": each, side: range(len(each))}) for each, side in zip(who, SIDES, strict=True)]
    truth = sides[0].merge(sides[1], on="person")[list(SIDES)].sort_values(list(SIDES), ignore_index=True)
    notes = {
        "seed": seed,
        "source": f"pseudopeople's packaged sample, census {YEAR} and {NOTES[name]}",
        "persons_several_times": [int(pd.Series(each).duplicated().sum()) for each in who],
    }
    write(folder, task, files, truth, notes)


def _tidy(frame: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return ``id`` and the fields of the task: lower case, ASCII, missing values None."""
    frame = frame.rename(columns=COMMON)
    if "middle_name" in frame:
        frame["middle_initial"] = frame["middle_name"].str[:1]
    if "date_of_birth" in frame:
        frame["dob"] = _date(frame["date_of_birth"])
    tidy = {field: _text(frame[field]) for field in task.fields}
    return pd.DataFrame({"id": range(len(frame)), **tidy})


def _text(values: pd.Series) -> pd.Series:
    text = values.astype(object).where(values.notna(), None)
    text = text.map(lambda value: str(value).lower().encode("ascii", "ignore").decode().strip() or None, "ignore")
    return text.where(text.notna(), None)


def _date(values: pd.Series) -> pd.Series:
    """Return MM/DD/YYYY and YYYYMMDD, typing errors and all, as YYYY-MM-DD; what is not of that shape stays."""
    text = values.astype("string")
    text = text.str.replace(r"^(\w\w)/(\w\w)/(\w{4})$", r"\3-\1-\2", regex=True)
    return text.str.replace(r"^(\w{4})(\w\w)(\w\w)$", r"\1-\2-\3", regex=True)
