"""Reading a namespace back from the kernel into a `State`.

Owns the decoding of dumps. Skipped: what the kernel makes by itself (its own routes, addresses and rules, the loopback
interface); of interfaces that wait to be reaped only their indexes are told.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from socket import AF_INET, AF_INET6, AF_UNSPEC

from peerway.adapters.dataplane.kernel import codec
from peerway.adapters.dataplane.kernel.codec import attributes
from peerway.adapters.dataplane.kernel.names import BORROWED_GROUP, CONDEMNED_GROUP, TAGGED_GROUP
from peerway.adapters.dataplane.kernel.netlink import Netlink
from peerway.adapters.dataplane.kernel.state import (
    Address,
    Destination,
    Interface,
    Neighbour,
    PolicyRule,
    State,
    Way,
    several,
)

_LINK = struct.Struct("<BxHiII")
_QDISC = struct.Struct("<BxxxiIII")
_NEIGHBOUR = struct.Struct("<BxxxiHBB")
_ROUTE = struct.Struct("<BBBBBBBBI")
_KERNEL_ROUTE = 2
_LOOPBACK = 1
_ANY = {AF_INET: bytes(4), AF_INET6: bytes(16)}
#: Policy rules that every namespace has by itself.
_BUILT_IN = (0, 32766, 32767)


def read_state(netlink: Netlink) -> State:
    """All of a router's namespace, which the socket belongs to, except its filter."""
    interfaces, condemned = _links(netlink)
    state = State(interfaces=interfaces, condemned=condemned)
    state.addresses = {
        one
        for one in read_addresses(netlink)
        if one.interface in state.interfaces or one.interface == _LOOPBACK
    }
    state.neighbours = _neighbours(netlink, state.interfaces)
    state.rules = _rules(netlink)
    state.routes = _routes(netlink)
    return state


def read_share(netlink: Netlink, wanted: Collection[int]) -> State:
    """What the driver has in a namespace that is somebody else's: some interfaces, and its own routes over them.

    Link-local addresses are not the driver's: interfaces may get them by themselves there.
    """
    interfaces = {
        index: one._replace(group=0, checked=False, rate=0, port="")
        for index, one in read_interfaces(netlink).items()
        if index in wanted
    }
    return State(
        interfaces=interfaces,
        addresses={
            one
            for one in read_addresses(netlink)
            if one.interface in interfaces and one.scope != codec.LINK_SCOPE
        },
        neighbours=_neighbours(netlink, interfaces),
        routes={
            to: way
            for to, way in _routes(netlink, codec.PROTOCOL).items()
            if any(way.uses(index) for index in interfaces)
        },
    )


def read_interfaces(netlink: Netlink) -> dict[int, Interface]:
    """Interfaces by index, without loopback and those that wait to be reaped."""
    return _links(netlink)[0]


def _links(netlink: Netlink) -> tuple[dict[int, Interface], set[int]]:
    """The same, and the indexes of those that wait to be reaped."""
    rates = _rates(netlink)
    result: dict[int, Interface] = {}
    condemned: set[int] = set()
    for _, body in netlink.dump(codec.GETLINK, codec.interface_request()):
        _, _, index, flags, _ = _LINK.unpack_from(body)
        if index == _LOOPBACK:
            continue
        found = attributes(body, 16)
        group = int.from_bytes(found.get(27, b""), "little")
        if group == CONDEMNED_GROUP:
            condemned.add(index)
            continue
        name = found[3].rstrip(b"\0").decode()
        mac = b"" if group in {TAGGED_GROUP, BORROWED_GROUP} else found.get(1, b"")
        up, rate = bool(flags & codec.UP), rates.get(index, 0)
        result[index] = Interface(name, mac, group, up, _checked(found), rate, _port(found))
    return result, condemned


def _port(found: dict[int, bytes]) -> str:
    return found.get(20, b"").rstrip(b"\0").decode(errors="replace")


def _checked(found: dict[int, bytes]) -> bool:
    inet = attributes(attributes(found.get(26, b""), 0).get(AF_INET, b""), 0).get(1, b"")
    return inet[28:32] == b"\1\0\0\0"


def _rates(netlink: Netlink) -> dict[int, int]:
    rates: dict[int, int] = {}
    for _, body in netlink.dump(codec.GETQDISC, _QDISC.pack(AF_UNSPEC, 0, 0, 0, 0)):
        index = _QDISC.unpack_from(body)[1]
        found = attributes(body, 20)
        if found.get(1) == b"tbf\0":
            options = attributes(found[2], 0)
            rate = (
                int.from_bytes(options[4], "little")
                if 4 in options
                else int.from_bytes(options[1][8:12], "little")
            )
            rates[index] = rate
    return rates


def read_addresses(netlink: Netlink) -> set[Address]:
    """Addresses, without the loopback interface's own."""
    result = set()
    for _, body in netlink.dump(codec.GETADDR, struct.pack("<BBBBi", AF_UNSPEC, 0, 0, 0, 0)):
        _, length, _, scope, index = struct.unpack_from("<BBBBi", body)
        found = attributes(body, 8)
        address = found.get(2, found[1])
        if index == _LOOPBACK and address[0] in {0, 127}:
            continue
        flags = int.from_bytes(found.get(8, b""), "little")
        connected = length < len(address) * 8 and not flags & codec.NO_PREFIX_ROUTE
        result.add(Address(index, address, length, scope, connected))
    return result


def _neighbours(netlink: Netlink, interfaces: dict[int, Interface]) -> set[Neighbour]:
    result = set()
    for _, body in netlink.dump(codec.GETNEIGH, _NEIGHBOUR.pack(AF_UNSPEC, 0, 0, 0, 0)):
        _, index, state, _, _ = _NEIGHBOUR.unpack_from(body)
        if state & codec.PERMANENT and index in interfaces:
            found = attributes(body, 12)
            result.add(Neighbour(index, found[1], found.get(2, b"")))
    return result


def _rules(netlink: Netlink) -> set[PolicyRule]:
    result = set()
    for version in (AF_INET, AF_INET6):
        for _, body in netlink.dump(codec.GETRULE, _ROUTE.pack(version, 0, 0, 0, 0, 0, 0, 0, 0)):
            length = body[2]
            found = attributes(body, 12)
            priority = int.from_bytes(found.get(6, b""), "little")
            if priority in _BUILT_IN:
                continue
            table = int.from_bytes(found.get(15, b""), "little")
            name = found.get(3, b"").rstrip(b"\0").decode()
            result.add(PolicyRule(version, priority, name, found.get(2, b""), length, table))
    return result


def _routes(netlink: Netlink, wanted: int | None = None) -> dict[Destination, Way]:
    """Routes by whom ever, or of one protocol; never the kernel's own."""
    result: dict[Destination, Way] = {}
    for version in (AF_INET, AF_INET6):
        for _, body in netlink.dump(codec.GETROUTE, _ROUTE.pack(version, 0, 0, 0, 0, 0, 0, 0, 0)):
            _, length, _, _, _, protocol, _, kind, _ = _ROUTE.unpack_from(body)
            if protocol == _KERNEL_ROUTE or wanted not in {None, protocol}:
                continue
            found = attributes(body, 12)
            table = int.from_bytes(found.get(15, b""), "little")
            destination = Destination(version, table, found.get(1, _ANY[version]), length)
            way = _way(kind, found)
            result[destination] = several(result[destination]) if destination in result else way
    return result


def _way(kind: int, found: dict[int, bytes]) -> Way:
    return Way(codec.next_hops(found)) if kind == codec.UNICAST else Way(kind=kind)
