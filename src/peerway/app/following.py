"""The stored network kept in memory and brought up to date by the change log.

Owns which stored objects are read for it. Who needs the network at a reader's very revision gets it here; reconcilers, which act on
each step, use the two ways of reading and keep what they need beside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from peerway.analysis.network import Network
from peerway.app.collector import uncollected
from peerway.app.store import Change, Reader, Writer
from peerway.domain.resource import Resource
from peerway.fabric.snapshot import KINDS, Snapshot

#: Changes read at once while catching up; more than this and everything is read anew.
CATCH_UP_LIMIT: Final = 10_000

#: Networks that are kept: readers that began before a change and ask after it find theirs.
KEPT: Final = 4

#: Revisions that a transaction reads to get from a known network to its own.
NEAR: Final = 500


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


def read_network(reader: Reader) -> Network:
    """The network from everything stored. Cost follows its size: some 20 seconds and 1.5 GB for a million entries."""
    return uncollected(lambda: Network.of(Snapshot.of(reader.revision, read_all(reader))))


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
    """The latest networks that somebody has asked for, which share what they have in common. Safe for use from many threads."""

    #: In order of their revisions; replaced as a whole, so that looking needs no lock.
    _recent: tuple[Network, ...] = ()
    #: Held while one catches up, so that others need not do the same.
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, reader: Reader) -> Network:
        """The network at the reader's revision. The first call reads everything; later ones cost what has changed since."""
        with self._lock:
            network = self._reached(reader)
            if not self._recent or network.revision > self._recent[-1].revision:
                self._recent = (*self._recent, network)[-KEPT:]
            return network

    def within(self, writer: Writer) -> Network:
        """The network as a transaction sees it, its own writes and those it shares a commit with included.

        It is not remembered: all of that may yet be undone.
        """
        return self._reached(writer)

    def as_it_is(self, writer: Writer) -> Callable[[], Network] | None:
        """What gives the network as the transaction sees it now, also when asked after later writes; nothing is compiled before.

        None when so much has happened since anybody asked for the network that this should not be read in a transaction.
        """
        revision = writer.revision
        known = next((one for one in reversed(self._recent) if one.revision <= revision), None)
        if known is None or revision - known.revision > NEAR:
            return None
        news = read_news(writer, known.revision) if revision != known.revision else None
        return lambda: known if news is None else known.after(revision, news.upserts, news.removals)

    def _reached(self, reader: Reader) -> Network:
        """The network at the reader's revision, from the latest known one that is not beyond it.

        A reader may be a little behind others who asked meanwhile; only one that is far behind has to have everything read anew.
        """
        for known in reversed(self._recent):
            if known.revision <= reader.revision:
                return advance(known, reader)
        return read_network(reader)


def advance(network: Network, reader: Reader) -> Network:
    """The network at the reader's revision, which is not before its own."""
    if network.revision == reader.revision:
        return network
    news = read_news(reader, network.revision)
    if news is None:
        return read_network(reader)
    return network.after(reader.revision, news.upserts, news.removals)
