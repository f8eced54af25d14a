"""Destinations of route entries: changed under the rules of new ones, and held to the other VPC where a product does so."""

import pytest

from peerway.app.usecases.route_entries import (
    CreateRouteEntry,
    UpdateRouteEntry,
    create_route_entry,
    update_route_entry,
)
from peerway.domain.errors import AlreadyExists, InvalidInput
from peerway.domain.route_table import EntryOrigin, RouteEntry


def entry_to(estate, caller, vpc, destination, **fields):
    """A new entry in the VPC's system table; a blackhole unless fields say otherwise."""
    fields = {"next_hop": "blackhole", **fields}
    request = CreateRouteEntry(route_table_id=vpc.system_table_id, destination=destination, **fields)
    return estate.do(create_route_entry, caller, request)


def test_a_destination_is_changed_under_the_rules_of_a_new_one(estate, alice, vpc, vswitch):
    """NET-5: the entry stays the one it is; taken destinations and the router's own ranges are refused."""
    entry = entry_to(estate, alice, vpc, "10.9.0.0/16")
    entry_to(estate, alice, vpc, "10.10.0.0/16")

    def change(destination):
        return estate.do(update_route_entry, alice, UpdateRouteEntry(id=entry.id, destination=destination))

    moved = change("10.11.0.0/16")
    assert (moved.id, str(moved.destination), moved.next_hop) == (entry.id, "10.11.0.0/16", entry.next_hop)
    assert change("10.11.0.0/16").revision == moved.revision, "nothing changed"
    with pytest.raises(AlreadyExists):
        change("10.10.0.0/16")
    with pytest.raises(InvalidInput, match="own range"):
        change(str(vswitch.cidr))
    with pytest.raises(InvalidInput, match="CIDR"):
        change("somewhere")


def test_what_the_system_wrote_is_the_users_with_another_destination(estate, alice):
    """PEER-8: so that it does not go with the connection's own."""
    one, other = (estate.vpc(alice, cidr) for cidr in ("10.0.0.0/16", "10.1.0.0/16"))
    estate.ask_for(alice, one, other, auto_routes=True)
    estate.settle()
    written = next(found for found in estate.all(RouteEntry) if found.route_table_id == one.system_table_id)
    request = UpdateRouteEntry(id=written.id, destination="10.1.1.0/24")
    assert estate.do(update_route_entry, alice, request).origin is EntryOrigin.CUSTOM


@pytest.mark.parametrize(("profile", "held"), [("tencent", True), ("native", False)])
def test_routes_stay_inside_the_other_vpc_where_the_product_says_so(estate, alice, profile, held):
    """NET-5: refused for a new entry, and for one that is led over the connection later."""
    one, other = (estate.vpc(alice, cidr) for cidr in ("10.0.0.0/16", "10.1.0.0/16"))
    peering = estate.ask_for(alice, one, other, profile=profile)
    estate.settle()
    over = {"next_hop": "peering", "next_hop_id": peering.id}
    inside = entry_to(estate, alice, one, "10.1.2.0/24", **over)
    if not held:
        entry_to(estate, alice, one, "10.2.0.0/16", **over)
        return
    with pytest.raises(InvalidInput) as caught:
        entry_to(estate, alice, one, "10.2.0.0/16", **over)
    assert caught.value.code == "outside_peer"
    with pytest.raises(InvalidInput, match="that the connection leads to"):
        estate.do(update_route_entry, alice, UpdateRouteEntry(id=inside.id, destination="10.0.0.0/8"))
    hole = entry_to(estate, alice, one, "10.3.0.0/16")
    with pytest.raises(InvalidInput, match="that the connection leads to"):
        estate.do(update_route_entry, alice, UpdateRouteEntry(id=hole.id, **over))
