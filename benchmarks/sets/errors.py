"""Errors of typing and reading in columns of bytes, as FEBRL's generator makes them: one edit, sometimes two.

A column is an array of shape (n,) and dtype ``S<width>``; an empty value is a missing one and stays empty.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.bytes_]
Ints = npt.NDArray[np.int64]

LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8)
DIGITS = np.frombuffer(b"0123456789", np.uint8)
DOUBLE = 0.2
"""Share of the values in error that take a second edit."""
KINDS = 4
"""Insert, delete, substitute, transpose: all as likely as each other."""
SWAPPED_DATE = 0.15
"""Share of the dates in error whose day and month have changed places."""


def mistype(rng: np.random.Generator, column: Column, share: float, alphabet: npt.NDArray[np.uint8]) -> Column:
    """Return the column, shape (n,), with edits in ``share`` of its values."""
    wrong = np.flatnonzero((rng.random(len(column)) < share) & (column != b""))
    out = column.astype(f"S{column.dtype.itemsize + 2}")
    for rows in (wrong, wrong[rng.random(len(wrong)) < DOUBLE]):
        out[rows] = edit(rng, out[rows], alphabet)
    return out


def edit(rng: np.random.Generator, values: Column, alphabet: npt.NDArray[np.uint8]) -> Column:
    """Return the values, shape (k,), each with one edit; a letter takes a letter's place and a digit a digit's."""
    if not len(values):
        return values
    width = values.dtype.itemsize
    size = np.char.str_len(values).astype(np.int64)
    kind = rng.integers(KINDS, size=len(values))
    # Nothing is deleted from, or changes places in, a value of one character, and a full column takes no insert.
    kind = np.where((size < 2) & ((kind == 1) | (kind == 3)), 2, kind)
    kind = np.where((size >= width) & (kind == 0), 2, kind)
    at = (rng.random(len(values)) * np.where(kind == 0, size + 1, np.where(kind == 3, size - 1, size))).astype(np.int64)
    place = np.arange(width)[None, :]
    spot = at[:, None]
    source = place - ((kind == 0)[:, None] & (place > spot)) + ((kind == 1)[:, None] & (place >= spot))
    crossed = (kind == 3)[:, None]
    source = source + (crossed & (place == spot)) - (crossed & (place == spot + 1))
    old = np.pad(values.view(np.uint8).reshape(len(values), width), ((0, 0), (0, 1)))
    new = np.take_along_axis(old, source, axis=1)
    typed = np.flatnonzero((kind == 0) | (kind == 2))
    new[typed, at[typed]] = _typed(rng, old[typed, np.minimum(at[typed], size[typed] - 1)], alphabet)
    return np.ascontiguousarray(new).view(values.dtype).ravel()


def _typed(
    rng: np.random.Generator, near: npt.NDArray[np.uint8], alphabet: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Return characters, shape (k,), other than those they stand in for, of the same sort where it is a digit."""
    digit = (near >= ord("0")) & (near <= ord("9"))
    letter = alphabet[rng.integers(len(alphabet), size=len(near))]
    letter = np.where(letter == near, alphabet[0] + (near == alphabet[0]), letter)
    return np.where(digit, ord("0") + (near - ord("0") + rng.integers(1, 10, len(near))) % 10, letter).astype(np.uint8)


def misdate(rng: np.random.Generator, dates: Ints, share: float) -> Ints:
    """Return the days since 1970, shape (n,), with ``share`` of them misread: always a date that exists.

    Day and month change places, or a digit of day, month or year is another; sometimes two are.
    """
    out = dates.copy()
    wrong = np.flatnonzero(rng.random(len(dates)) < share)
    swapped = rng.random(len(wrong)) < SWAPPED_DATE
    out[wrong[swapped]] = _swap(out[wrong[swapped]])
    # What could not change places (a day above 12, or one equal to its month) gets an edit in its stead.
    typed = wrong[out[wrong] == dates[wrong]]
    for rows in (typed, typed[rng.random(len(typed)) < DOUBLE]):
        out[rows] = _another_digit(rng, out[rows])
    return out


def split(dates: Ints) -> tuple[Ints, Ints, Ints]:
    """Return year, month and day, each of shape (n,), of days since 1970."""
    days = dates.astype("datetime64[D]")
    month = days.astype("datetime64[M]")
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    return year, month.astype(np.int64) % 12 + 1, (days - month.astype("datetime64[D]")).astype(np.int64) + 1


def join(year: Ints, month: Ints, day: Ints) -> Ints:
    """Return days since 1970; the inverse of `split`."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    found: Ints = months.astype("datetime64[D]").astype(np.int64) + day - 1
    return found


def _swap(dates: Ints) -> Ints:
    year, month, day = split(dates)
    can = day <= 12
    return join(year, np.where(can, day, month), np.where(can, month, day))


def _another_digit(rng: np.random.Generator, dates: Ints) -> Ints:
    """Return the dates, shape (k,), with one digit of year, month or day another; the century stays."""
    year, month, day = split(dates)
    part, size = rng.integers(5, size=len(dates)), len(dates)
    units = year % 10
    year = np.where(part == 0, year - units + (units + rng.integers(1, 10, size)) % 10, year)
    tens = year // 10 % 10
    year = np.where(part == 1, year + ((tens + rng.integers(1, 10, size)) % 10 - tens) * 10, year)
    month = np.where(part == 2, (month - 1 + rng.integers(1, 12, size)) % 12 + 1, month)
    day = np.where(part == 3, day // 10 * 10 + (day % 10 + rng.integers(1, 10, size)) % 10, day)
    day = np.where(part == 4, day % 10 + rng.integers(0, 3, size) * 10, day)
    # Days are kept where every month has them; what this leaves as it was moves a day.
    found = join(year, month, np.clip(day, 1, 28))
    return np.where(found == dates, np.where(day > 1, dates - 1, dates + 1), found)
