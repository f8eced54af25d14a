"""The health monitor on real packets: links cut and healed, backends that die."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from tests.builders.topology import Topology
from tests.support.kernel import foreign_namespace, in_router, listening, pair, until

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import RESOLVER4, link_interface, outside_interface
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.router_interface import RouterInterface
from peerway.domain.vpc import Vpc
from peerway.fabric.model import (
    Backend,
    Fabric,
    Fib,
    FibEntry,
    LinkCheck,
    Router,
    Service,
    ServiceCheck,
    ToResolver,
)

pytestmark = pytest.mark.kernel

#: What a cut line may take to be noticed with the default check, and what a busy machine may add.
NOTICED_S, BUSY_S = 0.4, 0.3


def checked(fabric: Fabric, link_id: str, *, router: Vpc, source: str, target: str) -> Fabric:
    """The fabric with a default check of a link, through the link itself."""
    check = LinkCheck(router.id, link_id, IPv4Address(source), IPv4Address(target), 100, 3)
    return replace(fabric, links={**fabric.links, link_id: replace(fabric.links[link_id], check=check)})


def with_service(fabric: Fabric, vpc: Vpc, protocol: int, *backends: Backend) -> Fabric:
    """The fabric with a load balancer's listener in a VPC, checked every 100 ms."""
    router = with_resolver(fabric.routers[vpc.id])
    check = ServiceCheck(6 if protocol == 6 else 1, 100, 3)
    service = Service("lsn-1", IPv4Address("10.1.1.200"), protocol, 80, backends, check)
    return replace(
        fabric, routers={**fabric.routers, vpc.id: replace(router, services={service.id: service})}
    )


def with_resolver(router: Router) -> Router:
    """The router with the name server's entry in every table, as compiling puts it there."""
    prefix = IPv4Network((RESOLVER4, 32))

    def amended(fib: Fib) -> Fib:
        others = [entry for entry in fib.entries if entry.prefix != prefix]
        entries = [*others, FibEntry(prefix, ToResolver(), "resolver")]
        entries.sort(key=lambda entry: (entry.prefix.version, entry.prefix.network_address, entry.prefix))
        return Fib(fib.id, tuple(entries))

    return replace(router, fibs={id: amended(fib) for id, fib in router.fibs.items()})


def turned(plane: KernelDataPlane, key: str, verdict: bool, since: float) -> float:
    """How long a verdict takes from a time on."""
    until(lambda: plane.health().get(key) is verdict, f"{key} is {verdict}")
    return time.monotonic() - since


@pytest.fixture
def joined(plane: KernelDataPlane) -> tuple[Fabric, Vpc, str]:
    """Two joined VPCs whose link is checked, from an address of the first that nobody has, and found healthy."""
    net = Topology()
    one, _, _, there = pair(net)
    link_id = next(id for id in net.resources if id.startswith("pcc"))
    fabric = checked(net.fabric(), link_id, router=one, source="10.1.1.250", target=str(there.ipv4))
    assert plane.apply(fabric).failures == {}
    turned(plane, link_id, True, time.monotonic())
    return fabric, one, link_id


def test_a_cut_link_is_noticed_and_so_is_its_return(
    plane: KernelDataPlane, joined: tuple[Fabric, Vpc, str]
) -> None:
    """EC-11: a link that carries nothing turns unhealthy within 0.4 s; mended, it turns healthy, and listeners hear of both."""
    _, one, link_id = joined
    heard: list[float] = []
    plane.on_health(lambda: heard.append(time.monotonic()))
    cut = time.monotonic()
    in_router(plane, one, "ip", "link", "set", link_interface(link_id), "down")
    turned(plane, link_id, False, cut)
    until(lambda: len(heard) == 1, "the listener was told")
    assert heard[0] - cut <= NOTICED_S + BUSY_S
    assert plane.repair().touched
    turned(plane, link_id, True, time.monotonic())
    until(lambda: len(heard) == 2, "the listener was told")


def test_a_link_made_anew_is_probed_anew(plane: KernelDataPlane, joined: tuple[Fabric, Vpc, str]) -> None:
    """The probes' sockets survive the loss of their interface, and of the whole data plane."""
    fabric, one, link_id = joined
    in_router(plane, one, "ip", "link", "del", link_interface(link_id))
    turned(plane, link_id, False, time.monotonic())
    plane.repair()
    turned(plane, link_id, True, time.monotonic())
    plane._holder.end()
    assert plane.apply(fabric).failures == {}
    assert plane.health() == {}, "the verdicts of what is gone are gone, too"
    turned(plane, link_id, True, time.monotonic())


def test_another_agent_finds_out_anew(
    plane: KernelDataPlane, state_dir: Path, joined: tuple[Fabric, Vpc, str]
) -> None:
    """An agent that takes over knows no verdict until it has one of its own."""
    fabric, _, link_id = joined
    other = KernelDataPlane(state_dir)
    try:
        assert other.health() == {}
        other.apply(fabric)
        turned(other, link_id, True, time.monotonic())
    finally:
        other.close(destroy=False)


def test_what_is_no_longer_checked_has_no_verdict(
    plane: KernelDataPlane, joined: tuple[Fabric, Vpc, str]
) -> None:
    """A check that is taken away, or whose link is switched off, takes its verdict along."""
    fabric, _, link_id = joined
    link = fabric.links[link_id]
    for changed in (replace(link, check=None), replace(link, up=False)):
        plane.apply(replace(fabric, links={link_id: changed}))
        until(lambda: plane.health() == {}, "nothing is known")
        plane.apply(fabric)
        turned(plane, link_id, True, time.monotonic())


def test_a_capped_link_that_is_full_stays_healthy(
    plane: KernelDataPlane, joined: tuple[Fabric, Vpc, str]
) -> None:
    """Probes pass the cap by: a link is not given up for being used."""
    fabric, one, link_id = joined
    capped = replace(fabric.links[link_id], cap_mbps=1)
    assert plane.apply(replace(fabric, links={link_id: capped})).failures == {}
    name = link_interface(link_id)
    in_router(
        plane,
        one,
        "tc",
        "qdisc",
        "replace",
        "dev",
        name,
        "root",
        "tbf",
        *["rate", "8bit", "burst", "64", "limit", "1"],
    )
    settled = time.monotonic() + 1.0
    until(lambda: time.monotonic() > settled, "a second is over")
    assert plane.health() == {link_id: True}


@dataclass(frozen=True)
class Line:
    """A border router whose line is checked by default, joined to a VPC."""

    #: What it is made of.
    net: Topology
    #: The border router.
    vbr: VirtualBorderRouter
    #: Id of the link to the VPC.
    link_id: str
    #: Path of the customer's namespace.
    outside: str

    def outdoors(self, *command: str) -> None:
        """Run a command in the customer's namespace."""
        subprocess.run(["nsenter", f"--net={self.outside}", *command], check=True)


@pytest.fixture
def line(plane: KernelDataPlane) -> Iterator[Line]:
    """The line, found healthy."""
    with foreign_namespace() as outside:
        net = Topology()
        vbr, vpc = net.vbr(f"netns:{outside}"), net.vpc("10.1.0.0/16")
        net.instance(net.vswitch(vpc, "10.1.1.0/24"))
        link_id = net.pair(vbr, vpc)[0].id
        assert plane.apply(net.fabric()).failures == {}
        turned(plane, link_id, True, time.monotonic())
        yield Line(net, vbr, link_id, outside)


def test_a_cut_line_is_noticed_and_so_is_its_return(plane: KernelDataPlane, line: Line) -> None:
    """EC-11: the default check asks the customer's gateway; a line cut there is known within 0.4 s."""
    cut = time.monotonic()
    line.outdoors("ip", "link", "set", outside_interface(line.vbr.id), "down")
    assert turned(plane, line.link_id, False, cut) <= NOTICED_S + BUSY_S
    plane.repair()
    turned(plane, line.link_id, True, time.monotonic())


def test_a_target_beyond_the_gateway_is_reached_by_it(plane: KernelDataPlane, line: Line) -> None:
    """EC-11: another target is asked over the line, too, whatever the border router's own routes say of it."""
    line.outdoors("ip", "address", "add", "192.0.2.7/32", "dev", "lo")
    line.outdoors("ip", "link", "set", "lo", "up")
    line.outdoors("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1")
    for side in [one for one in line.net.resources.values() if isinstance(one, RouterInterface)]:
        line.net.change(side, check_target=IPv4Address("192.0.2.7"))
    assert plane.apply(line.net.fabric()).failures == {}
    turned(plane, line.link_id, True, time.monotonic())
    line.outdoors("ip", "address", "del", "192.0.2.7/32", "dev", "lo")
    turned(plane, line.link_id, False, time.monotonic())


@pytest.mark.parametrize("guarded", [False, True], ids=["open", "behind a security group without rules"])
def test_a_backend_that_dies_is_noticed(plane: KernelDataPlane, state_dir: Path, guarded: bool) -> None:
    """NET-6: a backend is healthy while it takes connections, whatever its security groups let others do."""
    net = Topology()
    vpc = net.vpc("10.1.0.0/16")
    groups = [net.group(vpc)] if guarded else []
    vswitch = net.vswitch(vpc, "10.1.1.0/24")
    good, dead = net.instance(vswitch, *groups), net.instance(vswitch, *groups)
    backends = [Backend(one.id, IPv4Address(str(one.ipv4)), 8080, 100) for one in (good, dead)]
    fabric = with_service(net.fabric(), vpc, 6, *backends)
    assert plane.apply(fabric).failures == {}
    with listening(state_dir, good, 8080):
        turned(plane, f"lsn-1/{good.id}", True, time.monotonic())
        turned(plane, f"lsn-1/{dead.id}", False, time.monotonic())
    turned(plane, f"lsn-1/{good.id}", False, time.monotonic())


def test_a_udp_backend_is_asked_for_an_echo(plane: KernelDataPlane) -> None:
    """NET-6: there is no connection to try for UDP; the instance itself answers or does not."""
    net = Topology()
    vpc = net.vpc("10.1.0.0/16")
    vswitch = net.vswitch(vpc, "10.1.1.0/24")
    there = net.instance(vswitch)
    known = Backend(there.id, IPv4Address(str(there.ipv4)), 53, 100)
    missing = Backend("i-gone", IPv4Address("10.1.1.99"), 53, 100)
    assert plane.apply(with_service(net.fabric(), vpc, 17, known, missing)).failures == {}
    turned(plane, f"lsn-1/{there.id}", True, time.monotonic())
    turned(plane, "lsn-1/i-gone", False, time.monotonic())
