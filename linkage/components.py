"""Connected components of many small groups, whole arrays at a time.

scipy has them too, but loading its sparse graphs takes longer than linking ten thousand rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]


def components(size: int, left: Ints, right: Ints) -> Ints:
    """Return (size,): the number of every node's connected component, from 0 in the order of their first nodes.

    Every root hangs itself below its least neighbour, and all chains are shortened, until no edge leads from one tree
    to another (after Shiloach & Vishkin 1982). In two rounds each tree takes in another one, so that rounds are few.
    """
    root = np.arange(size)
    while len(left):
        low, high = np.minimum(left, right), np.maximum(left, right)
        np.minimum.at(root, high, low)
        while not np.array_equal(above := root[root], root):
            root = above
        left, right = root[low], root[high]
        apart = left != right
        left, right = left[apart], right[apart]
    return np.asarray((np.cumsum(root == np.arange(size)) - 1)[root])
