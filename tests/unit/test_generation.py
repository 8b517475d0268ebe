"""Files of a generation, held against their hash and copied piece by piece."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3

from linkage import generation
from linkage.generation import BLOCK

PIECE, LARGE = 4 * BLOCK, 2 * BLOCK
SIZES = (0, 1, BLOCK - 1, BLOCK, LARGE - 1, LARGE, LARGE + 1, PIECE, PIECE + 1, 3 * PIECE - 1, 3 * PIECE + BLOCK)


def no_direct(path: Path, flags: int, mode: int = 0o777) -> int:
    """Open a file as on a file system that keeps all files in memory."""
    if flags & generation.DIRECT:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return OPEN(path, flags, mode)


OPEN = os.open


@pytest.fixture(params=[OPEN, no_direct], ids=["direct", "in memory"])
def opening(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Files of more than two blocks are large; returns the flags with which files are opened."""
    flags: list[int] = []
    real: Callable[..., int] = request.param

    def opened(path: Path, how: int, mode: int = 0o777) -> int:
        flags.append(how)
        return real(path, how, mode)

    monkeypatch.setattr(generation, "PIECE", PIECE)
    monkeypatch.setattr(generation, "LARGE", LARGE)
    monkeypatch.setattr(os, "open", opened)
    return flags


@pytest.mark.parametrize("size", SIZES)
def test_what_is_copied_is_what_was_hashed_whatever_its_size(tmp_path: Path, opening: list[int], size: int) -> None:
    content, copy = os.urandom(size), tmp_path / "copy"
    (tmp_path / "file").write_bytes(content)
    entry = {"blake3": blake3(content).hexdigest()}
    assert generation.matches(tmp_path / "file", entry)
    assert generation.matches(tmp_path / "file", entry, copy=copy)
    assert copy.read_bytes() == content
    assert any(flags & generation.DIRECT for flags in opening) == (size >= LARGE)


def test_one_other_byte_is_seen_wherever_it_is(tmp_path: Path, opening: list[int]) -> None:
    content = bytearray(os.urandom(PIECE + BLOCK + 1))
    entry = {"blake3": blake3(content).hexdigest()}
    for place in (0, PIECE - 1, PIECE, len(content) - 1):
        content[place] ^= 1
        (tmp_path / "file").write_bytes(content)
        assert not generation.matches(tmp_path / "file", entry)
        content[place] ^= 1
    assert opening


def test_a_full_disk_is_told_though_a_part_could_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    monkeypatch.setattr(os, "pwrite", lambda _file, piece, _place: len(piece) // 50)
    with pytest.raises(OSError, match="No space left"):
        generation.matches(tmp_path / "file", {"blake3": ""}, copy=tmp_path / "copy")
