"""One question to our trace and to an `ovn-trace` daemon, on the same network: how fast each is, and whether they say the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from statistics import fmean
from time import perf_counter
from typing import Final

from tests.builders.strategies import of_kind
from tests.builders.topology import DROP, EGRESS, Topology, acl_entry

from bench.ovn_network import router_mac
from bench.ovn_peer import OvnTrace, missing, running_ovn
from bench.stats import Figure, Goal, ratios
from peerway.analysis.network import Network
from peerway.analysis.trace import exchange, walk
from peerway.bootstrap.parts import collect_rarely
from peerway.domain.peering import PeeringState
from peerway.domain.security import Protocol
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.packets import CLIENT_PORT, Packet

#: How many VPCs.
SIZES: Final = (100, 1000)

#: One peer connection in so many is suspended, lacks the way back, is hidden by a blackhole; one VSwitch has an ACL.
SUSPENDED, ONE_WAY, HIDDEN, GUARDED = 17, 10, 13, 3

#: Instances a VSwitch, and security rules beyond the three that decide.
INSTANCES, RULES = 4, 10

#: Questions, and how often all of them are asked.
QUESTIONS, ROUNDS = 200, 7

#: How often ours is asked all of them in a round, as once takes only 3 ms: not long enough for a processor that has just waited for
#: the daemon to be at its speed. A question's time is the mean.
PASSES: Final = 10

#: By how much ours must be faster.
FASTER: Final = 50

_ICMP, _TCP = 1, 6


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, in both sides' words."""

    #: Ours.
    packet: Packet
    #: OVN's: the logical switch that it starts in, and the packet.
    datapath: str
    microflow: str
    #: The port that it should come out of.
    target: str


def measure(*, quick: bool) -> list[Figure]:
    collect_rarely()
    lacking = missing()
    if lacking:
        note = f"not here: {', '.join(lacking)}"
        return [Figure(name="ovn-trace's time for a question, times ours", samples=(), note=note)]
    return [figure for size in ((20,) if quick else SIZES) for figure in compare(size)]


def network(vpcs: int) -> Topology:
    """A ring of peered VPCs with two VSwitches of some instances, a group with rules, and some ACLs."""
    topology = Topology()
    made = [_vpc(topology, number) for number in range(vpcs)]
    for number, vpc in enumerate(made):
        other = made[(number + 1) % vpcs]
        state = PeeringState.SUSPENDED if number % SUSPENDED == 5 else PeeringState.ACTIVE
        peering = topology.peering(vpc, other, state=state)
        topology.route(vpc, other.cidr, peering)
        if number % ONE_WAY != 7:
            topology.route(other, vpc.cidr, peering)
        if number % HIDDEN == 4:
            topology.route(vpc, next(other.cidr.subnets()), None)
    return topology


def _vpc(topology: Topology, number: int) -> Vpc:
    cidr = ip_network(((10 << 24) + (number << 8), 24))
    vpc = topology.vpc(str(cidr))
    group = topology.group(vpc, inner_access=False)
    topology.rule(group, "10.0.0.0/8", protocol=Protocol.TCP, ports=(80, 443))
    topology.rule(group, "10.0.0.0/9", protocol=Protocol.ICMP, priority=2)
    topology.rule(group, "10.0.0.0/8", direction=EGRESS, protocol=Protocol.TCP, ports=(25, 25), action=DROP)
    for rule in range(RULES):
        topology.rule(
            group, f"192.168.{rule}.0/24", protocol=Protocol.TCP, ports=(8000, 8000 + rule), priority=3
        )
    entries = [acl_entry(DROP, "10.0.0.0/8", Protocol.TCP, (443, 443)), acl_entry()]
    for place, half in enumerate(cidr.subnets()):
        acl = topology.acl(vpc, entries, [acl_entry()]) if (number + place) % GUARDED == 0 else None
        vswitch = topology.vswitch(vpc, str(half), acl=acl)
        for _ in range(INSTANCES):
            topology.instance(vswitch, group)
    return vpc


def questions(topology: Topology, count: int, seed: int = 4) -> list[Asked]:
    """Mostly to a neighbour, sometimes inside the VPC or one VPC too far."""
    chance = random.Random(seed)  # noqa: S311 - always the same questions
    vswitches = {one.id: one for one in of_kind(topology, VSwitch)}
    instances = of_kind(topology, Instance)
    each = 2 * INSTANCES
    vpcs = len(instances) // each
    asked = []
    for _ in range(count):
        vpc, place, other = chance.randrange(vpcs), chance.randrange(each), chance.randrange(each)
        far = chance.choice((0, 1, 1, 1, -1, -1, -1, 2))
        if far == 0:  # the other VSwitch: what stays in one meets no router
            other = (place + INSTANCES) % each
        sender, target = instances[each * vpc + place], instances[each * ((vpc + far) % vpcs) + other]
        protocol, port = chance.choice(((_TCP, 80), (_TCP, 443), (_TCP, 22), (_TCP, 25), (_ICMP, 0)))
        asked.append(_asked(sender, target, protocol, port, vswitches[sender.vswitch_id]))
    return asked


def _asked(sender: Instance, target: Instance, protocol: int, port: int, home: VSwitch) -> Asked:
    packet = Packet(
        sender.ipv4, target.ipv4, protocol, port, sender.id, CLIENT_PORT if protocol == _TCP else 0
    )
    layer4 = (
        f"tcp && tcp.src == {CLIENT_PORT} && tcp.dst == {port}" if protocol == _TCP else "icmp4.type == 8"
    )
    microflow = (
        f'inport == "{sender.id}" && eth.src == {sender.mac} && eth.dst == {router_mac(home)} && '
        f"ip4.src == {sender.ipv4} && ip4.dst == {target.ipv4} && ip.ttl == 64 && {layer4}"
    )
    return Asked(packet, home.id, microflow, target.id)


def compare(vpcs: int) -> list[Figure]:
    """Both sides' times on one network, question by question in turns."""
    topology = network(vpcs)
    ours = Network.of(topology.snapshot())
    asked = questions(topology, QUESTIONS)
    with running_ovn(topology) as ovn:
        theirs_say = [ovn.delivers(one.datapath, one.microflow, one.target) for one in asked]
        ours_say = [walk(ours, one.packet).receiver == one.target for one in asked]
        differing = sum(one != other for one, other in zip(ours_say, theirs_say, strict=True))
        rounds = [_round(ours, ovn, asked) for _ in range(ROUNDS)]
        times = [one for each in rounds for one in each]
        return _figures(vpcs, ovn, times, differing, sum(ours_say))


def _round(ours: Network, ovn: OvnTrace, asked: Sequence[Asked]) -> list[tuple[float, float, float]]:
    """Seconds for each question: theirs one way, ours one way, ours both ways."""
    theirs = [_timed(ovn.ask, one.datapath, one.microflow) for one in asked]
    return list(zip(theirs, _passed(walk, ours, asked), _passed(exchange, ours, asked), strict=True))


def _passed(ask: Callable[[Network, Packet], object], ours: Network, asked: Sequence[Asked]) -> list[float]:
    """Our mean seconds for each question."""
    passes = [[_timed(ask, ours, one.packet) for one in asked] for _ in range(PASSES)]
    return [fmean(times) for times in zip(*passes, strict=True)]


def _timed(ask: Callable[..., object], *words: object) -> float:
    started = perf_counter()
    ask(*words)
    return perf_counter() - started


def _figures(
    vpcs: int, ovn: OvnTrace, times: Sequence[tuple[float, float, float]], differing: int, delivered: int
) -> list[Figure]:
    theirs, one_way, two_way = zip(*times, strict=True)
    scale = f"{vpcs:,} VPCs"
    told = f"{delivered} of {QUESTIONS} delivered, by both"
    daemon = f"filled in {ovn.filled_s:.1f} s, read by the daemon in {ovn.loaded_s:.1f} s, {ovn.memory_mib:,.0f} MiB"
    return [
        Figure(
            name=f"{scale}: ovn-trace's time for a question, times ours",
            samples=ratios(theirs, one_way),
            goal=Goal(least=FASTER),
            note="both one way",
        ),
        Figure(
            name=f"{scale}: ovn-trace's time one way, times ours there and back",
            samples=ratios(theirs, two_way),
        ),
        Figure(name=f"{scale}: ovn-trace daemon, one way", unit="ms", samples=_in(1e3, theirs), note=daemon),
        Figure(name=f"{scale}: ours, one way", unit="µs", samples=_in(1e6, one_way)),
        Figure(name=f"{scale}: ours, there and back", unit="µs", samples=_in(1e6, two_way)),
        Figure(
            name=f"{scale}: questions that the two answer differently",
            samples=(float(differing),),
            goal=Goal(most=0),
            note=told,
        ),
    ]


def _in(factor: float, seconds: Sequence[float]) -> tuple[float, ...]:
    return tuple(one * factor for one in seconds)
