"""The strict reader: bytes of a delivered file → records and rejected rows, every byte accounted for.

A legal quoted newline is accepted; a stray quote loses at most its own line, never a neighbour. Python's and
DuckDB's CSV readers lose rows without a word on such files, so the lines are split here. A line without a quote
needs no parser: that is the fast path, and nearly every line takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from linkage.errors import DeliveryRefused

QUOTE = '"'
MAX_LINE_BYTES = 65_536
"""Characters of one record, however many lines it spans; a quote that is still open there never closes."""
CHUNK = 50_000
UTF16 = (b"\xff\xfe", b"\xfe\xff")
UTF8_MARK = b"\xef\xbb\xbf"
ARCHIVES = (
    (b"PK\x03\x04", "zip archive or workbook"),
    (b"\x1f\x8b", "gzip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ", "xz archive"),
    (b"(\xb5/\xfd", "zstd archive"),
    (b"7z\xbc\xaf", "7z archive"),
    (b"Rar!", "rar archive"),
    (b"\xd0\xcf\x11\xe0", "workbook of an old kind"),
)
TAR = slice(257, 262)
MOJIBAKE = re.compile(
    "[\u00c2-\u00c5][\u0080-\u00bf\u0152-\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
"""The two bytes of one accented letter in UTF-8, read as two letters of Windows-1252."""
MIN_MOJIBAKE, MOJIBAKE_SHARE = 3, 0.9
"""Lines, and their share of those with letters that are not ASCII. Fewer prove nothing: a name that was mangled before
the export looks the same, and of five accented names in an increment three were such."""


@dataclass(frozen=True)
class Rejected:
    """A row that was not taken in: where it stands and why, never what it holds."""

    line_number: int
    byte_offset: int
    byte_length: int
    reason: str
    column: str | None = None


@dataclass
class Text:
    """A decoded file as physical lines, with the offset at which each starts in the bytes."""

    lines: list[str]
    starts: npt.NDArray[np.int64]
    """One more than lines: the last is the file's length."""
    delimiter: str
    header: list[str]

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return int(self.starts[-1])

    @property
    def header_size(self) -> int:
        """Bytes of the header line, byte order mark included."""
        return int(self.starts[1])


@dataclass
class Chunk:
    """Records that have as many fields as the header; ``first`` and ``last`` are their physical lines, from 0."""

    rows: list[list[str]] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)

    def add(self, row: list[str], first: int, last: int) -> None:
        """Append one record."""
        self.rows.append(row)
        self.first.append(first)
        self.last.append(last)


def open_text(data: bytes, *, encoding: str, delimiter: str, name: str) -> Text:
    """Decode a file and split it into physical lines; raises `DeliveryRefused` when it is damaged as a whole."""
    _refuse_damage(data, name)
    body = data[len(UTF8_MARK) :] if encoding == "utf-8" and data.startswith(UTF8_MARK) else data
    try:
        text = body.decode(encoding, "strict")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise DeliveryRefused("encoding", f"{name} line {line} is not {encoding}: send it in that encoding") from None
    if encoding != "utf-8" and _is_utf8(body):
        raise DeliveryRefused(
            "encoding", f"{name} is UTF-8 where the contract says {encoding}: send it in that encoding"
        )
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 10) + 1
    lines = text.split("\n")
    del lines[-1]
    if MOJIBAKE.search(text) and _is_coded_twice(lines):
        raise DeliveryRefused("encoding", f"{name} was turned into {encoding} twice: send it as it was written first")
    header = _header(lines[0].removesuffix("\r"), delimiter, name)
    return Text(lines, np.concatenate(([0], ends)).astype(np.int64), delimiter, header)


def _refuse_damage(data: bytes, name: str) -> None:
    if not data.strip():
        raise DeliveryRefused("empty_file", f"{name} is empty: even a file without records has its header")
    kind = next((kind for start, kind in ARCHIVES if data.startswith(start)), None)
    kind = "tar archive" if data[TAR] == b"ustar" else kind
    if kind is not None:
        raise DeliveryRefused("archive", f"{name} is a {kind}: send the CSV file itself")
    if data.startswith(UTF16) or data[:200].count(0) > 20:
        raise DeliveryRefused("encoding", f"{name} looks like UTF-16: send it in the encoding of the contract")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise DeliveryRefused("nul_byte", f"{name} line {line} holds a NUL byte: the file is damaged, send it again")
    if not data.endswith(b"\n"):
        raise DeliveryRefused("truncated", f"{name} does not end with a newline: it may be cut off, send it again")


def _is_utf8(body: bytes) -> bool:
    """Tell whether text in a one-byte encoding is really UTF-8.

    One line of it proves nothing: a name that was mangled before the export looks the same.
    """
    if body.isascii():
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sum(not line.isascii() for line in body.split(b"\n")) > 1


def _is_coded_twice(lines: Sequence[str]) -> bool:
    """Tell whether nearly all lines with letters that are not ASCII show the trace of a second encoding."""
    marked = [line for line in lines if not line.isascii()]
    spoilt = sum(MOJIBAKE.search(line) is not None for line in marked)
    return spoilt >= MIN_MOJIBAKE and spoilt >= MOJIBAKE_SHARE * len(marked)


def _header(line: str, delimiter: str, name: str) -> list[str]:
    fields = split_line(line, delimiter)
    if not isinstance(fields, list):
        raise DeliveryRefused("header", f"{name}: the header line cannot be read: send the header of the contract")
    return fields


def split_line(text: str, delimiter: str) -> list[str] | str | None:
    """Split one record by RFC 4180: its fields, ``quoting`` when it breaks the rules, None when a quote is open."""
    if QUOTE not in text:
        return text.split(delimiter)
    fields: list[str] = []
    position, length = 0, len(text)
    while True:
        if text.startswith(QUOTE, position):
            end = _closing_quote(text, position + 1)
            if end < 0:
                return None
            fields.append(text[position + 1 : end].replace(QUOTE * 2, QUOTE))
            position = end + 1
            if position < length and text[position] != delimiter:
                return "quoting"
        else:
            end = text.find(delimiter, position)
            end = length if end < 0 else end
            if text.find(QUOTE, position, end) >= 0:
                return "quoting"
            fields.append(text[position:end])
            position = end
        if position >= length:
            return fields
        position += 1


def _closing_quote(text: str, position: int) -> int:
    while True:
        end = text.find(QUOTE, position)
        if end < 0 or not text.startswith(QUOTE, end + 1):
            return end
        position = end + 2


def chunks(text: Text, rejected: list[Rejected], size: int = CHUNK) -> Iterator[Chunk]:
    """Yield the records in order, at most ``size`` at a time; what is no record goes to ``rejected``."""
    width, delimiter = len(text.header), text.delimiter
    chunk = Chunk()
    number, count = 1, len(text.lines)
    while number < count:
        line = text.lines[number]
        if QUOTE not in line:
            row: list[str] | str = line.removesuffix("\r").split(delimiter)
            last = number
        else:
            row, last = _quoted(text.lines, number, delimiter, width)
        reason = row if isinstance(row, str) else _misfit(row, width, line)
        if reason is None:
            assert isinstance(row, list)
            chunk.add(row, number, last)
        else:
            last = last if isinstance(row, str) else number
            rejected.extend(reject(text, lost, lost, reason) for lost in range(number, last + 1))
        number = last + 1
        if len(chunk.rows) >= size:
            yield chunk
            chunk = Chunk()
    if chunk.rows:
        yield chunk


def reject(text: Text, first: int, last: int, reason: str, column: str | None = None) -> Rejected:
    """Return the rejection of the physical lines from ``first`` to ``last``."""
    start = int(text.starts[first])
    return Rejected(first + 1, start, int(text.starts[last + 1]) - start, reason, column)


def _misfit(row: list[str], width: int, line: str) -> str | None:
    if len(row) != width:
        return "column_count"
    return "too_long" if len(line) > MAX_LINE_BYTES else None


def _quoted(lines: Sequence[str], number: int, delimiter: str, width: int) -> tuple[list[str] | str, int]:
    """Read a record that holds a quote; on failure the reason, and the last line that is given up.

    That is its first physical line only, so that no neighbour is lost. But a record that is legal as a whole and has a
    whole row inside a field is either a row that somebody typed into a field, or a neighbour between two stray quotes:
    nobody can tell, so none of its lines is taken in, and all are named.
    """
    fields = split_line(lines[number].removesuffix("\r"), delimiter)
    last, size, has_row_inside, is_open = number, len(lines[number]), False, fields is None
    # A field is open after an odd number of quotes, so the record is split once, where it can end.
    while is_open:
        last += 1
        if last >= len(lines) or (size := size + 1 + len(lines[last])) > MAX_LINE_BYTES:
            return "quoting", number
        has_row_inside = has_row_inside or _starts_a_record(lines[last], delimiter, width)
        is_open = lines[last].count(QUOTE) % 2 == 0
    if last > number:
        fields = split_line("\n".join(lines[number : last + 1]).removesuffix("\r"), delimiter)
    if not isinstance(fields, list):
        return "quoting", number
    if has_row_inside:
        return "quoting", last if len(fields) == width else number
    return fields, last


def _starts_a_record(line: str, delimiter: str, width: int) -> bool:
    """A later line that is a whole row by itself, or opens one, is a neighbour that an open quote would swallow.

    Counting delimiters would not do: in the tail of a legal record they also stand between quotes.
    """
    fields = split_line(line.removesuffix("\r"), delimiter)
    if isinstance(fields, list):
        return len(fields) == width > 1
    return fields is None and not line.startswith(QUOTE) and delimiter in line
