"""The short way through routers while things go wrong around it: it hides nothing, loses nothing, and is taken again afterwards.

Only where the kernel has flowtables; `tests/acceptance/test_debian_kernel.py` runs this with one that has.
"""

import socket
import struct
from contextlib import closing

import pytest
from tests.builders.topology import Topology
from tests.support.flows import Flow, offloaded, open_pair
from tests.support.kernel import PATIENCE_S, foreign_namespace, in_router, socket_in, until

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.domain.vpc import Instance
from peerway.fabric.model import Fabric

pytestmark = pytest.mark.kernel

#: Of Linux, and not in `socket`: a connection's state can be taken over by another socket.
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
NO_QUEUE, RECEIVED, SENT = 0, 1, 2


@pytest.fixture
def plane(flowing: KernelDataPlane) -> KernelDataPlane:
    """The data plane, holding nothing."""
    assert flowing.apply(Fabric(0)).failures == {}
    return flowing


@pytest.mark.parametrize("harm", ["delete table inet peerway", "flush chain inet peerway judge"])
def test_new_link_does_not_hide_that_the_filter_was_changed(plane: KernelDataPlane, harm: str) -> None:
    """EC-10: its interface joins no filter that somebody has changed, so that the change still shows, and is mended."""
    net = Topology()
    one, other, here, there = open_pair(net)
    assert plane.apply(net.fabric()).failures == {}
    in_router(plane, other, "nft", harm)
    third = net.vpc("10.3.0.0/16")
    far = net.instance(net.vswitch(third, "10.3.1.0/24"))
    net.join(third, other)
    assert plane.apply(net.fabric()).failures == {}
    assert set(plane.observe().drift) == {other.id}
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    for source in (here, far):
        with closing(Flow(plane, source, there)) as flow:
            until(
                lambda flow=flow: flow.carries_both_ways() and offloaded(plane, other) == 1,
                "its flow takes the short way",
            )
    assert offloaded(plane, one) == 0


def test_wire_that_cannot_be_made_keeps_no_other_off_the_short_way(plane: KernelDataPlane) -> None:
    """PEER-6: one instance's namespace is gone; the flows of its neighbours are not concerned, and its own later are like them."""
    net = Topology()
    one, _other, here, there = open_pair(net)
    lost = net.instance(
        net.resources[here.vswitch_id], net.resources[here.security_group_ids[0]], netns="/proc/0/ns/net"
    )
    assert lost.id in plane.apply(net.fabric()).failures
    with closing(Flow(plane, here, there)) as flow:
        until(lambda: flow.carries_both_ways() and offloaded(plane, one) == 1, "its flow takes the short way")
    with foreign_namespace() as path:
        net.change(lost, netns=path)
        assert plane.apply(net.fabric()).failures == {}
        listed = in_router(plane, one, "nft", "list flowtable inet peerway flows")
        interfaces = [
            line.split(":")[1].split("@")[0]
            for line in in_router(plane, one, "ip", "-o", "link").splitlines()
        ]
        assert all(name.strip() in listed for name in interfaces if name != " lo")
        net.remove(lost)
        assert plane.apply(net.fabric()).failures == {}


def advanced(
    plane: KernelDataPlane, instance: Instance, end: socket.socket, by: dict[int, int]
) -> socket.socket:
    """One end of a connection as if so many bytes had been received and sent meanwhile; nothing is sent for it."""
    near, far = end.getsockname(), end.getpeername()
    end.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    later = socket_in(plane, instance, socket.AF_INET, socket.SOCK_STREAM)
    later.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    for queue in (RECEIVED, SENT):
        end.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
        number = end.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ) + by[queue]
        later.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
        later.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, struct.pack("I", number % 2**32))
    end.close()
    later.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, NO_QUEUE)
    later.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    later.bind(near)
    later.connect(far)
    return later


def test_reset_after_gigabytes_arrives(plane: KernelDataPlane) -> None:
    """PEER-6: tracking has not seen them pass, and must not take the reset for a forged one."""
    net = Topology()
    one, other, here, there = open_pair(net)
    assert plane.apply(net.fabric()).failures == {}
    with closing(Flow(plane, here, there)) as flow:
        for vpc in (one, other):
            until(
                lambda vpc=vpc: flow.carries_both_ways() and offloaded(plane, vpc) == 1,
                "it takes the short way",
            )
        flow.client = advanced(plane, here, flow.client, {RECEIVED: 0, SENT: 3 * 2**30})
        flow.server = advanced(plane, there, flow.server, {RECEIVED: 3 * 2**30, SENT: 0})
        for end in (flow.client, flow.server):
            end.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)
        assert flow.carries_both_ways()
        flow.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        flow.client.close()
        flow.server.settimeout(PATIENCE_S)
        with pytest.raises(ConnectionResetError):
            flow.server.recv(1)
