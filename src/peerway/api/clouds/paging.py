"""Pages by number over lists that the store pages by cursor.

A page by number costs its own length and a walk along an index to where it begins; the rows before it are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from peerway.app.store import Reader, Where
from peerway.domain.resource import Resource

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True)
class Numbered(Generic[R]):
    """One page of a list, and how long the list is."""

    #: What the page holds, in order of creation.
    items: list[R]
    #: Number of all items of the list.
    total: int
    #: Number of the page, from 1.
    number: int
    #: Most items of a page.
    size: int


def numbered(
    tx: Reader,
    kind: type[R],
    *conditions: Where,
    number: int,
    size: int,
    keep: Callable[[R], bool] | None = None,
) -> Numbered[R]:
    """Page `number` of what meets the conditions and what `keep`, when there is one, keeps; that one looks at the whole list."""
    skip = (number - 1) * size
    if keep is not None:
        kept = [one for one in tx.select(kind, *conditions) if keep(one)]
        return Numbered(kept[skip : skip + size], len(kept), number, size)
    total = tx.count(kind, *conditions)
    if skip >= total:
        return Numbered([], total, number, size)
    items = tx.select(kind, *needed(tx, kind, conditions, total), skip=skip, limit=size, total=total)
    return Numbered(items, total, number, size)


def needed(tx: Reader, kind: type[Resource], conditions: Sequence[Where], total: int) -> Sequence[Where]:
    """The conditions that tell which `total` items they are: the first alone when the others leave nothing out.

    Then the way to a late page is a walk along that one's index, without a look at any row.
    """
    return conditions[:1] if tx.count(kind, *conditions[:1]) == total else conditions
