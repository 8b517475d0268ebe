"""Strangers who share a surname share a given name more often than others: both follow where a family comes from.

A product of two chances takes a Turkish or Frisian surname and given name for two rare values that agree. How much more
often strangers share both is counted: among people who have a surname in common and are surely two (born years apart,
on other days of the year, living elsewhere), how many share the given name as well.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from linkage.engine.base import Engine
from linkage.pairs.coding import shares
from linkage.pairs.spec import BANDS, Spec

Floats = npt.NDArray[np.float64]

PEOPLE = 50_000
"""People among whom pairs with one surname are counted; with more a sample is taken."""
PULL = 20.0
"""Expected pairs of two bands that weigh as much as what is counted: with fewer the other surnames decide."""
APART = "abs(l.born_year - r.born_year) > 3 AND l.birth_day <> r.birth_day AND l.postcode <> r.postcode"
"""No typing error makes two people of one like that, and no household has them both."""
STRANGER = """
SELECT row_number() OVER (ORDER BY surname, given_name, birth_date, postcode) AS person, surname, given_name,
       CAST(substr(birth_date, 1, 4) AS INTEGER) AS born_year, substr(birth_date, 5) AS birth_day, postcode
FROM (SELECT DISTINCT surname, given_name, birth_date, postcode FROM mention
      WHERE surname IS NOT NULL AND given_name IS NOT NULL AND birth_date IS NOT NULL AND postcode IS NOT NULL)
"""
PAIRS = f"FROM stranger l JOIN stranger r ON l.surname = r.surname AND l.person < r.person AND {APART}"


def follows(db: Engine, spec: Spec) -> Floats:
    """Return (`BANDS` + 1, `BANDS` + 1) log2 of how much likelier strangers share both names than independently.

    Rows are bands of the surname, columns bands of the given name; row and column 0, of no band, are 0.
    """
    for name in ("surname_band", "given_band"):
        shares(db, name, spec.bands[name])
    db.run(f"CREATE OR REPLACE TEMP TABLE stranger AS {STRANGER}")
    found, expected = np.zeros((BANDS + 1, BANDS + 1)), np.zeros((BANDS + 1, BANDS + 1))
    for one, other, pairs in db.rows(
        f"""
        SELECT s.band, g.band, count(*) {PAIRS} AND l.given_name = r.given_name
        JOIN share_surname_band s ON s.value = l.surname JOIN share_given_band g ON g.value = l.given_name
        GROUP BY s.band, g.band
        """
    ):
        found[one, other] = pairs
    chance = np.zeros(BANDS + 1)
    for band, agree in db.rows("SELECT band, sum(share * share) FROM share_given_band GROUP BY band"):
        chance[band] = agree
    people = int(db.rows("SELECT count(*) FROM stranger")[0][0])
    every = max(1, -(-people // PEOPLE))
    drawn = f"l.person % {every} = 0 AND r.person % {every} = 0"
    for band, pairs in db.rows(
        f"SELECT s.band, count(*) {PAIRS} AND {drawn} JOIN share_surname_band s ON s.value = l.surname GROUP BY s.band"
    ):
        expected[band] = pairs * every**2 * chance
    for name in ("stranger", "share_surname_band", "share_given_band"):
        db.run(f"DROP TABLE {name}")
    return _ratio(found, expected)


def _ratio(found: Floats, expected: Floats) -> Floats:
    """Return log2 of found over expected, where little is expected that of all surnames together, and 1 for nothing."""
    of_given = (found.sum(axis=0) + PULL) / (expected.sum(axis=0) + PULL)
    told: Floats = np.log2((found + PULL * of_given) / (expected + PULL))
    told[0], told[:, 0] = 0.0, 0.0
    return told
