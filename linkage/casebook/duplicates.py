"""Technical duplicates: one night entered twice. The earliest entry stays."""

from __future__ import annotations

import pandas as pd

from linkage.casebook.sql import Night
from linkage.engine.base import Engine


def find_duplicates(db: Engine, night: Night) -> None:  # noqa: ARG001
    """Write ``cb_duplicate`` (incident_no, original_no) from the pairs of ``cb_twin``.

    An incident is a duplicate of the earliest one near it that itself stays, so a chain of entries,
    each within the hours of the one before, is not swallowed whole.
    """
    originals: dict[int, int] = {}
    pairs = db.rows("SELECT later_no, earlier_no FROM cb_twin ORDER BY later_rank, earlier_rank")
    for later, earlier in pairs:
        if later not in originals and earlier not in originals:
            originals[later] = earlier
    frame = pd.DataFrame({"incident_no": list(originals), "original_no": list(originals.values())})
    db.register("cb_duplicate", frame.astype("int64"))
