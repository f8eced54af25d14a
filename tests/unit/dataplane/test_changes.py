"""The order in which a namespace is changed: nothing slips through meanwhile, and nothing is asked that the kernel refuses."""

from dataclasses import replace
from ipaddress import ip_address
from socket import AF_INET, AF_INET6

import pytest
from tests.builders import fabrics

from peerway.adapters.dataplane.kernel import codec
from peerway.adapters.dataplane.kernel.codec import BLACKHOLE, UNICAST, Message, NextHop
from peerway.adapters.dataplane.kernel.encode import encode_router
from peerway.adapters.dataplane.kernel.names import CONDEMNED_GROUP, FAR4, FAR6
from peerway.adapters.dataplane.kernel.state import (
    DISCARD,
    Address,
    Destination,
    Interface,
    Neighbour,
    State,
    Way,
    extend,
    over,
    retract,
)
from peerway.fabric.model import ToEndpoint

LEAVES, STAYS = 1001, 1002
OWN, PEER = (ip_address(f"172.30.0.{number}").packed for number in (1, 2))
NARROW = Destination(AF_INET, 254, bytes((192, 168, 0, 0)), 16)
WIDE = Destination(AF_INET, 254, bytes(4), 0)
ROUTER = "vpc-1"


def state(*indexes: int, **parts: object) -> State:
    """A namespace with these interfaces, up."""
    interfaces = {index: Interface(f"i{index}", b"\2" * 6, 7, up=True, checked=False) for index in indexes}
    return State(interfaces, **parts)  # type: ignore[arg-type]


def routed(destination: Destination, way: Way) -> Message:
    """The request for a route."""
    return codec.route(*destination, way.kind, ROUTER, hops=way.hops)


def copied(one: State) -> State:
    """The same state, to be changed."""
    return State(
        dict(one.interfaces), set(one.addresses), set(one.neighbours), set(one.rules), dict(one.routes)
    )


def test_route_over_an_interface_that_goes_is_at_once_what_it_is_to_be() -> None:
    """Before the interface goes, while the one that takes over is there."""
    actual = state(LEAVES, STAYS, routes={NARROW: over(LEAVES, FAR4), WIDE: over(STAYS)})
    desired = state(STAYS, routes={NARROW: over(STAYS, FAR4), WIDE: over(STAYS)})
    assert retract(actual, desired, {}, ROUTER) == [
        routed(NARROW, over(STAYS, FAR4)),
        codec.condemn_interface(LEAVES, CONDEMNED_GROUP, ROUTER),
    ]
    assert list(extend(actual, desired, {}, ROUTER)) == []


def test_torn_interface_goes_and_its_routes_are_closed_although_both_are_wanted() -> None:
    """Were the route only to vanish with the interface, its packets would take the wider one until it is back."""
    neighbours = {Neighbour(LEAVES, FAR4, b"\6" * 6)}
    desired = state(
        LEAVES, STAYS, neighbours=neighbours, routes={NARROW: over(LEAVES, FAR4), WIDE: over(STAYS)}
    )
    actual = copied(desired)
    assert retract(actual, desired, {}, ROUTER, {LEAVES}) == [
        routed(NARROW, DISCARD),
        codec.condemn_interface(LEAVES, CONDEMNED_GROUP, ROUTER),
    ]
    assert actual == state(STAYS, routes={NARROW: DISCARD, WIDE: over(STAYS)})
    assert retract(copied(desired), desired, {}, ROUTER, {1003}) == []


def test_next_hop_that_was_the_router_s_own_address_waits_until_it_is_not() -> None:
    """The kernel takes no gateway that is its own address; the route drops until the address is gone."""
    actual = state(LEAVES, STAYS, addresses={Address(STAYS, OWN, 30)}, routes={NARROW: over(LEAVES, FAR4)})
    desired = state(STAYS, addresses={Address(STAYS, PEER, 30)}, routes={NARROW: over(STAYS, OWN)})
    assert retract(actual, desired, {}, ROUTER)[0] == routed(NARROW, DISCARD)
    assert list(extend(actual, desired, {}, ROUTER)) == [
        codec.new_address(STAYS, PEER, 30, 0, connected=False, owner=ROUTER),
        codec.new_address(STAYS, OWN, 30, 0, connected=False, owner=ROUTER, delete=True),
        routed(NARROW, over(STAYS, OWN)),
    ]


@pytest.mark.parametrize("forwards", [False, True])
def test_way_by_an_instance_names_the_end_of_its_wire_and_not_its_address(*, forwards: bool) -> None:
    """The kernel looks a gateway's address up where the routes are that change with it; the end of a wire is always there."""
    destinations = ("198.51.100.0/24", "fd99::/64", "0.0.0.0/0", "::/0")
    ways = dict.fromkeys(destinations, ToEndpoint("i-1"))
    gateway = replace(fabrics.endpoint(1, 10), forwards=forwards)
    plan = encode_router(replace(fabrics.vpc(1, ways, ways), endpoints={"i-1": gateway}), {})
    index, mac = plan.index["e:i-1"], bytes.fromhex(gateway.mac.replace(":", ""))
    ends = {Neighbour(index, far, mac) for far in (FAR4, FAR6)}
    own = {Neighbour(index, address.packed, mac) for address in gateway.addresses}
    assert plan.state.neighbours == (own | ends if forwards else own)
    found = {
        (to.version, way.kind, way.hops)
        for to, way in plan.state.routes.items()
        if to.length in {0, 24} or to.network.startswith(b"\xfd\x99")
    }
    led = {(version, UNICAST, (NextHop(index, far),)) for version, far in ((AF_INET, FAR4), (AF_INET6, FAR6))}
    closed = {(version, BLACKHOLE, ()) for version in (AF_INET, AF_INET6)}
    assert found - closed == (led if forwards else set())
