"""What an instance's namespace looks like from inside, read from the kernel: interfaces, addresses, its own routes.

Owns the decoding. Unlike `read`, which looks for the driver's own objects, it tells what whoever works in the instance put there,
and the kernel's own routes too: those of a bridge's address range are what takes packets away.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address, ip_interface, ip_network
from itertools import islice
from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import Final

from peerway.adapters.dataplane.kernel import codec
from peerway.adapters.dataplane.kernel.codec import attributes
from peerway.adapters.dataplane.kernel.netlink import Netlink
from peerway.domain.guest import GuestAddress, GuestInterface, GuestRoute, GuestRouteKind, GuestView

#: Most routes that are told; an attached namespace may be a router with very many.
MAX_ROUTES: Final = 1000

_LINK = struct.Struct("<BxHiII")
_ADDRESS = struct.Struct("<BBBBi")
_ROUTE = struct.Struct("<BBBBBBBBI")
_LOOPBACK = 1
_MAIN_TABLE, _LOCAL_TABLE = 254, 255
_UNREACHABLE, _PROHIBIT = 7, 8
#: Set on routes that were only cloned from others to be remembered.
_CLONED = 0x200
_KINDS: Final = {
    codec.UNICAST: GuestRouteKind.FORWARD,
    codec.LOCAL: GuestRouteKind.LOCAL,
    codec.BLACKHOLE: GuestRouteKind.REFUSE,
    _UNREACHABLE: GuestRouteKind.REFUSE,
    _PROHIBIT: GuestRouteKind.REFUSE,
}
#: Policy rules that every namespace has by itself: to the local table, the main one and the default one.
_BUILT_IN = frozenset({0, 32766, 32767})
_ANY: Final[Mapping[int, bytes]] = {AF_INET: bytes(4), AF_INET6: bytes(16)}


def read_guest(netlink: Netlink, to_network: Collection[int]) -> GuestView:
    """The namespace that the socket belongs to; `to_network` are the indexes of the interfaces that lead to the VPC."""
    interfaces = _interfaces(netlink, to_network)
    names = {index: one.name for index, one in interfaces.items()}
    found = list(islice(_routes(netlink, names), MAX_ROUTES + 1))
    told = tuple(one for index, one in interfaces.items() if index != _LOOPBACK or one.addresses)
    complete = len(found) <= MAX_ROUTES and not _has_rules(netlink)
    return GuestView(told, tuple(found[:MAX_ROUTES]), complete)


def _interfaces(netlink: Netlink, to_network: Collection[int]) -> dict[int, GuestInterface]:
    addresses = _addresses(netlink)
    result = {}
    for _, body in netlink.dump(codec.GETLINK, codec.interface_request()):
        _, _, index, flags, _ = _LINK.unpack_from(body)
        name = attributes(body, 16)[3].rstrip(b"\0").decode(errors="replace")
        up = bool(flags & codec.UP)
        result[index] = GuestInterface(name, index in to_network, up, tuple(addresses.get(index, ())))
    return result


def _addresses(netlink: Netlink) -> dict[int, list[GuestAddress]]:
    """Addresses by interface, without the loopback interface's own and those that are for one wire only."""
    result: dict[int, list[GuestAddress]] = {}
    for _, body in netlink.dump(codec.GETADDR, _ADDRESS.pack(AF_UNSPEC, 0, 0, 0, 0)):
        _, length, _, _, index = _ADDRESS.unpack_from(body)
        found = attributes(body, 8)
        address = ip_address(found.get(2, found[1]))  # the near one of two ends, where they differ
        if not (address.is_loopback or address.is_link_local):
            result.setdefault(index, []).append(ip_interface((address, length)))
    return result


def _routes(netlink: Netlink, names: Mapping[int, str]) -> Iterator[GuestRoute]:
    """The routes of the two tables that packets of a guest are looked up in."""
    for version in (AF_INET, AF_INET6):
        for _, body in netlink.dump(codec.GETROUTE, _ROUTE.pack(version, 0, 0, 0, 0, 0, 0, 0, 0)):
            route = _route(version, body, names)
            if route is not None:
                yield route


def _route(version: int, body: bytes, names: Mapping[int, str]) -> GuestRoute | None:
    """A route in a dump; None for one that says nothing of where packets for instances go."""
    _, length, _, _, short, _, _, number, flags = _ROUTE.unpack_from(body)
    found = attributes(body, 12)
    table = int.from_bytes(found.get(15, bytes([short])), "little")
    kind = _KINDS.get(number)
    if kind is None or table not in {_MAIN_TABLE, _LOCAL_TABLE} or flags & _CLONED:
        return None
    prefix = ip_network((found.get(1, _ANY[version]), length))
    if prefix.network_address.is_loopback or (prefix.is_link_local and prefix.prefixlen):
        return None
    hops = codec.next_hops(found) if kind is GuestRouteKind.FORWARD else ()
    single = hops[0].gateway if len(hops) == 1 else b""
    return GuestRoute(
        prefix,
        kind,
        tuple(names.get(hop.out, "") for hop in hops),
        ip_address(single) if single else None,
        int.from_bytes(found.get(6, b""), "little"),
    )


def _has_rules(netlink: Netlink) -> bool:
    for version in (AF_INET, AF_INET6):
        for _, body in netlink.dump(codec.GETRULE, _ROUTE.pack(version, 0, 0, 0, 0, 0, 0, 0, 0)):
            if int.from_bytes(attributes(body, 12).get(6, b""), "little") not in _BUILT_IN:
                return True
    return False
