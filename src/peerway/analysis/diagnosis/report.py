"""The whole answer to a question about a path (PATH-1, PATH-2, PATH-3): values only.

Owns what an answer says. How it is found is `asking`; who sees which part of it is the use cases' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from peerway.analysis.remedies import Remedy
from peerway.analysis.telling.hops import Hop
from peerway.fabric.outcomes import Outcome
from peerway.fabric.packets import Packet


class Verdict(StrEnum):
    """What comes of it."""

    #: The target gets the request, and the source the reply.
    REACHABLE = "reachable"
    #: The target gets the request, and the source no reply.
    ONE_WAY = "one_way"
    #: The target does not get the request.
    UNREACHABLE = "unreachable"
    #: The network does not know: the packet left it, or was handed to a guest that forwards, or the way in is not known.
    UNKNOWN = "unknown"


class Way(StrEnum):
    """Which of the two packets."""

    #: From the source to the target.
    REQUEST = "request"
    #: From the target to the source.
    REPLY = "reply"


class FindingCode(StrEnum):
    """Rows of the troubleshooting table, and what it leaves out."""

    #: A peer connection or pair of router interfaces on the way does not carry packets.
    LINK_STATE = "link_state"
    #: There is no link between the two networks.
    NO_LINK = "no_link"
    #: The two networks, or their VSwitches, have addresses in common.
    OVERLAP = "overlap"
    #: A range outside RFC 1918 whose packets leave by the internet (NET-10).
    PUBLIC_RANGE = "public_range"
    #: The guest has another interface with the other side's addresses.
    GUEST_CLASH = "guest_clash"
    #: The guest's own addresses are not known.
    GUEST_UNKNOWN = "guest_unknown"
    #: No entry leads to the other side.
    ROUTE_MISSING = "route_missing"
    #: An entry leads to the other side and does not cover the address.
    ROUTE_RANGE = "route_range"
    #: An entry that covers it is in a table that the VSwitch is not bound to.
    ROUTE_TABLE = "route_table"
    #: An entry leads its packets elsewhere.
    ROUTE_ELSEWHERE = "route_elsewhere"
    #: A security group drops.
    SECURITY_GROUP = "security_group"
    #: A network ACL drops.
    NETWORK_ACL = "network_acl"
    #: A database's whitelist lacks the source.
    WHITELIST = "whitelist"
    #: The line or gateway to the outside does not carry the packets.
    UPLINK = "uplink"
    #: An instance is stopped: it is not on the network.
    INSTANCE_STOPPED = "instance_stopped"
    #: Only one of the two can reach the other.
    ONE_WAY = "one_way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """What stops a packet, or would once what stops it earlier is lifted."""

    #: Which packet.
    way: Way
    #: Where; None for what happens inside a guest.
    hop: Hop | None
    #: What is wrong, in one sentence.
    text: str
    #: Account whose it is.
    owner_uid: str
    #: What would lift it; None when nothing narrow enough does.
    remedy: Remedy | None
    #: Why there is no remedy; empty when there is one.
    why_none: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One row of the troubleshooting table that applies."""

    #: Which row.
    code: FindingCode
    #: What was found, in one sentence.
    text: str
    #: What it is about.
    subjects: tuple[str, ...]
    #: Accounts of those: who may read the finding.
    owner_uids: tuple[str, ...] = ()
    #: What would help; None when nothing narrow does.
    remedy: Remedy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The answer to one question."""

    #: What comes of it.
    verdict: Verdict
    #: Revision of the network that it is true for.
    revision: int
    #: The request as the source sends it; None when it is not known how it would come in, or the source is stopped.
    packet: Packet | None
    #: How the request ends; None without one.
    request_outcome: Outcome | None = None
    #: How the reply ends; None without one.
    reply_outcome: Outcome | None = None
    #: Checks on the request's way.
    request: tuple[Hop, ...] = ()
    #: Checks on the reply's way; empty when nobody replies.
    reply: tuple[Hop, ...] = ()
    #: Everything that stops the two packets, in the order that they meet it.
    blockers: tuple[Blocker, ...] = ()
    #: Rows of the troubleshooting table that apply.
    findings: tuple[Finding, ...] = ()
    #: The fewest changes that lift all that can be lifted, in the order to make them.
    remedies: tuple[Remedy, ...] = ()
    #: What comes of it when the target asks the source the same; None when that can't be asked.
    reverse: Verdict | None = None
    #: What else is to be known: choices that depend on the connection, what is not known.
    notes: tuple[str, ...] = ()
    #: The whole in plain sentences.
    sentences: tuple[str, ...] = ()
