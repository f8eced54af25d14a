"""Where route entries lead: several interfaces, lines and gateways; what is refused, and what is shown of them."""

from dataclasses import replace

import pytest

from peerway.app.usecases.route_entries import CreateRouteEntry, create_route_entry, list_entries
from peerway.app.usecases.route_tables import CreateRouteTable, create_route_table
from peerway.app.usecases.router_interfaces import (
    ActivateRouterInterface,
    DeactivateRouterInterface,
    DeleteRouterInterface,
    activate_router_interface,
    deactivate_router_interface,
    delete_router_interface,
)
from peerway.app.usecases.vbrs import VbrRequest, terminate_vbr
from peerway.domain.errors import AlreadyExists, Conflict, IllegalState, InUse, InvalidInput, NotFound
from peerway.domain.gateway import Ipv4Gateway, NatGateway
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import EntryKind, RoutePath


def entry(table_id, next_hop, next_hop_id=None, destination="172.16.0.0/16", paths=()):
    """A request for an entry."""
    return CreateRouteEntry(
        route_table_id=table_id,
        destination=destination,
        next_hop=next_hop,
        next_hop_id=next_hop_id,
        paths=tuple(RoutePath(*path) for path in paths),
    )


@pytest.fixture
def vpc(estate, alice):
    """A VPC with a VSwitch, 10.0.1.0/24."""
    vpc = estate.vpc(alice)
    estate.vswitch(alice, vpc)
    return vpc


@pytest.fixture
def vbr(estate, alice):
    """An active border router with IPv4 gateways, on 10.255.0.0/30."""
    made = estate.vbr(alice, estate.line(alice))
    estate.settle()
    return estate.get(VirtualBorderRouter, made.id)


@pytest.fixture
def interfaces(estate, alice, bob, vpc):
    """Three interfaces of the VPC, each joined to a VPC of its own."""
    peers = [estate.vpc(bob, f"10.{number}.0.0/16") for number in (1, 2, 3)]
    return [estate.join((alice, bob), (vpc, peer))[0] for peer in peers]


def shown(estate, caller, table_id, entry_id):
    """The entry as a list of its table shows it."""
    (found,) = (line for line in estate.ask(list_entries, caller, table_id) if line.id == entry_id)
    return found


def test_one_interface_is_a_next_hop(estate, alice, vpc, interfaces):
    """NET-5: an entry leads to an interface of the router, by its id."""
    request = entry(vpc.system_table_id, "router_interface", interfaces[0].id)
    made = estate.do(create_route_entry, alice, request)
    assert (made.next_hop_id, made.paths) == (interfaces[0].id, ())
    line = shown(estate, alice, vpc.system_table_id, made.id)
    assert (line.kind, line.available) == (EntryKind.CUSTOM, True)


@pytest.mark.parametrize("weights", [(100, 100), (1, 255), (100, 0), (0, 100), (3, 2, 1), (0, 0, 1)], ids=str)
def test_several_interfaces_share_or_stand_by(estate, alice, vpc, interfaces, weights):
    """EC-11: equal or unequal shares, or one with a weight and the rest with 0."""
    paths = [(side.id, weight) for side, weight in zip(interfaces, weights, strict=False)]
    request = entry(vpc.system_table_id, "router_interface", paths=paths)
    made = estate.do(create_route_entry, alice, request)
    assert (made.next_hop_id, made.paths) == (None, tuple(RoutePath(*path) for path in paths))
    assert shown(estate, alice, vpc.system_table_id, made.id).paths == made.paths


@pytest.mark.parametrize(
    ("weights", "field"),
    [
        ((100,), "paths"),
        ((0, 0), "paths"),
        ((100, 100, 0), "paths"),
        ((100, 256), "paths[1].weight"),
        ((-1, 100), "paths[0].weight"),
        (("1", 100), "paths[0].weight"),
        ((True, 100), "paths[0].weight"),
    ],
    ids=str,
)
def test_bad_weights_are_refused(estate, alice, vpc, interfaces, weights, field):
    """EC-11: at least two, 0 to 255, exactly one primary when others stand by."""
    paths = [(side.id, weight) for side, weight in zip(interfaces, weights, strict=False)]
    request = entry(vpc.system_table_id, "router_interface", paths=paths)
    assert estate.refused(InvalidInput, create_route_entry, alice, request).field == field


def test_bad_paths_are_refused(estate, alice, bob, vpc, interfaces):
    """EC-11: at most 16, each interface once, of this router, beside no other next hop."""
    one, other, third = (side.id for side in interfaces)
    table = vpc.system_table_id

    def refused(error, field, kind="router_interface", id=None, paths=()):
        caught = estate.refused(error, create_route_entry, alice, entry(table, kind, id, paths=paths))
        assert caught.data["field"] == field
        return caught

    refused(InvalidInput, "paths", paths=[(f"ri-{number}", 1) for number in range(17)])
    refused(InvalidInput, "paths[2].interface_id", paths=[(one, 1), (other, 1), (one, 1)])
    refused(NotFound, "paths[1].interface_id", paths=[(one, 1), ("ri-none", 1)])
    foreign = estate.get(type(interfaces[0]), interfaces[0].opposite_interface_id)
    refused(NotFound, "paths[0].interface_id", paths=[(foreign.id, 1), (other, 1)])
    refused(InvalidInput, "paths", id=one, paths=[(one, 1), (third, 1)])
    refused(InvalidInput, "paths", kind="blackhole", paths=[(one, 1), (third, 1)])
    refused(InvalidInput, "next_hop_id")


def test_interface_must_be_joined_and_on(estate, alice, vpc, interfaces):
    """EC-4: no new entry over an interface that is idle or switched off; one that is there is shown as unavailable."""
    side, other, _ = interfaces
    single = entry(vpc.system_table_id, "router_interface", side.id)
    several = entry(
        vpc.system_table_id, "router_interface", None, "172.17.0.0/16", [(side.id, 100), (other.id, 0)]
    )
    made = [estate.do(create_route_entry, alice, request) for request in (single, several)]
    estate.do(deactivate_router_interface, alice, DeactivateRouterInterface(id=side.id))
    estate.settle()
    for request in (single, several):
        again = replace(request, destination="172.18.0.0/16")
        error = estate.refused(Conflict, create_route_entry, alice, again)
        assert (error.code, error.data["id"]) == ("next_hop_not_active", side.id)
    available = [shown(estate, alice, vpc.system_table_id, one.id).available for one in made]
    assert available == [False, True]
    estate.do(activate_router_interface, alice, ActivateRouterInterface(id=side.id))
    estate.settle()
    assert shown(estate, alice, vpc.system_table_id, made[0].id).available


def test_other_side_switched_off_is_shown(estate, alice, bob, vpc, interfaces):
    """EC-4: packets flow while both sides are on, and the entry says so."""
    side = interfaces[0]
    made = estate.do(create_route_entry, alice, entry(vpc.system_table_id, "router_interface", side.id))
    far = DeactivateRouterInterface(id=side.opposite_interface_id)
    estate.do(deactivate_router_interface, bob, far)
    assert not shown(estate, alice, vpc.system_table_id, made.id).available


@pytest.mark.parametrize("beside", [False, True])
def test_interface_that_entries_lead_to_stays(estate, alice, vpc, interfaces, beside):
    """EC-5: delete with dependents is refused, whether the entry leads to it alone or beside others."""
    side, other, _ = interfaces
    paths = [(other.id, 100), (side.id, 0)] if beside else ()
    request = entry(vpc.system_table_id, "router_interface", None if beside else side.id, paths=paths)
    made = estate.do(create_route_entry, alice, request)
    estate.do(deactivate_router_interface, alice, DeactivateRouterInterface(id=side.id))
    estate.settle()
    error = estate.refused(InUse, delete_router_interface, alice, DeleteRouterInterface(id=side.id))
    assert (error.data["by"], error.data["by_id"]) == ("route_entry", made.id)


def test_table_of_a_border_router_leads_to_its_line_and_interfaces(estate, alice, vpc, vbr):
    """EC-9: the customer's ranges to the line, the VPC's to the interface; the transfer network is there by itself."""
    side = estate.interface(alice, vbr.id, "initiator", vpc.region_id)
    far = estate.interface(alice, vpc.id, "acceptor", vbr.region_id)
    side, far = estate.name(alice, side, far), estate.name(alice, far, side)
    unjoined = entry(vbr.route_table_id, "router_interface", side.id, "10.0.0.0/16")
    assert estate.refused(Conflict, create_route_entry, alice, unjoined).code == "next_hop_not_active"
    estate.connect(alice, side)
    made = [
        estate.do(create_route_entry, alice, request)
        for request in (
            unjoined,
            entry(vbr.route_table_id, "line", None, "192.168.0.0/16"),
            entry(vbr.route_table_id, "line", vbr.id, "192.169.0.0/16"),
            entry(vbr.route_table_id, "blackhole", None, "192.170.0.0/16"),
        )
    ]
    assert [one.next_hop_id for one in made] == [side.id, vbr.id, vbr.id, None]
    system, *custom = estate.ask(list_entries, alice, vbr.route_table_id)
    assert (str(system.destination), system.next_hop, system.next_hop_id) == (
        "10.255.0.0/30",
        "local",
        vbr.id,
    )
    assert all(line.available for line in custom)
    estate.do(terminate_vbr, alice, VbrRequest(id=vbr.id))
    available = [line.available for line in estate.ask(list_entries, alice, vbr.route_table_id)]
    assert available == [True, True, False, False, True]


@pytest.mark.parametrize(
    ("hop", "id", "destination", "error", "field"),
    [
        ("line", "vbr-other", "192.168.0.0/16", NotFound, "next_hop_id"),
        ("line", None, "10.255.0.0/30", InvalidInput, "destination"),
        ("line", None, "10.255.0.2/32", InvalidInput, "destination"),
        ("line", None, "100.64.0.0/16", InvalidInput, "destination"),
        ("line", None, "fd00::/8", InvalidInput, "destination"),
        ("instance", "i-1", "192.168.0.0/16", InvalidInput, "next_hop"),
        ("peering", "pcc-1", "192.168.0.0/16", InvalidInput, "next_hop"),
        ("nat_gateway", "ngw-1", "192.168.0.0/16", InvalidInput, "next_hop"),
        ("ipv4_gateway", "ipv4gw-1", "192.168.0.0/16", InvalidInput, "next_hop"),
        ("router_interface", "ri-none", "192.168.0.0/16", NotFound, "next_hop_id"),
    ],
)
def test_bad_entry_of_a_border_router_is_refused(estate, alice, vbr, hop, id, destination, error, field):
    """EC-9: nothing inside the transfer network, no next hop that a border router does not have."""
    request = entry(vbr.route_table_id, hop, id, destination)
    assert estate.refused(error, create_route_entry, alice, request).data["field"] == field


def test_border_routers_table_is_its_owners(estate, alice, bob):
    """EC-10: no routes before it is confirmed, none by the partner, no custom table."""
    offered = estate.vbr(alice, estate.line(alice), owner_uid=bob.uid)
    request = entry(offered.route_table_id, "line")
    assert estate.refused(IllegalState, create_route_entry, bob, request).data["state"] == "unconfirmed"
    assert estate.refused(NotFound, create_route_entry, alice, request).data["field"] == "route_table_id"
    table = CreateRouteTable(vpc_id=offered.id)
    assert estate.refused(NotFound, create_route_table, bob, table).data["field"] == "vpc_id"


def test_line_is_no_next_hop_of_a_vpc(estate, alice, vpc, vbr):
    """EC-9: a VPC reaches a line by an interface, never directly."""
    for id in (None, vbr.id):
        request = entry(vpc.system_table_id, "line", id)
        assert estate.refused(InvalidInput, create_route_entry, alice, request).field == "next_hop"


GATEWAYS = {"nat_gateway": NatGateway, "ipv4_gateway": Ipv4Gateway}


def gateway(estate, caller, vpc, hop, state=Provisioning.AVAILABLE):
    """A gateway of that kind in the VPC, as it is stored."""
    fields = {"network_id": "ext-1"} if hop == "nat_gateway" else {"enabled": True}
    made = GATEWAYS[hop](
        id=f"{hop}-1",
        owner_uid=caller.uid,
        created_at=estate.clock.now(),
        vpc_id=vpc.id,
        state=state,
        **fields,
    )
    return estate.store.write(lambda tx: tx.insert(made))


@pytest.mark.parametrize("hop", GATEWAYS)
def test_gateway_of_the_vpc_is_a_next_hop(estate, alice, vpc, hop):
    """NET-5: NAT and IPv4 gateways, for IPv4 ranges."""
    made = gateway(estate, alice, vpc, hop)
    found = estate.do(create_route_entry, alice, entry(vpc.system_table_id, hop, made.id, "0.0.0.0/0"))
    assert shown(estate, alice, vpc.system_table_id, found.id).available
    six = entry(vpc.system_table_id, hop, made.id, "::/0")
    assert estate.refused(InvalidInput, create_route_entry, alice, six).field == "destination"
    elsewhere = estate.vpc(alice, "10.9.0.0/16")
    foreign = entry(elsewhere.system_table_id, hop, made.id)
    assert estate.refused(NotFound, create_route_entry, alice, foreign).data["field"] == "next_hop_id"
    missing = entry(vpc.system_table_id, hop, None)
    assert estate.refused(InvalidInput, create_route_entry, alice, missing).field == "next_hop_id"


@pytest.mark.parametrize("hop", GATEWAYS)
def test_gateway_that_goes_is_no_next_hop(estate, alice, vpc, hop):
    """NET-5: nothing is led to what is being removed."""
    made = gateway(estate, alice, vpc, hop, Provisioning.DELETING)
    error = estate.refused(Conflict, create_route_entry, alice, entry(vpc.system_table_id, hop, made.id))
    assert error.code == "next_hop_not_active"


def test_destination_stays_unique_over_all_kinds(estate, alice, vpc, interfaces):
    """NET-5: one entry a destination, whatever it leads to."""
    paths = [(side.id, 1) for side in interfaces]
    estate.do(create_route_entry, alice, entry(vpc.system_table_id, "router_interface", paths=paths))
    estate.refused(AlreadyExists, create_route_entry, alice, entry(vpc.system_table_id, "blackhole"))
