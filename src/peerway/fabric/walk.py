"""What one packet does in the fabric, slow and obvious: the reference that fast readers and data planes are tested against.

Owns the order of the checks. Nothing clever may go in here.

What a packet meets at a router:

1. where it comes from: the uplink must be up; a packet from an instance needs no permission;
2. the destination is replaced: by a remembered connection; else by the uplink's translation, and what that gives, or what came
   otherwise, by a service. From here on every check sees the new destination and the old source;
3. from an instance: its source address must be its own, then its security policy is asked;
4. the way is found: the exit for public addresses, else the table: of the sender's subnet, of the uplink, or the inbound one;
5. the ACL of the subnet that it leaves, unless it stays inside. What is for the resolver meets no ACL;
6. then it crosses a link and meets all this again at the other router; or it leaves by an uplink, and its source is replaced
   there; or it reaches an interface: the ACL of the subnet that it enters, then the security policy of the interface.

The first check that says no ends the walk. Where a choice depends on a connection's hash (several links, several backends, several
public addresses), the walk takes the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from peerway.domain.errors import NotFound
from peerway.fabric.decisions import (
    carries,
    decide,
    destination_nat,
    longest_match,
    owner_of,
    service_at,
    source_nat,
    takes_exit,
)
from peerway.fabric.model import (
    Action,
    Blackhole,
    Endpoint,
    Fabric,
    Fib,
    FibEntry,
    LinkPath,
    Policy,
    Router,
    Subnet,
    ToEndpoint,
    ToLink,
    ToLinks,
    ToResolver,
    ToUplink,
    Uplink,
)
from peerway.fabric.outcomes import GOT, Check, Exchange, Outcome, Step, Walk
from peerway.fabric.packets import CLIENT_PORT, PORTED, Connection, Packet


def walk(fabric: Fabric, packet: Packet, connections: AbstractSet[Connection] = frozenset()) -> Walk:
    """Follow one packet; `NotFound` when its sender is not in the fabric.

    A packet that belongs to one of the `connections` passes the security policies of the router that remembers it, and is
    translated as that connection says; ACLs are asked for every packet.
    """
    trip = _Trip(fabric, packet, connections)
    steps: list[Step] = []
    for step in trip.journey():
        steps.append(step)
        if step.outcome is not None:
            break
    return Walk(tuple(steps), trip.packet, frozenset(trip.remembered))


def exchange(fabric: Fabric, packet: Packet, client_port: int = CLIENT_PORT) -> Exchange:
    """Follow a request and its reply; tells whether a probe would be answered.

    The reply passes security policies as part of the connection, and ACLs as any other packet: its destination port is
    `client_port`, so that an ACL that lets only port 80 in drops the replies to its own side's requests. The reply needs
    routes of its own, and may end at another instance with the same address; then nobody is answered. Nor is somebody who gets
    a reply from another address than was asked. Outside the network, everybody is taken to answer, over the uplink by which the
    request came to them; and a reply that leaves by another uplink of the same port gets to the one outside who asked.
    """
    ported = packet.protocol in PORTED
    request = replace(packet, port=packet.port if ported else 0, source_port=client_port if ported else 0)
    there = walk(fabric, request)
    if there.outcome is Outcome.HANDED_TO_RESOLVER:
        _, asking = locate(fabric, request.sender)
        return Exchange(there, None, answered=request.source in asking.addresses)
    replier = there.receiver if there.outcome is Outcome.DELIVERED else there.left_by
    if replier is None:
        return Exchange(there, None, answered=False)
    back = walk(fabric, there.packet.reply(replier), there.connections)
    return Exchange(there, back, answered=_answers(fabric, request, back))


def locate(fabric: Fabric, endpoint_id: str) -> tuple[Router, Endpoint]:
    """The instance's interface and the router it hangs on; `NotFound` when the fabric has none."""
    for router in fabric.routers.values():
        if endpoint_id in router.endpoints:
            return router, router.endpoints[endpoint_id]
    raise NotFound("instance", endpoint_id)


def _answers(fabric: Fabric, request: Packet, back: Walk) -> bool:
    """Whether the reply gets to the request's sender and is what it expects."""
    if back.packet.flow != request.flow.reversed:
        return False
    if back.left_by is None:
        return back.receiver == request.sender
    ports = {id: uplink.port for router in fabric.routers.values() for id, uplink in router.uplinks.items()}
    return request.sender in ports and ports[back.left_by] == ports[request.sender]


class _Trip:
    """One packet under way: what it is by now, and what routers remember of it."""

    def __init__(self, fabric: Fabric, packet: Packet, connections: AbstractSet[Connection]) -> None:
        self.fabric = fabric
        self.connections = connections
        #: As it is by now.
        self.packet = packet
        #: As it came to the router it is at.
        self.came = packet.flow
        #: The connection it belongs to at the router it is at, if that remembers one.
        self.known: Connection | None = None
        #: What the routers that it has passed remember.
        self.remembered: list[Connection] = []

    def journey(self) -> Iterator[Step]:
        """The checks from the sender on."""
        for router in self.fabric.routers.values():
            if self.packet.sender in router.endpoints:
                return self.from_endpoint(router, router.endpoints[self.packet.sender])
            if self.packet.sender in router.uplinks:
                return self.from_uplink(router, router.uplinks[self.packet.sender])
        raise NotFound("sender", self.packet.sender)

    # ---- into a router ---------------------------------------------------------------------------------------------------

    def from_endpoint(self, router: Router, sender: Endpoint) -> Iterator[Step]:
        """From an instance's interface. A packet to an own address never leaves the guest."""
        self.enter(router)
        if self.packet.destination in sender.addresses:
            self.depart(router)
            yield Step(router.id, Check.DELIVERY, sender.id, outcome=Outcome.DELIVERED)
            return
        yield from self.replace_destination(router)
        spoofed = self.packet.source not in sender.addresses and not sender.forwards
        yield Step(router.id, Check.SOURCE, sender.id, outcome=Outcome.SPOOFED if spoofed else None)
        yield from self.ask_security(Check.EGRESS_POLICY, router, sender)
        subnet = router.subnets[sender.subnet_id]
        if router.exit_id is not None and takes_exit(router, sender, self.packet):
            yield Step(router.id, Check.EXIT, router.exit_id, router.exit_id)
            yield from self.ask_acl(Check.EGRESS_ACL, router, subnet)
            yield from self.leave(router, router.exit_id, router.exit_id)
        else:
            yield from self.follow(Check.ROUTE, router, router.fibs[subnet.fib_id], subnet)

    def from_uplink(self, router: Router, uplink: Uplink) -> Iterator[Step]:
        """From outside."""
        self.enter(router)
        outcome = None if carries(uplink, self.packet) else Outcome.UPLINK_DOWN
        yield Step(router.id, Check.UPLINK, uplink.id, outcome=outcome)
        yield from self.replace_destination(router, uplink)
        if uplink.fib_id is None:
            yield from self.follow(Check.INBOUND_ROUTE, router, router.inbound, None)
        else:
            yield from self.follow(Check.ROUTE, router, router.fibs[uplink.fib_id], None)

    def from_link(self, router: Router) -> Iterator[Step]:
        """From another router."""
        self.enter(router)
        yield from self.replace_destination(router)
        yield from self.follow(Check.INBOUND_ROUTE, router, router.inbound, None)

    def enter(self, router: Router) -> None:
        """Come to a router."""
        self.came = self.packet.flow
        held = [connection for connection in self.connections if connection.holds(router.id, self.packet)]
        self.known = held[0] if held else None

    def depart(self, router: Router) -> None:
        """Go on from a router, which remembers; a known connection's packet gets the source that belongs to it there."""
        if self.known is not None:
            self.packet = self.packet.along(self.known.onward(self.came))
        self.remembered.append(
            self.known or Connection(router.id, self.packet.protocol, self.came, self.packet.flow)
        )

    # ---- translation -----------------------------------------------------------------------------------------------------

    def replace_destination(self, router: Router, uplink: Uplink | None = None) -> Iterator[Step]:
        """A known connection's destination; else that of an uplink's translation, and then of a service.

        From an uplink that translates, nothing gets in for another address than its public ones, or untranslated.
        """
        translation = uplink.translation if uplink is not None else None
        if self.known is not None:
            onward = self.known.onward(self.came)
            self.packet = replace(self.packet, destination=onward.destination, port=onward.port)
            stray = translation is not None and self.came.destination not in translation.public
            same = translation is not None and self.packet.destination == self.came.destination
            if uplink is not None and (stray or same):
                yield Step(router.id, Check.DESTINATION_NAT, uplink.id, outcome=Outcome.NO_TRANSLATION)
            return
        if uplink is not None and translation is not None:
            entry = destination_nat(translation, self.packet)
            if entry is None:
                yield Step(router.id, Check.DESTINATION_NAT, uplink.id, outcome=Outcome.NO_TRANSLATION)
                return
            yield Step(router.id, Check.DESTINATION_NAT, uplink.id, entry.decided_by)
            port = (entry.private_port if entry.public_port else 0) or self.packet.port
            self.packet = replace(self.packet, destination=entry.private, port=port)
        yield from self.ask_service(router)

    def ask_service(self, router: Router) -> Iterator[Step]:
        """The first live instance of the service that the packet is for, if it is for one."""
        service = service_at(router, self.packet)
        if service is None:
            return
        if not service.live:
            yield Step(router.id, Check.SERVICE, service.id, outcome=Outcome.NO_BACKEND)
            return
        backend = service.live[0]
        yield Step(router.id, Check.SERVICE, service.id, backend.endpoint_id)
        self.packet = replace(self.packet, destination=backend.address, port=backend.port)

    def replace_source(self, router: Router, uplink: Uplink) -> Iterator[Step]:
        """The source that the packet leaves with; an uplink that translates lets nothing out but its public addresses."""
        if uplink.translation is None:
            return
        if self.known is not None:
            if self.known.onward(self.came).source not in uplink.translation.public:
                yield Step(router.id, Check.SOURCE_NAT, uplink.id, outcome=Outcome.NO_TRANSLATION)
            return
        entry = source_nat(uplink.translation, self.packet.source)
        if entry is None or not entry.public:
            source = entry.decided_by if entry else None
            yield Step(router.id, Check.SOURCE_NAT, uplink.id, source, Outcome.NO_TRANSLATION)
            return
        yield Step(router.id, Check.SOURCE_NAT, uplink.id, entry.decided_by)
        self.packet = replace(self.packet, source=entry.public[0])

    # ---- through a router ------------------------------------------------------------------------------------------------

    def follow(self, check: Check, router: Router, fib: Fib, leaving: Subnet | None) -> Iterator[Step]:
        """What the table says; `leaving` is the subnet of the instance that sends, None for packets from elsewhere."""
        entry = longest_match(fib, self.packet.destination)
        yield _route_step(check, router, fib, entry)
        if entry is None:
            return
        if leaving is not None and isinstance(entry.hop, ToLink | ToLinks | ToUplink):
            yield from self.ask_acl(Check.EGRESS_ACL, router, leaving)
        match entry.hop:
            case ToLink(link_id):
                yield from self.cross(router, ToLinks((LinkPath(link_id),)))
            case ToLinks():
                yield from self.cross(router, entry.hop)
            case ToUplink(uplink_id):
                yield from self.leave(router, uplink_id, entry.source)
            case ToResolver():
                yield from self.ask_resolver(router, entry)
            case _:
                yield from self.arrive(router, leaving, entry)

    def cross(self, router: Router, hop: ToLinks) -> Iterator[Step]:
        """Over the first live link and into the router at its other end."""
        subject = "+".join(path.link_id for path in hop.paths)
        live = hop.live(self.fabric.links)
        if not live:
            yield Step(router.id, Check.LINK, subject, outcome=Outcome.LINK_DOWN)
            return
        link = self.fabric.links[live[0].link_id]
        yield Step(router.id, Check.LINK, subject, link.id if len(hop.paths) > 1 else None)
        self.depart(router)
        yield from self.from_link(self.fabric.routers[link.other(router.id).router_id])

    def leave(self, router: Router, uplink_id: str, decided_by: str) -> Iterator[Step]:
        """Out of the network."""
        uplink = router.uplinks[uplink_id]
        outcome = None if carries(uplink, self.packet) else Outcome.UPLINK_DOWN
        yield Step(router.id, Check.UPLINK, uplink_id, outcome=outcome)
        yield from self.replace_source(router, uplink)
        self.depart(router)
        yield Step(router.id, Check.DELIVERY, uplink_id, decided_by, Outcome.LEFT)

    def ask_resolver(self, router: Router, entry: FibEntry) -> Iterator[Step]:
        """To the VPC's name server. It answers everybody who gets there: at a port where it does not listen, that nobody does."""
        self.depart(router)
        yield Step(router.id, Check.DELIVERY, router.id, entry.source, Outcome.HANDED_TO_RESOLVER)

    def arrive(self, router: Router, leaving: Subnet | None, entry: FibEntry) -> Iterator[Step]:
        """Out of the subnet it leaves (None for one that came from elsewhere) and to an interface of this router."""
        if isinstance(entry.hop, ToEndpoint):
            receiver = router.endpoints.get(entry.hop.endpoint_id)
        else:
            receiver = owner_of(router, self.packet.destination)
        entering_id = receiver.subnet_id if receiver else entry.source
        inside = leaving is not None and leaving.id == entering_id
        if leaving is not None and not inside:
            yield from self.ask_acl(Check.EGRESS_ACL, router, leaving)
        if receiver is None:
            yield Step(router.id, Check.DELIVERY, entering_id, entry.source, Outcome.NO_SUCH_ADDRESS)
            return
        if not inside:
            yield from self.ask_acl(Check.INGRESS_ACL, router, router.subnets[entering_id])
        yield from self.ask_security(Check.INGRESS_POLICY, router, receiver)
        outcome = self.reception(receiver)
        if outcome in GOT:
            self.depart(router)
        yield Step(router.id, Check.DELIVERY, receiver.id, entry.source, outcome)

    def reception(self, receiver: Endpoint) -> Outcome:
        """What the interface that it reaches does with it."""
        if self.packet.destination not in receiver.addresses:
            return Outcome.HANDED_TO_ENDPOINT if receiver.forwards else Outcome.NOT_A_GATEWAY
        return Outcome.HAIRPIN if receiver.id == self.packet.sender else Outcome.DELIVERED

    # ---- filters ---------------------------------------------------------------------------------------------------------

    def ask_security(self, check: Check, router: Router, endpoint: Endpoint) -> Iterator[Step]:
        """The security policy of an interface; it lets pass what belongs to a connection that the router remembers."""
        if endpoint.policy_id is None:
            return
        if self.known is not None:
            yield Step(router.id, check, endpoint.policy_id)
        else:
            policy = router.policies[endpoint.policy_id]
            yield _ask(check, router, policy, self.packet, Outcome.DROPPED_BY_POLICY)

    def ask_acl(self, check: Check, router: Router, subnet: Subnet) -> Iterator[Step]:
        """The ACL of a subnet, if it has one."""
        if subnet.acl_id is not None:
            yield _ask(check, router, router.acls[subnet.acl_id], self.packet, Outcome.DROPPED_BY_ACL)


def _route_step(check: Check, router: Router, fib: Fib, entry: FibEntry | None) -> Step:
    """What the table says, as a step."""
    if entry is None:
        return Step(router.id, check, fib.id, outcome=Outcome.NO_ROUTE)
    outcome = None
    if isinstance(entry.hop, Blackhole):
        outcome = Outcome.BLACKHOLE
        if check is Check.INBOUND_ROUTE and _leads_out(router.fibs[fib.id], entry):
            outcome = Outcome.TRANSIT
    return Step(router.id, check, fib.id, entry.source, outcome)


def _leads_out(fib: Fib, entry: FibEntry) -> bool:
    """Whether the table that endpoints use sends this entry's packets over a link or out of the network."""
    away = ToLink | ToLinks | ToUplink
    return any(other.prefix == entry.prefix and isinstance(other.hop, away) for other in fib.entries)


def _ask(check: Check, router: Router, policy: Policy, packet: Packet, drop: Outcome) -> Step:
    """What a filter of the policy says, as a step."""
    if check in {Check.INGRESS_ACL, Check.INGRESS_POLICY}:
        action, source = decide(policy.ingress, packet.source, packet.protocol, packet.port)
    else:
        action, source = decide(policy.egress, packet.destination, packet.protocol, packet.port)
    return Step(router.id, check, policy.id, source, None if action is Action.ACCEPT else drop)
