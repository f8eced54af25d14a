"""What decides whether a packet passes: rules, and the policies that they make up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from peerway.domain.prefixes import Prefix


class Action(StrEnum):
    """What a filter rule does with a packet it matches."""

    #: The packet goes on to the next check.
    ACCEPT = "accept"
    #: The packet is discarded silently.
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Match:
    """What a filter rule looks at. `remote` is the source for ingress and the destination for egress."""

    #: Range of the far side's address; it also fixes the IP version.
    remote: Prefix
    #: IP protocol number (1 icmp, 6 tcp, 17 udp, 58 icmpv6), or None for every protocol.
    protocol: int | None = None
    #: First destination port; ports are looked at for tcp and udp only.
    port_low: int = 0
    #: Last destination port, inclusive.
    port_high: int = 65535


@dataclass(frozen=True, slots=True)
class Rule:
    """One filter rule."""

    #: What it matches.
    match: Match
    #: What it does.
    action: Action
    #: Id of the security group rule; of the group, where its members reach each other; or `ACL-ID/direction/position`.
    source: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Rules in order, the first match decides; `default` decides when none matches."""

    #: Rules, first match first.
    rules: tuple[Rule, ...]
    #: Verdict when no rule matches.
    default: Action


@dataclass(frozen=True, slots=True)
class Policy:
    """A pair of filters for the two directions, seen from the protected side.

    As a security policy (the security groups of an instance, merged) it is stateful: it is asked once a connection, in the
    direction of the first packet. As an ACL (of a subnet) it is stateless: it is asked for every packet that enters or leaves
    the subnet, and not for packets that stay inside it.
    """

    #: Security group ids, sorted and joined with `+`, or the ACL's id.
    id: str
    #: For packets towards the instance or subnet.
    ingress: Filter
    #: For packets from it.
    egress: Filter
