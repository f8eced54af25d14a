"""Security groups and network ACLs (NET-7): values only; how they become filters is `fabric.compile`'s business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Final

from peerway.domain.errors import InvalidInput
from peerway.domain.prefixes import Prefix
from peerway.domain.resource import Resource

#: One port or two.
PORTS = re.compile(r"([0-9]{1,5})(?:[/-]([0-9]{1,5}))?")


class Direction(StrEnum):
    """Which way a packet goes, seen from the protected side."""

    #: Towards it.
    INGRESS = "ingress"
    #: From it.
    EGRESS = "egress"


class RuleAction(StrEnum):
    """What a rule does."""

    #: Let the packet pass.
    ACCEPT = "accept"
    #: Discard it.
    DROP = "drop"


class Protocol(StrEnum):
    """Protocols that rules name."""

    #: Every protocol.
    ALL = "all"
    #: TCP, with ports.
    TCP = "tcp"
    #: UDP, with ports.
    UDP = "udp"
    #: ICMP, IPv4 only.
    ICMP = "icmp"
    #: ICMPv6, IPv6 only.
    ICMPV6 = "icmpv6"
    #: GRE tunnels.
    GRE = "gre"

    @property
    def number(self) -> int | None:
        """IP protocol number; None for all."""
        return _NUMBERS.get(self)

    @property
    def has_ports(self) -> bool:
        """Whether ports mean something for it."""
        return self is Protocol.TCP or self is Protocol.UDP


#: IP protocol numbers; there is none for all protocols.
_NUMBERS: Final[Mapping[Protocol, int]] = MappingProxyType(
    {Protocol.TCP: 6, Protocol.UDP: 17, Protocol.ICMP: 1, Protocol.ICMPV6: 58, Protocol.GRE: 47}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup(Resource):
    """A stateful filter that instances join. Unmatched: ingress is dropped, egress accepted."""

    #: VPC it belongs to.
    vpc_id: str
    #: Display name.
    name: str
    #: Free text.
    description: str = ""
    #: Whether members reach each other without a rule (after all rules, so that a drop rule still wins).
    inner_access: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRule(Resource):
    """One rule of a security group. Exactly one of `remote_cidr` and `remote_group_id` is set.

    Rules of all groups of an instance are taken together: the smallest priority number first, at the same number drop
    before accept.
    """

    #: VPC of the group.
    vpc_id: str
    #: Group it belongs to.
    security_group_id: str
    #: Which way.
    direction: Direction
    #: 1 (first) to 100 (last).
    priority: int = 1
    #: What it does.
    action: RuleAction = RuleAction.ACCEPT
    #: Protocol.
    protocol: Protocol = Protocol.ALL
    #: First destination port.
    port_low: int = 0
    #: Last destination port, inclusive.
    port_high: int = 65535
    #: Range of the far side, or None.
    remote_cidr: Prefix | None = None
    #: Group whose members are the far side, or None.
    remote_group_id: str | None = None
    #: Free text.
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntry:
    """One entry of a network ACL; the position in the list is its priority."""

    #: What it does.
    action: RuleAction
    #: Protocol.
    protocol: Protocol = Protocol.ALL
    #: First destination port.
    port_low: int = 0
    #: Last destination port, inclusive.
    port_high: int = 65535
    #: Source range for ingress, destination range for egress.
    cidr: Prefix
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAcl(Resource):
    """A stateless, ordered filter that VSwitches are bound to. Unmatched packets are dropped."""

    #: VPC it belongs to.
    vpc_id: str
    #: Display name.
    name: str
    #: Free text.
    description: str = ""
    #: Entries for packets into the VSwitch, first match decides.
    ingress: tuple[AclEntry, ...] = ()
    #: Entries for packets out of it.
    egress: tuple[AclEntry, ...] = ()


def parse_ports(text: object, protocol: Protocol, field: str = "port_range") -> tuple[int, int]:
    """First and last port of `80`, `80/80`, `80-90` or `80/90`; `-1/-1` and None mean every port.

    Protocols without ports take only the last two.
    """
    if text is None or text in {"-1/-1", "-1"}:
        return 0, 65535
    if not protocol.has_ports:
        raise InvalidInput(field, f"must be -1/-1 for {protocol.value}", text)
    match = PORTS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InvalidInput(field, "must be like 80/80, 80-90 or -1/-1", text)
    low, high = int(match[1]), int(match[2] or match[1])
    if not 1 <= low <= high <= 65535:
        raise InvalidInput(field, "must be ports from 1 to 65535, the lower one first", text)
    return low, high


def check_family(protocol: Protocol, remote: Prefix | None, field: str) -> None:
    """`InvalidInput` when ICMP of one IP version is named with a range of the other."""
    version = {Protocol.ICMP: 4, Protocol.ICMPV6: 6}.get(protocol)
    if remote is not None and version not in {None, remote.version}:
        raise InvalidInput(field, f"must be an IPv{version} range for {protocol.value}", remote)


def default_acl_entries() -> tuple[AclEntry, ...]:
    """What a new ACL has each way: everything accepted, IPv4 and IPv6."""
    return (
        AclEntry(action=RuleAction.ACCEPT, cidr=IPv4Network("0.0.0.0/0"), name="default"),
        AclEntry(action=RuleAction.ACCEPT, cidr=IPv6Network("::/0"), name="default"),
    )
