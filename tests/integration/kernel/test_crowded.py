"""Many instances, many VPCs: what is asked of the kernel, and how it is written down, grows no faster than they do."""

import sys
from pathlib import Path
from types import FrameType

import pytest
from tests.builders.topology import Topology
from tests.support.kernel import in_router

from peerway.adapters.dataplane.kernel.codec import GETLINK, interface_request
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.netlink import Netlink
from peerway.adapters.dataplane.kernel.ruleset import compile_ruleset
from peerway.domain.security import Protocol


def test_any_number_of_questions_is_answered():
    """More answers than a netlink socket's buffer holds (212,992 bytes by default) come in order, and none is lost."""
    with Netlink() as netlink:
        answers = netlink.get([(GETLINK, interface_request(1 if n % 2 else 1 << 30)) for n in range(2000)])
    assert [answer is not None for answer in answers] == [False, True] * 1000


@pytest.mark.timeout(20)
def test_filters_of_many_instances_are_written_once():
    """A thousand members of one group share its chains; the group as a remote is not written down for each of them."""
    net = Topology()
    vpc = net.vpc("10.1.0.0/16")
    vswitch, group = net.vswitch(vpc, "10.1.0.0/20"), net.group(vpc)
    for _ in range(1000):
        net.instance(vswitch, group)
    ruleset = compile_ruleset(net.fabric().routers[vpc.id])
    assert ruleset is not None
    assert len(ruleset.units) < 10


@pytest.mark.kernel
def test_a_bring_up_is_linear(state_dir: Path) -> None:
    """With twice as many VPCs, instances and connections come twice as many calls: none of them looks at all the others."""
    once, twice, thrice = (_calls_of_bring_up(state_dir / str(size), size) for size in (20, 40, 60))
    assert thrice - twice == pytest.approx(twice - once, rel=0.005)


def _calls_of_bring_up(state_dir: Path, size: int) -> int:
    net = Topology()
    vpcs = [net.vpc(f"10.{number}.0.0/16") for number in range(size)]
    for number, vpc in enumerate(vpcs):
        net.instance(net.vswitch(vpc, f"10.{number}.0.0/24"))
        net.join(vpc, vpcs[number - 1])
    fabric = net.fabric()
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    plane = KernelDataPlane(state_dir)
    try:
        plane._visitor.run(sys.setprofile, count)
        sys.setprofile(count)
        assert plane.apply(fabric).failures == {}
    finally:
        sys.setprofile(None)
        plane.close(destroy=True)
    return calls


@pytest.mark.kernel
def test_settings_reach_every_router(plane: KernelDataPlane) -> None:
    """The holder writes settings by views that it replaces now and then: none of more routers than one view serves is left out."""
    net = Topology()
    vpcs = [net.vpc(f"10.{number}.0.0/16") for number in range(70)]
    assert plane.apply(net.fabric()).failures == {}
    assert {in_router(plane, vpc, "cat", "/proc/sys/net/ipv4/ip_forward").strip() for vpc in vpcs} == {"1"}


def test_one_policy_among_many_changes_alone():
    """What a change loads follows what changed: one instance's rules, and the maps' elements that name them."""
    net = Topology()
    vpc = net.vpc("10.1.0.0/16")
    vswitch = net.vswitch(vpc, "10.1.0.0/20")
    groups = [net.group(vpc) for _ in range(200)]
    for number, group in enumerate(groups):
        net.instance(vswitch, group)
        for place in range(20):
            net.rule(group, f"10.{number}.{place}.0/24", protocol=Protocol.TCP, ports=(place, place))
    before = compile_ruleset(net.fabric().routers[vpc.id])
    net.rule(groups[0], "10.250.0.0/16", protocol=Protocol.UDP)
    after = compile_ruleset(net.fabric().routers[vpc.id])
    assert before is not None
    assert after is not None
    assert len(after.text().splitlines()) > 2000
    assert len(after.swap(before).splitlines()) < 100
    assert "{ tcp, udp }" not in after.text()  # a set more in each chain makes loading slow by its square
