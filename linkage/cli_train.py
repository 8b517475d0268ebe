"""The verbs of the models: ``train``, ``models`` and ``promote``. They show figures and names of files, no person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli_errors import guarded
from linkage.cli_options import AsJson, By, Out, Reason, Settings
from linkage.errors import UsageError, no_output_folder

if TYPE_CHECKING:
    from linkage.promotions import Promotions


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    for verb in (train, models, promote):
        app.command()(verb)


def train(out: Out, config: Settings = None, as_json: AsJson = False) -> None:
    """Estimate a new model and compare it with the one in use; a person promotes it."""
    from linkage import console
    from linkage.config import load
    from linkage.store import OutFolder
    from linkage.train import train as propose

    with guarded(out):
        terminal = console.terminal()
        with console.Progress(terminal, is_quiet=as_json) as progress:
            told = propose(OutFolder(out), load(config), progress)
        if as_json:
            console.show_json(told)
        else:
            _show(told, out)


def models(out: Out, as_json: AsJson = False) -> None:
    """The candidates, which model is in use, and who promoted what when."""
    from linkage import console

    with guarded(out):
        promotions = _promotions(out)
        current, log = promotions.current(), promotions.all()
        listed = [_candidate(path, current.model if current else None) for path in promotions.candidates()]
        shown = [{k: v for k, v in vars(p).items() if k != "reason"} for p in log]
        if as_json:
            console.show_json({"in_use": current.model if current else None, "candidates": listed, "promotions": shown})
            return
        terminal = console.terminal()
        if listed:
            console.table(
                terminal, ("candidate", "as of", "mentions", "parent", "in use"), [list(r.values()) for r in listed]
            )
        else:
            console.say(terminal, "No candidates yet: inbeeld train")
        rows = [(p["promotion_id"], p["promoted_at"], p["promoted_by"], p["model"]) for p in shown]
        if rows:
            console.table(terminal, ("id", "promoted at", "by", "model"), rows)
        else:
            console.say(terminal, "Nobody promoted a model: nights use the model that they fitted themselves")


def promote(
    out: Out,
    by: By,
    reason: Reason,
    candidate: Annotated[str | None, typer.Argument(help="A candidate of inbeeld models.", metavar="CANDIDATE")] = None,
    back: Annotated[bool, typer.Option("--back", help="Return to the model that was in use before.")] = False,
) -> None:
    """Make a candidate the model of the next night, or go back to the one before."""
    from linkage import console

    with guarded(out):
        if back == (candidate is not None):
            raise UsageError("give a CANDIDATE or --back")
        promotions = _promotions(out)
        said = {"by": by, "reason": reason}
        made = promotions.back(**said) if back else promotions.promote(str(candidate), **said)
        console.say(console.terminal(), f"Promotion {made.promotion_id}: the next run uses {made.model}")


def _promotions(out: Path) -> Promotions:
    from linkage.promotions import Promotions
    from linkage.store import OutFolder

    folder = OutFolder(out)
    if not folder.state.is_dir():
        raise no_output_folder(out)
    return Promotions(folder)


def _candidate(path: Path, in_use: str | None) -> dict[str, Any]:
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))["notes"]
        told = {name: notes[name] for name in ("as_of", "mentions", "parent")}
    except (OSError, ValueError, KeyError):
        told = {"as_of": None, "mentions": None, "parent": "cannot be read"}
    return {"candidate": path.stem, **told, "in_use": "yes" if path.name == in_use else ""}


def _show(told: dict[str, Any], out: Path) -> None:
    from linkage import console

    terminal = console.terminal()
    supervised, drift, ledger = told["supervised"], told["drift"], told["ledger"]
    if ledger:
        rows = [
            (model, cut, *(_number(ledger[model][cut][name]) for name in _FIGURES))
            for model in ("old", "new")
            for cut in ("sure", "possible")
        ]
        console.table(terminal, ("model", "threshold", *_FIGURES), rows, "On the decided pairs")
    if supervised["fitted"]:
        rows = [(name, *(_number(found[x]) for x in _FIGURES[:5])) for name, found in supervised["out_of_fold"].items()]
        title = f"On the decided pairs, out of fold; the simplest that none beats: {supervised['best']}"
        console.table(terminal, ("model or classifier", *_FIGURES[:5]), rows, title)
        console.say(terminal, _line(supervised))
    else:
        console.say(terminal, supervised["reason"][0].upper() + supervised["reason"][1:])
    moved = [(x["comparison"], x["level"], x["against"], *(f"{x[k]:+.2f}" for k in _BITS)) for x in drift["levels"]]
    console.table(terminal, ("comparison", "level", "against", *_BITS), moved, "Largest changes of a weight, in bits")
    most = max(drift["comparisons"], key=drift["comparisons"].get)
    console.say(
        terminal,
        f"Stability index: weights {drift['weights']:.3f}, levels at most {drift['comparisons'][most]:.3f} ({most}): "
        f"{_moved(max(drift['weights'], drift['comparisons'][most]))}; "
        f"{drift['gained']} pairs become sure, {drift['lost']} no longer are",
    )
    console.say(terminal, f"Wrote {told['candidate']}, of {told['mentions']} mentions; nothing uses it until promoted:")
    console.say(terminal, f"Next: inbeeld promote {told['candidate']} --by NAME --reason TEXT --out {out}")


_FIGURES = ("log_loss", "brier", "precision", "recall", "f1", "false_links", "missed_links")
_BITS = ("old", "new", "change")


def _line(supervised: dict[str, Any]) -> str:
    """Return in words what the candidate's weights gained from the decided pairs of the reviewers' list."""
    of = f"{supervised['listed']} decided pairs between the thresholds"
    if supervised["calibration"] == "none":
        return f"Calibration: none, a line in log odds does no better on {of}"
    slope, intercept = supervised["slope"], supervised["intercept"]
    return f"Calibration: every weight times {slope:.2f} and {intercept:+.2f} bits, from {of}"


def _moved(index: float) -> str:
    """Return in words what a stability index means (Siddiqi 2006)."""
    return (
        "little moved" if index < 0.1 else "look closely" if index < 0.25 else "another population or a bad candidate"
    )


def _number(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
