"""Reading a namespace back from the kernel into a `State`.

Owns the decoding of dumps. Skipped: what the kernel makes by itself (its own routes, addresses and rules, the loopback
interface) and interfaces that wait to be reaped.
"""

from __future__ import annotations

import struct
from socket import AF_INET, AF_INET6, AF_UNSPEC

from peerway.adapters.dataplane.kernel import codec
from peerway.adapters.dataplane.kernel.codec import attributes
from peerway.adapters.dataplane.kernel.names import CONDEMNED_GROUP
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
    """All of the namespace that the socket belongs to, except its filter."""
    state = State(interfaces=_interfaces(netlink))
    state.addresses = _addresses(netlink)
    state.neighbours = _neighbours(netlink, state.interfaces)
    state.rules = _rules(netlink)
    state.routes = _routes(netlink)
    return state


def _interfaces(netlink: Netlink) -> dict[int, Interface]:
    rates = _rates(netlink)
    result: dict[int, Interface] = {}
    for _, body in netlink.dump(codec.GETLINK, codec.interface_request()):
        _, _, index, flags, _ = _LINK.unpack_from(body)
        if index == _LOOPBACK:
            continue
        found = attributes(body, 16)
        group = int.from_bytes(found.get(27, b""), "little")
        if group == CONDEMNED_GROUP:
            continue
        name = found[3].rstrip(b"\0").decode()
        up = bool(flags & codec.UP)
        result[index] = Interface(name, found.get(1, b""), group, up, _checked(found), rates.get(index, 0))
    return result


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


def _addresses(netlink: Netlink) -> set[Address]:
    result = set()
    for _, body in netlink.dump(codec.GETADDR, struct.pack("<BBBBi", AF_UNSPEC, 0, 0, 0, 0)):
        _, length, _, _, index = struct.unpack_from("<BBBBi", body)
        address = attributes(body, 8)[1]
        if (index == _LOOPBACK and address[0] in {0, 127}) or length != len(address) * 8:
            continue
        result.add(Address(index, address))
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


def _routes(netlink: Netlink) -> dict[Destination, Way]:
    result: dict[Destination, Way] = {}
    for version in (AF_INET, AF_INET6):
        for _, body in netlink.dump(codec.GETROUTE, _ROUTE.pack(version, 0, 0, 0, 0, 0, 0, 0, 0)):
            _, length, _, _, _, protocol, _, kind, _ = _ROUTE.unpack_from(body)
            if protocol == _KERNEL_ROUTE:
                continue
            found = attributes(body, 12)
            table = int.from_bytes(found.get(15, b""), "little")
            destination = Destination(version, table, found.get(1, _ANY[version]), length)
            way = _way(kind, found)
            result[destination] = several(result[destination]) if destination in result else way
    return result


def _way(kind: int, found: dict[int, bytes]) -> Way:
    return Way(codec.next_hops(found)) if kind == codec.UNICAST else Way(kind=kind)
