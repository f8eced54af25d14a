"""Intents: what is found fast is what asking everybody finds, and what is kept between changes is what a fresh look finds."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import islice, product

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.builders.borders import OWNER
from tests.builders.strategies import DESTINATIONS, of_kind
from tests.builders.wide import inner_topologies, wide_topologies
from tests.builders.wide_edits import wide_edits

from peerway.analysis.intents import examine
from peerway.analysis.intents.pairs import WORST
from peerway.analysis.intents.sight import Patience, Shared
from peerway.analysis.intents.watching import Watch
from peerway.analysis.network import Network
from peerway.domain.gateway import DnatEntry
from peerway.domain.intent import Expectation, Intent, IntentState, Party, PartyKind
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.security import Protocol
from peerway.domain.service import Database, Listener, LoadBalancer
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.model import ToLinks
from peerway.fabric.outcomes import Outcome
from peerway.fabric.packets import Packet
from peerway.fabric.walk import exchange

#: Where answers may change with the port: the edges of the rules that are drawn.
EDGES = (0, 22, 80, 81, 100, 101, 443, 5432, 8080, 32768, 50000, 61000, 65535)
KINDS = {
    PartyKind.VPC: Vpc,
    PartyKind.VSWITCH: VSwitch,
    PartyKind.INSTANCE: Instance,
    PartyKind.DATABASE: Database,
    PartyKind.LOAD_BALANCER: LoadBalancer,
    PartyKind.VBR: VirtualBorderRouter,
}
#: Most ways that the twin tries.
WAYS = 32


@st.composite
def parties(draw, topology, *, target):
    """Any side that the topology has."""
    kinds = [kind for kind, of in KINDS.items() if of_kind(topology, of)] + [PartyKind.ACCOUNT]
    if target:
        kinds.append(PartyKind.RANGE)
    else:
        kinds = [kind for kind in kinds if kind is not PartyKind.LOAD_BALANCER]
    kind = draw(st.sampled_from(kinds))
    if kind is PartyKind.ACCOUNT:
        return Party(kind, draw(st.sampled_from((OWNER, "2"))))
    if kind is PartyKind.RANGE:
        return Party(kind, None, ip_network(draw(st.sampled_from(DESTINATIONS))))
    return Party(kind, draw(st.sampled_from(of_kind(topology, KINDS[kind]))).id)


@st.composite
def intents(draw, topology, number=0):
    """Any intent about what the topology has."""
    low, high = sorted((draw(st.sampled_from(EDGES)), draw(st.sampled_from(EDGES))))
    return Intent(
        id=f"in-{number}",
        owner_uid=OWNER,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        name=f"in-{number}",
        source=draw(parties(topology, target=False)),
        target=draw(parties(topology, target=True)),
        expectation=draw(st.sampled_from(Expectation)),
        protocol=draw(st.sampled_from(Protocol)),
        port_low=low,
        port_high=high,
        of_operator=draw(st.booleans()),
    )


class Twin:
    """Everybody asks everybody at every port where something changes, every way that there is."""

    def __init__(self, topology, intent):
        self.topology, self.intent = topology, intent
        self.fabric = topology.fabric()
        self.fabrics = list(islice(self.ways(), WAYS + 1))

    def ways(self):
        """The network with each combination of choices as the only one."""
        places, options = [], []
        for router in self.fabric.routers.values():
            for service in router.services.values():
                if len(service.live) > 1:
                    places.append((router.id, service.id, None))
                    options.append([replace(service, backends=(one,)) for one in service.live])
            for fib in router.fibs.values():
                for at, entry in enumerate(fib.entries):
                    if isinstance(entry.hop, ToLinks) and len(live := entry.hop.live(self.fabric.links)) > 1:
                        places.append((router.id, fib.id, at))
                        options.append([replace(entry, hop=ToLinks((path,))) for path in live])
        for chosen in product(*options):
            fabric = self.fabric
            for (router_id, id, at), option in zip(places, chosen, strict=True):
                router = fabric.routers[router_id]
                if at is None:
                    router = replace(router, services={**router.services, id: option})
                else:
                    entries = list(router.fibs[id].entries)
                    entries[at] = option
                    fib = replace(router.fibs[id], entries=tuple(entries))
                    router = replace(router, fibs={**router.fibs, id: fib})
                fabric = replace(fabric, routers={**fabric.routers, router_id: router})
            yield fabric

    def members(self, party):
        """Ids and addresses of everyone."""
        things = self.topology.resources
        vpcs = {one.id: one for one in of_kind(self.topology, Vpc)}
        guests = [
            (router.id, endpoint)
            for router in self.fabric.routers.values()
            for endpoint in router.endpoints.values()
        ]

        def seen(router_id, endpoint):
            own = vpcs[router_id].owner_uid == OWNER or self.intent.of_operator
            return own or things[endpoint.id].owner_uid == OWNER

        match party.kind:
            case PartyKind.ACCOUNT:
                return [(one.id, one.addresses) for _, one in guests if things[one.id].owner_uid == party.id]
            case PartyKind.VPC:
                return [(one.id, one.addresses) for at, one in guests if at == party.id and seen(at, one)]
            case PartyKind.VSWITCH:
                return [
                    (one.id, one.addresses)
                    for at, one in guests
                    if one.subnet_id == party.id and seen(at, one)
                ]
            case PartyKind.INSTANCE | PartyKind.DATABASE:
                return [(one.id, one.addresses) for _, one in guests if one.id == party.id]
            case PartyKind.LOAD_BALANCER:
                stays = self.topology.snapshot().homes.get(party.id)
                return [(party.id, (things[party.id].address,))] if stays else []
            case PartyKind.VBR:
                router = self.fabric.routers.get(party.id)
                return [
                    (party.id, tuple(one.peer for one in router.uplinks[party.id].transfers))
                    for _ in (1,)
                    if router is not None
                ]

    def asked(self, version):
        """Every protocol and port worth asking."""
        intent = self.intent
        edges = {*EDGES, *(one.port for one in of_kind(self.topology, Listener, Database))}
        edges |= {one.public_port for one in of_kind(self.topology, DnatEntry)}
        ports = {port + more for port in edges for more in (-1, 0, 1)} | {intent.port_low}
        ports = sorted(port for port in ports if intent.port_low <= port <= intent.port_high)
        bare = {1: (Protocol.ICMP, 4), 58: (Protocol.ICMPV6, 6), 47: (Protocol.GRE, version), 200: (None, 0)}
        for number, name in ((6, Protocol.TCP), (17, Protocol.UDP)):
            if intent.protocol in {Protocol.ALL, name}:
                yield from ((number, port) for port in ports)
        for number, (name, of) in bare.items():
            if intent.protocol is Protocol.ALL or (intent.protocol is name and of == version):
                yield number, 0

    def state(self):
        """The worst that anybody sees."""
        found = {IntentState.EMPTY}
        for source, sources in self.members(self.intent.source):
            for target, targets in self.members(self.intent.target):
                if source == target:
                    continue
                pairs = [(a, b) for a in sources for b in targets if a.version == b.version]
                for one, other in pairs:
                    asked = list(self.asked(one.version))
                    for (protocol, port), fabric in product(asked, self.fabrics):
                        found.add(self.judge(fabric, Packet(one, other, protocol, port, source), target))
                    if asked and self.intent.expectation is Expectation.REACH:
                        break
        return min(found, key=WORST.index)

    def judge(self, fabric, packet, target):
        """What one packet says."""
        way = exchange(fabric, packet)
        arrives = self.gets(way.request, target)
        if self.intent.expectation is Expectation.ISOLATE:
            if arrives:
                return IntentState.BROKEN
            return IntentState.UNKNOWN if self.lost(fabric, way.request, target) else IntentState.HOLDING
        if arrives and way.answered:
            return IntentState.HOLDING
        last = way.reply if arrives and way.reply else way.request
        lost = self.lost(fabric, last, None if last is way.reply else target)
        return IntentState.UNKNOWN if lost else IntentState.BROKEN

    def gets(self, walk, target):
        """Whether it was for whoever got it."""
        if self.intent.target.kind is PartyKind.LOAD_BALANCER:
            served = any(step.subject in self.listeners(target) for step in walk.steps)
            return served and walk.outcome is Outcome.DELIVERED
        if self.intent.target.kind is PartyKind.VBR:
            return walk.left_by == target
        return walk.outcome is Outcome.DELIVERED and walk.receiver == target

    def listeners(self, balancer):
        """Ids of a load balancer's listeners."""
        here = self.topology.resources[balancer].vpc_id
        return {one.id for one in of_kind(self.topology, Listener) if one.vpc_id == here}

    def lost(self, fabric, walk, target):
        """Whether nobody here knows what becomes of it."""
        if walk.outcome is Outcome.HANDED_TO_ENDPOINT:
            return True
        if walk.left_by is None or (target is not None and self.intent.target.kind is PartyKind.VBR):
            return False
        return fabric.routers[walk.steps[-1].router_id].uplinks[walk.left_by].translation is None


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_examined_intent_is_what_everybody_sees(data):
    """An intent stands exactly as asking everybody at every port, every way, says (issue 4, item 6)."""
    topology = data.draw(st.one_of(inner_topologies(), wide_topologies()))
    intent = data.draw(intents(topology))
    assume(intent.target.kind is not PartyKind.RANGE)
    twin = Twin(topology, intent)
    assume(len(twin.fabrics) <= WAYS)
    found = examine(Network.of(topology.snapshot()), intent)
    assert found.state is twin.state()
    assert (found.witness is None) is (found.state in {IntentState.HOLDING, IntentState.EMPTY})


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_examined_range_is_what_its_addresses_see(data):
    """A range stands as the worst of its addresses: no address asked alone says worse, and one says as bad (issue 4, item 6)."""
    topology = data.draw(wide_topologies())
    intent = data.draw(intents(topology))
    chosen = ip_network(data.draw(st.sampled_from(DESTINATIONS)))
    intent = replace(
        intent, target=Party(PartyKind.RANGE, None, chosen), protocol=Protocol.TCP, port_high=intent.port_low
    )
    network = Network.of(topology.snapshot())
    whole = examine(network, intent)
    hosts = [address for one in of_kind(topology, Instance) for address in one.addresses if address in chosen]
    hosts += [
        chosen[0],
        chosen[-1],
        *(
            chosen[number]
            for number in data.draw(st.lists(st.integers(0, chosen.num_addresses - 1), max_size=5))
        ),
    ]
    alone = [
        examine(network, replace(intent, target=Party(PartyKind.RANGE, None, ip_network(address)))).state
        for address in hosts
    ]
    assert all(WORST.index(whole.state) <= WORST.index(one) for one in alone)
    if whole.witness is not None:
        at = ip_network(whole.witness.case.packet.destination)
        found = examine(network, replace(intent, target=Party(PartyKind.RANGE, None, at)))
        assert found.state is whole.state


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_intents_that_share_what_they_find_equal_single_looks(data):
    """Intents about the same parties, by all sorts of ports, stand as each does when it is looked at alone (issue 4, item 6)."""
    topology = data.draw(wide_topologies())
    network, shared = Network.of(topology.snapshot()), Shared()
    drawn = [data.draw(intents(topology, number)) for number in range(2)]
    for intent in drawn * 4:
        low = data.draw(st.sampled_from([0, 1, 22, 79, 80, 81, 442, 443, 444, 8080, 65535]))
        one = replace(
            intent,
            protocol=data.draw(st.sampled_from([Protocol.TCP, Protocol.UDP, intent.protocol])),
            port_low=low,
            port_high=data.draw(st.integers(low, 65535) | st.just(low)),
            expectation=data.draw(st.sampled_from(Expectation)),
        )
        alone, together = examine(network, one), examine(network, one, shared=shared)
        assert (together.state, together.witness, together.seen) == (alone.state, alone.witness, alone.seen)


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_watched_intents_equal_fresh_looks(data):
    """After any edits, examining only what may have changed gives what examining everything anew gives (issue 4, item 6)."""
    topology = data.draw(wide_topologies())
    network = Network.of(topology.snapshot())
    watch = Watch()
    for number in range(data.draw(st.integers(1, 4))):
        watch.put(data.draw(intents(topology, number)))
    watch.move(network)
    for _ in range(data.draw(st.integers(1, 4))):
        made = data.draw(wide_edits(topology))
        network = network.after(topology.revision, made.upserts, made.removals)
        held = dict(watch.answers)
        watch.move(network)
        for id, intent in watch.intents.items():
            anew = examine(network, intent)
            from_before = examine(network, intent, known=held[id])
            for found in (watch.answers[id], from_before):
                assert (found.state, found.witness, found.reads) == (anew.state, anew.witness, anew.reads)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_answer_that_takes_too_long_is_unknown(data):
    """Beyond a bound of followed packets an intent stands as unknown, with no witness, unless it was seen broken by then."""
    topology = data.draw(wide_topologies())
    network, intent = Network.of(topology.snapshot()), data.draw(intents(topology))
    patience = Patience(data.draw(st.integers(0, 3)))
    whole, bounded = examine(network, intent), examine(network, intent, patience=patience)
    if bounded.state is IntentState.BROKEN or not patience.is_over:
        assert (bounded.state, bounded.witness) == (whole.state, whole.witness)
    else:
        assert (bounded.state, bounded.witness) == (IntentState.UNKNOWN, None)
    watch = Watch(most_followed=0)
    watch.put(intent)
    patience = Patience(0)
    assert watch.move(network)[intent.id].state is examine(network, intent, patience=patience).state
    watch.most_followed = 50_000
    watch.drop(intent.id)
    watch.put(intent)
    assert watch.move(network)[intent.id].state is whole.state
