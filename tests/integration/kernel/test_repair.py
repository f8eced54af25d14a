"""Drift: whatever somebody does to the kernel objects is named and mended, exactly that."""

from pathlib import Path

import pytest
from tests.builders.topology import Topology
from tests.support.kernel import foreign_namespace, in_instance, in_router, outside, pair

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.security import Protocol

pytestmark = pytest.mark.kernel

#: What a careless administrator does in a router's namespace; `{link}` and `{instance}` are interface names.
HARM = {
    "route deleted": "ip route flush exact 10.2.0.0/16 table all",
    "route added": "ip route add 10.77.0.0/16 dev {instance}",
    "better route added": "ip -6 route add blackhole fd00:1::a/128 metric 1; ip route add blackhole 10.1.1.10 metric 5",
    "tables flushed": "ip route flush table 254",
    "ipv6 routes flushed": "ip -6 route flush table 254",
    "link deleted": "ip link del {link}",
    "link switched off": "ip link set {link} down",
    "instance's wire deleted": "ip link del {instance}",
    "neighbour deleted": "ip neigh flush dev {link} nud permanent",
    "rules flushed": "ip rule del pref 100",
    "source check switched off": "sysctl -qw net.ipv4.conf.{instance}.rp_filter=0",
    "cap taken away": "tc qdisc del dev {link} root",
    "address deleted": "ip addr flush dev lo scope global",
    "group changed": "ip link set {link} group 9",
    "filter deleted": "nft delete table inet peerway",
    "filter rule added": "nft insert rule inet peerway forward accept",
    "all filters deleted": "nft flush ruleset",
    "foreign interface": "ip link add foreign type veth peer name foreign2",
}


@pytest.mark.parametrize("harm", HARM)
def test_harm_to_a_router_is_named_and_mended(plane: KernelDataPlane, harm: str) -> None:
    """What was done shows as drift of some object; after the repair there is none, and the network works as before."""
    net = Topology()
    one, _other, here, there = pair(net, ipv6=True)
    group = net.group(one)
    net.change(here, security_group_ids=(group.id,))
    peering = next(found for id, found in net.resources.items() if id.startswith("pcc"))
    net.change(peering, bandwidth_mbps=500)
    net.rule(group, "10.2.0.0/16", protocol=Protocol.ICMP)
    fabric = net.fabric()
    assert plane.apply(fabric).failures == {}
    names = in_router(plane, one, "ip", "-o", "link")
    words = [line.split()[1].split("@")[0] for line in names.splitlines()]
    link = next(word for word in words if word.startswith("l") and word != "lo:")
    instance = next(word for word in words if word.startswith("e"))
    in_router(
        plane,
        one,
        "sh",
        "-c",
        HARM[harm].format(link=link.rstrip(":"), instance=instance.rstrip(":")) + "; true",
    )
    assert plane.observe().drift, "the harm shows"
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    for source, target in ((here, there.ipv4), (there, here.ipv4)):
        assert plane.probe(Probe(source.id, target, timeout_ms=900)).verdict is Verdict.ANSWERED
    assert plane.probe(Probe(here.id, there.ipv6, 58, timeout_ms=900)).verdict is Verdict.ANSWERED
    assert plane.probe(Probe(there.id, here.ipv4, 6, 80, timeout_ms=100)).verdict is Verdict.SILENT
    assert plane.repair().touched == 0


@pytest.mark.parametrize(
    "harm",
    [
        "ip link del eth0",
        "ip link set eth0 down",
        "ip route del default",
        "ip addr flush dev eth0",
        "ip neigh flush dev eth0 nud permanent",
    ],
)
def test_harm_to_an_instance_is_named_and_mended(plane: KernelDataPlane, harm: str) -> None:
    """An instance that cut itself off gets its interface back."""
    net = Topology()
    _, _, here, there = pair(net)
    plane.apply(net.fabric())
    in_instance(plane, here, "sh", "-c", harm)
    assert here.id in plane.observe().drift
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    assert plane.probe(Probe(here.id, there.ipv4, timeout_ms=900)).verdict is Verdict.ANSWERED


def test_repair_of_some_routers_leaves_the_others_for_later(plane: KernelDataPlane) -> None:
    """Drift is mended where it was looked for: at one router and its instances, then at the other."""
    net = Topology()
    one, other, here, there = pair(net)
    plane.apply(net.fabric())
    for instance in (here, there):
        in_instance(plane, instance, "ip", "link", "set", "eth0", "down")
    assert plane.repair([one.id]).failures == {}
    assert set(plane.observe().drift) == {there.id}
    assert plane.repair([other.id]).failures == {}
    assert dict(plane.observe().drift) == {}


def test_what_an_instance_adds_for_itself_is_left_alone(plane: KernelDataPlane) -> None:
    """Routes to a tunnel, a bridge of its own: the instance's business."""
    net = Topology()
    _, _, here, _ = pair(net)
    plane.apply(net.fabric())
    in_instance(plane, here, "ip", "link", "add", "own", "type", "veth", "peer", "name", "own2")
    in_instance(plane, here, "ip", "route", "add", "blackhole", "10.99.0.0/16")
    assert dict(plane.observe().drift) == {}
    assert plane.repair().touched == 0


def test_attached_namespace_keeps_its_own_when_another_agent_takes_over(
    plane: KernelDataPlane, state_dir: Path
) -> None:
    """Routes and rules that an attached namespace had before are its owner's, whoever drives the data plane."""
    net = Topology()
    _, _, here, there = pair(net)
    with foreign_namespace() as path:
        outside(
            path, "ip link set lo up", "ip route add blackhole 10.99.0.0/16", "ip rule add pref 77 lookup 77"
        )
        guest = net.instance(net.resources[here.vswitch_id], netns=path)
        fabric = net.fabric()
        assert plane.apply(fabric).failures == {}
        heir = KernelDataPlane(state_dir)
        try:
            assert heir.apply(fabric).failures == {}
            assert dict(heir.observe().drift) == {}
            assert "10.99.0.0/16" in outside(path, "ip route")
            assert "77:" in outside(path, "ip rule")
            assert heir.probe(Probe(guest.id, there.ipv4, timeout_ms=900)).verdict is Verdict.ANSWERED
        finally:
            heir.close(destroy=False)
