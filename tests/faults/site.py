"""A yesterday to come back to, and ways to spoil the delivery of today.

Only files, exit codes and output of the command are looked at. Its nights take the shipped model as it is: what is
fitted on so few people is another one every night, and the fit takes as long as all the rest.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from linkage import simulate
from linkage.pairs.model import MODELS
from tests.command import Done, inbeeld

SOURCE = "politie-nn"
SETTINGS = f'[linkage]\nmodel_file = "{max(MODELS.glob("model_*.json"))}"\n'


@dataclass(frozen=True)
class Spoilt:
    """A delivery of today that a test may spoil."""

    folder: Path

    def manifest(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the manifest."""
        path = self.folder / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        change(manifest)
        path.write_text(json.dumps(manifest), encoding="utf-8")

    def file(self, name: str, change: Callable[[bytes], bytes], *, is_declared: bool) -> None:
        """Change a file; ``is_declared`` puts its new hash in the manifest, so that only its content is wrong."""
        path = self.folder / name
        path.write_bytes(change(path.read_bytes()))
        if is_declared:
            new = hashlib.sha256(path.read_bytes()).hexdigest()
            self.manifest(lambda m: next(f for f in m["files"] if f["name"] == name).update(sha256=new))


@dataclass(frozen=True)
class Site:
    """An inbox, its output folder with yesterday's case view, and the police's delivery of today kept apart."""

    path: Path

    @property
    def inbox(self) -> Path:
        """The inbox, without the police's newest delivery."""
        return self.path / "inbox"

    @property
    def out(self) -> Path:
        """The output folder."""
        return self.path / "out"

    @property
    def config(self) -> Path:
        """The settings of its nights."""
        return self.path / "settings.toml"

    def set(self, more: str = "") -> None:
        """Write the settings: the shipped model, and more."""
        self.config.write_text(SETTINGS + more, encoding="utf-8")

    def night(self) -> tuple[str | Path, ...]:
        """Return the arguments of a night."""
        return "run", "--inbox", self.inbox, "--out", self.out, "--config", self.config

    def run(self) -> Done:
        """Do a night."""
        return inbeeld(*self.night())

    def deliver(self) -> Spoilt:
        """Put the police's delivery of today in the inbox."""
        held = next((self.path / "held").iterdir())
        return Spoilt(Path(shutil.copytree(held, self.inbox / SOURCE / held.name)))

    def view(self) -> str:
        """Return the hash of the published case view, as a reader gets it."""
        return hashlib.sha256((self.out / "case_view.duckdb").read_bytes()).hexdigest()

    def verify(self) -> None:
        """Hold every published file against its manifest, and look for what a dead run may leave."""
        current = self.out / "current"
        for name, listed in json.loads((current / "manifest.json").read_text())["files"].items():
            assert blake3((current / name).read_bytes()).hexdigest() == listed["blake3"], name
        assert not list(self.out.rglob("*.wal"))
        assert not list((self.out / "work").iterdir())


def make_yesterday(folder: Path) -> Site:
    """Make a small sample, hold the police's last delivery back, and publish the rest."""
    site = Site(folder)
    simulate.write_sample(site.path, incidents=60, seed=7)
    site.set()
    newest = max((site.inbox / SOURCE).iterdir(), key=lambda folder: folder.name)
    (site.path / "held").mkdir()
    shutil.move(newest, site.path / "held" / newest.name)
    done = site.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return site
