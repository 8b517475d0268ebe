"""``python -m benchmarks [WHAT]``: prints tables, keeps figures in benchmarks/out; WHAT is ``all`` unless given.

All but ablation and calibration takes about forty minutes on two cores. A part that fails is told, and the others go
on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import child, increment, night, peers
from benchmarks.race import PEERS, run
from benchmarks.sets import SETS

ALL = ("night", "increment", "peers", "race", "relations", "decisions")
WHAT = (*ALL, "ablation", "gap", "links", "calibration", "calibrate", "page", "all")
"""``gap`` takes two hundred simulated regions through a night, an hour, and goes on where it was stopped;
``calibration`` and ``calibrate`` simulate large regions, minutes each; ``calibrate`` writes the model that ships;
``page`` needs Chromium."""
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
        "--seed", type=int, metavar="S", help=f"{SEED} unless given; calibration: the held-out regions unless given"
    )
    parser.add_argument(
        "--repeat",
        type=_positive,
        metavar="R",
        help="rounds; medians are shown; one, or what the race plans; gap: regions",
    )
    parser.add_argument("--mentions", type=Path, metavar="FILE", help="peers: a file that benchmarks.prepare wrote")
    parser.add_argument(
        "--set",
        choices=SETS,
        action="append",
        dest="sets",
        help="race: may be repeated; all unless given",
    )
    parser.add_argument(
        "--only", choices=PEERS, action="append", help="race: contestants, may be repeated; all unless given"
    )
    return parser


def main() -> int:
    """Measure what was asked for; 1 when a child failed."""
    asked = arguments().parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH, highlight=False)
    failed = False
    for name in ALL if asked.what == "all" else (asked.what,):
        try:
            PARTS[name](console, asked)
        except child.ChildError as error:
            failed = True
            print(f"{name}: {error}", file=sys.stderr)
    return int(failed)


def _night(console: Console, asked: argparse.Namespace) -> None:
    sizes = asked.incidents or NIGHT_SIZES
    night.night(console, sizes=sizes, noise=asked.noise or "medium", seed=_seed(asked), repeat=asked.repeat or 1)


def _increment(console: Console, asked: argparse.Namespace) -> None:
    sizes = asked.incidents or (increment.INCIDENTS,)
    increment.increment(console, sizes=sizes, noise=asked.noise or "medium", seed=_seed(asked))


def _peers(console: Console, asked: argparse.Namespace) -> None:
    for incidents in asked.incidents or (PEERS_SIZE,):
        peers.peers(
            console,
            incidents=incidents,
            noise=(asked.noise,) if asked.noise else peers.NOISE,
            seed=_seed(asked),
            repeat=asked.repeat or 1,
            mentions=asked.mentions,
        )


def _race(console: Console, asked: argparse.Namespace) -> None:
    run.race(console, sets=asked.sets or tuple(SETS), repeat=asked.repeat, only=asked.only)


def _relations(console: Console, asked: argparse.Namespace) -> None:
    # It works in this process: loaded before, it would be the least that any child's peak memory can read.
    from benchmarks import relations

    noise = (asked.noise,) if asked.noise else peers.NOISE
    relations.relations(console, incidents=(asked.incidents or (PEERS_SIZE,))[0], noise=noise, seed=_seed(asked))


def _decisions(console: Console, asked: argparse.Namespace) -> None:
    from benchmarks import decisions

    incidents, noise = (asked.incidents or (decisions.INCIDENTS,))[0], asked.noise or "medium"
    decisions.decisions(console, incidents=incidents, noise=noise, seed=_seed(asked))


def _ablation(console: Console, asked: argparse.Namespace) -> None:
    from benchmarks import ablation

    noise = (asked.noise,) if asked.noise else peers.NOISE
    ablation.ablation(console, incidents=(asked.incidents or (PEERS_SIZE,))[0], noise=noise, seed=_seed(asked))


def _calibration(console: Console, asked: argparse.Namespace) -> None:
    from benchmarks import calibration

    regions = calibration.HELD_OUT
    if asked.incidents or asked.noise or asked.seed is not None:
        regions = tuple(
            calibration.Region(incidents, asked.noise or held.noise, held.seed if asked.seed is None else asked.seed)
            for held in (calibration.HELD_OUT if asked.seed is None else calibration.HELD_OUT[:1])
            for incidents in asked.incidents or (held.incidents,)
        )
    calibration.calibration(console, regions)


def _calibrate(console: Console, _: argparse.Namespace) -> None:
    from benchmarks import calibration

    calibration.calibrate(console)


def _links(console: Console, asked: argparse.Namespace) -> None:
    from benchmarks import links

    links.links(
        console,
        incidents=(asked.incidents or (links.INCIDENTS,))[0],
        noises=(asked.noise,) if asked.noise else peers.NOISE,
        seeds=links.SEEDS[: asked.repeat] if asked.seed is None else (asked.seed,),
    )


def _gap(console: Console, asked: argparse.Namespace) -> None:
    from benchmarks import gap

    kinds = gap.KINDS
    if asked.incidents or asked.noise or asked.seed is not None:
        seed = kinds[0][2] if asked.seed is None else asked.seed
        kinds = (((asked.incidents or (kinds[0][0],))[0], asked.noise or kinds[0][1], seed, 1.0),)
    gap.gap(console, kinds=kinds, regions=asked.repeat or gap.REGIONS)


def _page(console: Console, asked: argparse.Namespace) -> None:
    from benchmarks import list_page

    rows, rounds = (asked.incidents or (list_page.ROWS,))[0], asked.repeat or list_page.ROUNDS
    list_page.list_page(console, rows=rows, rounds=rounds)


PARTS = {
    "night": _night,
    "increment": _increment,
    "peers": _peers,
    "race": _race,
    "relations": _relations,
    "decisions": _decisions,
    "ablation": _ablation,
    "gap": _gap,
    "links": _links,
    "calibration": _calibration,
    "calibrate": _calibrate,
    "page": _page,
}


def _seed(asked: argparse.Namespace) -> int:
    return SEED if asked.seed is None else int(asked.seed)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
