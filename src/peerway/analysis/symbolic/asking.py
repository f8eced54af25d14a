"""All that one sender can ask of one address, at once: the exact sets that get there and that are answered (PATH-1).

Owns `fabric.walk`'s order of checks, for sets of (protocol, port) instead of one. With sender and addresses fixed, every table and
filter gives one answer for the whole set, or splits it: filters into what passes and what doesn't, services and translations of
destinations into what they are for and the rest. A port that has been replaced is a number from then on; otherwise it is the one
that was asked for, whichever that is (`ASKED`).

Where a choice depends on a connection's hash, the first is taken, as `walk` does, and `Reach.chosen` says that there was one;
`every_choice` takes each in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from peerway.analysis.network import Network
from peerway.analysis.places.atoms import LAST, SIX, Answers, place
from peerway.analysis.symbolic.grounds import Atlas, Ground
from peerway.analysis.symbolic.spaces import ALL, BARE, EMPTY, Space, block
from peerway.domain.prefixes import Address
from peerway.fabric.model import (
    Blackhole,
    Endpoint,
    Fib,
    FibEntry,
    LinkPath,
    Policy,
    Subnet,
    ToEndpoint,
    ToLink,
    ToLinks,
    ToResolver,
    ToUplink,
    Uplink,
)
from peerway.fabric.outcomes import GOT, Check, Outcome, Step
from peerway.fabric.packets import CLIENT_PORT

#: Stands for the port that was asked for, whichever it is.
ASKED: Final = -1

#: Outcomes of requests that somebody got, or that left the network.
ARRIVED: Final = GOT | {Outcome.LEFT, Outcome.HANDED_TO_RESOLVER}


class Fate(NamedTuple):
    """How a part of all that can be asked ends."""

    #: Last step of the request.
    request: Step
    #: Last step of the reply; None when there is none to be followed, as in `Exchange`.
    reply: Step | None
    #: Whether the reply reaches the one that asked, as a reply to what it asked.
    answered: bool

    @property
    def unknown(self) -> bool:
        """Whether a guest that forwards has the request or the reply: what it does with it, the network doesn't know."""
        last = self.reply or self.request
        return not self.answered and last.outcome is Outcome.HANDED_TO_ENDPOINT


@dataclass(frozen=True, slots=True)
class Reach:
    """What comes of everything that a sender can ask of an address."""

    #: What ends how: the parts are disjoint, and together they are everything.
    fates: Mapping[Fate, Space]
    #: Whether a connection's hash decides something on the way; then it is the first choice's answer.
    chosen: bool

    @property
    def arrives(self) -> Space:
        """What is received by somebody or leaves the network."""
        return self._union(lambda fate: fate.request.outcome in ARRIVED)

    @property
    def answered(self) -> Space:
        """What is answered."""
        return self._union(lambda fate: fate.answered)

    @property
    def unknown(self) -> Space:
        """What a guest that forwards has got hold of, on the way there or back."""
        return self._union(lambda fate: fate.unknown)

    @property
    def receivers(self) -> dict[str, Space]:
        """What is received by whom: an instance, an uplink by which it leaves, or the router whose resolver gets it."""
        found: dict[str, Space] = {}
        for fate, space in self.fates.items():
            if fate.request.outcome in ARRIVED:
                found[fate.request.subject] = found.get(fate.request.subject, EMPTY) | space
        return found

    def answered_by(self, receiver: str | None) -> Space:
        """What is answered after it got to this receiver; to anybody when it is None."""
        return self._union(
            lambda fate: fate.answered and (receiver is None or fate.request.subject == receiver)
        )

    def _union(self, wanted: Callable[[Fate], bool]) -> Space:
        found = EMPTY
        for fate, space in self.fates.items():
            if wanted(fate):
                found = found | space
        return found


def reach(
    network: Network | Atlas,
    sender_id: str,
    source: Address,
    destination: Address,
    client_port: int = CLIENT_PORT,
) -> Reach:
    """What comes of everything that the sender can ask of an address; `NotFound` when the sender is not in the network.

    Equals `walk.exchange` for every single (protocol, port). Many questions to one network should share an `Atlas`.
    """
    atlas = network if isinstance(network, Atlas) else Atlas(network)
    return Asking(atlas, client_port).reach(sender_id, place(source), place(destination))


def every_choice(
    network: Network | Atlas,
    sender_id: str,
    source: Address,
    destination: Address,
    client_port: int = CLIENT_PORT,
    most: int = 64,
) -> Iterator[Reach]:
    """`reach` for each way that connections' hashes may decide, the first choices first; at most so many.

    What all of them answer is answered in any case; what one of them answers may be answered.
    """
    atlas = network if isinstance(network, Atlas) else Atlas(network)
    todo: list[dict[tuple[str, str], int]] = [{}]
    for _ in range(most):
        if not todo:
            return
        choices = todo.pop(0)
        asking = Asking(atlas, client_port, choices)
        yield asking.reach(sender_id, place(source), place(destination))
        settled = dict(choices)
        for offer, count in asking.met.items():
            if offer not in choices:
                todo += [{**settled, offer: number} for number in range(1, count)]
                settled[offer] = 0


class _Flow(NamedTuple):
    """From where to where a part's packets go."""

    #: Place of the source address.
    source: int
    #: Source port, or `ASKED`.
    source_port: int
    #: Place of the destination address.
    destination: int
    #: Destination port, or `ASKED`.
    port: int

    @property
    def reversed(self) -> _Flow:
        """The way back."""
        return _Flow(self.destination, self.port, self.source, self.source_port)


class _Memory(NamedTuple):
    """What a router remembers of a part's connections."""

    router_id: str
    came: _Flow
    went: _Flow


class _Part(NamedTuple):
    """A part of what was asked, under way."""

    #: What was asked.
    asked: Space
    #: What its packets are by now.
    flow: _Flow
    #: What they were when they came to the router they are at.
    came: _Flow
    #: What they leave this router as, when it remembers their connections.
    onward: _Flow | None
    #: What the routers that they passed remember.
    memories: tuple[_Memory, ...]


class _End(NamedTuple):
    """Where a part's walk ended."""

    part: _Part
    step: Step
    ground: Ground


class Asking:
    """One kind of question, asked of a network; keeps what was consulted and which choices were met, until `fresh`."""

    def __init__(
        self,
        atlas: Atlas,
        client_port: int = CLIENT_PORT,
        choices: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        self.atlas = atlas
        self.links = atlas.network.fabric.links
        self.client_port = client_port
        #: Which alternative to take, by router and what offers them; the first where nothing is said.
        self.choices = choices or {}
        #: How many alternatives there were, where there were several.
        self.met: dict[tuple[str, str], int] = {}
        #: Whatever was asked about an address, and the address.
        self.consulted: list[tuple[Answers, int]] = []
        #: Places that were compared with one another.
        self.compared: set[int] = set()
        #: Places that translations and services put in.
        self.placed: set[int] = set()

    def reach(self, sender_id: str, source: int, destination: int) -> Reach:
        """What comes of everything that the sender can ask of a place."""
        ground = self.atlas.at(sender_id)
        fates: dict[Fate, Space] = {}
        flow = _Flow(source, self.client_port, destination, ASKED)
        for there in self.walk(sender_id, ground, ALL, flow, ()):
            for fate, space in self.replies(sender_id, ground, flow, there):
                fates[fate] = fates[fate] | space if fate in fates else space
        return Reach(fates, bool(self.met))

    def replies(
        self, sender_id: str, ground: Ground, request: _Flow, there: _End
    ) -> Iterator[tuple[Fate, Space]]:
        """The fates of a part whose request has ended."""
        outcome, asked = there.step.outcome, there.part.asked
        if outcome is Outcome.HANDED_TO_RESOLVER:
            yield Fate(there.step, None, request.source in ground.own[sender_id]), asked
            return
        if outcome is not Outcome.DELIVERED and outcome is not Outcome.LEFT:
            yield Fate(there.step, None, answered=False), asked
            return
        flow = there.part.flow.reversed
        for back in self.walk(there.step.subject, there.ground, asked, flow, there.part.memories):
            good = EMPTY
            if self.is_home(sender_id, ground, back):
                good = self.agreed(back.part.asked, back.part.flow, request.reversed)
            if good:
                yield Fate(there.step, back.step, answered=True), good
            if rest := back.part.asked - good:
                yield Fate(there.step, back.step, answered=False), rest

    def is_home(self, sender_id: str, ground: Ground, back: _End) -> bool:
        """Whether a reply ended where its request came from."""
        if back.step.outcome in GOT:
            return back.step.subject == sender_id
        if back.step.outcome is not Outcome.LEFT or sender_id not in ground.router.uplinks:
            return False
        left_by = back.ground.router.uplinks[back.step.subject]
        return left_by.port == ground.router.uplinks[sender_id].port

    def walk(
        self, sender_id: str, ground: Ground, asked: Space, flow: _Flow, memories: tuple[_Memory, ...]
    ) -> list[_End]:
        """Follow packets from a sender to their ends."""
        trip = _Trip(self, sender_id, memories)
        endpoint = ground.router.endpoints.get(sender_id)
        for part in trip.enter(ground, asked, flow, ()):
            if endpoint is not None:
                trip.from_endpoint(ground, endpoint, part)
            else:
                trip.from_uplink(ground, ground.router.uplinks[sender_id], part)
        return trip.ends

    def agreed(self, asked: Space, one: _Flow, other: _Flow) -> Space:
        """The part for which two flows are the same one; without ports, all ports are the same."""
        self.compared.update((one.source, one.destination, other.source, other.destination))
        if one == other:
            return asked
        if one.source != other.source or one.destination != other.destination:
            return EMPTY
        for port, other_port in ((one.source_port, other.source_port), (one.port, other.port)):
            if port != other_port:
                if ASKED not in {port, other_port}:
                    return EMPTY
                asked = asked & self.where_asked(max(port, other_port))
        return asked

    def where_asked(self, port: int) -> Space:
        """The part of everything that was asked at a port; what has no ports counts as asked from and at the client's."""
        both = block(None, port, port)
        return both if port == self.client_port else both - BARE

    def held(self, number: int, beside: int = -1) -> tuple[int, int]:
        """How far around an address all answers since `fresh` stay the same, for it and whatever equals it.

        As long as it does not become the one `beside` it, with which it was compared.
        """
        if number in self.placed:
            return number, number
        low, high = 0, LAST
        for answers, at in self.consulted:
            if at == number:
                first, last = answers.around(number)
                low, high = max(low, first), min(high, last)
        for other in self.compared:
            if other == beside:
                continue
            if other < number:
                low = max(low, other + 1)
            elif other > number:
                high = min(high, other - 1)
        return low, high

    def fresh(self) -> None:
        """Forget what was consulted and met."""
        self.consulted.clear()
        self.compared.clear()
        self.placed.clear()
        self.met.clear()

    def chosen(self, router_id: str, subject: str, count: int) -> int:
        """Which of several alternatives to take."""
        if count == 1:
            return 0
        self.met[router_id, subject] = count
        return self.choices.get((router_id, subject), 0)


class _Trip:
    """One walk of everything that is asked; parts end one by one."""

    def __init__(self, asking: Asking, sender_id: str, memories: tuple[_Memory, ...]) -> None:
        self.asking = asking
        self.consulted = asking.consulted
        self.sender_id = sender_id
        #: What routers remember of the connections that the packets may belong to.
        self.memories = memories
        #: The ends so far.
        self.ends: list[_End] = []

    def end(
        self,
        ground: Ground,
        part: _Part,
        check: Check,
        subject: str,
        source: str | None,
        outcome: Outcome,
    ) -> None:
        """A part's walk ends."""
        self.ends.append(_End(part, Step(ground.router.id, check, subject, source, outcome), ground))

    # ---- into a router ---------------------------------------------------------------------------------------------------

    def enter(
        self, ground: Ground, asked: Space, flow: _Flow, passed: tuple[_Memory, ...]
    ) -> Iterator[_Part]:
        """Come to a router, which may remember some of it."""
        for memory in self.memories:
            if memory.router_id != ground.router.id:
                continue
            for known, onward in ((memory.came, memory.went), (memory.went.reversed, memory.came.reversed)):
                held = self.asking.agreed(asked, flow, known)
                if held:
                    yield _Part(held, flow, flow, onward, passed)
                    asked = asked - held
        if asked:
            yield _Part(asked, flow, flow, None, passed)

    def depart(self, ground: Ground, part: _Part) -> _Part:
        """Go on from a router, which remembers."""
        flow = part.onward or part.flow
        if part.onward is not None:
            return _Part(part.asked, flow, part.came, flow, part.memories)
        memory = _Memory(ground.router.id, part.came, flow)
        return _Part(part.asked, flow, part.came, None, (*part.memories, memory))

    def from_endpoint(self, ground: Ground, sender: Endpoint, part: _Part) -> None:
        """From an instance's interface. A packet to an own address never leaves the guest."""
        own = ground.own[sender.id]
        self.consulted += ((ground.owners, part.flow.source), (ground.owners, part.flow.destination))
        if part.flow.destination in own:
            self.end(ground, self.depart(ground, part), Check.DELIVERY, sender.id, None, Outcome.DELIVERED)
            return
        for each in self.replace_destination(ground, part):
            if each.flow.source not in own and not sender.forwards:
                self.end(ground, each, Check.SOURCE, sender.id, None, Outcome.SPOOFED)
                continue
            passing = self.ask_security(Check.EGRESS_POLICY, ground, sender, each)
            if passing is not None:
                self.out_of(ground, sender, passing)

    def out_of(self, ground: Ground, sender: Endpoint, part: _Part) -> None:
        """By the exit, or as the subnet's table says."""
        router = ground.router
        subnet = router.subnets[sender.subnet_id]
        if router.exit_id is None or not self.takes_exit(ground, sender, part):
            self.follow(Check.ROUTE, ground, router.fibs[subnet.fib_id], subnet, part)
            return
        passing = self.ask_acl(Check.EGRESS_ACL, ground, subnet, part)
        if passing is not None:
            self.leave(ground, router.exit_id, router.exit_id, passing)

    def takes_exit(self, ground: Ground, sender: Endpoint, part: _Part) -> bool:
        """Whether it leaves by the router's exit, whatever the tables say (NET-10)."""
        if sender.public is None or part.flow.source not in ground.own[sender.id]:
            return False
        self.consulted.append((ground.public, part.flow.destination))
        return ground.public.at(part.flow.destination)

    def from_uplink(self, ground: Ground, uplink: Uplink, part: _Part) -> None:
        """From outside."""
        router = ground.router
        if not _carries(uplink, part.flow):
            self.end(ground, part, Check.UPLINK, uplink.id, None, Outcome.UPLINK_DOWN)
            return
        for each in self.replace_destination(ground, part, uplink):
            if uplink.fib_id is None:
                self.follow(Check.INBOUND_ROUTE, ground, router.inbound, None, each)
            else:
                self.follow(Check.ROUTE, ground, router.fibs[uplink.fib_id], None, each)

    def from_link(self, ground: Ground, part: _Part) -> None:
        """From another router."""
        for entered in self.enter(ground, part.asked, part.flow, part.memories):
            for each in self.replace_destination(ground, entered):
                self.follow(Check.INBOUND_ROUTE, ground, ground.router.inbound, None, each)

    # ---- translation -----------------------------------------------------------------------------------------------------

    def replace_destination(
        self, ground: Ground, part: _Part, uplink: Uplink | None = None
    ) -> Iterator[_Part]:
        """A known connection's destination; else that of an uplink's translation, and then of a service."""
        if part.onward is not None:
            yield from self.known_destination(ground, part, part.onward, uplink)
        elif uplink is not None and uplink.translation is not None:
            yield from self.translate_destination(ground, part, uplink)
        else:
            yield from self.ask_services(ground, part)

    def known_destination(
        self, ground: Ground, part: _Part, onward: _Flow, uplink: Uplink | None
    ) -> Iterator[_Part]:
        """The destination that belongs to the connection; nothing gets in untranslated by an uplink that translates."""
        self.asking.compared.update((onward.destination, part.came.destination))
        now = part.flow
        flow = _Flow(now.source, now.source_port, onward.destination, onward.port)
        part = _Part(part.asked, flow, part.came, onward, part.memories)
        if uplink is not None and uplink.translation is not None:
            public = ground.doorway(uplink.translation).public
            self.consulted.append((public, part.came.destination))
            stray = part.came.destination not in public.found
            if stray or flow.destination == part.came.destination:
                self.end(ground, part, Check.DESTINATION_NAT, uplink.id, None, Outcome.NO_TRANSLATION)
                return
        yield part

    def translate_destination(self, ground: Ground, part: _Part, uplink: Uplink) -> Iterator[_Part]:
        """The destination that the uplink's translation gives; the first entry that is for a packet decides."""
        assert uplink.translation is not None  # noqa: S101 - asked by the caller
        entries = ground.doorway(uplink.translation).destinations
        self.consulted.append((entries, part.flow.destination))
        rest = part.asked
        for concerned, entry in entries.found.get(part.flow.destination, ()):
            if found := rest & _at(concerned, part.flow.port):
                rest = rest - found
                port = (entry.private_port if entry.public_port else 0) or part.flow.port
                private = place(entry.private)
                self.asking.placed.add(private)
                flow = part.flow._replace(destination=private, port=port)
                yield from self.ask_services(ground, part._replace(asked=found, flow=flow))
        if rest:
            stopped = part._replace(asked=rest)
            self.end(ground, stopped, Check.DESTINATION_NAT, uplink.id, None, Outcome.NO_TRANSLATION)

    def ask_services(self, ground: Ground, part: _Part) -> Iterator[_Part]:
        """A live instance of each service that something is for; what is for none goes on as it is."""
        rest = part.asked
        self.consulted.append((ground.services, part.flow.destination))
        for service in ground.services.found.get(part.flow.destination, ()):
            concerned = _at(block(service.protocol, service.port, service.port), part.flow.port) - BARE
            found = rest & concerned
            if not found:
                continue
            rest = rest - found
            live = service.live
            if not live:
                stopped = part._replace(asked=found)
                self.end(ground, stopped, Check.SERVICE, service.id, None, Outcome.NO_BACKEND)
                continue
            backend = live[self.asking.chosen(ground.router.id, service.id, len(live))]
            address = place(backend.address)
            self.asking.placed.add(address)
            flow = part.flow._replace(destination=address, port=backend.port)
            yield part._replace(asked=found, flow=flow)
        if rest:
            yield part if rest is part.asked else part._replace(asked=rest)

    def replace_source(self, ground: Ground, uplink: Uplink, part: _Part) -> _Part | None:
        """The source that it leaves with; an uplink that translates lets nothing out but its public addresses."""
        if uplink.translation is None:
            return part
        doorway = ground.doorway(uplink.translation)
        if part.onward is not None:
            self.consulted.append((doorway.public, part.onward.source))
            if part.onward.source not in doorway.public.found:
                self.end(ground, part, Check.SOURCE_NAT, uplink.id, None, Outcome.NO_TRANSLATION)
                return None
            return part
        self.consulted.append((doorway.sources, part.flow.source))
        entry = doorway.sources.at(part.flow.source)
        if entry is None or not entry.public:
            source = entry.decided_by if entry else None
            self.end(ground, part, Check.SOURCE_NAT, uplink.id, source, Outcome.NO_TRANSLATION)
            return None
        subject = f"{uplink.id}/{entry.decided_by}"
        public = place(entry.public[self.asking.chosen(ground.router.id, subject, len(entry.public))])
        self.asking.placed.add(public)
        return part._replace(flow=part.flow._replace(source=public))

    # ---- through a router ------------------------------------------------------------------------------------------------

    def follow(self, check: Check, ground: Ground, fib: Fib, leaving: Subnet | None, part: _Part) -> None:
        """What the table says; `leaving` is the subnet of the instance that sends, None for packets from elsewhere."""
        table = ground.fib(fib)
        self.consulted.append((table, part.flow.destination))
        entry = table.at(part.flow.destination)
        if entry is None:
            self.end(ground, part, check, fib.id, None, Outcome.NO_ROUTE)
            return
        hop = entry.hop
        if isinstance(hop, Blackhole):
            transit = check is Check.INBOUND_ROUTE and ground.leads_out(entry)
            outcome = Outcome.TRANSIT if transit else Outcome.BLACKHOLE
            self.end(ground, part, check, fib.id, entry.source, outcome)
            return
        passing: _Part | None = part
        if leaving is not None and isinstance(hop, ToLink | ToLinks | ToUplink):
            passing = self.ask_acl(Check.EGRESS_ACL, ground, leaving, part)
        if passing is None:
            return
        match hop:
            case ToLink(link_id):
                self.cross(ground, ToLinks((LinkPath(link_id),)), passing)
            case ToLinks():
                self.cross(ground, hop, passing)
            case ToUplink(uplink_id):
                self.leave(ground, uplink_id, entry.source, passing)
            case ToResolver():
                gone = self.depart(ground, passing)
                self.end(
                    ground, gone, Check.DELIVERY, ground.router.id, entry.source, Outcome.HANDED_TO_RESOLVER
                )
            case _:
                self.arrive(ground, leaving, entry, passing)

    def cross(self, ground: Ground, hop: ToLinks, part: _Part) -> None:
        """Over a live link and into the router at its other end."""
        live = hop.live(self.asking.links)
        subject = "+".join(path.link_id for path in hop.paths)
        if not live:
            self.end(ground, part, Check.LINK, subject, None, Outcome.LINK_DOWN)
            return
        path = live[self.asking.chosen(ground.router.id, subject, len(live))]
        other = self.asking.links[path.link_id].other(ground.router.id)
        self.from_link(self.asking.atlas.ground(other.router_id), self.depart(ground, part))

    def leave(self, ground: Ground, uplink_id: str, decided_by: str, part: _Part) -> None:
        """Out of the network."""
        uplink = ground.router.uplinks[uplink_id]
        if not _carries(uplink, part.flow):
            self.end(ground, part, Check.UPLINK, uplink_id, None, Outcome.UPLINK_DOWN)
            return
        going = self.replace_source(ground, uplink, part)
        if going is not None:
            self.end(ground, self.depart(ground, going), Check.DELIVERY, uplink_id, decided_by, Outcome.LEFT)

    def arrive(self, ground: Ground, leaving: Subnet | None, entry: FibEntry, part: _Part) -> None:
        """Out of the subnet it leaves (None for one that came from elsewhere) and to an interface of this router."""
        router, destination = ground.router, part.flow.destination
        self.consulted.append((ground.owners, destination))
        if isinstance(entry.hop, ToEndpoint):
            receiver = router.endpoints.get(entry.hop.endpoint_id)
        else:
            receiver = ground.owners.found.get(destination)
        entering_id = receiver.subnet_id if receiver else entry.source
        inside = leaving is not None and leaving.id == entering_id
        passing: _Part | None = part
        if leaving is not None and not inside:
            passing = self.ask_acl(Check.EGRESS_ACL, ground, leaving, part)
        if passing is None:
            return
        if receiver is None:
            self.end(ground, passing, Check.DELIVERY, entering_id, entry.source, Outcome.NO_SUCH_ADDRESS)
            return
        if not inside:
            passing = self.ask_acl(Check.INGRESS_ACL, ground, router.subnets[entering_id], passing)
        if passing is not None:
            passing = self.ask_security(Check.INGRESS_POLICY, ground, receiver, passing)
        if passing is not None:
            outcome = self.reception(ground, receiver, destination)
            gone = self.depart(ground, passing) if outcome in GOT else passing
            self.end(ground, gone, Check.DELIVERY, receiver.id, entry.source, outcome)

    def reception(self, ground: Ground, receiver: Endpoint, destination: int) -> Outcome:
        """What the interface that it reaches does with it."""
        if destination not in ground.own[receiver.id]:
            return Outcome.HANDED_TO_ENDPOINT if receiver.forwards else Outcome.NOT_A_GATEWAY
        return Outcome.HAIRPIN if receiver.id == self.sender_id else Outcome.DELIVERED

    # ---- filters ---------------------------------------------------------------------------------------------------------

    def ask_security(self, check: Check, ground: Ground, endpoint: Endpoint, part: _Part) -> _Part | None:
        """The security policy of an interface; it lets pass what belongs to a connection that the router remembers."""
        if endpoint.policy_id is None or part.onward is not None:
            return part
        policy = ground.router.policies[endpoint.policy_id]
        return self.ask(check, ground, policy, part, Outcome.DROPPED_BY_POLICY)

    def ask_acl(self, check: Check, ground: Ground, subnet: Subnet, part: _Part) -> _Part | None:
        """The ACL of a subnet, if it has one."""
        if subnet.acl_id is None:
            return part
        return self.ask(check, ground, ground.router.acls[subnet.acl_id], part, Outcome.DROPPED_BY_ACL)

    def ask(self, check: Check, ground: Ground, policy: Policy, part: _Part, drop: Outcome) -> _Part | None:
        """What passes a filter of the policy; the rest ends here."""
        entering = check is Check.INGRESS_ACL or check is Check.INGRESS_POLICY
        permits = ground.permits(policy.ingress if entering else policy.egress)
        remote = part.flow.source if entering else part.flow.destination
        self.consulted.append((permits, remote))
        permit = permits.at(remote)
        port = None if part.flow.port == ASKED else part.flow.port
        passing = part.asked & (permit.allowed if port is None else permit.at(port))
        if passing == part.asked:
            return part
        for space, source in permit.source_of(port, part.asked - passing):
            self.end(ground, part._replace(asked=space), check, policy.id, source, drop)
        return part._replace(asked=passing) if passing else None


def _at(concerned: Space, port: int) -> Space:
    """What is concerned, of what asks for a port; once replaced, it is the protocols that are."""
    return concerned if port == ASKED else concerned.protocols_at(port)


def _carries(uplink: Uplink, flow: _Flow) -> bool:
    """Whether packets of this IP version pass the uplink now."""
    version = 6 if flow.source >= SIX else 4
    versions = {transfer.peer.version for transfer in uplink.transfers}
    return uplink.up and (not versions or version in versions)
