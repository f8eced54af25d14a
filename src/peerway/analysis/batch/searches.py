"""Searches in columns that are sorted by key. Owns what a key is: a number in the upper half, an address in the lower."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def keys(numbers: NDArray[Any], addresses: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """A key for each number and address."""
    return numbers.astype(np.uint64) << np.uint64(32) | addresses


def last_at(column: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The last row whose key is not behind the wanted one: the range that an address is in."""
    return np.searchsorted(column, wanted, side="right") - 1


def first_equal(column: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The first row with that very key; -1 where there is none."""
    if not column.size:
        return np.full(len(wanted), -1, np.int64)
    found = np.searchsorted(column, wanted)
    there = column[np.minimum(found, len(column) - 1)] == wanted
    return np.where(there, found, -1)
