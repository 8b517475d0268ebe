"""``python -m benchmarks [WHAT]``: prints tables, keeps figures in benchmarks/out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import calibration, night, peers, relations
from benchmarks.child import ChildError
from benchmarks.race import PEERS, run
from benchmarks.sets import SETS

WHAT = ("night", "peers", "race", "relations", "calibration", "calibrate", "all")
"""``all`` measures; ``calibrate`` writes the model that ships, and calibration simulates large regions."""
NIGHT_SIZES = (2_000, 20_000)
PEERS_SIZE = 2_000
SEED = 7
"""Not the seed 1 of ``inbeeld sample``, on which the linkage was developed."""
WIDTH = 150
"""Columns of a log or a pipe, which have no width of their own."""


def arguments() -> argparse.ArgumentParser:
    """Return the options of the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=WHAT, default="all")
    parser.add_argument(
        "--incidents", type=_positive, action="append", metavar="N", help="size of the sample; may be repeated"
    )
    parser.add_argument("--noise", choices=peers.NOISE, help="night: medium unless given; peers: all three")
    parser.add_argument(
        "--seed", type=int, metavar="S", help=f"{SEED} unless given; calibration: three held-out regions unless given"
    )
    parser.add_argument("--repeat", type=_positive, default=1, metavar="R", help="rounds; medians are shown")
    parser.add_argument("--mentions", type=Path, metavar="FILE", help="peers: a file that benchmarks.prepare wrote")
    parser.add_argument(
        "--set",
        choices=SETS,
        action="append",
        dest="sets",
        help="race: may be repeated; all but those of millions unless given",
    )
    parser.add_argument(
        "--only", choices=PEERS, action="append", help="race: contestants, may be repeated; all unless given"
    )
    return parser


def main() -> int:
    """Measure what was asked for; 1 when a child failed."""
    asked = arguments().parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH, highlight=False)
    seed = SEED if asked.seed is None else asked.seed
    try:
        if asked.what in ("night", "all"):
            sizes = asked.incidents or NIGHT_SIZES
            night.night(
                console,
                sizes=sizes,
                noise=asked.noise or "medium",
                seed=seed,
                repeat=asked.repeat,
            )
        if asked.what in ("peers", "all"):
            for incidents in asked.incidents or (PEERS_SIZE,):
                peers.peers(
                    console,
                    incidents=incidents,
                    noise=(asked.noise,) if asked.noise else peers.NOISE,
                    seed=seed,
                    repeat=asked.repeat,
                    mentions=asked.mentions,
                )
        if asked.what in ("race", "all"):
            run.race(console, sets=asked.sets or run.SMALL, repeat=asked.repeat, only=asked.only)
        if asked.what in ("relations", "all"):
            relations.relations(
                console,
                incidents=(asked.incidents or (PEERS_SIZE,))[0],
                noise=(asked.noise,) if asked.noise else peers.NOISE,
                seed=seed,
            )
        if asked.what == "calibration":
            calibration.calibration(console, _regions(asked))
        if asked.what == "calibrate":
            calibration.calibrate(console)
    except ChildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _regions(asked: argparse.Namespace) -> tuple[calibration.Region, ...]:
    """Return the held-out regions, or those of the sizes, noise and seed that were asked for."""
    if not asked.incidents and not asked.noise and asked.seed is None:
        return calibration.HELD_OUT
    return tuple(
        calibration.Region(incidents, asked.noise or held.noise, held.seed if asked.seed is None else asked.seed)
        for held in (calibration.HELD_OUT if asked.seed is None else calibration.HELD_OUT[:1])
        for incidents in asked.incidents or (held.incidents,)
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
