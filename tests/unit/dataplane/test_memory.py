"""What the memory driver does beyond the contract of all drivers: it predicts, and says so."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from tests.builders.topology import Topology

from peerway.adapters.dataplane.memory.driver import MemoryDataPlane
from peerway.app.dataplane import DataPlane, Probe, Verdict
from peerway.domain.errors import NotFound
from peerway.domain.peering import PeeringState


@pytest.fixture
def t():
    """A network to build."""
    return Topology()


@pytest.fixture
def driver() -> DataPlane:
    """A driver that nothing was applied to."""
    return MemoryDataPlane()


@pytest.fixture
def joined(t):
    """The instances of two joined VPCs, and the connection."""
    one, other = t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16")
    a, b = t.instance(t.vswitch(one, "10.0.1.0/24")), t.instance(t.vswitch(other, "10.1.1.0/24"))
    return a, b, t.join(one, other)


def test_apply_counts_what_differs(t, driver, joined):
    """Everything at first, nothing at a repeat, then the difference: routers, endpoints and links."""
    a, _, peering = joined
    assert driver.apply(t.fabric()).touched == 5
    assert driver.apply(t.fabric()).touched == 0
    t.change(peering, state=PeeringState.SUSPENDED)
    assert driver.apply(t.fabric()).touched == 1
    t.change(a, mac="02:00:00:00:00:99")
    assert driver.apply(t.fabric()).touched == 1
    t.remove(peering)
    report = driver.apply(t.fabric())
    assert (report.touched, report.failures, report.revision) == (3, {}, t.revision)


def test_observation_is_what_was_applied(t, driver, joined):
    """Routers, endpoints and links with their state, and never any drift."""
    a, b, peering = joined
    driver.apply(t.fabric())
    seen = driver.observe()
    assert seen.routers == {a.vpc_id, b.vpc_id}
    assert seen.endpoints == {a.id, b.id}
    assert (seen.links, seen.drift) == ({peering.id: True}, {})
    assert driver.repair().touched == 0


def test_probe_is_predicted_and_never_answered(t, driver, joined):
    """The driver carries no packets: what would be answered is predicted, the rest is silent with the reason (PEER-8)."""
    a, b, peering = joined
    driver.apply(t.fabric())
    assert driver.probe(Probe(a.id, b.ipv4)).verdict is Verdict.PREDICTED
    t.change(peering, state=PeeringState.SUSPENDED)
    driver.apply(t.fabric())
    result = driver.probe(Probe(a.id, b.ipv4, protocol=6, port=80))
    assert (result.verdict, result.round_trip_ms) == (Verdict.SILENT, None)
    assert "link_down" in result.detail
    assert peering.id in result.detail


def test_probe_without_an_address_of_the_version_is_silent(t, driver, joined):
    """An instance without IPv6 reaches no IPv6 address (NET-6)."""
    a, *_ = joined
    driver.apply(t.fabric())
    result = driver.probe(Probe(a.id, IPv6Address("fd00::1")))
    assert result.verdict is Verdict.SILENT


def test_probe_from_an_unknown_instance_is_not_found(driver):
    """Nobody sends from an instance that is not there."""
    with pytest.raises(NotFound):
        driver.probe(Probe("i-none", IPv4Address("10.0.0.1")))


def test_counters_are_zero_for_both_ends_of_every_link(t, driver, joined):
    """Nothing passes in memory."""
    a, b, peering = joined
    driver.apply(t.fabric())
    counters = driver.counters()
    assert set(counters) == {(peering.id, a.vpc_id), (peering.id, b.vpc_id)}
    assert {counter.sent_bytes + counter.received_bytes for counter in counters.values()} == {0}


def test_close_forgets_only_when_it_shall_destroy(t, driver, joined):
    """Letting go leaves everything in place; destroying removes it."""
    driver.apply(t.fabric())
    driver.close(destroy=False)
    assert driver.observe().routers
    driver.close(destroy=True)
    assert not driver.observe().routers
