"""What a writer knows of resources and tallies from one transaction to the next, so that the same few are not read again and again.

Owns no truth: every entry is what the store has at one revision. When others have written since, the change log says what to
forget.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar, cast

from peerway.adapters.store.engines import Connection
from peerway.adapters.store.mapping import CODECS
from peerway.adapters.store.statements import Statements
from peerway.domain.resource import Resource

R = TypeVar("R", bound=Resource)

#: Most resources that are known; those looked at the longest ago go first.
MOST: Final = 10_000

#: Most changes of others that are looked through; after more of them nothing is known any more.
MOST_NEWS: Final = 1_000

#: Kinds by their names in the change log.
KINDS: Final = {codec.name: kind for kind, codec in CODECS.items()}


class Known:
    """Resources as the writer's transaction sees them; None for an id that is not there."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[type[Resource], str], Resource | None] = OrderedDict()
        #: Tallies by kind and key.
        self._tallies: dict[tuple[type[Resource], str], int] = {}
        #: Revision at which all this holds.
        self.revision = 0

    def get(self, kind: type[R], id: str, read: Callable[[type[R], str], R | None]) -> R | None:
        """The resource; read if it is not known."""
        key = (kind, id)
        try:
            self._found.move_to_end(key)
        except KeyError:
            self._found[key] = read(kind, id)
        return cast("R | None", self._found[key])

    def put(self, kind: type[Resource], id: str, resource: Resource | None) -> None:
        """Take note of what was written."""
        self._found[kind, id] = resource

    def tally(self, kind: type[Resource], key: str, read: Callable[[type[Resource], str], int]) -> int:
        """How many resources count under a key; read if it is not known."""
        found = self._tallies.get((kind, key))
        if found is None:
            found = self._tallies[kind, key] = read(kind, key)
        return found

    def recount(self, kind: type[Resource], key: str) -> None:
        """Forget a tally that was written."""
        self._tallies.pop((kind, key), None)

    def forget(self) -> None:
        """Know nothing: what was written may have been undone."""
        self._found.clear()
        self._tallies.clear()

    def catch_up(self, connection: Connection, statements: Statements, revision: int) -> None:
        """Forget what others have changed up to a revision, and what is too much."""
        if (self._found or self._tallies) and revision != self.revision:
            values = {"after": self.revision, "limit": MOST_NEWS}
            news = connection.execute(statements.changes.sql, statements.changes.fill(values)).fetchall()
            if len(news) == MOST_NEWS:
                self.forget()
            for _, kind, id, _, _ in news:
                self._found.pop((KINDS[kind], id), None)
            written = {KINDS[kind] for _, kind, _, _, _ in news}
            self._tallies = {
                tallied: count for tallied, count in self._tallies.items() if tallied[0] not in written
            }
        if len(self._tallies) > MOST:
            self._tallies.clear()
        while len(self._found) > MOST:
            self._found.popitem(last=False)
        self.revision = revision
