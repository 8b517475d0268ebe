"""Ways in which an export goes wrong, each with what it touches, so that what it does not touch is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.faults.exports import CANARY, Export

MARK = b"\xef\xbb\xbf"
IMPOSSIBLE = ("2025-02-30", "2025-13-01", "30-02-2025", "00-00-0000", "99999999", "20250230", "gisteren", "45731")
Edit = tuple[int, int, bytes]
"""First byte, first byte after it, and what takes their place."""


@dataclass(frozen=True)
class Mutation:
    """A file that went wrong.

    With ``edits`` each row that they do not touch must come through, at its place. Without them ``expect`` is
    ``refused`` (whole), ``same`` (every row comes through) or ``either``.
    """

    data: bytes
    edits: Sequence[Edit] = ()
    expect: str = "rows"
    forged: Callable[[tuple[object, ...]], bool] | None = None
    """Tells a row that was never sent, wherever it stands."""


Mutator = Callable[[random.Random, Export], Mutation]


def edited(export: Export, *edits: Edit) -> Mutation:
    """Apply edits, which may not overlap."""
    data, at = b"", 0
    for first, end, new in sorted(edits):
        data, at = data + export.data[at:first] + new, end
    return Mutation(data + export.data[at:], sorted(edits))


def whole(data: bytes, expect: str) -> Mutation:
    """Return a file that changed as a whole."""
    return Mutation(data, expect=expect)


def _place(dice: random.Random, export: Export, room: int = 1) -> int:
    return dice.randrange(len(export.lines[0]), len(export.data) - room)


def inserting(*what: bytes) -> Mutator:
    """Put bytes somewhere in the rows."""

    def mutate(dice: random.Random, export: Export) -> Mutation:
        at = _place(dice, export)
        return edited(export, (at, at, dice.choice(what)))

    return mutate


def deleting(length: int) -> Mutator:
    """Lose bytes somewhere in the rows."""

    def mutate(dice: random.Random, export: Export) -> Mutation:
        at = _place(dice, export, length + 1)
        return edited(export, (at, at + length, b""))

    return mutate


def between(*what: bytes) -> Mutator:
    """Put whole lines between two rows."""

    def mutate(dice: random.Random, export: Export) -> Mutation:
        at = dice.choice(export.spans)[0]
        return edited(export, (at, at, dice.choice(what)))

    return mutate


def cut(dice: random.Random, export: Export) -> Mutation:
    at = _place(dice, export)
    return edited(export, (at, len(export.data), b""))


def cut_at_a_row(dice: random.Random, export: Export) -> Mutation:
    at = dice.choice(export.spans[1:])[0]
    return edited(export, (at, len(export.data), b""))


def zeroed(dice: random.Random, export: Export) -> Mutation:
    at = _place(dice, export, 32)
    return edited(export, (at, at + 30, bytes(30)))


def two_stray_quotes(dice: random.Random, export: Export) -> Mutation:
    """An open quote in one row and another some rows on: those between are neighbours."""
    first = dice.randrange(len(export.rows) - 3)
    places = [dice.randrange(*export.spans[first]), dice.randrange(*export.spans[first + dice.randint(2, 3)])]
    return edited(export, *((at, at, b'"') for at in places))


def quotes_in_one_column(dice: random.Random, export: Export) -> Mutation:
    """A field opened in one row and closed in the same column two rows on: as a whole it is legal."""
    rows = [[_plain(field) for field in row] for row in export.rows]
    export_ = export.with_(rows=rows)
    first, column = dice.randrange(len(rows) - 3), dice.randrange(len(export.header))
    row, other = list(rows[first]), list(rows[first + 2])
    lines = [";".join([*row[:column], '"' + row[column], *row[column + 1 :]])]
    lines += [";".join([*other[:column], other[column] + '"', *other[column + 1 :]])]
    new = [f"{line}\n".encode(export.encoding, "replace") for line in lines]
    # All rows are written plainly, which changes none that has nothing to quote.
    edits = [(*span, export_.lines[i + 1]) for i, span in enumerate(export.spans) if export.rows[i] != rows[i]]
    edits = [edit for edit in edits if edit[:2] not in (export.spans[first], export.spans[first + 2])]
    return edited(export, *edits, (*export.spans[first], new[0]), (*export.spans[first + 2], new[1]))


def _plain(text: str) -> str:
    return text if not any(mark in text for mark in ';"\n\r') else "x"


def opened_field(dice: random.Random, export: Export) -> Mutation:
    """A quote that opens a field and is never closed."""
    start, end = dice.choice(export.spans)
    at = export.data.find(export.delimiter.encode(), start, end) + 1
    return edited(export, (at, at, b'"'))


def row_in_a_field(dice: random.Random, export: Export) -> Mutation:
    """A legal quoted field whose second line is a whole row of its own."""
    place = dice.randrange(len(export.rows))
    forged = export.line(_forged(export)).decode(export.encoding)
    column = dice.choice(export.columns("text") or [0])
    row = list(export.rows[place])
    row[column] = "begin" + "\n" * dice.choice((1, 12)) + f"{forged}einde"
    made = edited(export, (*export.spans[place], export.line(row)))
    return replace(made, forged=lambda values: any(str(v).startswith(("PL9999", "99")) for v in values[:3]))


def _forged(export: Export) -> list[str]:
    """Return a row that reads as a record and belongs to none."""
    row = [f.replace("\n", " ").replace("\r", " ").replace('"', "").replace(";", ",") for f in export.rows[0]]
    key = row[0]
    row[0] = f"PL9999-{key[7:]}" if key.startswith("PL") else f"99{key}"
    if export.spec.name == "zorgmeldingen.csv":
        row[1] = f"99{row[1]}"
    return row


def row_twice(dice: random.Random, export: Export) -> Mutation:
    """The same row once more, further on."""
    one, at = dice.choice(export.lines[1:]), dice.choice(export.spans)[1]
    return edited(export, (at, at, one))


def key_twice(dice: random.Random, export: Export) -> Mutation:
    """A row that takes the key of an earlier one."""
    first = dice.randrange(len(export.rows) - 1)
    second = dice.randrange(first + 1, len(export.rows))
    width = 2 if export.spec.name in ("personen.csv", "betrokkenen.csv", "zorgmeldingen.csv") else 1
    row = [*export.rows[first][:width], *export.rows[second][width:]]
    return edited(export, (*export.spans[second], export.line(row)))


def impossible_date(dice: random.Random, export: Export) -> Mutation:
    place = dice.randrange(len(export.rows))
    row = list(export.rows[place])
    row[dice.choice(export.columns("timestamp", "date", "birth_date"))] = dice.choice(IMPOSSIBLE)
    return edited(export, (*export.spans[place], export.line(row)))


def field_changed(*texts: str) -> Mutator:
    """Put a text in some field."""

    def mutate(dice: random.Random, export: Export) -> Mutation:
        place = dice.randrange(len(export.rows))
        row = list(export.rows[place])
        row[dice.randrange(len(row))] = dice.choice(texts)
        return edited(export, (*export.spans[place], export.line(row)))

    return mutate


def fields_shifted(dice: random.Random, export: Export) -> Mutation:
    """A row that lost a field or got one more."""
    place = dice.randrange(len(export.rows))
    row = list(export.rows[place])
    column = dice.randrange(len(row))
    row[column : column + dice.randint(0, 1)] = [] if dice.random() < 0.5 else ["x", "y"]
    if len(row) == len(export.header):
        row.append("x")
    return edited(export, (*export.spans[place], export.line(row)))


def recoded(dice: random.Random, export: Export) -> Mutation:
    """The encoding of another system."""
    text = export.data.decode(export.encoding)
    other = dice.choice(("utf-16", "utf-16-le", "utf-16-be", "cp1252" if export.encoding == "utf-8" else "utf-8"))
    return whole(text.encode(other, "replace"), "refused")


def coded_twice(dice: random.Random, export: Export) -> Mutation:
    """UTF-8 that a system took for Windows-1252 and wrote as UTF-8 once more."""
    text = export.data.decode(export.encoding).encode().decode("cp1252", "replace").replace("\ufffd", "?")
    return whole(text.encode("utf-8"), "refused")


def marked(dice: random.Random, export: Export) -> Mutation:
    """A byte order mark in front."""
    return whole(MARK + export.data, "same" if export.encoding == "utf-8" else "refused")


def other_delimiter(dice: random.Random, export: Export) -> Mutation:
    return whole(export.data.replace(b";", dice.choice((b",", b"\t", b"|", b":", b" "))), "refused")


def other_line_ends(dice: random.Random, export: Export) -> Mutation:
    """CR LF is as good as LF; CR alone is no line end."""
    if dice.random() < 0.5:
        return whole(b"".join(line[:-1] + b"\r\n" for line in export.lines), "same")
    return whole(export.data.replace(b"\n", b"\r"), "refused")


def mixed_line_ends(dice: random.Random, export: Export) -> Mutation:
    return whole(b"".join(line[:-1] + dice.choice((b"\r\n", b"\n")) for line in export.lines), "same")


def quoted_throughout(dice: random.Random, export: Export) -> Mutation:
    """Another writer, which quotes every field."""
    text = "".join(
        ";".join('"' + field.replace('"', '""') + '"' for field in row) + "\n" for row in [export.header, *export.rows]
    )
    return whole(text.encode(export.encoding), "same")


def column_renamed(dice: random.Random, export: Export) -> Mutation:
    header = list(export.header)
    at = dice.randrange(len(header))
    header[at] = dice.choice((header[at] + "_nieuw", header[at].upper() + "2", header[at][:-1] or "x", "omschrijving"))
    expect = "either" if header[at] == export.header[at] else "refused"
    return whole(export.with_(header=header).data, expect)


def column_missing(dice: random.Random, export: Export) -> Mutation:
    at = dice.randrange(len(export.header))
    rows = [row[:at] + row[at + 1 :] for row in export.rows]
    return whole(export.with_(header=export.header[:at] + export.header[at + 1 :], rows=rows).data, "refused")


def column_added(dice: random.Random, export: Export) -> Mutation:
    """A column of free text that the contract does not know."""
    rows = [[*row, f"{CANARY} vertelde dat"] for row in export.rows]
    return whole(export.with_(header=[*export.header, "toelichting"], rows=rows).data, "same")


def columns_moved(dice: random.Random, export: Export) -> Mutation:
    order = dice.sample(range(len(export.header)), len(export.header))
    rows = [[row[i] for i in order] for row in export.rows]
    return whole(export.with_(header=[export.header[i] for i in order], rows=rows).data, "same")


def column_doubled(dice: random.Random, export: Export) -> Mutation:
    at = dice.randrange(len(export.header))
    rows = [[*row, row[at]] for row in export.rows]
    return whole(export.with_(header=[*export.header, export.header[at]], rows=rows).data, "refused")


def header_gone(dice: random.Random, export: Export) -> Mutation:
    return whole(b"".join(export.lines[1:]), "refused")


def glued(dice: random.Random, export: Export) -> Mutation:
    """Two exports after one another: header, mark and all."""
    at = dice.choice(export.spans)[0]
    mark = MARK if export.encoding == "utf-8" and dice.random() < 0.5 else b""
    return edited(export, (at, at, mark + export.lines[0]))


def marked_inside(dice: random.Random, export: Export) -> Mutation:
    """A byte order mark in front of a row in the middle."""
    at = dice.choice(export.spans)[0]
    return edited(export, (at, at, MARK if export.encoding == "utf-8" else b"\xa0"))


MUTATORS: dict[str, Mutator] = {
    "cut off anywhere": cut,
    "cut off at a row's end": cut_at_a_row,
    "stray quote": inserting(b'"'),
    "two quotes": inserting(b'""'),
    "quote and delimiter": inserting(b';"', b'";'),
    "field opened, never closed": opened_field,
    "two stray quotes rows apart": two_stray_quotes,
    "two stray quotes in one column": quotes_in_one_column,
    "quote, newline, quote": inserting(b'"\n"', b'"\n', b'\n"'),
    "row inside a quoted field": row_in_a_field,
    "delimiter inserted": inserting(b";"),
    "newline inserted": inserting(b"\n", b"\r\n"),
    "carriage return inserted": inserting(b"\r"),
    "one byte gone": deleting(1),
    "25 bytes gone": deleting(25),
    "NUL byte": inserting(b"\0"),
    "block of zeros": zeroed,
    "control character": inserting(b"\x07", b"\x1b[2J", b"\x08", b"\x7f", b"\x0b", b"\x0c"),
    "byte outside the encoding": inserting(b"\xff\xfe", b"\x81", b"\xc3"),
    "huge field": inserting(b"z" * 100_000, b'"' + b"z\n" * 2_000 + b'"'),
    "long field": field_changed("z" * 5_000, "z;" * 2_000, "z\n" * 300),
    "invisible character": field_changed("a\u200bb", "\u202ejan", "\ufeffx", "a\u2028b", "a\u0085b", "１２", "\u2066"),
    "formula, markup or code": field_changed("=1+1", "<script>", "'; DROP TABLE x; --", "../../etc", "{{x}}", "NULL"),
    "impossible date": impossible_date,
    "field too many or too few": fields_shifted,
    "row twice": row_twice,
    "key twice": key_twice,
    "blank or foreign line": between(b"\n", b";;;;\n", b"# eind\n", b"EINDE BESTAND;812\n", b'"\n', b"\r\n"),
    "another encoding": recoded,
    "encoded twice": coded_twice,
    "byte order mark": marked,
    "byte order mark inside": marked_inside,
    "another delimiter": other_delimiter,
    "other line ends": other_line_ends,
    "mixed line ends": mixed_line_ends,
    "all fields quoted": quoted_throughout,
    "two exports glued": glued,
    "column renamed": column_renamed,
    "column missing": column_missing,
    "column added": column_added,
    "columns in another order": columns_moved,
    "column twice": column_doubled,
    "header gone": header_gone,
}
