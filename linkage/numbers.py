"""Numbers that mentions, records and reports have for good: the same in every night and every database."""

from __future__ import annotations


def number(*told: str) -> str:
    """Return SQL of the number (BIGINT, not negative) of what the columns ``told`` identify.

    Two of ten million have one number with a chance of 1e-5, and then a gate stops the night.
    """
    return f"CAST(md5_number_lower(concat_ws(chr(31), {', '.join(told)})) >> 1 AS BIGINT)"


MENTION_ID = number("source_id", "record_kind", "record_id", "person_seq")
"""SQL of the ``mention_id`` of a row that names its mention by these columns."""


RECORD_NO = number("source_id", "record_kind", "record_id")
"""SQL of the ``record_no`` of a row that names its record by these columns."""


def of_record(source: str, kind: str, record: str) -> str:
    """Return SQL of ``record_no``, as mentions have it: ``kind`` is ``'incident'``, ``'case'`` or ``'report'``."""
    return number(source, kind, record)
