"""Uplinks into namespaces: leased lines whose far side is a namespace of the test's, with packets out and back."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.builders.fabrics import entries, link, spread, transfer, vbr, vpc
from tests.support.kernel import ask_from, foreign_namespace, in_namespace, interfaces, outside

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import (
    outside_interface,
    router_namespace,
    uplink_interface,
)
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.port import Port, PortKind
from peerway.fabric.model import Fabric, Fib, Router, ToLink, ToUplink

pytestmark = pytest.mark.kernel

#: What the customer has behind its gateway port.
OFFICE = "192.168.7.7"
OFFICE6 = "fd77::7"
QUIET_MS = 150


@pytest.fixture
def office() -> Iterator[str]:
    """A customer's network: a namespace with one host in it."""
    with foreign_namespace() as path:
        furnish(path, OFFICE)
        yield path


def furnish(path: str, *addresses: str) -> None:
    """Give the namespace's one host its addresses."""
    adds = [
        f"ip address add {one} dev lo nodad" if ":" in one else f"ip address add {one} dev lo"
        for one in addresses
    ]
    outside(path, "ip link set lo up", *adds)


def learn(path: str, name: str, *ranges: str, via: str) -> None:
    """What the customer's own routing would do: send the network's ranges to the VBR."""
    outside(path, *(f"ip route replace {one} via {via} dev {outside_interface(name)}" for one in ranges))


def line(path: str, name: str = "vbr-a", net: str = "172.30.0", **links: str) -> Router:
    """A VBR on a line to the namespace, with links by name and the VPC range that each leads to."""
    routes = {prefix: ToLink(one) for one, prefix in links.items()}
    away = {f"{OFFICE}/32": ToUplink(name), f"{net}.0/30": ToUplink(name)}
    port = Port(PortKind.NETNS, path, 100)
    return vbr(name, port, {**routes, **away}, away, transfer(f"{net}.1/30", f"{net}.2"))


def office_fabric(path: str) -> Fabric:
    """Two VPCs with a link each to one VBR; their tables send each other's ranges there, too."""
    first = vpc(1, {f"{OFFICE}/32": ToLink("a"), "10.2.0.0/16": ToLink("a"), "172.30.0.0/30": ToLink("a")})
    second = vpc(2, {f"{OFFICE}/32": ToLink("b"), "10.1.0.0/16": ToLink("b")})
    border = line(path, a="10.1.0.0/16", b="10.2.0.0/16")
    links = {"a": link("a", "vpc-1", "vbr-a"), "b": link("b", "vpc-2", "vbr-a")}
    return Fabric(1, {one.id: one for one in (first, second, border)}, links)


def put(plane: KernelDataPlane, fabric: Fabric) -> None:
    """Apply; nothing may fail, and nothing may differ afterwards."""
    assert plane.apply(fabric).failures == {}
    assert dict(plane.observe().drift) == {}
    assert plane.apply(fabric).touched == 0


def reaches(plane: KernelDataPlane, source: str, target: str, protocol: int = 1, port: int = 0) -> bool:
    """Whether an instance's probe is answered."""
    probe = Probe(source, ip_address(target), protocol, port, 900)
    return plane.probe(probe).verdict is Verdict.ANSWERED


def silent(plane: KernelDataPlane, source: str, target: str, protocol: int = 1, port: int = 0) -> bool:
    """Whether nothing comes back to an instance."""
    probe = Probe(source, ip_address(target), protocol, port, QUIET_MS)
    return plane.probe(probe).verdict is Verdict.SILENT


def test_packets_leave_by_a_line_and_come_back(plane: KernelDataPlane, office: str) -> None:
    """EC-10: VPC, link, VBR, line, customer, and all the way back; started from either side."""
    put(plane, office_fabric(office))
    learn(office, "vbr-a", "10.1.0.0/16", "10.2.0.0/16", via="172.30.0.1")
    for source in ("i-1", "i-2"):
        assert reaches(plane, source, OFFICE)
        assert reaches(plane, source, OFFICE, 6, 80)
        assert reaches(plane, source, OFFICE, 17, 53)
    for target in ("10.1.1.10", "10.2.1.10", "172.30.0.1"):
        assert ask_from(plane, office, OFFICE, target) is Verdict.ANSWERED
    assert ask_from(plane, office, OFFICE, "10.1.1.10", 6, 22) is Verdict.ANSWERED
    assert reaches(plane, "i-1", "172.30.0.2")  # the transfer network is in the tables
    assert ask_from(plane, office, OFFICE, "10.1.1.99", timeout_ms=QUIET_MS) is Verdict.SILENT


def test_nothing_passes_two_links_through_a_border_router(plane: KernelDataPlane, office: str) -> None:
    """PEER-7: two VPCs on one VBR don't reach each other, although both their tables and the VBR's say so."""
    put(plane, office_fabric(office))
    learn(office, "vbr-a", "10.1.0.0/16", "10.2.0.0/16", via="172.30.0.1")
    assert reaches(plane, "i-1", OFFICE)
    assert silent(plane, "i-1", "10.2.1.10")
    assert silent(plane, "i-2", "10.1.1.10", 6, 22)


def test_ipv6_passes_a_line_that_has_it(plane: KernelDataPlane, office: str) -> None:
    """EC-10: a line with an IPv6 transfer network carries IPv6; one without drops it, whatever the tables say."""
    furnish(office, OFFICE6)
    away = {f"{OFFICE6}/128": ToUplink("vbr-a")}
    first = vpc(1, {f"{OFFICE6}/128": ToLink("a")})
    transfers = (transfer("172.30.0.1/30", "172.30.0.2"), transfer("fd30::1/64", "fd30::2"))
    port = Port(PortKind.NETNS, office)
    border = vbr("vbr-a", port, {"fd00:1::/56": ToLink("a")}, away, *transfers)
    links = {"a": link("a", "vpc-1", "vbr-a")}
    put(plane, Fabric(1, {"vpc-1": first, "vbr-a": border}, links))
    outside(office, f"ip -6 route replace fd00:1::/56 via fd30::1 dev {outside_interface('vbr-a')}")
    assert reaches(plane, "i-1", OFFICE6, 58)
    assert ask_from(plane, office, OFFICE6, "fd00:1::10", 58) is Verdict.ANSWERED
    narrow = replace(border, uplinks={"vbr-a": replace(border.uplinks["vbr-a"], transfers=transfers[:1])})
    put(plane, Fabric(2, {"vpc-1": first, "vbr-a": narrow}, links))
    assert silent(plane, "i-1", OFFICE6, 58)


def test_line_that_is_switched_off_is_a_hole(plane: KernelDataPlane, office: str) -> None:
    """EC-9: a line that is down drops both ways; up again, it carries as before, without anybody's help outside."""
    fabric = office_fabric(office)
    border = fabric.routers["vbr-a"]
    down = replace(border, uplinks={"vbr-a": replace(border.uplinks["vbr-a"], up=False)})
    for _ in range(2):
        put(plane, fabric)
        learn(office, "vbr-a", "10.1.0.0/16", "10.2.0.0/16", via="172.30.0.1")
        assert reaches(plane, "i-1", OFFICE)
        put(plane, replace(fabric, routers={**fabric.routers, "vbr-a": down}))
        assert silent(plane, "i-1", OFFICE)
        assert ask_from(plane, office, OFFICE, "10.1.1.10", timeout_ms=QUIET_MS) is Verdict.SILENT


def test_two_lines_share_and_stand_in_for_each_other(plane: KernelDataPlane, office: str) -> None:
    """EC-11: equal cost over two VBRs, and the other one alone while the first link's check fails; the way back may differ."""
    away = {f"{OFFICE}/32": spread(a=1, b=1)}
    first = vpc(1, away)
    one, two = (
        line(office, "vbr-a", "172.30.0", a="10.1.0.0/16"),
        line(office, "vbr-b", "172.31.0", b="10.1.0.0/16"),
    )
    links = {"a": link("a", "vpc-1", "vbr-a"), "b": link("b", "vpc-1", "vbr-b")}
    fabric = Fabric(1, {"vpc-1": first, "vbr-a": one, "vbr-b": two}, links)
    put(plane, fabric)
    learn(office, "vbr-b", "10.1.0.0/16", via="172.31.0.1")
    for healthy in (True, False):
        links = {**links, "a": replace(links["a"], healthy=healthy)}
        put(plane, replace(fabric, links=links))
        before = plane.counters()["a", "vpc-1"].sent_packets
        for port in range(20):
            assert reaches(plane, "i-1", OFFICE, 6, 1000 + port)
        assert (plane.counters()["a", "vpc-1"].sent_packets > before) == healthy


@pytest.mark.parametrize("number", range(2))
def test_removed_uplink_leaves_nothing_behind(plane: KernelDataPlane, office: str, number: int) -> None:
    """The customer's namespace is as it was before, whether the uplink goes or the whole border router."""
    before = outside(office, "ip -o link; ip -o address; ip route show table all; ip rule; ip neigh")
    fabric = office_fabric(office)
    put(plane, fabric)
    assert outside_interface("vbr-a") in interfaces(office)
    routers = dict(fabric.routers)
    border = routers.pop("vbr-a")
    if number:
        fib = Fib(border.inbound.id, entries({}))
        routers["vbr-a"] = replace(border, uplinks={}, fibs={}, inbound=fib)
    assert plane.apply(replace(fabric, routers=routers, links={})).failures == {}
    assert dict(plane.observe().drift) == {}
    plane._reaper.settle()
    assert outside(office, "ip -o link; ip -o address; ip route show table all; ip rule; ip neigh") == before


def test_outside_keeps_what_it_has_of_its_own(plane: KernelDataPlane, office: str, state_dir: Path) -> None:
    """Routes, rules and addresses of the customer's are left alone, also by an agent that takes over."""
    put(plane, office_fabric(office))
    learn(office, "vbr-a", "10.1.0.0/16", "10.2.0.0/16", via="172.30.0.1")
    outside(office, "ip route add blackhole 10.99.0.0/16", "ip rule add from 10.98.0.0/16 lookup 77 prio 77")
    shown = outside(office, "ip route; ip rule; ip -o address")
    assert dict(plane.observe().drift) == {}
    again = KernelDataPlane(state_dir)
    try:
        assert again.apply(office_fabric(office)).failures == {}
        assert dict(again.observe().drift) == {}
        assert outside(office, "ip route; ip rule; ip -o address") == shown
        assert reaches(again, "i-1", OFFICE)
    finally:
        again.close(destroy=False)


#: An agent that changes its mind all the time, and says so each time.
RESTLESS = """
import sys
from itertools import cycle
from pathlib import Path
from tests.integration.kernel.test_uplinks import office_fabric, without_line
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
plane = KernelDataPlane(Path(sys.argv[1]))
whole = office_fabric(sys.argv[2])
for fabric in cycle([whole, without_line(whole), type(whole)(0)]):
    print(flush=True)
    plane.apply(fabric)
"""


def without_line(fabric: Fabric) -> Fabric:
    """The same without the border router and what leads to it."""
    return Fabric(2, {id: one for id, one in fabric.routers.items() if id != "vbr-a"})


@pytest.mark.parametrize("applies", [1, 2, 3, 5, 7])
def test_agent_killed_at_work_leaves_nothing_that_the_next_one_can_not_mend(
    state_dir: Path, office: str, applies: int
) -> None:
    """Killed while uplinks come and go: the next agent makes what is wanted, and takes away what is not."""
    before = outside(office, "ip -o link; ip route show table all; ip rule")
    heir = KernelDataPlane(state_dir)
    command = [sys.executable, "-c", RESTLESS, str(state_dir), office]
    root = Path(__file__).parents[3]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as agent:
            assert agent.stdout is not None
            for _ in range(applies):
                agent.stdout.readline()
            agent.kill()
        heir.close(destroy=False)
        heir = KernelDataPlane(state_dir)
        put(heir, office_fabric(office))
        learn(office, "vbr-a", "10.1.0.0/16", via="172.30.0.1")
        assert reaches(heir, "i-1", OFFICE)
        put(heir, Fabric(3))
        heir._reaper.settle()
        assert outside(office, "ip -o link; ip route show table all; ip rule") == before
    finally:
        heir.close(destroy=True)


def test_uplink_moves_to_another_namespace(plane: KernelDataPlane, office: str) -> None:
    """The same VBR on another port: the old one is clean, the new one works."""
    with foreign_namespace() as other:
        furnish(other, OFFICE)
        for path, left in ((office, other), (other, office), (office, other)):
            put(plane, office_fabric(path))
            learn(path, "vbr-a", "10.1.0.0/16", "10.2.0.0/16", via="172.30.0.1")
            assert reaches(plane, "i-1", OFFICE)
            plane._reaper.settle()
            assert outside_interface("vbr-a") not in interfaces(left)


def test_transfer_network_can_be_changed(plane: KernelDataPlane, office: str) -> None:
    """EC-10: another transfer network, and the two addresses of one swapped, on a line that stays."""
    fabric = office_fabric(office)
    for local, peer in (
        ("172.30.0.1", "172.30.0.2"),
        ("172.30.0.2", "172.30.0.1"),
        ("172.29.9.1", "172.29.9.2"),
    ):
        border = fabric.routers["vbr-a"]
        uplink = replace(border.uplinks["vbr-a"], transfers=(transfer(f"{local}/30", peer),))
        put(
            plane,
            replace(fabric, routers={**fabric.routers, "vbr-a": replace(border, uplinks={"vbr-a": uplink})}),
        )
        outside(office, "ip route replace 10.1.0.0/16 via " + local)
        assert reaches(plane, "i-1", OFFICE)
        assert ask_from(plane, office, OFFICE, local) is Verdict.ANSWERED


def test_missing_namespace_fails_alone_and_is_tried_again(plane: KernelDataPlane) -> None:
    """A port that is not there is the uplink's failure; everything else works, and the next apply tries again."""
    with ExitStack() as stack:
        path = stack.enter_context(foreign_namespace())
        fabric = office_fabric("/run/netns/there-is-none")
        report = plane.apply(fabric)
        assert set(report.failures) == {"vbr-a"}
        assert "can't be entered" in report.failures["vbr-a"]
        assert set(plane.apply(fabric).failures) == {"vbr-a"}
        furnish(path, OFFICE)
        put(plane, office_fabric(path))
        learn(path, "vbr-a", "10.1.0.0/16", via="172.30.0.1")
        assert reaches(plane, "i-1", OFFICE)


@pytest.mark.parametrize(
    "harm",
    [
        "ip link del {near}",
        "ip link set {near} down",
        "ip address flush dev {near}",
        "ip neigh flush dev {near} nud permanent",
        "ip rule del pref 100 iif {near}",
        "ip rule del pref 90",
        "ip route flush exact 192.168.7.7/32 table all",
        "sysctl -qw net.ipv4.conf.{near}.rp_filter=1",
        "ip link set {near} group 77",
    ],
)
def test_harm_to_an_uplink_is_named_and_mended(plane: KernelDataPlane, office: str, harm: str) -> None:
    """What was done to the router's side shows as drift, and after the repair packets flow again."""
    put(plane, office_fabric(office))
    learn(office, "vbr-a", "10.1.0.0/16", via="172.30.0.1")
    command = harm.format(near=uplink_interface("vbr-a"))
    in_namespace(plane, router_namespace("vbr-a"), *command.split())
    assert plane.observe().drift
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    learn(office, "vbr-a", "10.1.0.0/16", via="172.30.0.1")
    assert reaches(plane, "i-1", OFFICE)
    assert plane.repair().touched == 0


@pytest.mark.parametrize(
    "harm",
    [
        "ip link del {far}",
        "ip link set {far} down",
        "ip address flush dev {far}",
        "ip neigh flush dev {far} nud permanent",
    ],
)
def test_harm_to_the_far_end_is_named_and_mended(plane: KernelDataPlane, office: str, harm: str) -> None:
    """The same at the customer's port, which is the driver's as well."""
    put(plane, office_fabric(office))
    outside(office, harm.format(far=outside_interface("vbr-a")))
    assert "vbr-a" in plane.observe().drift
    assert plane.repair(["vbr-a"]).failures == {}
    assert dict(plane.observe().drift) == {}
    learn(office, "vbr-a", "10.1.0.0/16", via="172.30.0.1")
    assert reaches(plane, "i-1", OFFICE)
    assert plane.repair().touched == 0
