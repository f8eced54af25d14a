"""Routers made ready for many packets, each part at the first look at it: what `trace` reads.

`ranges` finds the longest prefix, `tables` are forwarding tables, `verdicts` filters, `doors` uplinks with their translations;
`station` is a router of all these. Knows routers only: no network, no packet on its way.
"""

from peerway.analysis.stations.station import Seat, Station, Stations

__all__ = ["Seat", "Station", "Stations"]
