"""Random networks with everything there is: what the reference walk says of a packet is what happens to it in the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders.wide import wide_packets, wide_topologies
from tests.support.kernel import ask_from, foreign_namespace, outside

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import outside_interface
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.port import Port, PortKind
from peerway.fabric.model import Fabric, FibEntry, Service, ToLinks, Uplink
from peerway.fabric.packets import Packet
from peerway.fabric.walk import exchange

pytestmark = pytest.mark.kernel

ICMP, TCP = 1, 6
#: As in the contract suite.
ANSWER_MS, SILENCE_MS = 900, 100


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelDataPlane]:
    """One data plane for all examples."""
    driver = KernelDataPlane(tmp_path_factory.mktemp("wide"))
    try:
        yield driver
    finally:
        driver.close(destroy=True)


def decided(fabric: Fabric, worlds: dict[str, str]) -> Fabric:
    """The fabric with a world of its own for each uplink, and without choices that a connection's hash would make."""
    routers = {}
    for router in fabric.routers.values():
        uplinks = {
            id: replace(one, port=Port(PortKind.NETNS, worlds[id])) for id, one in router.uplinks.items()
        }
        fibs = {
            id: replace(fib, entries=tuple(_first(one, fabric) for one in fib.entries))
            for id, fib in router.fibs.items()
        }
        services = {id: _alone(one) for id, one in router.services.items()}
        routers[router.id] = replace(router, uplinks=uplinks, fibs=fibs, services=services)
    return replace(fabric, routers=routers)


def _first(entry: FibEntry, fabric: Fabric) -> FibEntry:
    if not isinstance(entry.hop, ToLinks):
        return entry
    return replace(entry, hop=ToLinks(entry.hop.live(fabric.links)[:1]))


def _alone(service: Service) -> Service:
    return replace(service, backends=service.live[:1])


def furnish(path: str, uplink: Uplink) -> None:
    """Let the world behind an uplink answer for every address, and send the answers back where they came from."""
    via = next((str(one.local.ip) for one in uplink.transfers if one.local.version == 4), "169.254.1.1")
    outside(
        path,
        "sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.icmp_ratelimit=0",
        "ip link set lo up",
        f"ip route add default via {via} dev {outside_interface(uplink.id)} onlink",
        "ip route add local 0.0.0.0/0 dev lo table local",
        "ip rule add not iif lo lookup local pref 5",
        "ip rule del pref 0",
    )


def happens(plane: KernelDataPlane, worlds: dict[str, str], packet: Packet, *, expected: bool) -> bool:
    """Whether a real packet like this one is answered."""
    patience = ANSWER_MS if expected else SILENCE_MS
    if packet.sender in worlds:
        question = (str(packet.source), str(packet.destination), packet.protocol, packet.port)
        return ask_from(plane, worlds[packet.sender], *question, timeout_ms=patience) is Verdict.ANSWERED
    probe = Probe(packet.sender, packet.destination, packet.protocol, packet.port, patience)
    return plane.probe(probe).verdict is Verdict.ANSWERED


def own_source(fabric: Fabric, packet: Packet) -> Packet | None:
    """The packet with its sender's own address; None when it has none of that kind."""
    for router in fabric.routers.values():
        if packet.sender in router.endpoints:
            own = [
                one
                for one in router.endpoints[packet.sender].addresses
                if one.version == packet.destination.version
            ]
            return replace(packet, source=own[0]) if own else None
        if packet.sender in router.uplinks:
            return packet if router.uplinks[packet.sender].up else None
    return None


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_packets_do_what_the_reference_says(everything: KernelDataPlane, data: st.DataObject) -> None:
    """Border routers, gateways, exits, services, groups across links: a packet is answered exactly when the walk says so."""
    topology = data.draw(wide_topologies())
    plain = topology.fabric()
    with ExitStack() as stack:
        uplinks = [one for router in plain.routers.values() for one in router.uplinks.values()]
        worlds = {one.id: stack.enter_context(foreign_namespace()) for one in uplinks}
        fabric = decided(plain, worlds)
        assert everything.apply(fabric).failures == {}
        assert dict(everything.observe().drift) == {}
        for one in uplinks:
            if one.up:
                furnish(worlds[one.id], one)
        for _ in range(6):
            packet = own_source(fabric, data.draw(wide_packets(topology)))
            if packet is None or packet.protocol not in {ICMP, TCP}:
                continue
            question = replace(packet, port=packet.port if packet.protocol == TCP else 0)
            expected = exchange(fabric, question)
            answered = happens(everything, worlds, question, expected=expected.answered)
            assert answered == expected.answered, f"{question} {expected}"
