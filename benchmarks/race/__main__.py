"""``python -m benchmarks.race --set NAME``: the same as ``python -m benchmarks race``."""

from __future__ import annotations

import sys

from benchmarks.__main__ import main

if __name__ == "__main__":
    sys.argv.insert(1, "race")
    sys.exit(main())
