"""What one packet does in the network, fast: the same answers as `fabric.walk`, step by step, from routers made ready.

Owns no rule of its own: the order of the checks is `fabric.walk`'s, which is the reference, and both have the same names for the
same things. `stations` owns how each check is answered.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from peerway.analysis.network import Network
from peerway.analysis.places.atoms import place
from peerway.analysis.stations import Seat, Station
from peerway.analysis.stations.doors import Door
from peerway.analysis.stations.tables import Route, Table
from peerway.analysis.stations.verdicts import Verdicts
from peerway.domain.errors import NotFound
from peerway.domain.prefixes import Address
from peerway.fabric.outcomes import Check, Exchange, Outcome, Step, Walk
from peerway.fabric.packets import CLIENT_PORT, PORTED, Connection, Flow, Packet

_NOTHING: frozenset[Connection] = frozenset()


def walk(network: Network, packet: Packet, connections: AbstractSet[Connection] = _NOTHING) -> Walk:
    """Follow one packet as `fabric.walk.walk` does; `NotFound` when its sender is not in the network."""
    trip = _Trip(network, packet, connections)
    trip.set_out()
    return Walk(tuple(trip.steps), trip.packet(packet), trip.memory())


def exchange(network: Network, packet: Packet, client_port: int = CLIENT_PORT) -> Exchange:
    """Follow a request and its reply as `fabric.walk.exchange` does; tells whether a probe would be answered."""
    request = _request(packet, client_port)
    there = walk(network, request)
    last = there.steps[-1]
    if last.outcome is Outcome.HANDED_TO_RESOLVER:
        return Exchange(there, None, answered=_is_own(network, request))
    if last.outcome is not Outcome.DELIVERED and last.outcome is not Outcome.LEFT:
        return Exchange(there, None, answered=False)
    back = walk(network, there.packet.reply(last.subject), there.connections)
    return Exchange(there, back, answered=_answers(network, request, back))


def _request(packet: Packet, client_port: int) -> Packet:
    """The packet as it asks: replies go to the client port; protocols without ports have none."""
    port, source_port = (packet.port, client_port) if packet.protocol in PORTED else (0, 0)
    if (packet.port, packet.source_port) == (port, source_port):
        return packet
    return Packet(packet.source, packet.destination, packet.protocol, port, packet.sender, source_port)


def _is_own(network: Network, request: Packet) -> bool:
    """Whether the sender has the address that it asks the resolver from."""
    asking = network.endpoint(request.sender)
    if asking is None:
        raise NotFound("instance", request.sender)
    return request.source in asking[1].addresses


def _answers(network: Network, request: Packet, back: Walk) -> bool:
    """Whether the reply gets to the request's sender and is what it expects."""
    got = back.packet
    wanted = request.destination, request.port, request.source, request.source_port
    if (got.source, got.source_port, got.destination, got.port) != wanted:
        return False
    left_by = back.left_by
    if left_by is None:
        return back.receiver == request.sender
    asking, leaving = network.uplink(request.sender), network.uplink(left_by)
    return asking is not None and leaving is not None and asking.port == leaving.port


class _Trip:
    """One packet under way. Methods that answer True have ended the walk with the last of the `steps`."""

    __slots__ = (
        "came",
        "connections",
        "destination",
        "flow",
        "known",
        "network",
        "onward",
        "protocol",
        "remembered",
        "sender",
        "source",
        "start",
        "steps",
    )

    def __init__(self, network: Network, packet: Packet, connections: AbstractSet[Connection]) -> None:
        self.network = network
        self.connections = connections
        self.protocol = packet.protocol
        self.sender = packet.sender
        #: As it set out, as it came to the router it is at, and as it is by now.
        self.start = self.came = self.flow = Flow(
            packet.source, packet.source_port, packet.destination, packet.port
        )
        #: Its addresses' numbers by now.
        self.source = place(packet.source)
        self.destination = place(packet.destination)
        #: The connection it belongs to at the router it is at, if that remembers one.
        self.known: Connection | None = None
        #: What that makes of it there; as it came without one.
        self.onward = self.start
        #: What the routers that it has passed remember.
        self.remembered: list[Connection] = []
        self.steps: list[Step] = []

    def packet(self, first: Packet) -> Packet:
        """The packet as it is by now."""
        flow = self.flow
        if flow is self.start:
            return first
        return Packet(flow.source, flow.destination, self.protocol, flow.port, self.sender, flow.source_port)

    def memory(self) -> frozenset[Connection]:
        """What the routers remember."""
        return frozenset(self.remembered)

    def set_out(self) -> None:
        """The checks from the sender on."""
        router = self.network.router_of(self.sender)
        if router is None:
            raise NotFound("sender", self.sender)
        station = self.network.stations.at(router)
        seat = station.seat(self.sender)
        door = station.door(self.sender) if seat is None else None
        if seat is not None:
            self.from_endpoint(station, seat)
        elif door is not None:
            self.from_uplink(station, door)
        else:
            raise NotFound("sender", self.sender)

    # ---- into a router ---------------------------------------------------------------------------------------------------

    def from_endpoint(self, station: Station, seat: Seat) -> None:
        """From an instance's interface. A packet to an own address never leaves the guest."""
        self.enter(station)
        sender = seat.endpoint
        if self.destination in seat.numbers:
            self.depart(station)
            self.steps.append(seat.delivery(None))
            return
        if self.replace_destination(station):
            return
        if self.source not in seat.numbers and not sender.forwards:
            self.steps.append(Step(station.id, Check.SOURCE, sender.id, outcome=Outcome.SPOOFED))
            return
        self.steps.append(seat.genuine)
        if sender.policy_id is not None and self.ask_security(
            station.policy_out(sender.policy_id), self.destination
        ):
            return
        if not station.takes_exit(seat, self.source, self.destination):
            subnet = station.router.subnets[sender.subnet_id]
            self.follow(station, station.table(subnet.fib_id), subnet.id)
            return
        exit_id = station.router.exit_id or ""
        self.steps.append(Step(station.id, Check.EXIT, exit_id, exit_id))
        if not self.leave_subnet(station, sender.subnet_id):
            self.leave(station, exit_id, exit_id)

    def from_uplink(self, station: Station, door: Door) -> None:
        """From outside."""
        self.enter(station)
        if not self.pass_door(station, door) or self.replace_destination(station, door):
            return
        fib_id = door.uplink.fib_id
        self.follow(station, station.inbound() if fib_id is None else station.table(fib_id), None)

    def from_link(self, station: Station) -> None:
        """From another router."""
        self.enter(station)
        if not self.replace_destination(station):
            self.follow(station, station.inbound(), None)

    def enter(self, station: Station) -> None:
        """Come to a router."""
        flow = self.came = self.onward = self.flow
        self.known = None
        for one in self.connections:
            if one.router_id != station.id or one.protocol != self.protocol:
                continue
            if flow == one.came:
                self.known, self.onward = one, one.went
                return
            if flow == one.went.reversed:
                self.known, self.onward = one, one.came.reversed
                return

    def depart(self, station: Station) -> None:
        """Go on from a router, which remembers; a known connection's packet gets the source that belongs to it there."""
        known = self.known
        if known is None:
            self.remembered.append(Connection(station.id, self.protocol, self.came, self.flow))
            return
        if self.onward != self.flow:
            self.become(self.onward)
        self.remembered.append(known)

    def become(self, flow: Flow) -> None:
        """Have other addresses and ports."""
        self.flow = flow
        self.source = place(flow.source)
        self.destination = place(flow.destination)

    # ---- translation -----------------------------------------------------------------------------------------------------

    def replace_destination(self, station: Station, door: Door | None = None) -> bool:
        """A known connection's destination; else that of an uplink's translation, and then of a service."""
        translating = door if door is not None and door.translates else None
        if self.known is not None:
            onward, flow = self.onward, self.flow
            if onward != flow and (onward.destination != flow.destination or onward.port != flow.port):
                self.redirect(onward.destination, onward.port)
            if translating is None:
                return False
            stray = place(self.came.destination) not in translating.public
            if stray or self.flow.destination == self.came.destination:
                return self.untranslated(station, Check.DESTINATION_NAT, translating)
            return False
        if translating is not None and self.translate_destination(station, translating):
            return True
        return bool(station.router.services) and self.ask_service(station)

    def translate_destination(self, station: Station, door: Door) -> bool:
        """The destination that an uplink's translation gives."""
        entry = door.destination_nat(self.destination, self.protocol, self.flow.port)
        if entry is None:
            return self.untranslated(station, Check.DESTINATION_NAT, door)
        self.steps.append(Step(station.id, Check.DESTINATION_NAT, door.uplink.id, entry.decided_by))
        port = (entry.private_port if entry.public_port else 0) or self.flow.port
        self.redirect(entry.private, port)
        return False

    def ask_service(self, station: Station) -> bool:
        """The first live instance of the service that the packet is for, if it is for one."""
        service = station.service(self.destination, self.protocol, self.flow.port)
        if service is None:
            return False
        if not service.live:
            self.steps.append(Step(station.id, Check.SERVICE, service.id, outcome=Outcome.NO_BACKEND))
            return True
        backend = service.live[0]
        self.steps.append(Step(station.id, Check.SERVICE, service.id, backend.endpoint_id))
        self.redirect(backend.address, backend.port)
        return False

    def replace_source(self, station: Station, door: Door) -> bool:
        """The source that the packet leaves with; an uplink that translates lets nothing out but its public addresses."""
        if not door.translates:
            return False
        if self.known is not None:
            public = place(self.onward.source) in door.public
            return not public and self.untranslated(station, Check.SOURCE_NAT, door)
        entry = door.source_nat(self.source)
        if entry is None or not entry.public:
            return self.untranslated(station, Check.SOURCE_NAT, door, entry.decided_by if entry else None)
        self.steps.append(Step(station.id, Check.SOURCE_NAT, door.uplink.id, entry.decided_by))
        self.become(self.flow._replace(source=entry.public[0]))
        return False

    def redirect(self, destination: Address, port: int) -> None:
        """Have another destination."""
        self.become(Flow(self.flow.source, self.flow.source_port, destination, port))

    def untranslated(self, station: Station, check: Check, door: Door, source: str | None = None) -> bool:
        """End where an uplink's translation has nothing for the packet."""
        self.steps.append(Step(station.id, check, door.uplink.id, source, Outcome.NO_TRANSLATION))
        return True

    # ---- through a router ------------------------------------------------------------------------------------------------

    def follow(self, station: Station, table: Table, leaving: str | None) -> None:
        """What the table says; `leaving` is the subnet of the instance that sends, None for packets from elsewhere."""
        route = table.find(self.destination)
        if isinstance(route, Step):
            self.steps.append(route)
            return
        self.steps.append(route.step)
        if route.step.outcome is not None:
            return
        if route.crosses is not None:
            if leaving is None or not self.leave_subnet(station, leaving):
                self.cross(station, route)
        elif route.leaves_by is not None:
            if leaving is None or not self.leave_subnet(station, leaving):
                self.leave(station, route.leaves_by, route.entry.source)
        elif route.resolves:
            self.depart(station)
            source = route.entry.source
            self.steps.append(
                Step(station.id, Check.DELIVERY, station.id, source, Outcome.HANDED_TO_RESOLVER)
            )
        else:
            self.arrive(station, leaving, route)

    def cross(self, station: Station, route: Route) -> None:
        """Over the first live link and into the router at its other end."""
        fabric = self.network.fabric
        if route.link_id is not None:
            link = fabric.links.get(route.link_id)
            up, step = link is not None and link.up, route.live
        else:
            live = route.crosses.live(fabric.links) if route.crosses is not None else ()
            link = fabric.links[live[0].link_id] if live else None
            up, step = (
                link is not None,
                Step(station.id, Check.LINK, route.subject, link.id if link else None),
            )
        if link is None or not up:
            self.steps.append(route.stopped)
            return
        self.steps.append(step)
        self.depart(station)
        self.from_link(self.network.stations.at(fabric.routers[link.other(station.id).router_id]))

    def leave(self, station: Station, uplink_id: str, decided_by: str) -> None:
        """Out of the network."""
        door = station.door(uplink_id)
        if door is None:
            raise KeyError(uplink_id)
        if not self.pass_door(station, door) or self.replace_source(station, door):
            return
        self.depart(station)
        self.steps.append(Step(station.id, Check.DELIVERY, uplink_id, decided_by, Outcome.LEFT))

    def pass_door(self, station: Station, door: Door) -> bool:
        """Whether the uplink carries the packet, as a step."""
        outcome = None if door.carries(self.source) else Outcome.UPLINK_DOWN
        self.steps.append(Step(station.id, Check.UPLINK, door.uplink.id, outcome=outcome))
        return outcome is None

    def arrive(self, station: Station, leaving: str | None, route: Route) -> None:
        """Out of the subnet it leaves (None for one that came from elsewhere) and to an interface of this router."""
        handed = route.endpoint_id
        receiver = station.seat(handed) if handed is not None else station.owner(self.destination)
        source = route.entry.source
        entering = receiver.endpoint.subnet_id if receiver is not None else source
        inside = leaving == entering
        if leaving is not None and not inside and self.leave_subnet(station, leaving):
            return
        if receiver is None:
            missing = Outcome.NO_SUCH_ADDRESS
            self.steps.append(Step(station.id, Check.DELIVERY, entering, source, missing))
            return
        acl = None if inside else station.acl_in(entering)
        if acl is not None and self.ask(acl, self.source):
            return
        policy_id = receiver.endpoint.policy_id
        if policy_id is not None and self.ask_security(station.policy_in(policy_id), self.source):
            return
        outcome = self.reception(receiver)
        if outcome is Outcome.DELIVERED:
            self.depart(station)
            self.steps.append(receiver.delivery(source))
            return
        if outcome is Outcome.HANDED_TO_ENDPOINT:
            self.depart(station)
        self.steps.append(Step(station.id, Check.DELIVERY, receiver.endpoint.id, source, outcome))

    def reception(self, receiver: Seat) -> Outcome:
        """What the interface that it reaches does with it."""
        if self.destination not in receiver.numbers:
            return Outcome.HANDED_TO_ENDPOINT if receiver.endpoint.forwards else Outcome.NOT_A_GATEWAY
        return Outcome.HAIRPIN if receiver.endpoint.id == self.sender else Outcome.DELIVERED

    # ---- filters ---------------------------------------------------------------------------------------------------------

    def leave_subnet(self, station: Station, subnet_id: str) -> bool:
        """The ACL of the subnet it leaves, if that has one."""
        acl = station.acl_out(subnet_id)
        return acl is not None and self.ask(acl, self.destination)

    def ask_security(self, policy: Verdicts, remote: int) -> bool:
        """A security policy, which lets pass what belongs to a known connection."""
        if self.known is not None:
            self.steps.append(policy.known)
            return False
        return self.ask(policy, remote)

    def ask(self, verdicts: Verdicts, remote: int) -> bool:
        """A filter."""
        step = verdicts.ask(remote, self.protocol, self.flow.port)
        self.steps.append(step)
        return step.outcome is not None
