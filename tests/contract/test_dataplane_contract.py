"""What every data plane does alike: the same networks, the same answers, whoever carries the packets."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders.fabrics import link, spread, vpc
from tests.builders.strategies import of_kind, packets, topologies
from tests.support.dataplanes import dataplane, running
from tests.support.probing import (
    ANSWER_MS,
    ICMP,
    ICMP6,
    SILENCE_MS,
    TCP,
    UDP,
    Network,
    ask,
    put,
    reaches,
    silent,
)

from peerway.app.dataplane import DataPlane, Probe, Verdict
from peerway.domain.errors import NotFound
from peerway.domain.vpc import Instance
from peerway.fabric.model import Blackhole, Fabric, Link
from peerway.fabric.walk import exchange

__all__ = ["dataplane", "running"]


def test_apply_of_nothing_makes_nothing(dataplane: DataPlane) -> None:
    """An empty fabric is a fabric."""
    assert dataplane.apply(Fabric(7)).touched == 0
    seen = dataplane.observe()
    assert (seen.routers, seen.endpoints, dict(seen.links), dict(seen.drift)) == (
        frozenset(),
        frozenset(),
        {},
        {},
    )


def test_apply_repeated_touches_nothing(dataplane: DataPlane) -> None:
    """A repeat does nothing; neither does an equal fabric made of other objects, nor a repair."""
    net = Network()
    net.pair(ipv6=True)
    fabric = put(dataplane, net)
    assert dataplane.apply(fabric).touched == 0
    assert dataplane.apply(net.fabric()).touched == 0
    assert dataplane.repair().touched == 0


def test_apply_touches_in_proportion_to_the_change(dataplane: DataPlane) -> None:
    """One link more touches the link and its two routers at most."""
    net = Network()
    net.pair()
    sites = [net.site(number) for number in (3, 4)]
    put(dataplane, net)
    net.peering(sites[0][0], sites[1][0])
    assert 1 <= dataplane.apply(net.fabric()).touched <= 3


def test_observe_lists_what_is_there(dataplane: DataPlane) -> None:
    """Routers, endpoints and links by id, without drift right after an apply."""
    net = Network()
    one, other, here, there, peering = net.pair()
    put(dataplane, net)
    seen = dataplane.observe()
    assert seen.routers == {one.id, other.id}
    assert seen.endpoints == {here.id, there.id}
    assert dict(seen.links) == {peering.id: True}
    assert dict(seen.drift) == {}


def test_probe_of_an_unknown_instance_is_not_found(dataplane: DataPlane) -> None:
    """A probe starts at an instance that exists."""
    with pytest.raises(NotFound):
        dataplane.probe(Probe("i-none", ip_address("10.0.0.1")))


def test_look_into_an_instance_shows_its_own_address_or_says_that_there_is_none(dataplane: DataPlane) -> None:
    """PATH-3: real guests show their interface; a data plane without guests says so. An unknown instance is not found."""
    net = Network()
    _, _, here, _, _ = net.pair()
    put(dataplane, net)
    view = dataplane.guest_addresses(here.id)
    assert (view is None) == (dataplane.name == "memory")
    if view is not None:
        (wire,) = [one for one in view.interfaces if one.to_network]
        assert [one.ip for one in wire.addresses] == [here.ipv4]
    with pytest.raises(NotFound):
        dataplane.guest_addresses("i-none")


@pytest.mark.parametrize(("protocol", "port"), [(ICMP, 0), (TCP, 80), (UDP, 53)])
def test_peered_instances_reach_each_other(dataplane: DataPlane, protocol: int, port: int) -> None:
    """PEER-1: link and routes both ways carry echo, TCP and UDP."""
    net = Network()
    _, _, here, there, _ = net.pair()
    put(dataplane, net)
    assert reaches(dataplane, here, there, protocol, port)
    assert reaches(dataplane, there, here, protocol, port)


def test_peered_instances_reach_each_other_over_ipv6(dataplane: DataPlane) -> None:
    """NET-5: IPv6 ranges are carried like IPv4 ones."""
    net = Network()
    _, _, here, there, _ = net.pair(ipv6=True)
    put(dataplane, net)
    assert reaches(dataplane, here, there.ipv6, ICMP6)
    assert reaches(dataplane, here, there.ipv6, TCP, 443)
    assert reaches(dataplane, here, there)


def test_link_without_routes_carries_nothing(dataplane: DataPlane) -> None:
    """PEER-8: routes are the owners' business; without them nothing flows, and with one side's alone no answer comes back."""
    net = Network()
    (one, near), (other, far) = net.site(1), net.site(2)
    here, there = net.instance(near), net.instance(far)
    peering = net.peering(one, other)
    put(dataplane, net)
    assert silent(dataplane, here, there)
    net.route(one, "10.2.0.0/16", peering)
    put(dataplane, net)
    assert silent(dataplane, here, there)
    net.route(other, "10.1.1.0/24", peering)
    put(dataplane, net)
    assert reaches(dataplane, here, there)
    assert reaches(dataplane, there, here)


def test_link_that_is_switched_off_drops_and_carries_again(dataplane: DataPlane) -> None:
    """A link that is there and down is a hole; up again, it carries as before."""
    net = Network()
    _, _, here, there, peering = net.pair(ipv6=True)
    fabric = put(dataplane, net)
    link = fabric.links[peering.id]
    down = Link(link.id, link.ends, up=False, cap_mbps=link.cap_mbps)
    for _ in range(2):
        assert dataplane.apply(Fabric(fabric.revision + 1, fabric.routers, {link.id: down})).failures == {}
        assert silent(dataplane, here, there)
        assert silent(dataplane, here, there.ipv6, ICMP6)
        assert dict(dataplane.observe().links) == {link.id: False}
        assert dataplane.apply(fabric).failures == {}
        assert reaches(dataplane, here, there)
        assert reaches(dataplane, here, there.ipv6, ICMP6)


def test_deleted_link_is_silent_at_once_and_can_come_back(dataplane: DataPlane) -> None:
    """PEER-4: after the apply that deletes it, not one packet crosses; a new link under the same id carries at once."""
    net = Network()
    _, _, here, there, peering = net.pair()
    for _ in range(3):
        put(dataplane, net)
        assert reaches(dataplane, here, there)
        net.remove(peering)
        put(dataplane, net)
        assert silent(dataplane, here, there)
        assert dict(dataplane.observe().links) == {}
        net.put(peering)
    put(dataplane, net)
    assert dict(dataplane.observe().links) == {peering.id: True}


def test_nothing_passes_two_links(dataplane: DataPlane) -> None:
    """PEER-7: whatever the outer VPCs' routes say, the middle one carries nothing across; also for IPv6."""
    net = Network()
    sites = [net.site(number, ipv6=True) for number in (1, 2, 3)]
    left, middle, right = (vpc for vpc, _ in sites)
    one, two, three = (net.instance(vswitch) for _, vswitch in sites)
    first, second = net.join(left, middle), net.join(middle, right)
    for prefix in ("10.3.0.0/16", "fd00:3::/56"):
        net.route(left, prefix, first)
    for prefix in ("10.1.0.0/16", "fd00:1::/56"):
        net.route(right, prefix, second)
    put(dataplane, net)
    assert reaches(dataplane, one, two)
    assert reaches(dataplane, three, two.ipv6, ICMP6)
    assert silent(dataplane, one, three)
    assert silent(dataplane, three, one, TCP, 22)
    assert silent(dataplane, one, three.ipv6, ICMP6)


@pytest.mark.parametrize("weights", [{"a": 1, "b": 1}, {"a": 100, "b": 0}, {"a": 0, "b": 0}])
@pytest.mark.parametrize(("first_up", "first_healthy"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize(("second_up", "second_healthy"), [(True, True), (True, False), (False, True)])
def test_several_links_carry_while_one_is_up(
    dataplane: DataPlane,
    weights: dict[str, int],
    first_up: bool,
    first_healthy: bool,
    second_up: bool,
    second_healthy: bool,
) -> None:
    """EC-4: packets get through as long as any of the links is up, also when every check fails; IPv6 like IPv4."""
    links = {
        "a": link("a", "vpc-1", "vpc-2", up=first_up, healthy=first_healthy),
        "b": link("b", "vpc-1", "vpc-2", up=second_up, healthy=second_healthy),
    }
    routers = {
        f"vpc-{here}": vpc(
            here, {f"10.{there}.0.0/16": spread(**weights), f"fd00:{there}::/56": spread(**weights)}
        )
        for here, there in ((1, 2), (2, 1))
    }
    assert dataplane.apply(Fabric(1, routers, links)).failures == {}
    assert dict(dataplane.observe().links) == {"a": first_up, "b": second_up}
    assert dict(dataplane.observe().drift) == {}
    expected = reaches if first_up or second_up else silent
    for port in range(4):
        assert expected(dataplane, "i-1", "10.2.1.10", TCP, 1000 + port)
    assert expected(dataplane, "i-2", "fd00:1::10", ICMP6)


def test_nothing_passes_two_links_where_there_are_several(dataplane: DataPlane) -> None:
    """PEER-7: several links on either side of a VPC carry nothing across it, whatever all tables say."""
    middle = {"10.1.0.0/16": spread(a=1, b=1), "10.3.0.0/16": spread(c=1, d=1)}
    routers = {
        "vpc-1": vpc(1, {"10.2.0.0/16": spread(a=1, b=1), "10.3.0.0/16": spread(a=1, b=1)}),
        "vpc-2": vpc(2, middle, dict.fromkeys(middle, Blackhole())),
        "vpc-3": vpc(3, {"10.2.0.0/16": spread(c=1, d=1), "10.1.0.0/16": spread(c=1, d=1)}),
    }
    links = {name: link(name, f"vpc-{end}", "vpc-2") for name, end in zip("abcd", (1, 1, 3, 3), strict=True)}
    assert dataplane.apply(Fabric(1, routers, links)).failures == {}
    assert reaches(dataplane, "i-1", "10.2.1.10")
    assert reaches(dataplane, "i-3", "10.2.1.10", TCP, 80)
    for port in range(4):
        assert silent(dataplane, "i-1", "10.3.1.10", TCP, 1000 + port)
    assert silent(dataplane, "i-3", "10.1.1.10")
    assert dataplane.apply(Fabric(2, routers, links)).touched == 0


def test_blackhole_route_drops_and_longest_match_decides(dataplane: DataPlane) -> None:
    """NET-5: a blackhole inside a peered range is a hole in it, and a longer route a bridge over the hole."""
    net = Network()
    one, _other, here, there, peering = net.pair()
    net.route(one, "10.2.1.0/24")
    put(dataplane, net)
    assert silent(dataplane, here, there)
    net.route(one, f"{there.ipv4}/32", peering)
    put(dataplane, net)
    assert reaches(dataplane, here, there)


def test_subnet_tables_decide_for_their_own_instances(dataplane: DataPlane) -> None:
    """NET-5: a VSwitch with a custom table without the route reaches less than its neighbour."""
    net = Network()
    one, _other, here, there, _ = net.pair()
    closed = net.instance(net.vswitch(one, "10.1.2.0/24", table=net.table(one)))
    put(dataplane, net)
    assert reaches(dataplane, here, there)
    assert silent(dataplane, closed, there)
    assert reaches(dataplane, closed, here)
    assert reaches(dataplane, here, closed)


def test_overlapping_ranges_keep_the_own_network(dataplane: DataPlane) -> None:
    """PEER-6: with equal VPC ranges the own VSwitch wins, and disjoint VSwitches reach each other by longer routes."""
    net = Network()
    one, other = net.vpc("10.0.0.0/16"), net.vpc("10.0.0.0/16")
    here, same = net.instance(net.vswitch(one, "10.0.1.0/24")), net.instance(net.vswitch(one, "10.0.3.0/24"))
    there, twin = (
        net.instance(net.vswitch(other, "10.0.2.0/24")),
        net.instance(net.vswitch(other, "10.0.3.0/24")),
    )
    peering = net.peering(one, other)
    net.route(one, "10.0.2.0/24", peering)
    net.route(other, "10.0.1.0/24", peering)
    put(dataplane, net)
    assert same.ipv4 == twin.ipv4
    assert reaches(dataplane, here, there)
    assert reaches(dataplane, here, same)
    assert reaches(dataplane, there, twin)
    assert silent(dataplane, same, there)


def test_instances_come_move_and_go(dataplane: DataPlane) -> None:
    """An instance can get another address, another VSwitch and VPC, and be removed; its packets follow."""
    net = Network()
    one, other, here, there, _ = net.pair()
    second = net.vswitch(other, "10.2.2.0/24")
    put(dataplane, net)
    moved = net.change(there, ipv4=ip_address("10.2.1.77"))
    put(dataplane, net)
    assert reaches(dataplane, here, moved)
    assert silent(dataplane, here, "10.2.1.9")
    moved = net.change(there, vswitch_id=second.id, ipv4=ip_address("10.2.2.9"))
    put(dataplane, net)
    assert reaches(dataplane, here, moved)
    assert reaches(dataplane, moved, here)
    near = net.resources[here.vswitch_id]
    moved = net.change(there, vpc_id=one.id, vswitch_id=near.id, ipv4=ip_address("10.1.1.200"))
    put(dataplane, net)
    assert reaches(dataplane, here, moved)
    assert silent(dataplane, here, "10.2.2.9")
    net.remove(there)
    put(dataplane, net)
    assert silent(dataplane, here, "10.1.1.200")
    assert dataplane.observe().endpoints == {here.id}
    with pytest.raises(NotFound):
        ask(dataplane, there, here)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_probes_say_what_the_reference_says(dataplane: DataPlane, data: st.DataObject) -> None:
    """In random networks a real echo or TCP connection is answered exactly when the reference walk says so."""
    topology = data.draw(topologies())
    if not of_kind(topology, Instance):
        return
    fabric = put(dataplane, topology)
    assert dict(dataplane.observe().drift) == {}
    for _ in range(4):
        packet = data.draw(packets(topology).filter(lambda packet: packet.protocol in {ICMP, TCP, ICMP6}))
        own = [
            one
            for one in topology.resources[packet.sender].addresses
            if one.version == packet.destination.version
        ]
        if not own:
            continue
        question = replace(packet, source=own[0], port=packet.port if packet.protocol == TCP else 0)
        expected = exchange(fabric, question)
        timeout_ms = ANSWER_MS if expected.answered else SILENCE_MS
        result = dataplane.probe(
            Probe(packet.sender, packet.destination, packet.protocol, question.port, timeout_ms)
        )
        assert (result.verdict is not Verdict.SILENT) == expected.answered, f"{question} {expected} {result}"


def test_counters_stand_for_both_ends_of_every_link(dataplane: DataPlane) -> None:
    """MON: totals by (link, router); what one end sent, the other received."""
    net = Network()
    one, other, here, there, peering = net.pair()
    put(dataplane, net)
    ask(dataplane, here, there)
    counters = dataplane.counters()
    assert set(counters) == {(peering.id, one.id), (peering.id, other.id)}
    near, far = counters[peering.id, one.id], counters[peering.id, other.id]
    assert near.sent_bytes == far.received_bytes
    assert near.received_packets == far.sent_packets
    assert near.capped_packets == 0


def test_close_without_destroy_and_apply_of_nothing_are_repeatable(dataplane: DataPlane) -> None:
    """Removing everything twice is removing it once."""
    net = Network()
    net.pair()
    put(dataplane, net)
    assert dataplane.apply(Fabric(0)).touched > 0
    assert dataplane.apply(Fabric(0)).touched == 0
    assert dataplane.observe().routers == frozenset()
