"""Gateways on a leased line."""

import pytest

from peerway.domain.errors import InvalidInput
from peerway.domain.port import check_transfer4, check_transfer6


@pytest.mark.parametrize(
    ("local", "peer"),
    [
        ("10.255.0.1/30", "10.255.0.2"),
        ("10.255.0.0/31", "10.255.0.1"),
        ("192.168.7.254/24", "192.168.7.1"),
        ("11.0.0.1/30", "11.0.0.2"),
    ],
)
def test_two_addresses_of_one_network_are_gateways(local, peer):
    """EC-9: local and peer gateway share a transfer network."""
    mine, theirs = check_transfer4(local, peer)
    assert (str(mine), str(theirs)) == (local, peer)


@pytest.mark.parametrize(
    ("local", "peer", "field"),
    [
        ("10.255.0.1", "10.255.0.2", "local_gateway"),
        ("10.255.0.1/", "10.255.0.2", "local_gateway"),
        ("10.255.0.1/33", "10.255.0.2", "local_gateway"),
        ("10.255.0.1/32", "10.255.0.2", "local_gateway"),
        ("10.255.0.1/8", "10.255.0.2", "local_gateway"),
        ("10.255.0.1/x", "10.255.0.2", "local_gateway"),
        ("10.255.0.0/30", "10.255.0.2", "local_gateway"),
        ("10.255.0.3/30", "10.255.0.2", "local_gateway"),
        ("10.255.0.1/30", "10.255.0.0", "peer_gateway"),
        ("10.255.0.1/30", "10.255.0.3", "peer_gateway"),
        ("10.255.0.1/30", "10.255.0.5", "peer_gateway"),
        ("10.255.0.1/30", "10.255.0.1", "peer_gateway"),
        ("10.255.0.1/30", "10.255.0.2/30", "peer_gateway"),
        ("10.255.0.1/30", "", "peer_gateway"),
        ("10.255.0.1/30", None, "peer_gateway"),
        (None, "10.255.0.2", "local_gateway"),
        ("127.0.0.1/30", "127.0.0.2", "local_gateway"),
        ("169.254.0.1/30", "169.254.0.2", "local_gateway"),
        ("100.64.0.1/30", "100.64.0.2", "local_gateway"),
        ("224.0.0.1/30", "224.0.0.2", "local_gateway"),
        ("fd00::1/64", "10.255.0.2", "local_gateway"),
        ("10.255.0.1/30", "fd00::2", "peer_gateway"),
    ],
)
def test_bad_gateways_are_refused(local, peer, field):
    """EC-9: not in one network, equal, network or broadcast address, nonsense: the field is named."""
    with pytest.raises(InvalidInput) as caught:
        check_transfer4(local, peer)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("local", "peer"),
    [("fd00:ff::1/64", "fd00:ff::2"), ("fd00:ff::/127", "fd00:ff::1"), ("2001:db9::ff/120", "2001:db9::1")],
)
def test_ipv6_gateways_need_no_broadcast_address(local, peer):
    """EC-9: IPv6 has none, so the last address is a gateway like any other."""
    mine, theirs = check_transfer6(local, peer)
    assert (str(mine), str(theirs)) == (local, peer)


@pytest.mark.parametrize(
    ("local", "peer", "field"),
    [
        ("fd00:ff::/64", "fd00:ff::2", "local_gateway6"),
        ("fd00:ff::1/64", "fd00:ff::", "peer_gateway6"),
        ("fd00:ff::1/64", "fd00:fe::2", "peer_gateway6"),
        ("fd00:ff::1/32", "fd00:ff::2", "local_gateway6"),
        ("fe80::1/64", "fe80::2", "local_gateway6"),
        ("ff02::1/64", "ff02::2", "local_gateway6"),
        ("::1/127", "::", "local_gateway6"),
        ("1::1/64", "1::2", "local_gateway6"),
        ("10.255.0.1/30", "10.255.0.2", "local_gateway6"),
        ("fd00:ff::1/64", "10.255.0.2", "peer_gateway6"),
    ],
)
def test_bad_ipv6_gateways_are_refused(local, peer, field):
    """EC-9: link local, multicast, unassigned, the network's own address: the field is named."""
    with pytest.raises(InvalidInput) as caught:
        check_transfer6(local, peer)
    assert caught.value.field == field
