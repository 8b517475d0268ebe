"""``python -m benchmarks.contest NAME MENTIONS RESULT``: one contestant, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.contest import PEERS

if __name__ == "__main__":
    name, mentions, target = sys.argv[1:]
    PEERS[name].work()(Path(mentions)).save(Path(target))
