"""Filters, asked by many packets at once.

Owns the search for the first rule that matches: for every packet the next rule that it still has to be held against, until all
have an answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from peerway.analysis.batch.columns import LOCAL_BITS
from peerway.analysis.batch.prepared import Prepared
from peerway.analysis.batch.searches import keys, last_at


def decide(
    prepared: Prepared, filters: NDArray[np.uint32], remote: NDArray[np.uint32], service: NDArray[np.uint32]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each filter accepts its packet, and the row that decided; -1 when none matched."""
    segments, rules = prepared.segments.columns, prepared.rules.columns
    segment = last_at(segments.key, keys(filters, remote))
    first = segments.first[segment] + prepared.rules.bounds[filters >> LOCAL_BITS]
    row = _first_match(rules.match, first, first + segments.rows[segment], remote, service)
    verdict = segments.accepts[segment]
    matched = np.flatnonzero(row >= 0)
    verdict[matched] = rules.accepts[row[matched]]
    return verdict, row


def _first_match(
    rows: NDArray[np.uint32],
    first: NDArray[np.int64],
    end: NDArray[np.int64],
    remote: NDArray[np.uint32],
    service: NDArray[np.uint32],
) -> NDArray[np.int64]:
    """The first row of each packet's that matches; -1 when none does."""
    found = np.full(len(first), -1, np.int64)
    asking = np.flatnonzero(first < end)
    row, end, remote, service = first[asking], end[asking], remote[asking], service[asking]
    while asking.size:
        rule = rows.take(row, axis=0)
        hit = (remote - rule[:, 0] <= rule[:, 1]) & (service - rule[:, 2] <= rule[:, 3])
        found[asking[hit]] = row[hit]
        row += 1
        left = np.flatnonzero(~hit & (row < end))
        asking, row, end, remote, service = asking[left], row[left], end[left], remote[left], service[left]
    return found
