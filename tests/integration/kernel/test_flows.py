"""Established flows on the short way through routers: which ones take it, and that whatever changes reaches them at once.

Only where the kernel has flowtables; `tests/acceptance/test_debian_kernel.py` runs this with one that has.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from tests.builders.topology import ACCEPT_ALL, Topology
from tests.support.flows import Flow, guarded, offloaded, open_pair
from tests.support.kernel import PATIENCE_S, in_router, socket_in, until

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.domain.resource import Resource
from peerway.domain.security import Protocol
from peerway.domain.vpc import Vpc
from peerway.fabric.model import Fabric

pytestmark = pytest.mark.kernel

WATCH = """
add table inet watch
add counter inet watch seen
add chain inet watch forward { type filter hook forward priority 100; }
add rule inet watch forward tcp dport 5000 counter name seen
add rule inet watch forward tcp sport 5000 counter name seen
"""


@pytest.fixture
def plane(flowing: KernelDataPlane) -> KernelDataPlane:
    """The data plane, holding nothing."""
    assert flowing.apply(Fabric(0)).failures == {}
    return flowing


@pytest.fixture
def connect() -> Iterator[Callable[..., Flow]]:
    """Opens connections; they are closed afterwards."""
    with ExitStack() as stack:
        yield lambda *ends, **how: stack.enter_context(closing(Flow(*ends, **how)))


def put(plane: KernelDataPlane, net: Topology) -> None:
    """Program the network; nothing may go wrong, and nothing else may be there."""
    assert plane.apply(net.fabric()).failures == {}
    assert dict(plane.observe().drift) == {}


def find(net: Topology, prefix: str) -> Resource:
    """The only resource of a kind."""
    (found,) = (one for id, one in net.resources.items() if id.startswith(prefix + "-"))
    return found


def vpcs(net: Topology) -> tuple[Vpc, Vpc]:
    """The two VPCs of a pair."""
    one, other = (each for each in net.resources.values() if isinstance(each, Vpc))
    return one, other


def hasten(plane: KernelDataPlane, net: Topology, flow: Flow) -> None:
    """Send until both routers have the flow on the short way."""
    for vpc in vpcs(net):
        until(
            lambda vpc=vpc: flow.carries_both_ways() and offloaded(plane, vpc) == 1,
            "the flow takes the short way",
        )


@pytest.mark.parametrize("version", [4, 6])
def test_established_flow_meets_no_filter_any_more(
    plane: KernelDataPlane, version: int, connect: Callable[..., Flow]
) -> None:
    """PEER-6: an accepted connection over a peer connection goes past rules and tables of both routers, both ways."""
    net = Topology()
    one, other, here, there = open_pair(net, ipv6=version == 6)
    put(plane, net)
    flow = connect(plane, here, there, version=version)
    hasten(plane, net, flow)
    for vpc in (one, other):
        in_router(plane, vpc, "nft", WATCH)

    def passes_by() -> bool:
        before = [in_router(plane, vpc, "nft", "list counter inet watch seen") for vpc in (one, other)]
        for _ in range(5):
            assert flow.carries_both_ways()
        return before == [
            in_router(plane, vpc, "nft", "list counter inet watch seen") for vpc in (one, other)
        ]

    # The kernel has a look at all routes once more, up to a second after an interface has come up.
    until(passes_by, "not one packet is seen by a chain of either router")
    for vpc in (one, other):
        in_router(plane, vpc, "nft", "delete table inet watch")


@pytest.mark.parametrize("first", ["client", "server"])
def test_revoked_rule_cuts_it_at_once(
    plane: KernelDataPlane, first: str, connect: Callable[..., Flow]
) -> None:
    """NET-7: after the rule is gone not one byte passes, whichever side sends first."""
    net = Topology()
    one, other, here, there = open_pair(net)
    group = net.resources[there.security_group_ids[0]]
    (rule,) = (
        each
        for each in net.resources.values()
        if getattr(each, "security_group_id", None) == group.id and each.remote_cidr.version == 4
    )
    put(plane, net)
    flow = connect(plane, here, there)
    hasten(plane, net, flow)
    net.remove(rule)
    put(plane, net)
    sides = [(flow.client, flow.server), (flow.server, flow.client)]
    for sender, receiver in sides if first == "client" else sides[::-1]:
        assert not flow.carries(sender, receiver)
    net.put(rule)
    put(plane, net)
    flow.server.settimeout(PATIENCE_S)
    flow.client.settimeout(PATIENCE_S)
    assert (flow.server.recv(1), flow.client.recv(1)) == (b"x", b"x")
    hasten(plane, net, flow)
    assert [offloaded(plane, vpc) for vpc in (one, other)] == [1, 1]


def test_rule_change_that_does_not_concern_it_leaves_it_be(
    plane: KernelDataPlane, connect: Callable[..., Flow]
) -> None:
    """NET-7: it is judged once more and goes on, on the short way."""
    net = Topology()
    here, there, _, ping = guarded(net)
    put(plane, net)
    flow = connect(plane, here, there)
    until(
        lambda: flow.carries_both_ways() and offloaded(plane, vpcs(net)[1]) == 1, "the server's router has it"
    )
    net.remove(ping)
    put(plane, net)
    until(
        lambda: flow.carries_both_ways() and offloaded(plane, vpcs(net)[1]) == 1,
        "it is on the short way again",
    )
    assert offloaded(plane, vpcs(net)[0]) == 0  # nothing is filtered there, so nothing is tracked


def test_answering_stream_of_datagrams_is_cut_too(
    plane: KernelDataPlane, connect: Callable[..., Flow]
) -> None:
    """NET-7: a server that keeps sending after the right was revoked sends in vain, though nobody asks any more."""
    net = Topology()
    here, there, tcp, _ = guarded(net)
    rule = net.rule(
        net.resources[tcp.security_group_id], "10.1.0.0/16", protocol=Protocol.UDP, ports=(5000, 5000)
    )
    put(plane, net)
    with (
        socket_in(plane, here, socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket_in(plane, there, socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        far.bind((str(there.ipv4), 5000))
        near.connect((str(there.ipv4), 5000))
        for end in (near, far):
            end.settimeout(PATIENCE_S)

        def crosses() -> bool:
            near.send(b"x")
            _, sender = far.recvfrom(1)
            far.sendto(b"y", sender)
            return near.recv(1) == b"y"

        until(lambda: crosses() and offloaded(plane, vpcs(net)[1]) == 1, "the flow takes the short way")
        client = near.getsockname()
        net.remove(rule)
        put(plane, net)
        near.settimeout(0.15)
        for _ in range(3):
            far.sendto(b"z", client)
            with pytest.raises(TimeoutError):
                near.recv(1)


@pytest.mark.parametrize("what", ["pcc", "rte"])
def test_deleted_link_or_route_cuts_it_at_once(
    plane: KernelDataPlane, what: str, connect: Callable[..., Flow]
) -> None:
    """PEER-4: with the connection, or the route of one side, the flow ends."""
    net = Topology()
    one, _other, here, there = open_pair(net)
    put(plane, net)
    flow = connect(plane, here, there)
    hasten(plane, net, flow)
    gone = next(
        each
        for id, each in net.resources.items()
        if id.startswith(what + "-") and getattr(each, "vpc_id", one.id) == one.id
    )
    net.remove(gone)
    put(plane, net)
    assert not flow.carries(flow.client, flow.server)
    if what == "pcc":
        assert not flow.carries(flow.server, flow.client)
    net.put(gone)
    put(plane, net)
    flow.server.settimeout(PATIENCE_S)
    assert flow.server.recv(1) == b"x"


def test_acl_decides_over_every_packet(plane: KernelDataPlane, connect: Callable[..., Flow]) -> None:
    """NET-7: flows of a VSwitch with an ACL stay on the long way there, and an ACL that comes decides over a flow under way."""
    net = Topology()
    one, other, here, there = open_pair(net)
    put(plane, net)
    flow = connect(plane, here, there)
    hasten(plane, net, flow)
    acl = net.acl(other, ACCEPT_ALL, ACCEPT_ALL)
    net.change(net.resources[there.vswitch_id], network_acl_id=acl.id)
    put(plane, net)
    for _ in range(3):
        assert flow.carries_both_ways()
    assert [offloaded(plane, vpc) for vpc in (one, other)] == [1, 0]
    net.change(acl, ingress=())
    put(plane, net)
    assert not flow.carries(flow.client, flow.server)
    assert flow.carries(flow.server, flow.client)


def test_gateway_and_neighbours_stay_on_the_long_way(
    plane: KernelDataPlane, connect: Callable[..., Flow]
) -> None:
    """NET-5: packets of a self-built gateway may be anybody's, and inside a VPC tables may lead elsewhere tomorrow."""
    net = Topology()
    one, _other, here, there = open_pair(net)
    neighbour = net.instance(net.resources[here.vswitch_id], net.resources[here.security_group_ids[0]])
    gateway = net.change(here, source_dest_check=False)
    put(plane, net)
    flow, local = connect(plane, gateway, there), connect(plane, neighbour, here)
    for _ in range(4):
        assert flow.carries_both_ways()
        assert local.carries_both_ways()
    assert offloaded(plane, one) == 0


def test_interface_that_comes_again_joins_again(plane: KernelDataPlane) -> None:
    """PEER-4: an instance that was gone for a while, and a second link, have their flows on the short way like the others."""
    net = Topology()
    one, _other, here, there = open_pair(net)
    put(plane, net)
    net.remove(here)
    put(plane, net)
    net.put(here)
    third = net.vpc("10.3.0.0/16")
    far = net.instance(net.vswitch(third, "10.3.1.0/24"))
    net.join(one, third)
    put(plane, net)
    for target in (there, far):
        with closing(Flow(plane, here, target)) as flow:
            until(lambda flow=flow: flow.carries_both_ways() and offloaded(plane, one) == 1, "its flow does")
    assert dict(plane.observe().drift) == {}


def test_following_agent_leaves_flows_be_and_can_cut_them(
    tmp_path_factory: pytest.TempPathFactory, plane: KernelDataPlane, connect: Callable[..., Flow]
) -> None:
    """An agent that takes over finds what the killed one has made, and what it changes reaches the flows under way."""
    net = Topology()
    here, there, tcp, _ = guarded(net)
    state_dir = tmp_path_factory.mktemp("heir")
    first = KernelDataPlane(state_dir)
    heir = None
    try:
        put(first, net)
        flow = connect(first, here, there)
        until(
            lambda: flow.carries_both_ways() and offloaded(first, vpcs(net)[1]) == 1,
            "the flow takes the short way",
        )
        first.close(destroy=False)
        heir = KernelDataPlane(state_dir)
        put(heir, net)
        until(lambda: flow.carries_both_ways() and offloaded(heir, vpcs(net)[1]) == 1, "it still does")
        net.remove(tcp)
        put(heir, net)
        assert not flow.carries(flow.server, flow.client)
        assert not flow.carries(flow.client, flow.server)
    finally:
        (heir or first).close(destroy=True)
