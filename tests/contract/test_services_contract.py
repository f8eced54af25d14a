"""What every data plane does alike with interface pairs, load balancers, databases and groups across links."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders.strategies import of_kind
from tests.builders.wide import inner_topologies
from tests.support.asking import is_certain
from tests.support.dataplanes import dataplane, running

from peerway.app.dataplane import DataPlane, Probe, Verdict
from peerway.domain.service import LoadBalancer
from peerway.domain.vpc import Instance
from peerway.fabric.packets import Packet
from peerway.fabric.walk import exchange

__all__ = ["dataplane", "running"]

ICMP, TCP = 1, 6
#: An answer is waited for as long as a loaded machine may need; silence is believed after the other.
ANSWER_MS, SILENCE_MS = 900, 100


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_probes_of_services_say_what_the_reference_says(dataplane: DataPlane, data: st.DataObject) -> None:
    """An echo or a TCP connection to any address is answered exactly when the reference walk says so (NET-6, EC-2)."""
    topology = data.draw(inner_topologies())
    instances = of_kind(topology, Instance)
    senders = [one for one in instances if not one.stopped]
    if not senders:
        return
    fabric = topology.fabric()
    assert dataplane.apply(fabric).failures == {}
    assert dict(dataplane.observe().drift) == {}
    targets = [
        address
        for router in fabric.routers.values()
        for one in router.endpoints.values()
        for address in one.addresses
    ]
    targets += [address for one in instances if one.stopped for address in one.addresses]
    targets = [address for address in targets if address.version == 4]
    targets += [balancer.address for balancer in of_kind(topology, LoadBalancer)] * 3
    for _ in range(6):
        sender, target = data.draw(st.sampled_from(senders)), data.draw(st.sampled_from(targets))
        protocol = data.draw(st.sampled_from((TCP, TCP, ICMP)))
        port = data.draw(st.sampled_from((80, 80, 5432, 22))) if protocol == TCP else 0
        told = exchange(fabric, Packet(sender.ipv4, target, protocol, port, sender.id))
        if not is_certain(fabric, told):
            continue
        timeout_ms = ANSWER_MS if told.answered else SILENCE_MS
        result = dataplane.probe(Probe(sender.id, target, protocol, port, timeout_ms))
        assert (result.verdict is not Verdict.SILENT) == told.answered, (
            f"{sender.id} {target} {protocol} {port} {told} {result}"
        )
