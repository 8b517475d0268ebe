"""Mentions to persons: the clusters of `linkage.entities.partition`, between the tables of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.engine.base import Engine
from linkage.entities.components import components
from linkage.entities.partition import Clusters, clusters
from linkage.thresholds import bits

if TYPE_CHECKING:
    from linkage.config import Config

Ints = npt.NDArray[Any]


def cluster(db: Engine, config: Config, *, only_changed: bool = False) -> int:
    """Write ``mention_cluster`` (mention_id, cluster: the person's smallest mention_id); return how many there are.

    Reads ``mention``, ``shared_seat``, ``pair_score`` and, when there is one, ``decision``, where it sets the outcome
    of what it refused. Writes ``cluster_claim`` (clusters that fit two others equally well) and ``cluster_capped``
    (clusters that were to grow past the cap). With ``only_changed`` the mentions of components in which something
    changed (``changed_pair``, ``fresh_mention``, ``was_mention``) are clustered: no other cluster can be another one.
    """
    decided, cut = _decided(db), bits(config.linkage.sure)
    both = np.array([row[1:3] for row in decided], dtype=np.int64).reshape(-1, 2)
    graph = _Graph(db, both, cut, only_changed=only_changed)
    inside = graph.pairs(db)
    is_same, is_apart = (np.array([row[3] == said for row in decided], dtype=bool) for said in ("same", "different"))
    found = clusters(
        len(graph.ids),
        *inside,
        cut=cut,
        record=graph.record,
        seat=graph.seat,
        must=graph.nodes(both[is_same]),
        cannot=graph.nodes(both[is_apart]),
        cap=config.linkage.max_person_mentions,
        margin=config.linkage.ambiguity_margin,
    )
    first = np.unique(found.labels, return_index=True)[1]
    _write(db, found, graph.ids[first[found.labels]], graph.ids)
    numbers = [row[0] for row in decided if row[3] == "same"]
    for position, reason in found.refused:
        db.run("UPDATE decision SET outcome = ? WHERE decision_id = ?", [f"refused_{reason}", numbers[position]])
    return len(first)


class _Graph:
    """The mentions to cluster, in the order of their numbers, with their records and seats as nodes."""

    def __init__(self, db: Engine, decided: Ints, cut: float, *, only_changed: bool) -> None:
        """Take all mentions, or the components of what changed; ``decided`` pairs are of one component."""
        found = {name: np.asarray(column) for name, column in db.arrays(_MENTIONS).items()}
        ids, record, seat = found["mention_id"], found["record_no"], found["seat"]
        sure = db.unordered(f"SELECT left_id, right_id FROM pair_score WHERE match_weight >= {cut}")
        left, right = (np.asarray(sure[name]) for name in ("left_id", "right_id"))
        left, right = np.r_[left, ids, decided[:, 0]], np.r_[right, seat, decided[:, 1]]
        self.labels = components(len(ids), _places(ids, left), _places(ids, right))
        if only_changed:
            moved = np.asarray(db.unordered(_MOVED)["mention_id"])
            moved = _places(ids, np.r_[moved, decided.ravel()])
            here = np.isin(self.labels, self.labels[moved])
            ids, record, seat, self.labels = ids[here], record[here], seat[here], self.labels[here]
        self.ids, self.record, self.seat = ids, record, _places(ids, seat)

    def nodes(self, mentions: Ints) -> Ints:
        """Return the nodes of mentions."""
        return _places(self.ids, mentions)

    def pairs(self, db: Engine) -> tuple[Ints, Ints, Ints]:
        """Return the pairs inside the components, as nodes, with their weights: the others can join nobody."""
        db.register("component", pd.DataFrame({"mention_id": self.ids, "label": self.labels}))
        found = db.unordered(
            """
            SELECT left_id, right_id, match_weight FROM pair_score
            JOIN component l ON l.mention_id = left_id
            JOIN component r ON r.mention_id = right_id AND r.label = l.label
            """
        )
        db.run("DROP TABLE component")
        left, right, weight = (np.asarray(found[name]) for name in ("left_id", "right_id", "match_weight"))
        return self.nodes(left), self.nodes(right), weight


def _places(ids: Ints, wanted: Ints) -> Ints:
    return np.asarray(np.searchsorted(ids, wanted))


_MENTIONS = """
SELECT mention_id, record_no, coalesce(seat, mention_id) AS seat
FROM mention LEFT JOIN shared_seat USING (mention_id) ORDER BY mention_id
"""
_MOVED = """
SELECT mention_id FROM mention WHERE mention_id IN (
    SELECT left_id FROM changed_pair UNION SELECT right_id FROM changed_pair)
    OR record_no IN (SELECT record_no FROM mention SEMI JOIN fresh_mention USING (mention_id)
                     UNION SELECT record_no FROM was_mention)
"""
"""Mentions of pairs that changed, and those that stand on a record beside one that changed."""


def _decided(db: Engine) -> list[tuple[Any, ...]]:
    """Return decision_id, left_id, right_id and verdict of what is to be applied, the newest first."""
    if not db.has("decision"):
        return []
    return db.rows(
        "SELECT decision_id, left_id, right_id, verdict FROM decision WHERE outcome = 'applied' "
        "ORDER BY decision_id DESC"
    )


def _write(db: Engine, found: Clusters, cluster_of: Ints, ids: Ints) -> None:
    db.register("mention_cluster", pd.DataFrame({"mention_id": ids, "cluster": cluster_of}, dtype="int64"))
    claims = [
        (cluster_of[c.node], cluster_of[c.one], cluster_of[c.other], c.weight_one, c.weight_other)
        for c in found.ambiguous
    ]
    columns = {"cluster": "int64", "one": "int64", "other": "int64", "weight_one": "float64", "weight_other": "float64"}
    db.register("cluster_claim", pd.DataFrame(claims, columns=list(columns)).astype(columns))
    capped = pd.DataFrame([(cluster_of[node], wanted) for node, wanted in found.capped], columns=["cluster", "wanted"])
    db.register("cluster_capped", capped.astype("int64"))
