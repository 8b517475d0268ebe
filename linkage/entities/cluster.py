"""Mentions to persons: the clusters of `linkage.entities.partition`, between the tables of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.components import components
from linkage.engine.base import Engine
from linkage.entities import near
from linkage.entities.partition import Clusters, clusters
from linkage.thresholds import bits

if TYPE_CHECKING:
    from linkage.config import Config

Ints = npt.NDArray[Any]


def cluster(db: Engine, config: Config, *, only_changed: bool = False) -> int:
    """Write ``mention_cluster`` (mention_id, cluster: the person's smallest mention_id); return how many there are.

    Reads ``mention``, ``shared_seat``, ``mention_number``, ``compared_pair``, ``pattern_count``, ``pair`` and, when
    there is one, ``decision``, where it sets the outcome of what it refused. Writes ``cluster_component`` (cluster,
    component: those of components that are more than one), ``cluster_claim`` (clusters that fit two others equally
    well) and ``cluster_capped`` (clusters that were to grow past the cap). With ``only_changed`` the mentions of `near`
    are clustered: no other cluster can be another one.
    """
    decided, cut = _decided(db), bits(config.linkage.sure)
    both = np.array([row[1:3] for row in decided], dtype=np.int64).reshape(-1, 2)
    # What is sure is possible too, and of all pairs that were compared few are.
    known = "pair" if config.linkage.possible < config.linkage.sure else "pair_score"
    sure = f"SELECT left_id, right_id FROM {known} WHERE match_weight >= {cut}"
    if only_changed:
        near.find(db, sure)
    graph = (_Near if only_changed else _Graph)(db, both, cut, sure)
    is_same, is_apart = (np.array([row[3] == said for row in decided], dtype=bool) for said in ("same", "different"))
    found = clusters(
        len(graph.ids),
        *graph.pairs(db),
        cut=cut,
        record=graph.record,
        seat=graph.seat,
        must=graph.nodes(both[is_same]),
        cannot=graph.nodes(both[is_apart]),
        cap=config.linkage.max_person_mentions,
        margin=config.linkage.ambiguity_margin,
    )
    first = np.unique(found.labels, return_index=True)[1]
    _write(db, found, graph, first)
    numbers = [row[0] for row in decided if row[3] == "same"]
    for position, reason in found.refused:
        db.run("UPDATE decision SET outcome = ? WHERE decision_id = ?", [f"refused_{reason}", numbers[position]])
    return len(first)


class _Graph:
    """The mentions to cluster, in the order of their numbers, with their records, seats and components."""

    rows = near.rows(only_changed=False)
    """Where these mentions stand."""

    def __init__(self, db: Engine, decided: Ints, cut: float, sure: str) -> None:
        """Read the mentions; pairs that are sure and ``decided`` ones are of one component."""
        found = {name: np.asarray(column) for name, column in db.arrays(_MENTIONS.format(rows=self.rows)).items()}
        self.ids, self.record = found["mention_id"], found["record_no"]
        self.seat = self.nodes(found["seat"])
        left, right = self._sure(db, cut, sure)
        both = self.nodes(decided)
        left, right = np.r_[left, np.arange(len(self.ids)), both[:, 0]], np.r_[right, self.seat, both[:, 1]]
        self.labels = components(len(self.ids), left, right)

    def nodes(self, mentions: Ints) -> Ints:
        """Return the nodes of mentions."""
        return np.asarray(np.searchsorted(self.ids, mentions))

    def _sure(self, db: Engine, cut: float, sure: str) -> tuple[Ints, Ints]:  # noqa: ARG002
        found = db.unordered(sure)
        return self.nodes(np.asarray(found["left_id"])), self.nodes(np.asarray(found["right_id"]))

    def pairs(self, db: Engine) -> tuple[Ints, Ints, Ints]:
        """Return the pairs inside the components, as nodes, with their weights: the others can join nobody."""
        db.register("labelled", pd.DataFrame({"mention_id": self.ids, "label": self.labels}))
        db.run(f"CREATE OR REPLACE TEMP TABLE component AS {_number('labelled')}")
        found = self._weighed(db, _PAIRS_WITHIN)
        for name in ("labelled", "component"):
            db.run(f"DROP TABLE {name}")
        return found

    def _weighed(self, db: Engine, query: str) -> tuple[Ints, Ints, Ints]:
        found = db.unordered(query)
        left, right, weight = (np.asarray(found[name]) for name in ("left_id", "right_id", "match_weight"))
        return self.nodes(left), self.nodes(right), weight


class _Near(_Graph):
    """The same of ``near_mention`` alone, whose pairs are few enough to be read at once."""

    rows = near.rows(only_changed=True)

    def _sure(self, db: Engine, cut: float, sure: str) -> tuple[Ints, Ints]:  # noqa: ARG002
        db.run(f"CREATE OR REPLACE TEMP TABLE near_number AS {_number('near_mention')}")
        [(last,)] = db.rows("SELECT coalesce(max(mention_no), 0) FROM near_number")
        few = " UNION ALL ".join(_FEW.format(first=first, end=first + PAGE) for first in range(0, last + 1, PAGE))
        self._found = self._weighed(db, _NEAR_PAIRS.format(few=few))
        db.run("DROP TABLE near_number")
        left, right, weight = self._found
        return left[weight >= cut], right[weight >= cut]

    def pairs(self, db: Engine) -> tuple[Ints, Ints, Ints]:  # noqa: ARG002
        """Return the pairs inside the components, as nodes, with their weights."""
        left, right, weight = self._found
        inside = self.labels[left] == self.labels[right]
        return left[inside], right[inside], weight[inside]


_MENTIONS = """
SELECT mention_id, record_no, coalesce(seat, mention_id) AS seat
FROM {rows} LEFT JOIN shared_seat USING (mention_id) ORDER BY mention_id
"""
_PAIRS_WITHIN = """
SELECT l.mention_id AS left_id, r.mention_id AS right_id, match_weight FROM compared_pair
JOIN component l ON l.mention_no = left_no JOIN component r ON r.mention_no = right_no AND r.label = l.label
JOIN pattern_count USING (evidence_no)
"""
PAGE = 1_000_000
"""Numbers among which DuckDB finds one by its place, and not by its hash."""
_FEW = """
SELECT p.* FROM compared_pair p
JOIN (FROM near_number WHERE mention_no >= {first} AND mention_no < {end}) ON mention_no = left_no
"""
_NEAR_PAIRS = """
WITH few AS MATERIALIZED ({few})
SELECT l.mention_id AS left_id, r.mention_id AS right_id, match_weight FROM few
JOIN near_number l ON l.mention_no = left_no JOIN near_number r ON r.mention_no = right_no
JOIN pattern_count USING (evidence_no)
"""
"""Rows stand in the order of ``left_no``: it is packed more closely than the other, and looked for first."""


def _number(mentions: str) -> str:
    """Return the query of the rows of a table of mentions with their numbers."""
    return f"SELECT mention_no, m.* FROM {mentions} m JOIN mention_number USING (mention_id)"


def _decided(db: Engine) -> list[tuple[Any, ...]]:
    """Return decision_id, left_id, right_id and verdict of what is to be applied, the newest first."""
    if not db.has("decision"):
        return []
    return db.rows(
        "SELECT decision_id, left_id, right_id, verdict FROM decision WHERE outcome = 'applied' "
        "ORDER BY decision_id DESC"
    )


def _write(db: Engine, found: Clusters, graph: _Graph, first: Ints) -> None:
    """Write the clusters; ``first`` is the first node of each."""
    ids = graph.ids
    cluster_of = ids[first[found.labels]]
    db.register("mention_cluster", pd.DataFrame({"mention_id": ids, "cluster": cluster_of}, dtype="int64"))
    label = graph.labels[first]
    is_shared = (np.bincount(label) > 1)[label]
    tied = pd.DataFrame({"cluster": ids[first[is_shared]], "component": label[is_shared]}, dtype="int64")
    db.register("cluster_component", tied)
    claims = [
        (cluster_of[c.node], cluster_of[c.one], cluster_of[c.other], c.weight_one, c.weight_other)
        for c in found.ambiguous
    ]
    columns = {"cluster": "int64", "one": "int64", "other": "int64", "weight_one": "float64", "weight_other": "float64"}
    db.register("cluster_claim", pd.DataFrame(claims, columns=list(columns)).astype(columns))
    capped = pd.DataFrame([(cluster_of[node], wanted) for node, wanted in found.capped], columns=["cluster", "wanted"])
    db.register("cluster_capped", capped.astype("int64"))
