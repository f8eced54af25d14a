"""What there is to say about a hop, in plain English. Owns the sentences; they give ids and ranges and never names or free text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from peerway.analysis.telling.hops import DefaultWords, Hop, LinkWords, RouteWords, RuleWords, UplinkWords
from peerway.fabric.outcomes import Check, Outcome
from peerway.fabric.packets import PORTED, Flow, Packet

_NUMBERS: Final[Mapping[int, str]] = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}

#: What a kind of next hop is called.
_HOPS: Final[Mapping[str, str]] = {
    "local": "delivered in",
    "instance": "handed to instance",
    "peering": "sent over peer connection",
    "router_interface": "sent over router interface",
    "line": "sent down the line of",
    "nat_gateway": "sent to NAT gateway",
    "ipv4_gateway": "sent to IPv4 gateway",
}

#: What kinds of ways out are called.
_DOORS: Final[Mapping[str, str]] = {
    "vbr": "the line of border router",
    "nat_gateway": "NAT gateway",
    "ipv4_gateway": "IPv4 gateway",
    "direct": "the public addresses of",
}

_ENDS: Final[Mapping[Outcome, str]] = {
    Outcome.DELIVERED: "{subject} gets the packet",
    Outcome.HANDED_TO_ENDPOINT: "{subject}, a gateway, gets the packet for {to}; what its guest does with it is not known",
    Outcome.LEFT: "it leaves the network by {subject}",
    Outcome.HANDED_TO_RESOLVER: "the name server of {subject} gets it",
    Outcome.HAIRPIN: "{subject} asked a service and was chosen to answer itself",
    Outcome.NO_SUCH_ADDRESS: "nobody in {subject} has the address {to}",
    Outcome.NOT_A_GATEWAY: "{subject} is not {to} and, as its addresses are checked, no gateway: it does not take the packet",
}


def traffic(packet: Packet) -> str:
    """What a packet is: `tcp/443 from 10.0.1.4 to 10.1.1.4`."""
    return f"{protocol_of(packet)} from {packet.source} to {packet.destination}"


def protocol_of(packet: Packet) -> str:
    """`tcp/443`, or `icmp`."""
    name = _NUMBERS.get(packet.protocol, f"protocol {packet.protocol}")
    return f"{name}/{packet.port}" if packet.protocol in PORTED else name


def hop_text(hop: Hop, packet: Packet) -> str:  # noqa: PLR0911 - a case a check
    """The hop in one sentence; `packet` is as the check sees it."""
    words = hop.words
    match hop.check:
        case Check.ROUTE | Check.INBOUND_ROUTE:
            return _route_text(hop, words if isinstance(words, RouteWords) else None, packet)
        case Check.EGRESS_POLICY | Check.INGRESS_POLICY | Check.EGRESS_ACL | Check.INGRESS_ACL:
            return _filter_text(hop, packet)
        case Check.LINK:
            return _link_text(hop, words if isinstance(words, LinkWords) else None)
        case Check.UPLINK | Check.EXIT:
            return _uplink_text(hop, words if isinstance(words, UplinkWords) else None, packet)
        case Check.DESTINATION_NAT | Check.SERVICE | Check.SOURCE_NAT:
            return _rewrite_text(hop, packet)
        case Check.SOURCE:
            if hop.outcome is None:
                return f"{hop.subject} sends it"
            return f"{packet.source} is not an address of {hop.subject}, which is no gateway"
        case Check.DELIVERY:
            ending = _ENDS[hop.outcome] if hop.outcome is not None else "{subject}"
            return ending.format(subject=hop.subject, to=packet.destination)


def _route_text(hop: Hop, words: RouteWords | None, packet: Packet) -> str:
    table = f"table {hop.subject}"
    if words is None:
        return f"{table} has no entry for {packet.destination}"
    entry = f"{table} has {words.prefix}" + (f" ({hop.source})" if words.origin != "system" else "")
    if hop.outcome is Outcome.TRANSIT:
        target = f" to {words.next_hop_id}" if words.next_hop_id else ""
        return f"{entry}{target}: what came over a link or from outside is not led on (no transit)"
    if words.next_hop == "blackhole":
        return f"{entry}: dropped, as the entry says"
    if words.next_hop == "service":
        return f"{entry}: the range of the cloud's own services"
    done = f"{_HOPS.get(words.next_hop, words.next_hop)} {words.next_hop_id}"
    if hop.outcome is Outcome.BLACKHOLE:
        return f"{entry}: dropped, as what it leads to ({words.next_hop} {words.next_hop_id}) is not there or carries nothing"
    return f"{entry}: {done}"


def _filter_text(hop: Hop, packet: Packet) -> str:
    words, what = hop.words, protocol_of(packet)
    inward = hop.check in {Check.INGRESS_ACL, Check.INGRESS_POLICY}
    flow = f"{what} from {packet.source}" if inward else f"{what} to {packet.destination}"
    verb = "dropped" if hop.outcome is not None else "let through"
    acl = hop.check in {Check.EGRESS_ACL, Check.INGRESS_ACL}
    if isinstance(words, RuleWords):
        return f"{flow} is {verb} by {rule_text(words, hop.source)}"
    if not isinstance(words, DefaultWords):
        return f"{flow} is {verb} by {hop.subject}"
    if words.kind == "connection":
        return f"{flow} is let through by {words.holder_id}, as it answers what was let through"
    if words.kind == "members":
        return f"{flow} is let through by {words.holder_id}, whose members reach each other"
    if words.kind == "whitelist":
        return (
            f"{flow} is dropped: {words.holder_id} takes tcp at its port only, from ranges on its whitelist"
        )
    holder = ("network ACL" if acl else "security group") + f" {words.holder_id}"
    return f"{flow} is {verb}: no rule of {holder} matches"


def rule_text(words: RuleWords, source: str | None) -> str:
    """A rule in its own words."""
    remote = words.remote_cidr if words.remote_cidr is not None else f"group {words.remote_group_id}"
    ports = "" if (words.port_low, words.port_high) == (0, 65535) else f"/{words.port_low}-{words.port_high}"
    if words.kind == "whitelist":
        return f"the whitelist of {words.holder_id} ({remote})"
    if words.kind == "acl_entry":
        return (
            f"entry {words.order} ({words.direction}) of network ACL {words.holder_id}: "
            f"{words.action} {words.protocol}{ports} {remote}"
        )
    return (
        f"rule {source} of security group {words.holder_id}: {words.direction} {words.action} "
        f"{words.protocol}{ports} {remote}, priority {words.order}"
    )


def _link_text(hop: Hop, words: LinkWords | None) -> str:
    if words is None:
        return f"{hop.subject} does not carry packets"
    what = "peer connection" if words.kind == "peering" else "router interface"
    cap = "uncapped" if words.cap_mbps is None else f"{words.cap_mbps} Mbit/s"
    regions = f", {words.regions[0]} to {words.regions[1]}" if words.cross_region else ""
    state = "/".join(words.states)
    if hop.outcome is not None:
        return f"{what} {hop.subject} is {state}: it carries nothing"
    return f"over {what} {words.link_id} ({state}, {cap}{regions}) to {words.to_router_id}"


def _uplink_text(hop: Hop, words: UplinkWords | None, packet: Packet) -> str:
    door = f"{_DOORS.get(words.kind, 'uplink') if words else 'uplink'} {hop.subject}"
    if hop.outcome is None:
        return f"by {door}"
    if words is not None and words.up:
        return f"{door} carries no IPv{packet.source.version}"
    return f"{door} is down"


def _rewrite_text(hop: Hop, packet: Packet) -> str:
    if hop.outcome is Outcome.NO_BACKEND:
        return f"no instance answers for {hop.subject}"
    if hop.outcome is not None:
        return f"{hop.subject} has no address translation for {traffic(packet)}"
    if hop.rewrite is None:
        return f"{hop.subject} leaves the addresses as they are"
    return f"{hop.subject} makes {_flow(hop.rewrite.before)} into {_flow(hop.rewrite.after)}"


def _flow(flow: Flow) -> str:
    """`10.0.1.4 to 10.1.1.4:443`."""
    port = f":{flow.port}" if flow.port else ""
    return f"{flow.source} to {flow.destination}{port}"
