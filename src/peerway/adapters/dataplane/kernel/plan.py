"""What a namespace shall hold, and the interfaces that have to be made for it: values only.

Owns the shapes that `encode` and `uplinks` fill and `converge` carries out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from peerway.adapters.dataplane.kernel.codec import End
from peerway.adapters.dataplane.kernel.state import State
from peerway.fabric.model import Link


@dataclass(frozen=True, slots=True)
class Wire:
    """A veth pair between two namespaces."""

    #: Endpoint, link or uplink that it is for.
    owner: str
    #: Namespace and end of the side that is made first.
    near: tuple[str, End]
    #: Namespace and end of the other side.
    far: tuple[str, End]


@dataclass(frozen=True, slots=True)
class Branch:
    """An uplink's interface that comes out of an interface of the host."""

    #: Uplink that it is for.
    owner: str
    #: Name of the router's namespace.
    namespace: str
    #: The interface as it shall be there; an empty MAC address for the one that it has anyway.
    end: End
    #: Name of the host's interface.
    host: str
    #: `macvlan` or `vlan`: a new one on top of the host's; empty for the host's own, moved.
    kind: str
    #: 802.1Q tag, for `vlan`.
    vlan: int = 0


@dataclass(slots=True)
class Plan:
    """What a namespace shall hold."""

    #: Id of the router, endpoint or uplink.
    id: str
    #: Its objects.
    state: State = field(default_factory=State)
    #: Interface index → id of the endpoint, link or uplink that it is for.
    owners: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class RouterPlan(Plan):
    """What a router's namespace shall hold, and the wires to its instances."""

    #: Ids of all its endpoints, withheld ones included.
    endpoints: tuple[str, ...] = ()
    #: Its links as they were planned.
    links: Mapping[str, Link] = field(default_factory=dict)
    #: Ids of the links whose health matters to its routes.
    watched: frozenset[str] = frozenset()
    #: Interface indexes: `e:` + endpoint id, `l:` + link id, `u:` + uplink id → index.
    index: dict[str, int] = field(default_factory=dict)
    #: Wires to its instances, by the index of the router's end.
    wires: dict[int, Wire] = field(default_factory=dict)
    #: Its uplinks' wires into namespaces of the host, by uplink id.
    outward: dict[str, Wire] = field(default_factory=dict)
    #: Its uplinks' interfaces that come out of the host's.
    branches: list[Branch] = field(default_factory=list)
    #: Ids of all its uplinks.
    uplinks: tuple[str, ...] = ()
    #: Uplink id → why it can't be made here.
    refused: dict[str, str] = field(default_factory=dict)
