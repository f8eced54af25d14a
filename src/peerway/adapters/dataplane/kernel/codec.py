"""The rtnetlink messages that the driver sends, as bytes; pure.

Owns the encoding of requests and the reading of attributes. A message class library costs about 65 µs a message to encode and 50
to decode, this 3 to 5: see docs/decisions/0012.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from errno import EOPNOTSUPP
from socket import AF_INET, AF_INET6
from typing import NamedTuple

NEWLINK, DELLINK, GETLINK = 16, 17, 18
NEWADDR, DELADDR, GETADDR = 20, 21, 22
NEWROUTE, DELROUTE, GETROUTE = 24, 25, 26
NEWNEIGH, DELNEIGH, GETNEIGH = 28, 29, 30
NEWRULE, DELRULE, GETRULE = 32, 33, 34
NEWQDISC, DELQDISC, GETQDISC = 36, 37, 38
GETSTATS = 94

REPLACE, EXCLUSIVE, CREATE = 0x100, 0x200, 0x400

UNICAST, LOCAL, BLACKHOLE, THROW = 1, 2, 6, 9
UP = 1
PERMANENT = 0x80
#: `rtm_protocol` of the driver's routes and rules, so that people can tell them apart in `ip route`.
PROTOCOL = 112
#: The root of an interface's queueing disciplines, and the handle of the shaper put there.
ROOT, SHAPER_HANDLE = 0xFFFFFFFF, 0x10000

_HEAD = struct.Struct("<HH")
_LINK = struct.Struct("<BxHiII")
_ROUTE = struct.Struct("<BBBBBBBBI")
_QDISC = struct.Struct("<BxxxiIII")
_HOP = struct.Struct("<HBBi")
_NESTED = 0x8000
#: Next hops are reachable on the interface whatever addresses it has.
_ONLINK = 4
#: Scopes of routes.
HOST_SCOPE, LINK_SCOPE, _NOWHERE = 254, 253, 255
_LOOPBACK = 1
#: Flags of addresses.
_NO_DETECTION, NO_PREFIX_ROUTE = 0x02, 0x200
#: `IPV4_DEVCONF_RP_FILTER`, `IPV4_DEVCONF_PROMOTE_SECONDARIES`.
_RP_FILTER, _PROMOTE = 8, 20
#: `MACVLAN_MODE_BRIDGE`.
_MACVLAN_BRIDGE = 4
#: `psched` ticks a second: the kernel counts shaper time in units of 64 ns.
_TICKS = 15_625_000


class Message(NamedTuple):
    """One request."""

    #: Message type.
    type: int
    #: Flags beyond REQUEST and ACK.
    flags: int
    #: What follows the header.
    body: bytes
    #: Id of the object that it is sent for; a failure is reported under it.
    owner: str = ""
    #: Whether it only takes something away, so that it matters not when that is gone already.
    removes: bool = False


def attribute(type: int, value: bytes) -> bytes:
    """One attribute with its padding."""
    size = len(value) + 4
    return _HEAD.pack(size, type) + value + b"\0" * (-size & 3)


def u32(type: int, value: int) -> bytes:
    """An attribute holding one 32-bit number."""
    return attribute(type, value.to_bytes(4, "little"))


def text(type: int, value: str) -> bytes:
    """An attribute holding a zero-terminated string."""
    return attribute(type, value.encode() + b"\0")


def nest(type: int, *parts: bytes) -> bytes:
    """An attribute holding attributes."""
    return attribute(type | _NESTED, b"".join(parts))


def attributes(body: bytes, offset: int) -> dict[int, bytes]:
    """The attributes from `offset` to the end, by type; of repeated ones the last."""
    return dict(each_attribute(body, offset))


def each_attribute(body: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """The attributes from `offset` to the end, in order."""
    end = len(body) - 4
    while offset <= end:
        size, type = _HEAD.unpack_from(body, offset)
        if size < 4:
            return
        yield type & 0x3FFF, body[offset + 4 : offset + size]
        offset += (size + 3) & ~3


def family(address: bytes) -> int:
    """The address family of a packed address."""
    return AF_INET if len(address) == 4 else AF_INET6


class End(NamedTuple):
    """One end of a wire that is to be made."""

    #: Interface index.
    number: int
    #: Interface name.
    name: str
    #: MAC address.
    mac: bytes
    #: Interface group.
    group: int


def new_wire(near: End, far: End, far_namespace: int, owner: str) -> Message:
    """A veth pair, switched off, with its far end in the namespace behind the file descriptor."""
    peer = _LINK.pack(0, 0, far.number, 0, 0) + _end(far) + u32(28, far_namespace)
    info = nest(18, text(1, "veth"), nest(2, attribute(1, peer)))
    return Message(
        NEWLINK, CREATE | EXCLUSIVE, _LINK.pack(0, 0, near.number, 0, 0) + _end(near) + info, owner
    )


#: One queue each way. A pair carries packets in the sender's turn and locks nothing, so the queue for each core that the kernel
#: would make serves nobody, and costs time and memory.
_ONE_QUEUE = u32(31, 1) + u32(32, 1)


def _end(end: End) -> bytes:
    return text(3, end.name) + attribute(1, end.mac) + u32(27, end.group) + _ONE_QUEUE


def set_interface(
    index: int, *, up: bool, group: int, mac: bytes, checked: bool, port: str = "", owner: str
) -> Message:
    """Set an interface's state, group and reverse path check (IPv4) in one message; its MAC and port too unless empty.

    Setting the MAC makes the kernel forget the interface's neighbours, also when it stays the same. The address that goes does
    not take others of its range with it.
    """
    inet = nest(26, nest(AF_INET, nest(1, u32(_RP_FILTER, int(checked)), u32(_PROMOTE, 1))))
    body = _LINK.pack(0, 0, index, int(up), UP) + u32(27, group) + (attribute(1, mac) if mac else b"") + inet
    return Message(NEWLINK, 0, body + (text(20, port) if port else b""), owner)


def condemn_interface(index: int, group: int, owner: str) -> Message:
    """Switch an interface off for good; it carries nothing from here on."""
    return Message(NEWLINK, 0, _LINK.pack(0, 0, index, 0, UP) + u32(27, group), owner, removes=True)


def new_branch(kind: str, end: End, host: int, vlan: int, namespace: int, owner: str) -> Message:
    """An interface on top of one of the host's, made by its index there, in the namespace behind the file descriptor."""
    data = u32(1, _MACVLAN_BRIDGE) if kind == "macvlan" else attribute(1, vlan.to_bytes(2, "little"))
    mac = attribute(1, end.mac) if end.mac else b""
    body = _LINK.pack(0, 0, end.number, 0, 0) + text(3, end.name) + mac + u32(27, end.group)
    info = nest(18, text(1, kind), nest(2, data))
    return Message(NEWLINK, CREATE | EXCLUSIVE, body + u32(5, host) + u32(28, namespace) + info, owner)


def move_interface(
    index: int, end: End, namespace: int, owner: str, *, port: str, keep_index: bool
) -> Message:
    """Switch an interface off and move it to the namespace behind the file descriptor, under the name and alias it gets."""
    body = _LINK.pack(0, 0, index, 0, UP) + u32(28, namespace) + text(3, end.name) + u32(27, end.group)
    body += b"" if keep_index else u32(49, end.number)
    return Message(NEWLINK, 0, body + text(20, port), owner)


def kind_request(kind: str) -> Message:
    """A request for an interface of a kind without any particulars, which is refused in one way or another."""
    return Message(NEWLINK, CREATE | EXCLUSIVE, _LINK.pack(0, 0, 0, 0, 0) + nest(18, text(1, kind)))


def knows_kind(refusal: int) -> bool:
    """Whether the kernel knows the kind, by the error number of that refusal."""
    return refusal != EOPNOTSUPP


def interface_named(name: str) -> bytes:
    """Body of a question for an interface by its name."""
    return _LINK.pack(0, 0, 0, 0, 0) + text(3, name)


def interface_index(answer: bytes) -> int:
    """The index in the answer to either question for an interface."""
    index: int = _LINK.unpack_from(answer)[2]
    return index


def interface_request(index: int = 0) -> bytes:
    """Body of a question for one interface, or for all."""
    return _LINK.pack(0, 0, index, 0, 0)


def delete_group(group: int) -> Message:
    """Delete all interfaces of a group; slow, the kernel waits for readers."""
    return Message(DELLINK, 0, _LINK.pack(0, 0, 0, 0, 0) + u32(27, group), removes=True)


def new_address(
    index: int,
    address: bytes,
    length: int,
    scope: int,
    *,
    connected: bool,
    owner: str,
    delete: bool = False,
) -> Message:
    """Give an interface an address, without duplicate address detection; `connected` brings the route to its range."""
    flags = (_NO_DETECTION if len(address) == 16 else 0) | (0 if connected else NO_PREFIX_ROUTE)
    head = struct.pack("<BBBBi", family(address), length, 0, scope, index)
    body = head + attribute(2, address) + attribute(1, address) + u32(8, flags)
    return (
        Message(DELADDR, 0, body, owner, removes=True)
        if delete
        else Message(NEWADDR, CREATE | REPLACE, body, owner)
    )


def new_neighbour(index: int, address: bytes, mac: bytes, owner: str, *, delete: bool = False) -> Message:
    """A permanent neighbour: no ARP, no neighbour discovery, and exempt from the host-wide table limit."""
    body = struct.pack("<BxxxiHBB", family(address), index, PERMANENT, 0, 0) + attribute(1, address)
    if delete:
        return Message(DELNEIGH, 0, body, owner, removes=True)
    return Message(NEWNEIGH, CREATE | REPLACE, body + attribute(2, mac), owner)


class NextHop(NamedTuple):
    """One way that a route leads."""

    #: Interface index.
    out: int
    #: Packed address of the next router, taken as on-link whatever addresses the interface has; empty for a neighbour.
    gateway: bytes = b""
    #: Share of the connections, 1 to 256.
    weight: int = 1


def route(  # noqa: PLR0913 - the parts of a route
    version: int,
    table: int,
    network: bytes,
    length: int,
    kind: int,
    owner: str,
    *,
    hops: Sequence[NextHop] = (),
    delete: bool = False,
    flags: int = CREATE | REPLACE,
) -> Message:
    """A route; with several hops it spreads connections over them."""
    short = table if table < 256 else 0
    target = (attribute(1, network) if length else b"") + u32(15, table)
    if delete:
        body = _ROUTE.pack(version, length, 0, 0, short, 0, _NOWHERE, 0, 0) + target
        return Message(DELROUTE, 0, body, owner, removes=True)
    single = hops[0] if len(hops) == 1 else None
    onlink = _ONLINK if single and single.gateway else 0
    scope = _scope(kind, version, single)
    body = _ROUTE.pack(version, length, 0, 0, short, PROTOCOL, scope, kind, onlink) + target
    if single:
        body += u32(4, single.out) + (attribute(5, single.gateway) if single.gateway else b"")
    elif hops:
        body += attribute(9, b"".join(map(_hop, hops)))
    elif kind == LOCAL:
        body += u32(4, _LOOPBACK)
    return Message(NEWROUTE, flags, body, owner)


def _scope(kind: int, version: int, single: NextHop | None) -> int:
    if kind == LOCAL:
        return HOST_SCOPE
    return LINK_SCOPE if single and not single.gateway and version == AF_INET else 0


def _hop(hop: NextHop) -> bytes:
    gateway = attribute(5, hop.gateway) if hop.gateway else b""
    return _HOP.pack(_HOP.size + len(gateway), _ONLINK if gateway else 0, hop.weight - 1, hop.out) + gateway


def next_hops(found: dict[int, bytes]) -> tuple[NextHop, ...]:
    """The next hops in a route's attributes, in a fixed order."""
    if 9 not in found:
        return (NextHop(int.from_bytes(found.get(4, b""), "little"), found.get(5, b"")),)
    hops, offset = [], 0
    while offset + _HOP.size <= len(found[9]):
        size, _, weight, out = _HOP.unpack_from(found[9], offset)
        inner = attributes(found[9][offset : offset + size], _HOP.size)
        hops.append(NextHop(out, inner.get(5, b""), weight + 1))
        offset += (size + 3) & ~3
    return tuple(sorted(hops))


def route_request(address: bytes) -> bytes:
    """Body of the question where a packet to an address would go."""
    return _ROUTE.pack(family(address), len(address) * 8, 0, 0, 0, 0, 0, 0, 0) + attribute(1, address)


def is_local(answer: bytes | None) -> bool:
    """Whether the answer to that question is: to the namespace itself."""
    return answer is not None and _ROUTE.unpack_from(answer)[7] == LOCAL


def rule(
    version: int,
    priority: int,
    interface: str,
    source: bytes,
    length: int,
    table: int,
    owner: str,
    *,
    delete: bool = False,
) -> Message:
    """A policy rule by incoming interface or by source range."""
    short = table if table < 256 else 0
    body = _ROUTE.pack(version, 0, length, 0, short, 0, 0, 1, 0) + u32(6, priority) + u32(15, table)
    body += b"" if delete else attribute(21, bytes([PROTOCOL]))
    if interface:
        body += text(3, interface)
    if length:
        body += attribute(2, source)
    return (
        Message(DELRULE, 0, body, owner, removes=True)
        if delete
        else Message(NEWRULE, CREATE | EXCLUSIVE, body, owner)
    )


def shaper(index: int, rate: int, owner: str) -> Message:
    """A token bucket of `rate` bytes a second on what the interface sends; a change keeps what is queued."""
    burst = 1 << 20 if rate >= 125_000_000 else max(1 << 17, rate // 250)
    limit = burst + rate // 50
    spec = struct.pack("<BBHhHI", 0, 1, 0, 0, 0, min(rate, 0xFFFFFFFF))
    ticks = min(burst * _TICKS // rate, 0xFFFFFFFF)
    parameters = spec + bytes(12) + struct.pack("<III", limit, ticks, 0)
    options = [attribute(1, parameters), u32(6, burst), attribute(2, bytes(1024))]
    if rate > 0xFFFFFFFF:
        options.append(attribute(4, rate.to_bytes(8, "little")))
    body = _QDISC.pack(0, index, SHAPER_HANDLE, ROOT, 0) + text(1, "tbf") + nest(2, *options)
    return Message(NEWQDISC, CREATE | REPLACE, body, owner)


def no_shaper(index: int, owner: str) -> Message:
    """Take the shaper off."""
    return Message(DELQDISC, 0, _QDISC.pack(0, index, 0, ROOT, 0), owner, removes=True)
