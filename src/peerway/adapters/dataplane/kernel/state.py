"""What a namespace holds, as a value, and the requests that turn one into another.

Owns the comparison of actual and desired kernel objects; pure. The same comparison serves `apply` (actual = what was applied
last), `repair` (actual = what was read back) and an agent that takes over from another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from socket import AF_INET
from typing import NamedTuple

from peerway.adapters.dataplane.kernel import codec
from peerway.adapters.dataplane.kernel.codec import BLACKHOLE, Message, NextHop
from peerway.adapters.dataplane.kernel.names import BORROWED_GROUP, CONDEMNED_GROUP


class Interface(NamedTuple):
    """A network interface; its index is the key."""

    #: Interface name.
    name: str
    #: MAC address.
    mac: bytes
    #: Interface group.
    group: int
    #: Whether it is switched on.
    up: bool
    #: Whether IPv4 sources are checked against the route back.
    checked: bool
    #: Bytes a second that it may send; 0 for no limit.
    rate: int = 0
    #: Interface of the host that it came out of, kept as its alias; empty for none. Another one is another interface.
    port: str = ""


class Address(NamedTuple):
    """An address of an interface."""

    #: Interface index.
    interface: int
    #: Packed address.
    address: bytes
    #: Prefix length.
    length: int
    #: Where it may be the source of what is sent: 0 anywhere, `codec.LINK_SCOPE` on the wire, `codec.HOST_SCOPE` if asked for.
    scope: int = 0
    #: Whether it brings the route to its range.
    connected: bool = False


class Neighbour(NamedTuple):
    """A permanent neighbour."""

    #: Interface index.
    interface: int
    #: Packed address.
    address: bytes
    #: Its MAC address.
    mac: bytes


class PolicyRule(NamedTuple):
    """A rule that chooses a routing table."""

    #: Address family.
    version: int
    #: Order.
    priority: int
    #: Incoming interface, or empty.
    interface: str
    #: Source range, empty for any.
    source: bytes
    #: Its length.
    length: int
    #: Table that is looked up.
    table: int


class Destination(NamedTuple):
    """What identifies a route."""

    #: Address family.
    version: int
    #: Routing table.
    table: int
    #: Packed network.
    network: bytes
    #: Prefix length.
    length: int


class Way(NamedTuple):
    """Where a route leads."""

    #: Next hops in ascending order; connections are spread over them by weight.
    hops: tuple[NextHop, ...] = ()
    #: Kind of route: `codec.UNICAST` with hops, another without.
    kind: int = codec.UNICAST
    #: How many more routes there are to the same destination; somebody else added them.
    more: int = 0

    def uses(self, interface: int) -> bool:
        """Whether it leads over an interface."""
        return any(hop.out == interface for hop in self.hops)

    def usable(self, interfaces: Mapping[int, Interface]) -> Way:
        """What is left of it when only the interfaces that are up can be used."""
        if not self.hops:
            return self
        hops = tuple(hop for hop in self.hops if hop.out in interfaces and interfaces[hop.out].up)
        return Way(hops) if hops else DISCARD


def host(interface: int, address: bytes, scope: int = 0) -> Address:
    """An address without a range."""
    return Address(interface, address, len(address) * 8, scope)


#: A blackhole route.
DISCARD = Way(kind=codec.BLACKHOLE)
#: To the router itself.
HERE = Way(kind=codec.LOCAL)
#: The table does not say; the next policy rule is asked.
PASS_ON = Way(kind=codec.THROW)


def over(interface: int, gateway: bytes = b"") -> Way:
    """A route over one interface."""
    return Way((NextHop(interface, gateway),))


def several(way: Way) -> Way:
    """What stands for one route more to the same destination."""
    return Way(more=way.more + 1)


@dataclass(slots=True)
class State:
    """What a namespace holds of the driver's objects."""

    #: By index; the loopback interface is not among them.
    interfaces: dict[int, Interface] = field(default_factory=dict)
    #: Addresses.
    addresses: set[Address] = field(default_factory=set)
    #: Permanent neighbours.
    neighbours: set[Neighbour] = field(default_factory=set)
    #: Policy rules.
    rules: set[PolicyRule] = field(default_factory=set)
    #: Routes.
    routes: dict[Destination, Way] = field(default_factory=dict)
    #: Digest of the loaded filter, empty for none, `?` when unknown.
    filter: str = ""
    #: Indexes of interfaces that are switched off for good and wait to be deleted, as read; they are not among the others.
    condemned: set[int] = field(default_factory=set, compare=False)


def retract(
    actual: State, desired: State, owners: Mapping[int, str], router: str, torn: Collection[int] = ()
) -> list[Message]:
    """First half of a change: what must stop carrying packets, in the order that lets nothing slip through.

    Routes over interfaces that go away or down are first turned into what they are to be, so that no packet falls through to a
    wider route meanwhile; those by a next hop whose address is the router's own up to now have to wait. `torn` interfaces have to
    be made anew, so they go away even if wanted. `actual` is brought up to date.
    """
    gone = {
        index
        for index, interface in actual.interfaces.items()
        if index in torn or not _same(interface, desired.interfaces.get(index))
    }
    leaving = gone | {
        index
        for index, interface in actual.interfaces.items()
        if index not in gone and interface.up and not desired.interfaces[index].up
    }
    if not leaving:
        return []
    messages: list[Message] = []
    staying = {index: one for index, one in actual.interfaces.items() if index not in leaving}
    own = {address.address for address in actual.addresses}
    for destination, way in list(actual.routes.items()):
        used = [hop.out for hop in way.hops if hop.out in leaving]
        if used:
            owner = owners.get(used[0], router)
            wanted = desired.routes.get(destination)
            if wanted is None:
                del actual.routes[destination]
                messages.append(codec.route(*destination, BLACKHOLE, owner, delete=True))
            else:
                waits = any(hop.gateway in own for hop in wanted.hops)
                actual.routes[destination] = DISCARD if waits else wanted.usable(staying)
                messages.append(_add_route(destination, actual.routes[destination], owner))
    for rule in [rule for rule in actual.rules if rule not in desired.rules and rule.interface]:
        messages.append(codec.rule(*rule, router, delete=True))
        actual.rules.discard(rule)
    messages += [
        _take_down(actual, index, owners.get(index, router), gone=index in gone) for index in leaving
    ]
    actual.addresses = {address for address in actual.addresses if address.interface not in gone}
    actual.neighbours = {neighbour for neighbour in actual.neighbours if neighbour.interface not in leaving}
    return messages


def _same(actual: Interface, desired: Interface | None) -> bool:
    return desired is not None and actual.name == desired.name and actual.port == desired.port


def _take_down(actual: State, index: int, owner: str, *, gone: bool) -> Message:
    if gone:
        group = actual.interfaces.pop(index).group
        return codec.condemn_interface(index, group if group == BORROWED_GROUP else CONDEMNED_GROUP, owner)
    interface = actual.interfaces[index] = actual.interfaces[index]._replace(up=False)
    return codec.condemn_interface(index, interface.group, owner)


_ABSENT = Interface("", b"", 0, up=False, checked=False)


def extend(actual: State, desired: State, owners: Mapping[int, str], router: str) -> Iterator[Message]:
    """Second half of a change: everything else. New things come before old ones go. Interfaces must be there already."""
    yield from _add(actual, desired, owners, router)
    yield from _remove(actual, desired, router)


def _add(actual: State, desired: State, owners: Mapping[int, str], router: str) -> Iterator[Message]:
    for index, interface in desired.interfaces.items():
        yield from _adjust(index, actual.interfaces.get(index, _ABSENT), interface, owners.get(index, router))
    yield from _forget_bare(actual, desired, router)
    for address in desired.addresses - actual.addresses:
        yield _address(address, owners.get(address.interface, router))
    for address in actual.addresses - desired.addresses:  # a gateway may not be an own address
        yield _address(address, router, delete=True)
    forgotten = {
        i
        for i, one in actual.interfaces.items()
        if i in desired.interfaces and one.mac != desired.interfaces[i].mac
    }
    for neighbour in desired.neighbours - {
        one for one in actual.neighbours if one.interface not in forgotten
    }:
        yield codec.new_neighbour(*neighbour, owners.get(neighbour.interface, router))
    for destination, way in desired.routes.items():
        if (there := actual.routes.get(destination)) != way:
            if there and there.more:
                yield from _delete_route(destination, there, router)
            yield _add_route(destination, way, _owner(way, owners, router))
    for rule in desired.rules - actual.rules:
        yield codec.rule(*rule, router)


def _forget_bare(actual: State, desired: State, router: str) -> Iterator[Message]:
    """With the last IPv4 address of an interface the kernel takes its routes and neighbours; so it goes before they come."""
    kept = {one.interface for one in desired.addresses if len(one.address) == 4}
    last = {
        one
        for one in actual.addresses
        if len(one.address) == 4 and one.interface in desired.interfaces and one.interface not in kept
    }
    if not last:
        return
    for address in last:
        yield _address(address, router, delete=True)
    bare = {address.interface for address in last}
    actual.addresses = actual.addresses - last
    actual.neighbours = {
        one for one in actual.neighbours if len(one.address) != 4 or one.interface not in bare
    }
    actual.routes = {
        to: way
        for to, way in actual.routes.items()
        if to.version != AF_INET or not any(hop.out in bare for hop in way.hops)
    }


def _remove(actual: State, desired: State, router: str) -> Iterator[Message]:
    for rule in actual.rules - desired.rules:
        yield codec.rule(*rule, router, delete=True)
    for destination in actual.routes.keys() - desired.routes.keys():
        yield from _delete_route(destination, actual.routes[destination], router)
    kept = {neighbour[:2] for neighbour in desired.neighbours}
    for neighbour in actual.neighbours - desired.neighbours:
        if neighbour[:2] not in kept:
            yield codec.new_neighbour(*neighbour, router, delete=True)


def _adjust(index: int, actual: Interface, desired: Interface, owner: str) -> Iterator[Message]:
    if actual.rate != desired.rate:
        yield codec.shaper(index, desired.rate, owner) if desired.rate else codec.no_shaper(index, owner)
    if actual._replace(rate=0, name="") != desired._replace(rate=0, name=""):
        port = "" if actual.port == desired.port else desired.port
        mac = b"" if actual.mac == desired.mac else desired.mac
        yield codec.set_interface(
            index,
            up=desired.up,
            group=desired.group,
            mac=mac,
            checked=desired.checked,
            port=port,
            owner=owner,
        )


def _address(address: Address, owner: str, *, delete: bool = False) -> Message:
    return codec.new_address(*address[:-1], connected=address.connected, owner=owner, delete=delete)


def _owner(way: Way, owners: Mapping[int, str], router: str) -> str:
    return owners.get(way.hops[0].out, router) if len(way.hops) == 1 else router


def _add_route(destination: Destination, way: Way, owner: str) -> Message:
    return codec.route(*destination, way.kind, owner, hops=way.hops)


def _delete_route(destination: Destination, way: Way, owner: str) -> Iterator[Message]:
    for _ in range(1 + way.more):
        yield codec.route(*destination, BLACKHOLE, owner, delete=True)
