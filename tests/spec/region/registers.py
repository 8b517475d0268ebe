"""Registers for the tests, written as a region's configuration would hold them."""

from __future__ import annotations

import tomllib

from linkage.partners import Register

WHOLE = """
[[partners]]
id = "police"
name = "Police unit"
kind = "police"
sources = { politie-nh = "politie_bvh" }
areas = [{ municipalities = ["GM0450", "GM0361", "GM0398", "GM0416"] }]

[[partners]]
id = "vt-one"
name = "Veilig Thuis One"
kind = "steunpunt"
sources = { vt-one = "veilig_thuis" }
areas = [
  { municipalities = ["GM0361", "GM1980"] },
  { municipalities = ["GM0450"], from = 2024-07-01 },
]

[[partners]]
id = "vt-two"
name = "Veilig Thuis Two"
kind = "steunpunt"
sources = { vt-two = "veilig_thuis" }
areas = [{ municipalities = ["GM0450"], until = 2024-12-31 }]

[[partners]]
id = "om"
name = "Public prosecution"
kind = "prosecution"

[[agreements]]
id = "police-2023"
partner = "police"
legal_basis = "Wpg 20"
from = 2023-01-01
until = 2024-06-30
delivers = ["incident", "care_report"]
receives = ["lists"]
form = "identifying"

[[agreements]]
id = "police-2024"
partner = "police"
legal_basis = "Wpg 20"
from = 2024-07-01
delivers = ["incident"]

[[agreements]]
id = "vt-one"
partner = "vt-one"
legal_basis = "Wmo 4.1.1"
delivers = ["case_report"]
receives = ["lists", "page"]
form = "identifying"

[[agreements]]
id = "vt-two"
partner = "vt-two"
legal_basis = "Wmo 4.1.1"
until = 2024-08-15
delivers = ["case_report"]
receives = ["page"]

[[agreements]]
id = "om-alkmaar"
partner = "om"
legal_basis = "AVG 6(1)(e)"
from = 2025-01-01
receives = ["agenda"]
municipalities = ["GM0361", "GM0398"]
"""


def register(text: str = WHOLE) -> Register:
    """Return a register; raises what the configuration would for one that cannot be."""
    return Register(**tomllib.loads(text))


def rows(table: str, columns: int) -> list[list[str]]:
    """Return the lines of a table below its head: words, and the rest of the line as the last."""
    return [line.split(maxsplit=columns - 1) for line in table.strip().splitlines()[1:]]
