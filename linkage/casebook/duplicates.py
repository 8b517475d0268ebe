"""Technical duplicates: one night entered twice. The earliest entry stays."""

from __future__ import annotations

import pandas as pd

from linkage.casebook.sql import Night
from linkage.engine.base import Engine

_PAIRS = """
SELECT later_no, earlier_no
FROM incident_twin JOIN incident_base l ON l.incident_no = later_no JOIN incident_base e ON e.incident_no = earlier_no
ORDER BY l.reported_at, l.incident_number, l.source_id, e.reported_at, e.incident_number
"""


def find_duplicates(db: Engine, night: Night) -> None:  # noqa: ARG001
    """Write ``cb_duplicate`` (incident_no, original_no) from the pairs of ``incident_twin``.

    An incident is a duplicate of the earliest one near it that itself stays, so a chain of entries,
    each within the hours of the one before, is not swallowed whole.
    """
    originals: dict[int, int] = {}
    for later, earlier in db.rows(_PAIRS):
        if later not in originals and earlier not in originals:
            originals[later] = earlier
    frame = pd.DataFrame({"incident_no": list(originals), "original_no": list(originals.values())})
    db.register("cb_duplicate", frame.astype("int64"))
