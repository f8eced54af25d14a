"""The stored network kept in memory and brought up to date by the change log.

Owns which stored objects are read for it. Who needs the network at a reader's very revision gets it here; reconcilers, which act on
each step, use the two ways of reading and keep what they need beside.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from peerway.analysis.network import Network
from peerway.app.store import Change, Reader, Writer
from peerway.domain.resource import Resource
from peerway.fabric.snapshot import KINDS, Snapshot

#: Changes read at once while catching up; more than this and everything is read anew.
CATCH_UP_LIMIT: Final = 10_000


class News(NamedTuple):
    """What became of the network since some revision."""

    #: Stored objects that were written, as they are now.
    upserts: list[Resource]
    #: Kind and id of those that are gone.
    removals: list[tuple[str, str]]


def read_all(reader: Reader) -> list[Resource]:
    """Every stored object that the network is made of."""
    resources: list[Resource] = []
    for kind in KINDS.values():
        resources.extend(reader.select(kind))
    return resources


def read_news(reader: Reader, after: int) -> News | None:
    """What changed after a revision; None when that is so much that everything should be read anew."""
    changes = reader.changes(after, CATCH_UP_LIMIT)
    if len(changes) == CATCH_UP_LIMIT:
        return None
    latest: dict[str, Change] = {change.id: change for change in changes if change.kind in KINDS}
    news = News([], [])
    for change in latest.values():
        resource = None if change.removed else reader.get(KINDS[change.kind], change.id)
        if resource is None:
            news.removals.append((change.kind, change.id))
        else:
            news.upserts.append(resource)
    return news


@dataclass(slots=True)
class NetworkFollower:
    """The latest network that somebody has asked for. Safe for use from many threads."""

    _network: Network | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, reader: Reader) -> Network:
        """The network at the reader's revision. The first call reads everything; later ones cost what has changed since."""
        with self._lock:
            known = self._network
            if known is None or known.revision > reader.revision:
                # Somebody has asked at a later revision already; that stays known, and this one is read for itself.
                fresh = Network.of(Snapshot.of(reader.revision, read_all(reader)))
                self._network = self._network or fresh
                return fresh
            self._network = advance(known, reader)
            return self._network

    def within(self, writer: Writer) -> Network:
        """The network as a transaction sees it, its own writes and those it shares a commit with included.

        It is not remembered: all of that may yet be undone.
        """
        with self._lock:
            known = self._network
        if known is None or known.revision > writer.revision:
            return Network.of(Snapshot.of(writer.revision, read_all(writer)))
        return advance(known, writer)


def advance(network: Network, reader: Reader) -> Network:
    """The network at the reader's revision, which is not before its own."""
    if network.revision == reader.revision:
        return network
    news = read_news(reader, network.revision)
    if news is None:
        return Network.of(Snapshot.of(reader.revision, read_all(reader)))
    return network.after(reader.revision, news.upserts, news.removals)
