"""Names and numbers that the driver gives to kernel objects: derived from ids, so that nothing has to be remembered.

Owns every fixed number of the driver's own choosing. A second agent process finds the same objects by computing the same
names. Numbers are hashes; where two ids of one router meet in one number, the later in sort order takes the next free one.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterable
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address

from peerway.domain.prefixes import RESOLVER_ADDRESS

#: Interface group of link ends; instances' interfaces are in the group of their VSwitch, which is never this one.
LINK_GROUP = 2
#: Interface group of interfaces that are switched off and wait to be reaped.
CONDEMNED_GROUP = 3
#: Interface group of uplinks' interfaces that the driver made.
UPLINK_GROUP = 4
#: Interface group of 802.1Q interfaces that the driver made on top of the host's; their MAC address is the host's.
TAGGED_GROUP = 5
#: Interface group of the host's own interfaces that stand for an uplink, and are given back.
BORROWED_GROUP = 6
#: Routing table for packets that arrive by a link: the kernel's own main table, so that whatever no rule catches meets no link.
INBOUND_TABLE = 254
#: The kernel's own table of a namespace's addresses.
LOCAL_TABLE = 255
#: Routing table of the way back to every instance, by which IPv4 sources are checked and the router's own packets go.
BACK_TABLE = 252
#: Routing table of packets that leave by the router's exit, whatever the other tables say.
EXIT_TABLE = 251
#: Routing table that discards everything.
NOWHERE_TABLE = 250
#: Priority of the rule for that table: what is asked on behalf of no interface.
BACK_RULE = 50
#: Priority of the rules by which what comes in by an uplink finds the router's own addresses there.
OWN_RULE = 90
#: Priority of the rules that send packets arriving by a link to the inbound table; before all others.
LINK_RULE = 100
#: Priority of the rules for packets of instances with a public address.
EXIT_RULE = 150
#: Priority of the rules for packets of self-built gateways, whose source says nothing.
GATEWAY_RULE = 200
#: Priority of the rules that choose a table by the VSwitch of the source.
SUBNET_RULE = 300
#: Priority of the rule that comes and goes so that the kernel asks routes anew for flows that are under way; after all others.
FORGET_RULE = 40000
#: MAC address of every router on its instances' wires; each wire is a segment of its own.
ROUTER_MAC = bytes.fromhex("027077000001")
#: MAC addresses of the two ends of every link.
LINK_MACS = (bytes.fromhex("027077000010"), bytes.fromhex("027077000011"))
#: The router, as its instances see it: their gateway.
GATEWAY4 = IPv4Address("169.254.1.1").packed
#: The same for IPv6.
GATEWAY6 = IPv6Address("fe80::1").packed
#: Whoever is at the other end of a wire, as the next hop of a route: the router beyond a link, an instance that forwards. Not an
#: instance's own address: the kernel takes no IPv6 gateway that its main table knows behind another interface, where it may have
#: been until this change, and asks for none that is link-local.
FAR4 = IPv4Address("169.254.1.2").packed
#: The same for IPv6.
FAR6 = IPv6Address("fe80::2").packed
#: Source of ICMPv6 errors that a router sends; nobody routes to it.
ROUTER6 = IPv6Address("fdff:ffff:ffff::1").packed
#: The VPC's name server, as its instances see it; health checks of instances come from there, too.
RESOLVER4 = RESOLVER_ADDRESS
#: Interface of an instance whose namespace the driver made: name and index.
GUEST_INTERFACE = ("eth0", 2)
#: Name of the interface in an attached namespace, where `eth0` may be taken.
ATTACHED_INTERFACE = "peerway0"

_FIRST = 1000
_SPAN = 2**31 - 2**20 - _FIRST


def router_namespace(router_id: str) -> str:
    """Name under which the holder keeps a router's namespace."""
    return f"r/{router_id}"


def endpoint_namespace(endpoint_id: str) -> str:
    """Name under which the holder keeps an instance's namespace."""
    return f"i/{endpoint_id}"


def attached_namespace(endpoint_id: str, path: str) -> str:
    """Name of an instance's attached namespace; another path is another namespace."""
    return f"a/{endpoint_id}:{path}"


def outside_namespace(uplink_id: str, path: str) -> str:
    """Name of the namespace of the host that an uplink leads to."""
    return f"o/{uplink_id}:{path}"


def owner_id(namespace: str) -> str:
    """Id of the instance or uplink that a namespace's name was made for."""
    return namespace[2:].partition(":")[0]


def is_router(namespace: str) -> bool:
    """Whether a namespace is a router's, by its name."""
    return namespace.startswith("r/")


def endpoint_interface(endpoint_id: str) -> str:
    """Name of the router's side of an instance's wire."""
    return "e" + _short(endpoint_id)


def link_interface(link_id: str) -> str:
    """Name of both ends of a link."""
    return "l" + _short(link_id)


def uplink_interface(uplink_id: str) -> str:
    """Name of a router's side of an uplink."""
    return "u" + _short(uplink_id)


def service_chain(service_id: str) -> str:
    """Name of the chain that chooses a service's backend."""
    return "s" + _short(service_id)


def outside_interface(uplink_id: str) -> str:
    """Name of an uplink's interface in a namespace of the host."""
    return "pw" + _short(uplink_id)


def uplink_macs(uplink_id: str) -> tuple[bytes, bytes]:
    """MAC addresses of an uplink's two ends; unlike those of links they may meet on one segment outside."""
    digest = blake2b(uplink_id.encode(), digest_size=5).digest()
    return b"\x02" + digest, b"\x06" + digest


def uplink_link_local(uplink_id: str) -> bytes:
    """IPv6 address by which an uplink asks for its neighbours, where they are not known beforehand."""
    return FAR6[:8] + blake2b(uplink_id.encode(), digest_size=8).digest()


def numbers(ids: Iterable[str]) -> dict[str, int]:
    """A distinct number for each id, from 1000 up to 2³¹: for interface indexes, groups and routing tables."""
    taken: set[int] = set()
    result: dict[str, int] = {}
    for id in sorted(ids):
        number = _FIRST + int.from_bytes(blake2b(id.encode(), digest_size=8).digest(), "big") % _SPAN
        while number in taken:
            number += 1
        taken.add(number)
        result[id] = number
    return result


def _short(id: str) -> str:
    return b32encode(blake2b(id.encode(), digest_size=8).digest()).decode().rstrip("=").lower()
