"""Uplinks made ready for many packets: what passes one, and which addresses stand for which.

Owns the structure only; the slow twins are `carries`, `source_nat` and `destination_nat` of `fabric.decisions`.
"""

from __future__ import annotations

from peerway.analysis.places.atoms import SIX, longest_matches, place
from peerway.fabric.model import DestinationNat, SourceNat, Uplink
from peerway.fabric.packets import PORTED


class Door:
    """One uplink, ready."""

    __slots__ = ("_destinations", "_old", "_sources", "_young", "public", "translates", "uplink")

    def __init__(self, uplink: Uplink) -> None:
        #: What it was made from.
        self.uplink = uplink
        versions = {transfer.peer.version for transfer in uplink.transfers}
        #: Whether IPv4 passes it, and whether IPv6 does.
        self._old = uplink.up and (not versions or 4 in versions)
        self._young = uplink.up and (not versions or 6 in versions)
        translation = uplink.translation
        #: Whether it translates addresses.
        self.translates = translation is not None
        sources = translation.source if translation is not None else ()
        destinations = translation.destination if translation is not None else ()
        public = translation.public if translation is not None else frozenset()
        #: Numbers of the addresses by which it is known outside.
        self.public = frozenset(place(address) for address in public)
        self._sources = longest_matches((entry.source, entry) for entry in sources)
        #: By number of the address that is asked for.
        self._destinations: dict[int, list[DestinationNat]] = {}
        for entry in destinations:
            self._destinations.setdefault(place(entry.public), []).append(entry)

    def carries(self, source: int) -> bool:
        """Whether packets of the source's IP version pass now."""
        return self._old if source < SIX else self._young

    def source_nat(self, source: int) -> SourceNat | None:
        """The entry with the longest range that the source is in."""
        return self._sources.at(source)

    def destination_nat(self, destination: int, protocol: int, port: int) -> DestinationNat | None:
        """The first entry for a packet from outside."""
        for entry in self._destinations.get(destination, ()):
            ported = not entry.public_port or (protocol in PORTED and entry.public_port == port)
            if ported and (entry.protocol is None or entry.protocol == protocol):
                return entry
        return None
