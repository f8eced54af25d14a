"""What one packet does in the fabric, slow and obvious: the reference that fast readers and data planes are tested against.

Owns the order of the checks and the closed set of outcomes. Nothing clever may go in here.

The way of a packet: its source address is checked, then the security policy of the interface it leaves, then the route; the ACL
of the subnet it leaves (unless it stays inside it), the link and the inbound route at the other router; the ACL of the subnet it
enters, the security policy of the interface it reaches. The first check that says no ends the walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from peerway.domain.errors import NotFound
from peerway.domain.prefixes import Address
from peerway.fabric.model import (
    Action,
    Blackhole,
    Endpoint,
    Fabric,
    Fib,
    FibEntry,
    Filter,
    Match,
    Policy,
    Router,
    Subnet,
    ToEndpoint,
    ToLink,
)

#: Protocols whose packets have ports.
PORTED = frozenset({6, 17})

#: A port that clients get from their systems (Linux: 32768 to 60999).
CLIENT_PORT = 50000


class Outcome(StrEnum):
    """How a walk ends."""

    #: The instance that has the destination address got the packet.
    DELIVERED = "delivered"
    #: A self-built gateway got it for a foreign address; what its guest does with it, the fabric doesn't know.
    HANDED_TO_ENDPOINT = "handed_to_endpoint"
    #: A security group dropped it.
    DROPPED_BY_POLICY = "dropped_by_policy"
    #: A network ACL dropped it.
    DROPPED_BY_ACL = "dropped_by_acl"
    #: No entry matches the destination.
    NO_ROUTE = "no_route"
    #: The longest match drops: a blackhole, the service range, or a next hop that is not there.
    BLACKHOLE = "blackhole"
    #: The longest match leads to a link, and the packet came by a link (PEER-7).
    TRANSIT = "transit"
    #: The link is down.
    LINK_DOWN = "link_down"
    #: The destination is in a VSwitch's range, and no instance has it.
    NO_SUCH_ADDRESS = "no_such_address"
    #: The source address is not the sender's own, and the sender is no gateway.
    SPOOFED = "spoofed"
    #: The next hop is an instance that is no gateway, and the destination is not its own.
    NOT_A_GATEWAY = "not_a_gateway"


class Check(StrEnum):
    """What is looked at on the way."""

    #: The source address, against the sender's own.
    SOURCE = "source"
    #: The security policy of the interface it leaves.
    EGRESS_POLICY = "egress_policy"
    #: The table of the subnet it comes from.
    ROUTE = "route"
    #: The ACL of the subnet it leaves.
    EGRESS_ACL = "egress_acl"
    #: The link.
    LINK = "link"
    #: The table for packets that come by a link.
    INBOUND_ROUTE = "inbound_route"
    #: The ACL of the subnet it enters.
    INGRESS_ACL = "ingress_acl"
    #: The security policy of the interface it reaches.
    INGRESS_POLICY = "ingress_policy"
    #: The interface it reaches.
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet, as its sender puts it on the wire."""

    #: Source address.
    source: Address
    #: Destination address, of the same IP version.
    destination: Address
    #: IP protocol number.
    protocol: int
    #: Destination port; 0 for protocols without ports.
    port: int
    #: Instance that sends it.
    from_endpoint: str
    #: Source port; no filter looks at it, connections are told apart by it.
    source_port: int = 0


@dataclass(frozen=True, slots=True)
class Connection:
    """What a router remembers of a connection whose first packet its security policies let pass."""

    #: Router that remembers.
    router_id: str
    #: Source and source port of the first packet.
    source: tuple[Address, int]
    #: Destination and destination port of the first packet.
    destination: tuple[Address, int]
    #: IP protocol number.
    protocol: int

    def holds(self, router_id: str, packet: Packet) -> bool:
        """Whether the packet, at that router, belongs to the connection in either direction."""
        ends = (packet.source, packet.source_port), (packet.destination, packet.port)
        known = self.source, self.destination
        return (
            self.router_id == router_id and self.protocol == packet.protocol and ends in {known, known[::-1]}
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One check on the way."""

    #: Router it happens at.
    router_id: str
    #: What is looked at.
    check: Check
    #: Id of what is looked at: the instance, policy, ACL, table or link.
    subject: str
    #: Id of what decides: `Rule.source`, `FibEntry.source`; None when nothing matched and the default decides.
    source: str | None = None
    #: How the walk ends here; None when the packet goes on.
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """The whole way of one packet."""

    #: Its checks in order; the last one has the outcome.
    steps: tuple[Step, ...]
    #: What the routers on its way remember of it afterwards.
    connections: frozenset[Connection]

    @property
    def outcome(self) -> Outcome:
        """How it ends."""
        outcome = self.steps[-1].outcome
        assert outcome is not None  # noqa: S101 - `walk` makes it so
        return outcome

    @property
    def receiver(self) -> str | None:
        """The instance that got the packet, if one did."""
        last = self.steps[-1]
        got = last.outcome in {Outcome.DELIVERED, Outcome.HANDED_TO_ENDPOINT}
        return last.subject if got else None

    def __str__(self) -> str:
        """The outcome and what decided it, for people."""
        last = self.steps[-1]
        by = f" by {last.source}" if last.source else ""
        return f"{self.outcome.value} at {last.subject}{by} (router {last.router_id})"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and, when the request is delivered, the reply to it."""

    #: The way there.
    request: Walk
    #: The way back; None when there is nothing to reply to.
    reply: Walk | None
    #: Whether the reply reaches the instance that asked.
    answered: bool

    def __str__(self) -> str:
        """What decided, for people."""
        return f"request {self.request}" if self.reply is None else f"reply {self.reply}"


def walk(fabric: Fabric, packet: Packet, connections: AbstractSet[Connection] = frozenset()) -> Walk:
    """Follow one packet; `NotFound` when its sender is not in the fabric.

    A packet that belongs to one of the `connections` passes the security policies of the router that remembers it; ACLs are asked
    for every packet.
    """
    steps: list[Step] = []
    for step in _journey(fabric, packet, connections):
        steps.append(step)
        if step.outcome is not None:
            break
    routers = {step.router_id for step in steps}
    if steps[-1].outcome not in {Outcome.DELIVERED, Outcome.HANDED_TO_ENDPOINT}:
        routers.discard(steps[-1].router_id)
    ends = (packet.source, packet.source_port), (packet.destination, packet.port)
    return Walk(tuple(steps), frozenset(Connection(router, *ends, packet.protocol) for router in routers))


def exchange(fabric: Fabric, packet: Packet, client_port: int = CLIENT_PORT) -> Exchange:
    """Follow a request and its reply; tells whether a probe would be answered.

    The reply passes security policies as part of the connection, and ACLs as any other packet: its destination port is
    `client_port`, so that an ACL that lets only port 80 in drops the replies to its own side's requests. The reply needs
    routes of its own, and may end at another instance with the same address; then nobody is answered.
    """
    ported = packet.protocol in PORTED
    source_port = client_port if ported else 0
    request = Packet(
        packet.source,
        packet.destination,
        packet.protocol,
        packet.port if ported else 0,
        packet.from_endpoint,
        source_port,
    )
    there = walk(fabric, request)
    if there.outcome is not Outcome.DELIVERED or there.receiver is None:
        return Exchange(there, None, answered=False)
    reply = Packet(
        request.destination, request.source, request.protocol, source_port, there.receiver, request.port
    )
    back = walk(fabric, reply, there.connections)
    return Exchange(there, back, answered=back.receiver == packet.from_endpoint)


def locate(fabric: Fabric, endpoint_id: str) -> tuple[Router, Endpoint]:
    """The instance's interface and the router it hangs on; `NotFound` when the fabric has none."""
    for router in fabric.routers.values():
        if endpoint_id in router.endpoints:
            return router, router.endpoints[endpoint_id]
    raise NotFound("instance", endpoint_id)


def longest_match(fib: Fib, destination: Address) -> FibEntry | None:
    """The entry with the longest prefix that contains the address."""
    matching = [entry for entry in fib.entries if destination in entry.prefix]
    return max(matching, key=lambda entry: entry.prefix.prefixlen, default=None)


def matches(match: Match, remote: Address, protocol: int, port: int) -> bool:
    """Whether a rule concerns a packet whose far side is `remote`."""
    if remote not in match.remote or match.protocol not in {None, protocol}:
        return False
    return protocol not in PORTED or match.port_low <= port <= match.port_high


def decide(filter: Filter, remote: Address, protocol: int, port: int) -> tuple[Action, str | None]:  # noqa: A002 - the field's word
    """The verdict of a filter and the source of the rule that gave it; None when the default did."""
    for rule in filter.rules:
        if matches(rule.match, remote, protocol, port):
            return rule.action, rule.source
    return filter.default, None


def _journey(fabric: Fabric, packet: Packet, connections: AbstractSet[Connection]) -> Iterator[Step]:
    """The checks from the sender to the first router's decision, and on from there."""
    router, sender = locate(fabric, packet.from_endpoint)
    if packet.destination in sender.addresses:
        yield Step(router.id, Check.DELIVERY, sender.id, outcome=Outcome.DELIVERED)
        return
    spoofed = packet.source not in sender.addresses and not sender.forwards
    yield Step(router.id, Check.SOURCE, sender.id, outcome=Outcome.SPOOFED if spoofed else None)
    yield from _ask_security(Check.EGRESS_POLICY, router, sender, packet, connections)
    subnet = router.subnets[sender.subnet_id]
    fib = router.fibs[subnet.fib_id]
    entry = longest_match(fib, packet.destination)
    yield _route_step(Check.ROUTE, router, fib, entry)
    if entry is not None and isinstance(entry.hop, ToLink):
        yield from _ask_acl(Check.EGRESS_ACL, router, subnet, packet)
        yield from _cross(fabric, router, entry.hop.link_id, packet, connections)
    elif entry is not None:
        yield from _arrive(router, subnet, entry, packet, connections)


def _cross(
    fabric: Fabric, router: Router, link_id: str, packet: Packet, connections: AbstractSet[Connection]
) -> Iterator[Step]:
    """Over the link and into the router at its other end."""
    link = fabric.links[link_id]
    yield Step(router.id, Check.LINK, link.id, outcome=None if link.up else Outcome.LINK_DOWN)
    other = fabric.routers[link.other(router.id).router_id]
    entry = longest_match(other.inbound, packet.destination)
    yield _route_step(Check.INBOUND_ROUTE, other, other.inbound, entry)
    if entry is not None:
        yield from _arrive(other, None, entry, packet, connections)


def _arrive(
    router: Router,
    leaving: Subnet | None,
    entry: FibEntry,
    packet: Packet,
    connections: AbstractSet[Connection],
) -> Iterator[Step]:
    """Out of the subnet it leaves (None for one that came by a link) and to an interface of this router."""
    if isinstance(entry.hop, ToEndpoint):
        receiver = router.endpoints.get(entry.hop.endpoint_id)
    else:
        receiver = _owner(router, packet.destination)
    entering_id = receiver.subnet_id if receiver else entry.source
    inside = leaving is not None and leaving.id == entering_id
    if leaving is not None and not inside:
        yield from _ask_acl(Check.EGRESS_ACL, router, leaving, packet)
    if receiver is None:
        yield Step(router.id, Check.DELIVERY, entering_id, entry.source, Outcome.NO_SUCH_ADDRESS)
        return
    if not inside:
        yield from _ask_acl(Check.INGRESS_ACL, router, router.subnets[entering_id], packet)
    yield from _ask_security(Check.INGRESS_POLICY, router, receiver, packet, connections)
    if packet.destination in receiver.addresses:
        outcome = Outcome.DELIVERED
    else:
        outcome = Outcome.HANDED_TO_ENDPOINT if receiver.forwards else Outcome.NOT_A_GATEWAY
    yield Step(router.id, Check.DELIVERY, receiver.id, entry.source, outcome)


def _owner(router: Router, address: Address) -> Endpoint | None:
    """The interface that has the address."""
    for endpoint in router.endpoints.values():
        if address in endpoint.addresses:
            return endpoint
    return None


def _route_step(check: Check, router: Router, fib: Fib, entry: FibEntry | None) -> Step:
    """What the table says, as a step."""
    if entry is None:
        return Step(router.id, check, fib.id, outcome=Outcome.NO_ROUTE)
    outcome = None
    if isinstance(entry.hop, Blackhole):
        outcome = Outcome.BLACKHOLE
        if check is Check.INBOUND_ROUTE and _leads_to_link(router.fibs[fib.id], entry):
            outcome = Outcome.TRANSIT
    return Step(router.id, check, fib.id, entry.source, outcome)


def _leads_to_link(fib: Fib, entry: FibEntry) -> bool:
    """Whether the table that endpoints use sends this entry's packets over a link."""
    return any(other.prefix == entry.prefix and isinstance(other.hop, ToLink) for other in fib.entries)


def _ask_security(
    check: Check, router: Router, endpoint: Endpoint, packet: Packet, connections: AbstractSet[Connection]
) -> Iterator[Step]:
    """The security policy of an interface; it lets pass what belongs to a connection that the router remembers."""
    if endpoint.policy_id is None:
        return
    if any(connection.holds(router.id, packet) for connection in connections):
        yield Step(router.id, check, endpoint.policy_id)
    else:
        yield _ask(check, router, router.policies[endpoint.policy_id], packet, Outcome.DROPPED_BY_POLICY)


def _ask_acl(check: Check, router: Router, subnet: Subnet, packet: Packet) -> Iterator[Step]:
    """The ACL of a subnet, if it has one."""
    if subnet.acl_id is not None:
        yield _ask(check, router, router.acls[subnet.acl_id], packet, Outcome.DROPPED_BY_ACL)


def _ask(check: Check, router: Router, policy: Policy, packet: Packet, drop: Outcome) -> Step:
    """What a filter of the policy says, as a step."""
    if check in {Check.INGRESS_ACL, Check.INGRESS_POLICY}:
        action, source = decide(policy.ingress, packet.source, packet.protocol, packet.port)
    else:
        action, source = decide(policy.egress, packet.destination, packet.protocol, packet.port)
    return Step(router.id, check, policy.id, source, None if action is Action.ACCEPT else drop)
