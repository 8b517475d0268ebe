"""Pairs to clusters: connected components, and average linkage inside those that contradict themselves.

A component is sound when no two of its mentions stand on one record and every compared pair in it agrees.
The others are cut by average linkage on the match weights (Sokal & Michener 1958): a mention that fits two
people cannot chain them together, because their own pairs say that they differ. Two mentions on different
rows of one record are two people, always: such a pair weighs more than all evidence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from linkage.config import Config
from linkage.engine.base import Engine

Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

CANNOT = -1e7
"""Weight of a pair on one record: no average over a component's pairs can lift it above the cut."""
UNKNOWN = -3.0
"""Weight of a pair inside a component that no rule found worth comparing."""
CLIP = 14.0
"""Weights beyond this are equally certain; without a bound one equal BSN would outvote many conflicts."""
LARGEST = 1500
"""Mentions of a component up to which its full matrix is made; above, weak links go first."""


def cluster(db: Engine, config: Config) -> int:
    """Write ``mention_cluster`` (mention_id, cluster: the person's smallest mention_id); return how many there are."""
    mentions = db.arrays("SELECT record_no, seat FROM mention_code ORDER BY mention_id")
    record = np.column_stack([mentions["record_no"].astype(np.int64), mentions["seat"].astype(np.int64)])
    cut = float(np.log2(config.linkage.sure / (1 - config.linkage.sure)))
    labels = _components(db, record[:, 1], cut)
    labels = _divide(db, labels, record, cut)
    first = np.full(labels.max() + 1 if len(labels) else 0, len(record), dtype=np.int64)
    np.minimum.at(first, labels, np.arange(len(record)))
    frame = pd.DataFrame(
        {"mention_id": np.arange(len(record), dtype=np.int32), "cluster": first[labels].astype(np.int32)}
    )
    db.register("mention_cluster", frame)
    return len(first)


def _components(db: Engine, seat: Ints, cut: float) -> Ints:
    found = db.arrays(f"SELECT left_id, right_id FROM pair_score WHERE match_weight >= {cut}")
    size = len(seat)
    return _label(size, np.r_[found["left_id"], np.arange(size)], np.r_[found["right_id"], seat])


def _label(size: int, left: Ints, right: Ints) -> Ints:
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    labels: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def _divide(db: Engine, labels: Ints, record: Ints, cut: float) -> Ints:
    """Split the components that hold a contradiction; the others keep their label."""
    db.register("component", pd.DataFrame({"mention_id": np.arange(len(labels), dtype=np.int32), "label": labels}))
    inside = db.arrays(
        """
        SELECT l.label AS label, left_id, right_id, match_weight FROM pair_score
        JOIN component l ON l.mention_id = left_id JOIN component r ON r.mention_id = right_id AND r.label = l.label
        ORDER BY label, left_id, right_id
        """
    )
    order = np.lexsort((np.arange(len(labels)), labels))
    starts = np.flatnonzero(np.r_[True, np.diff(labels[order]) != 0])
    sizes = np.diff(np.r_[starts, len(labels)])
    pair_starts = np.searchsorted(inside["label"], np.arange(len(starts) + 1))
    twice = _twice_on_a_record(labels, record)
    against = np.zeros(len(starts), dtype=bool)
    against[inside["label"][inside["match_weight"] < cut].astype(np.int64)] = True
    complete = np.diff(pair_starts) == sizes * (sizes - 1) // 2
    result, fresh = labels.copy(), len(starts)
    for label in np.flatnonzero((twice | against | ~complete) & (sizes > 1)):
        members = order[starts[label] : starts[label] + sizes[label]]
        rows = slice(pair_starts[label], pair_starts[label + 1])
        left, right = inside["left_id"][rows], inside["right_id"][rows]
        parts = _average_linkage(members, record[members], left, right, inside["match_weight"][rows], cut)
        result[members] = np.where(parts == parts[0], label, fresh + parts)
        fresh += int(parts.max()) + 1
    return np.unique(result, return_inverse=True)[1]


def _twice_on_a_record(labels: Ints, record: Ints) -> npt.NDArray[np.bool_]:
    """Tell for each component whether it holds two seats of one record."""
    order = np.lexsort((record[:, 1], record[:, 0], labels))
    here, ahead = order[:-1], order[1:]
    same = (
        (labels[here] == labels[ahead]) & (record[here, 0] == record[ahead, 0]) & (record[here, 1] != record[ahead, 1])
    )
    found = np.zeros(int(labels.max()) + 1 if len(labels) else 0, dtype=bool)
    found[labels[ahead][same]] = True
    return found


def _average_linkage(members: Ints, record: Ints, left: Ints, right: Ints, weight: Floats, cut: float) -> Ints:
    """Return the part of each member, numbered from 0; no part holds two mentions of one record."""
    size = len(members)
    if size == 1:
        return np.zeros(1, dtype=np.int64)
    if size > LARGEST:
        return _too_large(members, record, left, right, weight, cut)
    matrix = np.full((size, size), UNKNOWN)
    at_left, at_right = np.searchsorted(members, left), np.searchsorted(members, right)
    matrix[at_left, at_right] = matrix[at_right, at_left] = np.clip(weight, -CLIP, CLIP)
    same_record = record[:, None, 0] == record[None, :, 0]
    same_seat = record[:, None, 1] == record[None, :, 1]
    matrix[same_record & ~same_seat] = CANNOT
    matrix[same_seat] = CLIP
    upper = np.triu_indices(size, 1)
    tree = linkage(CLIP - matrix[upper], method="average")
    parts: Ints = fcluster(tree, t=CLIP - AVERAGE_CUT, criterion="distance").astype(np.int64) - 1
    return parts


AVERAGE_CUT = 0.0
"""Average weight between two parts from which they are one person: more for than against."""


def _too_large(members: Ints, record: Ints, left: Ints, right: Ints, weight: Floats, cut: float) -> Ints:
    """Raise the cut until the component falls apart, then divide its parts; what never does is cut by number."""
    at_left, at_right = np.searchsorted(members, left), np.searchsorted(members, right)
    if cut < 2 * CLIP:
        strong = weight >= cut + 2
        labels = _label(len(members), at_left[strong], at_right[strong])
    else:
        labels = np.arange(len(members)) // LARGEST
    parts, fresh = np.empty(len(members), dtype=np.int64), 0
    for label in range(int(labels.max()) + 1):
        inside = labels == label
        rows = inside[at_left] & inside[at_right]
        found = _average_linkage(members[inside], record[inside], left[rows], right[rows], weight[rows], cut + 2)
        parts[inside] = fresh + found
        fresh += int(found.max()) + 1
    return parts
