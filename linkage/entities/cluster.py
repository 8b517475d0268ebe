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


def cluster(db: Engine, config: Config) -> int:
    """Write ``mention_cluster`` (mention_id, cluster: the person's smallest mention_id); return how many there are.

    Reads ``mention_code``, ``pair_score`` and, when there is one, ``decision``, where it sets the outcome of what it
    refused. Writes ``cluster_claim`` (clusters that fit two others equally well) and ``cluster_capped`` (clusters
    that were to grow past the cap).
    """
    mentions = {n: np.asarray(c) for n, c in db.arrays(_MENTIONS).items()}
    decided = _decided(db)
    same = np.array([row[1:3] for row in decided if row[3] == "same"], dtype=np.int64).reshape(-1, 2)
    cut = bits(config.linkage.sure)
    inside = _inside(db, mentions["seat"], same, cut)
    found = clusters(
        len(mentions["seat"]),
        inside["left_id"],
        inside["right_id"],
        inside["match_weight"],
        cut=cut,
        record=mentions["record_no"].astype(np.int64),
        seat=mentions["seat"].astype(np.int64),
        must=same,
        cannot=np.array([row[1:3] for row in decided if row[3] == "different"], dtype=np.int64).reshape(-1, 2),
        cap=config.linkage.max_person_mentions,
        margin=config.linkage.ambiguity_margin,
    )
    first = np.unique(found.labels, return_index=True)[1]
    _write(db, found, first[found.labels])
    numbers = [row[0] for row in decided if row[3] == "same"]
    for position, reason in found.refused:
        db.run("UPDATE decision SET outcome = ? WHERE decision_id = ?", [f"refused_{reason}", numbers[position]])
    return len(first)


_MENTIONS = "SELECT record_no, seat FROM mention_code ORDER BY mention_id"


def _decided(db: Engine) -> list[tuple[Any, ...]]:
    """Return decision_id, left_id, right_id and verdict of what is to be applied, the newest first."""
    if not db.has("decision"):
        return []
    return db.rows(
        "SELECT decision_id, left_id, right_id, verdict FROM decision WHERE outcome = 'applied' "
        "ORDER BY decision_id DESC"
    )


def _inside(db: Engine, seat: Ints, same: Ints, cut: float) -> dict[str, Ints]:
    """Return the pairs inside the components of sure pairs, seats and decisions: the others can join nobody."""
    sure = db.arrays(f"SELECT left_id, right_id FROM pair_score WHERE match_weight >= {cut}")
    size = len(seat)
    labels = components(
        size,
        np.r_[np.asarray(sure["left_id"]), np.arange(size), same[:, 0]],
        np.r_[np.asarray(sure["right_id"]), seat, same[:, 1]],
    )
    db.register("component", pd.DataFrame({"mention_id": np.arange(size, dtype=np.int32), "label": labels}))
    found = db.arrays(
        """
        SELECT left_id, right_id, match_weight FROM pair_score
        JOIN component l ON l.mention_id = left_id JOIN component r ON r.mention_id = right_id AND r.label = l.label
        """
    )
    db.run("DROP TABLE component")
    return {name: np.asarray(column) for name, column in found.items()}


def _write(db: Engine, found: Clusters, cluster_of: Ints) -> None:
    size = len(cluster_of)
    frame = {"mention_id": np.arange(size, dtype=np.int32), "cluster": cluster_of.astype(np.int32)}
    db.register("mention_cluster", pd.DataFrame(frame))
    claims = [
        (cluster_of[c.node], cluster_of[c.one], cluster_of[c.other], c.weight_one, c.weight_other)
        for c in found.ambiguous
    ]
    columns = {"cluster": "int32", "one": "int32", "other": "int32", "weight_one": "float64", "weight_other": "float64"}
    db.register("cluster_claim", pd.DataFrame(claims, columns=list(columns)).astype(columns))
    capped = pd.DataFrame([(cluster_of[node], wanted) for node, wanted in found.capped], columns=["cluster", "wanted"])
    db.register("cluster_capped", capped.astype("int32"))
