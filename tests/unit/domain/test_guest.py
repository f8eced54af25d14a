"""Where an instance's own routes send a packet before the VPC sees it."""

from ipaddress import ip_address, ip_interface, ip_network

from peerway.domain.guest import GuestInterface, GuestRoute, GuestRouteKind, GuestView

WIRE = GuestInterface("eth0", to_network=True, up=True)
BRIDGE = GuestInterface("docker0", False, True, (ip_interface("172.17.0.1/16"),))
DEFAULT = GuestRoute(ip_network("0.0.0.0/0"), interfaces=("eth0",))
DOCKER = GuestRoute(ip_network("172.17.0.0/16"), interfaces=("docker0",))
OWN = GuestRoute(ip_network("172.17.0.1/32"), GuestRouteKind.LOCAL)
VIEW = GuestView((WIRE, BRIDGE), (DEFAULT, DOCKER, OWN))


def test_a_range_of_another_interface_captures_its_addresses():
    """PATH-3: docker0's range keeps packets for it in the instance; all else leaves by the VPC's interface."""
    assert VIEW.capture_of(ip_address("172.17.5.5")) == DOCKER
    assert VIEW.capture_of(ip_address("172.18.5.5")) is None
    assert VIEW.route_to(ip_address("fd00::1")) is None
    assert VIEW.capture_of(ip_address("fd00::1")) is None


def test_own_addresses_come_first_whatever_else_is_routed():
    """An address of the instance's own is delivered inside, even below a more specific looking route elsewhere."""
    local = GuestRoute(ip_network("172.17.0.0/24"), GuestRouteKind.LOCAL)
    narrow = GuestRoute(ip_network("172.17.0.9/32"), interfaces=("eth0",))
    view = GuestView((WIRE, BRIDGE), (DEFAULT, narrow, local))
    assert view.capture_of(ip_address("172.17.0.9")) == local


def test_of_equal_ranges_the_lowest_metric_wins():
    """As in the kernel: among routes for one range the metric decides, else the first."""
    ours = GuestRoute(ip_network("172.17.0.0/16"), interfaces=("eth0",), metric=5)
    assert GuestView((WIRE, BRIDGE), (ours, DOCKER)).capture_of(ip_address("172.17.1.1")) == DOCKER
    refused = GuestRoute(ip_network("172.17.0.0/16"), GuestRouteKind.REFUSE, metric=5)
    assert GuestView((WIRE, BRIDGE), (refused, ours)).capture_of(ip_address("172.17.1.1")) == refused
