"""Working days, as Dutch terms count them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

import pandas as pd

from linkage.engine.base import Engine

MARGIN = timedelta(days=400)
"""Days around those of the records, for terms that end after them."""

SPAN = """
SELECT least(min(first), $1), greatest(max(last), $1) FROM (
  SELECT min(CAST(reported_at AS DATE)) AS first, max(CAST(reported_at AS DATE)) AS last FROM incident
  UNION ALL SELECT min(CAST(received_at AS DATE)), max(CAST(received_at AS DATE)) FROM case_report
  UNION ALL SELECT min(safety_assessment_end), max(safety_assessment_end) FROM case_report)
"""


def write_days(db: Engine, as_of: date) -> None:
    """Write ``working_day``: every day of the records, with how many working days there were up to and on it."""
    [(first, last)] = db.rows(SPAN, [as_of])
    db.register("working_day", working_days(first - MARGIN, last + MARGIN))


@lru_cache(maxsize=1)
def working_days(first: date, last: date) -> pd.DataFrame:
    """Number the working days from ``first`` to ``last``: columns ``day`` and ``working_no``, which rises on each.

    Saturdays, Sundays and public holidays are none; Good Friday and every 5 May are holidays (Algemene termijnenwet,
    article 3), which the ``holidays`` package has under its category ``optional``.
    """
    import holidays

    free = holidays.country_holidays("NL", years=range(first.year, last.year + 1), categories=("public", "optional"))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    numbers = accumulate(day.weekday() < 5 and day not in free for day in days)
    return pd.DataFrame({"day": pd.to_datetime(days), "working_no": list(numbers)}).astype({"working_no": "int32"})
