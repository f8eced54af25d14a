"""What questions without a wait are answered from: the followed network, made ready for sets and for many questions at once.

Owns what is kept ready. Everything is made when it is first asked for, and carried over to a later network as far as it did not
change.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from peerway.analysis.batch import Prepared, prepare
from peerway.analysis.network import Network
from peerway.analysis.symbolic.grounds import Atlas
from peerway.app.following import NetworkFollower
from peerway.app.store import Reader


@dataclass(slots=True)
class Readings:
    """The network at the revision of a reader, ready. Safe for use from many threads."""

    #: Where the network comes from.
    networks: NetworkFollower
    _atlas: Atlas | None = None
    _prepared: Prepared | None = None
    #: Held while one makes the network ready, so that others need not do the same.
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def network(self, reader: Reader) -> Network:
        """The network itself."""
        return self.networks.at(reader)

    def atlas(self, network: Network) -> Atlas:
        """The network, ready for questions about sets."""
        with self._lock:
            known = self._atlas
            if known is None or known.network is not network:
                known = self._atlas = Atlas(network) if known is None else known.after(network)
            return known

    def prepared(self, network: Network) -> Prepared:
        """The network, ready for many questions at once."""
        with self._lock:
            known = self._prepared
            if known is None or known.network is not network:
                known = self._prepared = prepare(network, known)
            return known
