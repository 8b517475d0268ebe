"""``python -m benchmarks.sets NAME... --out DIR``: writes sets, each into a folder of its own; ``all`` is every one."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.sets import SETS, build

TOP = Path(__file__).resolve().parents[2]
PSEUDO = TOP / ".venv-bench-pseudo" / "bin" / "python"


def main() -> int:
    """Write what was asked for; 1 when a set could not be made."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sets", description=__doc__)
    parser.add_argument("names", nargs="+", choices=(*SETS, "all"), metavar="NAME", help=", ".join((*SETS, "all")))
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    asked = parser.parse_args()
    made = [write(name, asked.out.resolve()) for name in (SETS if "all" in asked.names else asked.names)]
    return 0 if all(made) else 1


def write(name: str, out: Path) -> bool:
    """Write one set, here or in the environment that has its package; says so and returns False without it."""
    if find_spec(SETS[name].package):
        build(name, out / name)
    elif SETS[name].package == "pseudopeople" and PSEUDO.exists() and Path(sys.executable) != PSEUDO:
        command = [PSEUDO, "-m", "benchmarks.sets", name, "--out", out]
        return subprocess.run(command, cwd=TOP, stderr=subprocess.DEVNULL, check=False).returncode == 0
    else:
        print(f"{name} is left out: {SETS[name].package} is not installed (make bench)", file=sys.stderr)
        return False
    told = json.loads((out / name / "set.json").read_text(encoding="utf-8"))
    print(
        f"{name}: {' + '.join(f'{rows:,}' for rows in told['rows'])} rows, {told['true_pairs']:,} true pairs, "
        f"{told['candidates']:,} candidates with {told['candidate_recall']:.4f} of them"
    )
    return True


if __name__ == "__main__":
    sys.exit(main())
