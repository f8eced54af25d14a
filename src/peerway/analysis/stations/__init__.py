"""Routers made ready for many packets, each part at the first look at it: what `trace` reads, and `symbolic` in part.

`tables` are forwarding tables, `verdicts` filters, `doors` uplinks with their translations; `station` is a router of all these.
Knows routers only: no network, no packet on its way. What `symbolic` asks in the same way (who has an address, what a table says of
one, what counts as public) it reads from here; its `grounds` add what only sets need.
"""

from peerway.analysis.stations.station import Seat, Station, Stations

__all__ = ["Seat", "Station", "Stations"]
