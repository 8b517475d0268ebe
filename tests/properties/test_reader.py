"""The strict reader on damaged files: every byte accounted for, no neighbour lost, nothing raised but a refusal."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable

import pytest

from linkage.errors import DeliveryRefused
from linkage.intake import reader
from linkage.intake.reader import Rejected, Text

WIDTH = 8
KEY = "PL0100-2022"
FIELDS = ("x", "Käster", "", '"a;b"', '"q""q"', "12", '"two\nlines"')
Span = tuple[int, int]
"""First and last byte of the undamaged file that a mutator touches; beyond its end when it touches none."""
NOTHING: Span = (1 << 40, 1 << 40)
Mutator = Callable[[random.Random, bytes], tuple[bytes, Span]]


def inserting(what: bytes) -> Mutator:
    def mutate(dice: random.Random, data: bytes) -> tuple[bytes, Span]:
        at = dice.randrange(data.index(b"\n") + 1, len(data) - 1)
        return data[:at] + what + data[at:], (at, at)

    return mutate


def deleting(length: int) -> Mutator:
    def mutate(dice: random.Random, data: bytes) -> tuple[bytes, Span]:
        at = dice.randrange(data.index(b"\n") + 1, len(data) - length - 1)
        return data[:at] + data[at + length :], (at, at + length)

    return mutate


def cut(dice: random.Random, data: bytes) -> tuple[bytes, Span]:
    at = dice.randrange(data.index(b"\n") + 1, len(data))
    return data[:at], (at, len(data))


def zeroed(dice: random.Random, data: bytes) -> tuple[bytes, Span]:
    at = dice.randrange(data.index(b"\n") + 1, len(data) - 31)
    return data[:at] + bytes(30) + data[at + 30 :], (at, at + 30)


MUTATORS: dict[str, Mutator] = {
    "quote": inserting(b'"'),
    "two quotes": inserting(b'""'),
    "newline": inserting(b"\n"),
    "delimiter": inserting(b";"),
    "delimiter and quote": inserting(b';"'),
    "quote, newline, quote": inserting(b'"\n"'),
    "carriage return": inserting(b"\r"),
    "byte that is not UTF-8": inserting(b"\xff"),
    "huge field": inserting(b"z" * 100_000),
    "one byte gone": deleting(1),
    "25 bytes gone": deleting(25),
    "cut off": cut,
    "zeros": zeroed,
    "byte order mark": lambda dice, data: (reader.UTF8_MARK + data, NOTHING),
    "UTF-16": lambda dice, data: (data.decode().encode("utf-16"), NOTHING),
}


def rows_of(dice: random.Random, count: int = 25) -> list[str]:
    """Return legal rows: quotes, delimiters and newlines between quotes, accents, empty fields."""
    return [";".join([f"{KEY}{i:06d}", *dice.choices(FIELDS, k=WIDTH - 1)]) for i in range(count)]


def file_of(rows: list[str]) -> bytes:
    """Return the file, header first."""
    return "\n".join([";".join(f"k{i}" for i in range(WIDTH)), *rows, ""]).encode()


def read(data: bytes) -> tuple[Text, list[list[str]], list[Rejected], int]:
    """Return the text, its records, its rejected rows and the bytes of the records."""
    text = reader.open_text(data, encoding="utf-8", delimiter=";", name="file.csv")
    rejected: list[Rejected] = []
    records: list[list[str]] = []
    size = 0
    for chunk in reader.chunks(text, rejected, size=7):
        records += chunk.rows
        size += sum(
            int(text.starts[last + 1] - text.starts[first]) for first, last in zip(chunk.first, chunk.last, strict=True)
        )
    return text, records, rejected, size


@pytest.mark.parametrize("name", MUTATORS)
def test_damage_costs_the_damaged_rows_only_and_every_byte_is_accounted_for(name: str) -> None:
    for seed in range(20):
        dice = random.Random(f"{name} {seed}")
        rows = rows_of(dice)
        data, (first, last) = MUTATORS[name](dice, file_of(rows))
        try:
            text, records, rejected, size = read(data)
        except DeliveryRefused:
            continue
        assert text.header_size + size + sum(r.byte_length for r in rejected) == len(data)
        assert all(len(record) == WIDTH for record in records)
        end = len(file_of([]))
        for row in rows:
            start, end = end, end + len(row.encode()) + 1
            if last < start or first > end:
                assert parsed(row) in records, f"seed {seed}: a row that was not touched is lost"


@pytest.mark.parametrize("name", ["byte that is not UTF-8", "zeros", "UTF-16"])
def test_a_file_that_is_damaged_as_a_whole_is_refused(name: str) -> None:
    dice = random.Random(name)
    with pytest.raises(DeliveryRefused):
        read(MUTATORS[name](dice, file_of(rows_of(dice)))[0])


@pytest.mark.parametrize("seed", range(20))
def test_legal_files_read_as_the_csv_module_reads_them(seed: int) -> None:
    rows = rows_of(random.Random(seed))
    _, records, rejected, _ = read(file_of(rows))
    assert rejected == []
    assert records == [parsed(row) for row in rows]


@pytest.mark.parametrize("seed", range(20))
def test_the_fast_path_and_the_parser_agree(seed: int) -> None:
    dice = random.Random(seed)
    plain = [[f"{KEY}{i:06d}", *dice.choices(("x", "Käster", "", "12"), k=WIDTH - 1)] for i in range(25)]
    quoted = [";".join(f'"{field}"' for field in row) for row in plain]
    assert read(file_of([";".join(row) for row in plain]))[1] == plain
    assert read(file_of(quoted))[1] == plain


def test_a_legal_row_may_hold_delimiters_between_quotes_after_a_quoted_newline() -> None:
    row = f'{KEY}000001;"two\nlines";"a;b";"c;d";"e;f";x;x;x'
    _, records, rejected, _ = read(file_of([row]))
    assert records == [parsed(row)]
    assert rejected == []


def test_a_quote_that_never_closes_costs_its_own_line() -> None:
    rows = [f'{KEY}000001;"x;x;x;x;x;x;x', f"{KEY}000002;x;x;x;x;x;x;x", f'{KEY}000003;"y";x;x;x;x;x;x']
    _, records, rejected, _ = read(file_of(rows))
    assert [record[0] for record in records] == [f"{KEY}000002", f"{KEY}000003"]
    assert [(r.line_number, r.reason) for r in rejected] == [(2, "quoting")]


def test_two_stray_quotes_do_not_swallow_the_row_between_them() -> None:
    rows = [f'{KEY}000001;"x;x;x;x;x;x;x', f"{KEY}000002;x;x;x;x;x;x;x", f'{KEY}000003;x;x";x;x;x;x;x']
    _, records, rejected, _ = read(file_of(rows))
    assert [record[0] for record in records] == [f"{KEY}000002"]
    assert [r.line_number for r in rejected] == [2, 4]


def test_a_row_inside_a_legal_field_is_not_taken_in_and_its_lines_are_named() -> None:
    """Nobody can tell it from a neighbour between two stray quotes; a forged row must not get in."""
    rows = [f'{KEY}000001;"x', f"{KEY}999999;x;x;x;x;x;x;x", 'x";x;x;x;x;x;x', f"{KEY}000002;x;x;x;x;x;x;x"]
    _, records, rejected, _ = read(file_of(rows))
    assert [record[0] for record in records] == [f"{KEY}000002"]
    assert [(r.line_number, r.reason) for r in rejected] == [(2, "quoting"), (3, "quoting"), (4, "quoting")]


def parsed(row: str) -> list[str]:
    """Return what Python's csv module makes of one legal row."""
    return next(csv.reader(io.StringIO(row, newline=""), delimiter=";", strict=True))


@pytest.mark.parametrize("lines", [9, 500])
def test_a_field_of_many_lines_is_one_record(lines: int) -> None:
    text = 'zei: ""nee""\n' * lines
    row = f'{KEY}000001;"{text}";x;x;x;x;x;x'
    _, records, rejected, _ = read(file_of([row, f"{KEY}000002;x;x;x;x;x;x;x"]))
    assert records[0] == parsed(row)
    assert [record[0] for record in records] == [f"{KEY}000001", f"{KEY}000002"]
    assert rejected == []


def test_open_quotes_on_every_line_take_no_time() -> None:
    rows = [f'{KEY}{n:06d};"x;""x;x;x;x;x;x' for n in range(4000)]
    _, records, rejected, _ = read(file_of(rows))
    assert (len(records), len(rejected)) == (0, 4000)
