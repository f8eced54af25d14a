"""Lists: filters by name, a window by offset and limit.

What an index can find costs the window only; a filter that none can answer looks at the whole list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from peerway.api.clouds.call import AnyCall
from peerway.api.clouds.paging import needed
from peerway.api.clouds.parameters import WHOLE, Given
from peerway.app.store import Reader, Where, where
from peerway.app.usecases.labels import labelled
from peerway.domain.errors import InvalidInput
from peerway.domain.resource import Resource

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

#: Items of a window unless the request asks for another number, and the most it may ask for.
WINDOW: Final = 20
LARGEST: Final = 100

Test = Callable[[Any], bool]

#: What a filter's values come to: a condition that an index answers, or a test of each row.
Pick = Callable[[AnyCall, Sequence[str]], Where | Test]

#: A condition that nothing meets.
NOTHING: Final = where("id", "")


@dataclass(slots=True)
class Wanted(Generic[R]):
    """What a list is asked for."""

    #: Kind of its items.
    kind: type[R]
    #: What an index answers; whose the items are comes first.
    conditions: list[Where] = field(default_factory=list)
    #: What it doesn't.
    tests: list[Test] = field(default_factory=list)

    def add(self, pick: Where | Test) -> None:
        """Ask for one thing more."""
        if isinstance(pick, Where):
            self.conditions.append(pick)
        else:
            self.tests.append(pick)


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a list."""

    #: Items left out before it.
    offset: int
    #: Most items of it.
    limit: int

    @classmethod
    def of(cls, given: Given) -> Window:
        """What a request asks for, in numbers or in texts; a token, where there are any, is the next offset."""
        if "MaxResults" in given or "NextToken" in given:
            return cls(
                _whole(given, "NextToken", 0, 0, 1 << 40), _whole(given, "MaxResults", WINDOW, 1, LARGEST)
            )
        return cls(_whole(given, "Offset", 0, 0, 1 << 40), _whole(given, "Limit", WINDOW, 1, LARGEST))

    def token_after(self, total: int) -> str:
        """What asks for the window after this one; empty when there is none."""
        end = self.offset + self.limit
        return str(end) if end < total else ""

    def cut(self, items: Sequence[T]) -> list[T]:
        """The window's part of items that are there already."""
        return list(items[self.offset : self.offset + self.limit])


def field_is(name: str) -> Pick:
    """The field, which an index finds, is one of the values."""
    return lambda _, values: where(name, *values)


def reads_as(read: Callable[[Any], object]) -> Pick:
    """What is read from a row is one of the values; booleans are `true` and `false`."""

    def pick(_: AnyCall, values: Sequence[str]) -> Test:
        wanted = frozenset(values)
        return lambda row: _text(read(row)) in wanted

    return pick


def contains_text(read: Callable[[Any], str]) -> Pick:
    """What is read from a row has one of the values in it."""
    return lambda _, values: lambda row: any(value in read(row) for value in values)


def starts_with(read: Callable[[Any], str]) -> Pick:
    """What is read from a row begins with one of the values."""
    return lambda _, values: lambda row: read(row).startswith(tuple(values))


def ask(
    call: AnyCall, given: Given, wanted: Wanted[R], ids: str, filters: Mapping[str, Pick], word: str
) -> Wanted[R]:
    """Add what a request's ids or filters ask for; `word` is what labels call the kind."""
    if given.get(ids) and given.get("Filters"):
        raise InvalidInput(ids, "must not be given beside Filters", code="coexist")
    if given.get(ids):
        wanted.add(where("id", *given[ids]))
    for one in given.get("Filters", ()):
        name, values = one["Name"], one["Values"]
        if not values:
            raise InvalidInput("Filters", "must have values", name, code="filter_values")
        wanted.add(_pick(call, name, filters, word)(call, values))
    return wanted


def window_of(
    tx: Reader, wanted: Wanted[R], window: Window, *, newest_first: bool = False
) -> tuple[list[R], int]:
    """The window's rows, and how long the list is."""
    if wanted.tests:
        kept = [row for row in tx.select(wanted.kind, *wanted.conditions) if _fits(row, wanted.tests)]
        return window.cut(kept[::-1] if newest_first else kept), len(kept)
    total = tx.count(wanted.kind, *wanted.conditions)
    conditions = needed(tx, wanted.kind, wanted.conditions, total)
    first, last = window.offset, min(window.offset + window.limit, total)
    if first >= last:
        return [], total
    skip = total - last if newest_first else first
    rows = tx.select(wanted.kind, *conditions, skip=skip, limit=last - first, total=total)
    return rows[::-1] if newest_first else rows, total


def all_of(tx: Reader, wanted: Wanted[R]) -> list[R]:
    """The whole list."""
    return [row for row in tx.select(wanted.kind, *wanted.conditions) if _fits(row, wanted.tests)]


def _fits(row: Resource, tests: Iterable[Test]) -> bool:
    return all(test(row) for test in tests)


def _pick(call: AnyCall, name: str, filters: Mapping[str, Pick], word: str) -> Pick:
    if name == "tag-key":
        return lambda _, values: _tagged(call, word, lambda key, _: key in values)
    if name.startswith("tag:"):
        wanted = name.removeprefix("tag:")
        return lambda _, values: _tagged(call, word, lambda key, value: key == wanted and value in values)
    pick = filters.get(name)
    if pick is None:
        raise InvalidInput("Filters", "must be known", name, code="filter_key")
    return pick


def _tagged(call: AnyCall, word: str, fits: Callable[[str, str], bool]) -> Where:
    """Resources that the caller tagged so."""
    found = [
        labels.resource_id
        for labels in labelled(call.tx, call.caller, word)
        if any(fits(tag.key, tag.value) for tag in labels.tags)
    ]
    return where("id", *found) if found else NOTHING


def _whole(given: Given, name: str, default: int, least: int, most: int) -> int:
    value = given.get(name, default)
    if isinstance(value, str) and not WHOLE.fullmatch(value):
        raise InvalidInput(name, "must be a whole number", value)
    if not least <= int(value) <= most:
        raise InvalidInput(name, f"must be from {least} to {most}", value, code="limit_range")
    return int(value)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
