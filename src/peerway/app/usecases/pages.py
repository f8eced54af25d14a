"""Lists: a page at a time, of the caller's own resources unless an operator asks for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from peerway.app.store import Reader, Where, where
from peerway.app.usecases.access import seen_by
from peerway.domain.account import Caller
from peerway.domain.resource import Resource
from peerway.domain.text import check_number

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

#: Resources in a page unless the caller asks for another number, and the most it may ask for.
PAGE_SIZE, PAGE_LIMIT = 50, 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list."""

    #: What the page holds, in order of creation.
    items: tuple[T, ...]
    #: Cursor for the next page; None on the last one.
    next: str | None


def page(
    tx: Reader,
    kind: type[R],
    *conditions: Where,
    after: str | None = None,
    limit: int | None = None,
    keep: Callable[[R], bool] = lambda _: True,
) -> Page[R]:
    """One page of the resources that meet the conditions and that `keep` keeps."""
    size = PAGE_SIZE if limit is None else check_number(limit, "limit", 1, PAGE_LIMIT)
    found: list[R] = []
    while len(found) <= size:
        batch = tx.select(kind, *conditions, after=after, limit=size + 1)
        found += filter(keep, batch)
        if len(batch) <= size:
            break
        after = tx.cursor(batch[-1])
    return Page(tuple(found[:size]), tx.cursor(found[size - 1]) if len(found) > size else None)


def own_page(
    tx: Reader,
    caller: Caller,
    kind: type[R],
    *,
    all_accounts: bool,
    after: str | None,
    limit: int | None,
    owners: tuple[str, ...] = ("owner_uid",),
    **fields: object,
) -> Page[R]:
    """One page of what is the caller's, as `seen_by` has it, and has the values of the fields named; None is any value."""
    seen = seen_by(caller, all_accounts=all_accounts, owners=owners)
    wanted = [where(name, value) for name, value in fields.items() if value is not None]
    return page(tx, kind, *seen, *wanted, after=after, limit=limit)
