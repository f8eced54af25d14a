"""A check on a packet's way with all that names it: the deciding object, its own words, and whose router it happens at (PATH-1).

Owns what is told about a step. What a step is, and which steps there are, is `fabric.outcomes`' and the walk's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from peerway.domain.prefixes import Prefix
from peerway.fabric.outcomes import Check, Outcome
from peerway.fabric.packets import Flow


@dataclass(frozen=True, slots=True)
class RouteWords:
    """What a table says about the destination."""

    #: Route table.
    table_id: str
    #: Range of the entry that decides.
    prefix: Prefix
    #: Who wrote it: `system`, `custom` or `auto`.
    origin: str
    #: `local` (a VSwitch), `service`, or a stored entry's kind of next hop.
    next_hop: str
    #: VSwitch, instance, link or gateway; several router interfaces are joined with `+`; None for a blackhole.
    next_hop_id: str | None


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule of a security group, an entry of a network ACL, or a range of a database's whitelist."""

    #: `security_rule`, `acl_entry` or `whitelist`.
    kind: str
    #: Security group, ACL or database that it is in.
    holder_id: str
    #: `ingress` or `egress`.
    direction: str
    #: `accept` or `drop`.
    action: str
    #: `all`, `tcp`, `udp`, `icmp`, `icmpv6` or `gre`.
    protocol: str
    #: First port; 0 to 65535 for all.
    port_low: int
    #: Last port.
    port_high: int
    #: Range of the far side; None for a group.
    remote_cidr: Prefix | None
    #: Group whose members are the far side; None for a range.
    remote_group_id: str | None = None
    #: Priority of a security rule, position of an ACL entry; 0 for a whitelist.
    order: int = 0


@dataclass(frozen=True, slots=True)
class DefaultWords:
    """What holds where no rule matches."""

    #: `default`, `members` (they reach each other), `connection` (it is part of one that was let through) or `whitelist`.
    kind: str
    #: Security groups, ACL or database that were asked, joined with `+`.
    holder_id: str
    #: `accept` or `drop`.
    action: str


@dataclass(frozen=True, slots=True)
class LinkWords:
    """The link, or one of several."""

    #: Peer connection, or initiator of a pair of router interfaces.
    link_id: str
    #: `peering` or `router_interface`.
    kind: str
    #: State of the peer connection, or of the two interfaces, the initiator's first.
    states: tuple[str, ...]
    #: Whether it carries packets now.
    up: bool
    #: Cap each way, Mbit/s; None for uncapped.
    cap_mbps: int | None
    #: Regions of the two ends.
    regions: tuple[str, str]
    #: Router at its other end.
    to_router_id: str

    @property
    def cross_region(self) -> bool:
        """Whether its ends are in two regions."""
        return self.regions[0] != self.regions[1]


@dataclass(frozen=True, slots=True)
class UplinkWords:
    """A way out of the network."""

    #: `vbr`, `nat_gateway`, `ipv4_gateway` or `direct`.
    kind: str
    #: Whether it carries packets now.
    up: bool


Words = RouteWords | RuleWords | DefaultWords | LinkWords | UplinkWords


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What translation makes of a packet's addresses and ports."""

    #: As it came.
    before: Flow
    #: As it goes on.
    after: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One check on the way, and what there is to say about it."""

    #: VPC or VBR that it happens at.
    router_id: str
    #: Account of that.
    owner_uid: str
    #: Region of that.
    region_id: str
    #: What is looked at.
    check: Check
    #: Id of what is looked at.
    subject: str
    #: Id of what decides; None when nothing matched and the default decides.
    source: str | None
    #: How the walk ends here; None when the packet goes on.
    outcome: Outcome | None
    #: The deciding object in its own words; None where there is nothing more to say.
    words: Words | None = None
    #: What translation does here; None for nothing.
    rewrite: Rewrite | None = None
    #: The whole in one sentence.
    text: str
