"""What the driver sees inside instances: addresses and routes that people put there, with the kernel's own judgement as oracle."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_address, ip_interface, ip_network

import pytest
from tests.builders.topology import Topology
from tests.support.kernel import foreign_namespace, in_instance, outside, pair

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.guest_view import MAX_ROUTES
from peerway.analysis.diagnosis import diagnose
from peerway.analysis.diagnosis.report import Verdict as PathVerdict
from peerway.analysis.network import Network
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.errors import NotFound, Unavailable
from peerway.domain.guest import GuestRouteKind, GuestView
from peerway.domain.path import PathProtocol, Point, PointKind, Question
from peerway.domain.vpc import Instance

pytestmark = pytest.mark.kernel


def look(plane: KernelDataPlane, instance: Instance) -> GuestView:
    """What is seen in an instance."""
    view = plane.guest_addresses(instance.id)
    assert view is not None
    return view


def test_a_fresh_instance_has_its_address_and_nothing_in_the_way(plane: KernelDataPlane) -> None:
    """PATH-3: one interface, the instance's addresses, and every destination but its own goes to the VPC."""
    net = Topology()
    _, _, here, there = pair(net, ipv6=True)
    plane.apply(net.fabric())
    view = look(plane, here)
    (wire,) = view.interfaces
    assert (wire.name, wire.to_network, wire.up) == ("eth0", True, True)
    assert {one.ip for one in wire.addresses} == {here.ipv4, here.ipv6}
    assert view.complete
    assert view.capture_of(there.ipv4) is None
    assert view.capture_of(there.ipv6) is None
    assert view.capture_of(here.ipv4).kind is GuestRouteKind.LOCAL


def test_docker0_is_seen_and_captures_its_range(plane: KernelDataPlane) -> None:
    """PATH-3: a bridge at 172.17.0.1/16 without a single container keeps all of 172.17.0.0/16 from the VPC; taken away, nothing."""
    net = Topology()
    _, _, here, there = pair(net)
    plane.apply(net.fabric())
    in_instance(plane, here, "ip", "link", "add", "docker0", "type", "bridge")
    in_instance(plane, here, "ip", "address", "add", "172.17.0.1/16", "dev", "docker0")
    assert look(plane, here).capture_of(ip_address("172.17.9.9")) is None  # as long as it is off
    in_instance(plane, here, "ip", "link", "set", "docker0", "up")
    view = look(plane, here)
    (bridge,) = [one for one in view.interfaces if not one.to_network]
    assert (bridge.name, bridge.up, bridge.addresses) == ("docker0", True, (ip_interface("172.17.0.1/16"),))
    capture = view.capture_of(ip_address("172.17.9.9"))
    assert capture is not None
    assert (capture.prefix, capture.interfaces) == (ip_network("172.17.0.0/16"), ("docker0",))
    assert view.capture_of(ip_address("172.17.0.1")).kind is GuestRouteKind.LOCAL
    assert view.capture_of(ip_address("172.18.0.1")) is None
    assert look(plane, there).capture_of(ip_address("172.17.9.9")) is None
    in_instance(plane, here, "ip", "link", "delete", "docker0")
    assert look(plane, here).capture_of(ip_address("172.17.9.9")) is None


def test_a_destination_behind_docker0_is_lost_and_the_report_says_so(plane: KernelDataPlane) -> None:
    """PATH-3: the network would carry it, no packet gets there, and the diagnosis says so; without the bridge all is well."""
    net = Topology()
    sites = [net.vpc("10.1.0.0/16"), net.vpc("172.17.0.0/16")]
    here = net.instance(net.vswitch(sites[0], "10.1.1.0/24"))
    there = net.instance(net.vswitch(sites[1], "172.17.1.0/24"))
    net.join(*sites)
    network = Network.of(net.snapshot())
    plane.apply(network.fabric)
    ends = [Point(PointKind.INSTANCE, one.id) for one in (here, there)]
    question = Question(source=ends[0], target=ends[1], protocol=PathProtocol.ICMP)

    def told() -> tuple[Verdict, PathVerdict]:
        guests = {one.id: look(plane, one) for one in (here, there)}
        verdict = diagnose(network, question, guests=guests).verdict
        patience = 900 if verdict is PathVerdict.REACHABLE else 100
        return plane.probe(Probe(here.id, there.ipv4, timeout_ms=patience)).verdict, verdict

    assert told() == (Verdict.ANSWERED, PathVerdict.REACHABLE)
    in_instance(plane, here, "ip", "link", "add", "docker0", "up", "type", "bridge")
    in_instance(plane, here, "ip", "address", "add", "172.17.0.1/16", "dev", "docker0")
    assert told() == (Verdict.SILENT, PathVerdict.UNREACHABLE)
    in_instance(plane, here, "ip", "link", "delete", "docker0")
    assert told() == (Verdict.ANSWERED, PathVerdict.REACHABLE)
    in_instance(plane, there, "ip", "route", "add", "blackhole", "10.1.0.0/16")
    assert told() == (Verdict.SILENT, PathVerdict.ONE_WAY)


@pytest.mark.parametrize(
    ("added", "kind"),
    [
        ("10.2.0.0/16 dev lo", GuestRouteKind.FORWARD),
        ("blackhole 10.2.0.0/16", GuestRouteKind.REFUSE),
        ("unreachable 10.2.0.0/16 metric 5", GuestRouteKind.REFUSE),
        ("local 10.2.1.0/24 dev lo", GuestRouteKind.LOCAL),
    ],
)
def test_routes_by_hand_that_lead_elsewhere_capture(
    plane: KernelDataPlane, added: str, kind: GuestRouteKind
) -> None:
    """PATH-3: whatever route somebody put into the instance for the destination is named as what keeps the packet."""
    net = Topology()
    _, _, here, there = pair(net)
    plane.apply(net.fabric())
    in_instance(plane, here, "ip", "route", "add", *added.split())
    capture = look(plane, here).capture_of(there.ipv4)
    assert capture is not None
    assert capture.kind is kind


def test_own_policy_rules_and_very_many_routes_make_the_view_incomplete(plane: KernelDataPlane) -> None:
    """PATH-3: where more decides than is told, the view says so instead of pretending."""
    net = Topology()
    _, _, here, there = pair(net)
    plane.apply(net.fabric())
    in_instance(plane, here, "ip", "rule", "add", "from", "10.9.0.0/16", "table", "77")
    in_instance(plane, here, "ip", "route", "add", "10.77.0.0/16", "dev", "lo", "table", "77")
    view = look(plane, here)
    assert not view.complete
    assert (
        view.capture_of(ip_address("10.77.0.1")) is None
    )  # a table that no packet of the guest's is looked up in
    routes = "\n".join(f"route add blackhole 100.{n // 250}.{n % 250}.0/24" for n in range(MAX_ROUTES + 5))
    in_instance(plane, there, "sh", "-c", f"ip -batch - <<END\n{routes}\nEND")
    crowded = look(plane, there)
    assert not crowded.complete
    assert len(crowded.routes) == MAX_ROUTES


def test_an_attached_namespace_shows_what_else_it_has(plane: KernelDataPlane) -> None:
    """PATH-3: in a namespace that is somebody else's, its other interfaces are seen beside the VPC's; its end is told."""
    net = Topology()
    _, _, here, _ = pair(net)
    with foreign_namespace() as path:
        outside(
            path,
            "ip link add docker0 type bridge",
            "ip address add 172.17.0.1/16 dev docker0",
            "ip link set docker0 up",
        )
        guest = net.instance(net.resources[here.vswitch_id], netns=path)
        plane.apply(net.fabric())
        view = look(plane, guest)
        assert {one.name: one.to_network for one in view.interfaces} == {"docker0": False, "peerway0": True}
        assert view.capture_of(ip_address("172.17.3.4")) is not None
    with pytest.raises(Unavailable):
        plane.guest_addresses(guest.id)
    with pytest.raises(NotFound):
        plane.guest_addresses("i-none")


def test_views_agree_with_the_kernel_on_random_routes(plane: KernelDataPlane) -> None:
    """PATH-3: for random routes with metrics, the view sends every destination where the instance's kernel says that it goes."""
    chance = random.Random(20)
    net = Topology()
    _, _, here, _ = pair(net)
    plane.apply(net.fabric())
    in_instance(plane, here, "ip", "link", "add", "d0", "up", "type", "bridge")
    in_instance(plane, here, "ip", "link", "add", "d1", "up", "type", "bridge")
    for _ in range(60):
        prefix = ip_network((chance.getrandbits(8) << 24 | 10 << 24, chance.randint(4, 12)), strict=False)
        where = chance.choice(["dev d0", "dev d1", "dev eth0", "via 169.254.1.1 dev eth0 onlink"])
        add = f"ip route append {prefix} {where} metric {chance.randint(0, 3)}"
        with suppress(Exception):  # the kernel refuses some, such as ranges nobody may route to
            in_instance(plane, here, *add.split())
    view = look(plane, here)
    asked = [ip_address(chance.randint(11 << 24, 223 << 24)) for _ in range(150)]
    asked = [one for one in asked if not one.is_loopback]
    questions = "\n".join(f"route get {one}" for one in asked)
    lines = in_instance(plane, here, "sh", "-c", f"ip -json -batch - <<END\n{questions}\nEND").splitlines()
    told = [json.loads(line)[0] for line in lines]
    assert len(told) == len(asked)
    for address, answer in zip(asked, told, strict=True):
        route = view.route_to(address)
        assert route is not None
        assert route.interfaces == (answer["dev"],), (address, route, answer)


def test_looks_beside_changes_never_fail(plane: KernelDataPlane) -> None:
    """PATH-3: while the network is made, changed and removed, a look gives a view or says that the instance is not there."""
    net = Topology()
    _, _, here, there = pair(net)
    fabrics = [net.fabric()]
    net.instance(net.resources[here.vswitch_id])
    fabrics.append(net.fabric())
    plane.apply(fabrics[0])

    def watch() -> int:
        seen = 0
        for _ in range(300):
            with suppress(NotFound, Unavailable):
                seen += len(look(plane, there).interfaces)
        return seen

    with ThreadPoolExecutor(2) as pool:
        watching = [pool.submit(watch) for _ in range(2)]
        number = 0
        while not all(one.done() for one in watching):
            number += 1
            assert plane.apply(fabrics[number % 2]).failures == {}
        assert sum(one.result() for one in watching) >= 600
