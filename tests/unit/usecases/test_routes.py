"""Route tables and entries."""

import pytest

from peerway.app.usecases.instances import DeleteInstance, delete_instance
from peerway.app.usecases.peerings import DeletePeering, delete_peering
from peerway.app.usecases.route_entries import (
    CreateRouteEntry,
    DeleteRouteEntry,
    create_route_entry,
    delete_route_entry,
    get_route_entry,
    list_entries,
)
from peerway.app.usecases.route_tables import (
    CreateRouteTable,
    DeleteRouteTable,
    UpdateRouteTable,
    create_route_table,
    delete_route_table,
    get_route_table,
    list_route_tables,
    update_route_table,
)
from peerway.app.usecases.vswitches import CreateVSwitch, UpdateVSwitch, create_vswitch, update_vswitch
from peerway.domain.errors import AlreadyExists, Conflict, InUse, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.route_table import EntryKind, RouteEntry, RouteTable, TableKind


@pytest.fixture
def vpc(estate, alice):
    """A VPC with one VSwitch, 10.0.1.0/24."""
    vpc = estate.vpc(alice)
    estate.vswitch(alice, vpc)
    return vpc


def entry(vpc, destination="172.16.0.0/16", next_hop="blackhole", next_hop_id=None, **fields):
    """A request for an entry in the system table."""
    return CreateRouteEntry(
        route_table_id=vpc.system_table_id,
        destination=destination,
        next_hop=next_hop,
        next_hop_id=next_hop_id,
        **fields,
    )


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        ("10.0.1.0/24", "system_route"),
        ("10.0.1.7/32", "system_route"),
        ("10.0.1.128/25", "system_route"),
        ("100.64.0.0/10", "system_route"),
        ("100.100.0.0/16", "system_route"),
        ("172.16.0.1/16", "invalid"),
        ("172.16.0.0", "invalid"),
        ("172.16.0.0/33", "invalid"),
        ("somewhere", "invalid"),
        ("", "invalid"),
        (None, "invalid"),
        ("127.0.0.0/8", "invalid"),
        ("169.254.1.0/24", "invalid"),
        ("224.0.0.0/8", "invalid"),
        ("ff00::/8", "invalid"),
        ("fe80::/64", "invalid"),
    ],
)
def test_bad_destination_is_refused(estate, alice, vpc, destination, code):
    """NET-5: equal to or inside a system entry, host bits, nonsense: field and rule, nothing changes."""
    error = estate.refused(InvalidInput, create_route_entry, alice, entry(vpc, destination))
    assert (error.field, error.code) == ("destination", code)


@pytest.mark.parametrize(
    "destination",
    ["0.0.0.0/0", "::/0", "10.0.0.0/16", "10.0.0.0/23", "10.0.2.0/24", "30.0.0.0/16", "fd00::/8"],
)
def test_larger_and_foreign_ranges_are_routed(estate, alice, vpc, destination):
    """NET-5: what is larger than a system entry or elsewhere is allowed, the default route too."""
    assert str(estate.do(create_route_entry, alice, entry(vpc, destination)).destination) == destination


def test_destination_is_unique_in_its_table(estate, alice, vpc):
    """NET-5: a second entry to one range is refused; another table may have it."""
    estate.do(create_route_entry, alice, entry(vpc))
    assert estate.refused(AlreadyExists, create_route_entry, alice, entry(vpc)).code == "route_exists"
    table = estate.do(create_route_table, alice, CreateRouteTable(vpc_id=vpc.id))
    request = CreateRouteEntry(route_table_id=table.id, destination="172.16.0.0/16", next_hop="blackhole")
    estate.do(create_route_entry, alice, request)


def test_table_holds_two_hundred_custom_entries(estate, alice, vpc):
    """NET-5: not one more than 200."""
    for number in range(200):
        estate.do(create_route_entry, alice, entry(vpc, f"172.16.{number}.0/24"))
    error = estate.refused(QuotaExceeded, create_route_entry, alice, entry(vpc, "172.17.0.0/24"))
    assert error.data["limit"] == 200


@pytest.mark.parametrize(
    ("hop", "id", "field"),
    [
        ("nat", None, "next_hop"),
        (None, None, "next_hop"),
        ("instance", None, "next_hop_id"),
        ("peering", "", "next_hop_id"),
        ("blackhole", "i-1", "next_hop_id"),
    ],
)
def test_next_hop_needs_kind_and_id(estate, alice, vpc, hop, id, field):
    """NET-5: the kind of next hop decides whether there is an id."""
    error = estate.refused(InvalidInput, create_route_entry, alice, entry(vpc, "172.16.0.0/16", hop, id))
    assert error.field == field


def test_instance_hop_is_one_of_the_vpc(estate, alice, bob, vpc):
    """NET-5: an instance of another VPC or account is no next hop."""
    beside = estate.vpc(alice, "10.9.0.0/16")
    foreign = estate.vpc(bob, "10.8.0.0/16")
    for caller, other in ((alice, beside), (bob, foreign)):
        instance = estate.instance(caller, estate.vswitch(caller, other, str(next(other.cidr.subnets(8)))))
        request = entry(vpc, "172.16.0.0/16", "instance", instance.id)
        assert estate.refused(NotFound, create_route_entry, alice, request).data["field"] == "next_hop_id"


def test_route_to_an_instance_keeps_it(estate, alice, vpc):
    """NET-5: an instance that routes lead to is in use."""
    instance = estate.instance(alice, estate.vswitch(alice, vpc, "10.0.2.0/24"))
    made = estate.do(create_route_entry, alice, entry(vpc, "0.0.0.0/0", "instance", instance.id))
    error = estate.refused(InUse, delete_instance, alice, DeleteInstance(id=instance.id))
    assert error.data["by_id"] == made.id
    estate.do(delete_route_entry, alice, DeleteRouteEntry(id=made.id))
    estate.do(delete_instance, alice, DeleteInstance(id=instance.id))
    request = entry(vpc, "0.0.0.0/0", "instance", instance.id)
    assert estate.refused(Conflict, create_route_entry, alice, request).code == "next_hop_not_active"


def test_peering_hop_has_to_carry(estate, alice, bob, carol, vpc):
    """PEER-8: a route to a connection that is not active is refused; a foreign or unknown one is not found."""
    peer = estate.vpc(bob, "10.1.0.0/16")
    pending = estate.ask_for(alice, vpc, peer)
    error = estate.refused(
        Conflict, create_route_entry, alice, entry(vpc, "10.1.0.0/16", "peering", pending.id)
    )
    assert (error.code, error.data["field"]) == ("next_hop_not_active", "next_hop_id")
    other = estate.vpc(carol, "10.2.0.0/16")
    estate.refused(NotFound, create_route_entry, carol, entry(other, "10.1.0.0/16", "peering", pending.id))
    estate.refused(NotFound, create_route_entry, alice, entry(vpc, "10.1.0.0/16", "peering", "pcc-none"))


def test_deleted_connection_is_no_hop(estate, alice, bob, vpc):
    """PEER-4: a connection on its way out does not carry; one that is gone is not found."""
    peering = estate.peer(alice, bob, vpc, estate.vpc(bob, "10.1.0.0/16"))
    request = entry(vpc, "10.1.0.0/16", "peering", peering.id)
    estate.do(delete_peering, alice, DeletePeering(id=peering.id))
    assert estate.refused(Conflict, create_route_entry, alice, request).code == "next_hop_not_active"
    estate.settle()
    estate.refused(NotFound, create_route_entry, alice, request)


def test_foreign_table_is_not_found(estate, bob, vpc):
    """NET-1: nobody routes in another account's VPC."""
    error = estate.refused(NotFound, create_route_entry, bob, entry(vpc))
    assert error.data["field"] == "route_table_id"


def test_table_lists_computed_and_stored_entries(estate, alice, bob, vpc):
    """NET-5: VSwitch ranges and the service range come by themselves; hops that are gone show as unavailable."""
    peer = estate.vpc(bob, "10.1.0.0/16")
    peering = estate.peer(alice, bob, vpc, peer, auto_routes=True)
    estate.do(create_route_entry, alice, entry(vpc, "0.0.0.0/0"))
    shown = estate.ask(list_entries, alice, vpc.system_table_id)
    assert [(e.kind, str(e.destination), e.next_hop, e.available) for e in shown] == [
        (EntryKind.SYSTEM, "10.0.1.0/24", "local", True),
        (EntryKind.SYSTEM, "100.64.0.0/10", "service", True),
        (EntryKind.AUTO, "10.1.0.0/16", "peering", True),
        (EntryKind.CUSTOM, "0.0.0.0/0", "blackhole", True),
    ]
    assert shown[2].next_hop_id == peering.id
    with pytest.raises(NotFound):
        estate.ask(list_entries, bob, vpc.system_table_id)


def test_entry_of_an_unsettled_instance_is_unavailable(estate, alice, vpc):
    """NET-5: a next hop that is not there yet is shown."""
    instance = estate.instance(alice, estate.vswitch(alice, vpc, "10.0.2.0/24"))
    estate.do(create_route_entry, alice, entry(vpc, "0.0.0.0/0", "instance", instance.id))
    assert estate.ask(list_entries, alice, vpc.system_table_id)[-1].available is False
    estate.settle()
    assert estate.ask(list_entries, alice, vpc.system_table_id)[-1].available is True


@pytest.mark.parametrize(("profile", "kept"), [("jdcloud", True), ("native", False)])
def test_written_entry_goes_with_its_product(estate, alice, profile, kept):
    """PEER-8: JD's tables are the system's; elsewhere the owner may remove what was written."""
    kind = "cps" if profile == "jdcloud" else "ecs"
    one, other = estate.vpc(alice, kind=kind), estate.vpc(alice, "10.1.0.0/16", kind=kind)
    estate.ask_for(alice, one, other, profile=profile, auto_routes=True)
    written = estate.all(RouteEntry)[0]
    if kept:
        request = DeleteRouteEntry(id=written.id)
        assert estate.refused(Conflict, delete_route_entry, alice, request).code == "managed_entry"
    else:
        estate.do(delete_route_entry, alice, DeleteRouteEntry(id=written.id))


def test_vswitch_over_a_route_is_refused(estate, alice, vpc):
    """NET-5: the order of making makes no difference: no entry equal to or inside a VSwitch's range."""
    estate.do(create_route_entry, alice, entry(vpc, "10.0.2.0/25"))
    request = CreateVSwitch(vpc_id=vpc.id, zone_id="cn-hangzhou-b", cidr="10.0.2.0/24")
    assert estate.refused(Conflict, create_vswitch, alice, request).code == "route_in_the_way"


def test_custom_table_lives_beside_the_system_table(estate, alice, bob, vpc):
    """NET-5: made, named, bound, unbound and removed with its entries; the system table stays."""
    table = estate.do(create_route_table, alice, CreateRouteTable(vpc_id=vpc.id, name="special"))
    assert table.kind is TableKind.CUSTOM
    named = estate.do(update_route_table, alice, UpdateRouteTable(id=table.id, description="for b"))
    assert (named.name, named.description) == ("special", "for b")
    assert len(estate.ask(list_route_tables, alice, vpc_id=vpc.id).items) == 2
    assert estate.ask(get_route_table, alice, table.id) == named
    vswitch = estate.vswitch(alice, vpc, "10.0.3.0/24", route_table_id=table.id)
    request = CreateRouteEntry(route_table_id=table.id, destination="0.0.0.0/0", next_hop="blackhole")
    made = estate.do(create_route_entry, alice, request)
    assert estate.ask(get_route_entry, alice, made.id) == made
    estate.refused(InUse, delete_route_table, alice, DeleteRouteTable(id=table.id))
    estate.refused(NotFound, delete_route_table, bob, DeleteRouteTable(id=table.id))
    estate.do(update_vswitch, alice, UpdateVSwitch(id=vswitch.id, route_table_id=None))
    estate.do(delete_route_table, alice, DeleteRouteTable(id=table.id))
    assert (estate.get(RouteTable, table.id), estate.all(RouteEntry)) == (None, [])
    system = DeleteRouteTable(id=vpc.system_table_id)
    assert estate.refused(Conflict, delete_route_table, alice, system).code == "system_table"


def test_vpc_has_nine_custom_tables(estate, alice, vpc):
    """NET-5: lists are bounded."""
    for _ in range(9):
        estate.do(create_route_table, alice, CreateRouteTable(vpc_id=vpc.id))
    estate.refused(QuotaExceeded, create_route_table, alice, CreateRouteTable(vpc_id=vpc.id))


def test_repeat_with_the_token_makes_one_entry(estate, alice, vpc):
    """NET-5: a retried request returns the entry; when it is gone the token is spent."""
    request = entry(vpc, client_token="t")
    made = estate.do(create_route_entry, alice, request)
    assert estate.do(create_route_entry, alice, request) == made
    estate.do(delete_route_entry, alice, DeleteRouteEntry(id=made.id))
    assert estate.refused(Conflict, create_route_entry, alice, request).code == "token_spent"
