"""Columns of many routers as one, in the order of the routers' numbers.

Owns putting blocks together and putting some in the place of others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

C = TypeVar("C", bound=tuple[NDArray[Any], ...])


@dataclass(frozen=True, slots=True)
class Sheet(Generic[C]):
    """Rows of one kind, of all routers. Immutable: a change copies the arrays, about as fast as memory is."""

    #: The first row of each router, and behind the last one the number of rows.
    bounds: NDArray[np.int64]
    #: The fields.
    columns: C

    @classmethod
    def of(cls, columns: C) -> Sheet[C]:
        """The sheet of no router, with columns of these kinds."""
        return cls(np.zeros(1, np.int64), columns)

    def with_blocks(self, blocks: Mapping[int, C], routers: int) -> Sheet[C]:
        """The sheet with these blocks in the place of those with their numbers; so many routers there are then.

        Blocks that equal what they replace cost nothing.
        """
        blocks = {number: block for number, block in blocks.items() if not self._has(number, block)}
        if not blocks and len(self.bounds) == routers + 1:
            return self
        sizes = np.zeros(routers, np.int64)
        sizes[: len(self.bounds) - 1] = np.diff(self.bounds)
        ends = np.concatenate((self.bounds, np.full(routers, self.bounds[-1])))
        pieces: list[C] = []
        kept_to = 0
        for number in sorted(blocks):
            pieces += [self.rows(kept_to, int(ends[number])), blocks[number]]
            kept_to = int(ends[number + 1])
            sizes[number] = len(blocks[number][0])
        pieces.append(self.rows(kept_to, int(self.bounds[-1])))
        return Sheet(_bounds(sizes), _joined(pieces))

    def rows(self, first: int, end: int) -> C:
        """Some rows."""
        return type(self.columns)(*(column[first:end] for column in self.columns))

    def _has(self, number: int, block: C) -> bool:
        """Whether that router's rows are these."""
        if number + 1 >= len(self.bounds):
            return False
        old = self.rows(int(self.bounds[number]), int(self.bounds[number + 1]))
        return all(np.array_equal(here, there) for here, there in zip(old, block, strict=True))

    @property
    def size_bytes(self) -> int:
        """What the arrays take."""
        return self.bounds.nbytes + sum(column.nbytes for column in self.columns)


def _bounds(sizes: Any) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def _joined(pieces: Sequence[C]) -> C:
    """The pieces, one after another."""
    return type(pieces[0])(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))
