"""What can be changed later: route entries, entries of NAT gateways, and what VSwitches are bound to from the other side."""

import pytest

from peerway.app.usecases.dnat_entries import (
    CreateDnatEntry,
    UpdateDnatEntry,
    create_dnat_entry,
    update_dnat_entry,
)
from peerway.app.usecases.eips import (
    AllocateEip,
    AssociateEip,
    UpdateEip,
    allocate_eip,
    associate_eip,
    update_eip,
)
from peerway.app.usecases.external_networks import CreateExternalNetwork, create_external_network
from peerway.app.usecases.nat_gateways import (
    CreateNatGateway,
    DeleteNatGateway,
    create_nat_gateway,
    delete_nat_gateway,
)
from peerway.app.usecases.network_acls import (
    AclEntrySpec,
    CopyAclEntries,
    CreateNetworkAcl,
    copy_acl_entries,
    create_network_acl,
)
from peerway.app.usecases.peerings import DeletePeering, delete_peering
from peerway.app.usecases.route_entries import (
    CreateRouteEntry,
    UpdateRouteEntry,
    create_route_entry,
    find_route_entry,
    update_route_entry,
)
from peerway.app.usecases.route_tables import CreateRouteTable, create_route_table
from peerway.app.usecases.snat_entries import (
    CreateSnatEntry,
    UpdateSnatEntry,
    create_snat_entry,
    update_snat_entry,
)
from peerway.app.usecases.vswitches import (
    AssociateAcl,
    AssociateTable,
    DisassociateAcl,
    DisassociateTable,
    associate_acl,
    associate_table,
    disassociate_acl,
    disassociate_table,
)
from peerway.domain.errors import AlreadyExists, Conflict, InUse, InvalidInput, NotFound
from peerway.domain.gateway import DnatEntry, SnatEntry
from peerway.domain.route_table import EntryOrigin, NextHop, RouteEntry


@pytest.fixture
def entry(estate, alice, vpc):
    """A blackhole."""
    request = CreateRouteEntry(
        route_table_id=vpc.system_table_id,
        destination="10.9.0.0/16",
        next_hop="blackhole",
        description="hole",
    )
    return estate.do(create_route_entry, alice, request)


def test_an_entry_leads_elsewhere_under_the_rules_of_a_new_one(estate, alice, bob, vpc, entry):
    """NET-5: kind and id of the next hop change together; what a new entry could not lead to, this one can't either."""
    peering = estate.peer(alice, bob, vpc, estate.vpc(bob, "10.1.0.0/16"))

    def change(**fields):
        return estate.do(update_route_entry, alice, UpdateRouteEntry(id=entry.id, **fields))

    assert entry.description == "hole"
    moved = change(next_hop="peering", next_hop_id=peering.id, name="out", description="to bob")
    assert (moved.next_hop, moved.next_hop_id, moved.name, moved.description) == (
        NextHop.PEERING,
        peering.id,
        "out",
        "to bob",
    )
    assert change(enabled=False).enabled is False
    assert change(next_hop_id=peering.id).revision == change(name="out").revision, "nothing changed"
    with pytest.raises(NotFound):
        change(next_hop_id="pcc-x")
    with pytest.raises(InvalidInput, match="next_hop"):
        change(next_hop="moon")
    with pytest.raises(NotFound):
        estate.do(update_route_entry, bob, UpdateRouteEntry(id=entry.id, name="mine"))


@pytest.mark.parametrize(("profile", "kept"), [("jdcloud", True), ("native", False)])
def test_what_the_system_wrote_becomes_the_users(estate, alice, profile, kept):
    """PEER-8: unless the product always writes it: then it can't be changed. It outlives no connection it doesn't lead to."""
    kind = "cps" if profile == "jdcloud" else "ecs"
    one, other = (estate.vpc(alice, cidr, kind=kind) for cidr in ("10.0.0.0/16", "10.1.0.0/16"))
    peering = estate.ask_for(alice, one, other, profile=profile, auto_routes=True)
    estate.settle()
    written = next(found for found in estate.all(RouteEntry) if found.route_table_id == one.system_table_id)
    request = UpdateRouteEntry(id=written.id, next_hop="blackhole")
    if kept:
        with pytest.raises(Conflict, match="belongs to connection"):
            estate.do(update_route_entry, alice, request)
        return
    assert estate.do(update_route_entry, alice, request).origin is EntryOrigin.CUSTOM
    estate.do(delete_peering, alice, DeletePeering(id=peering.id, force=True))
    assert estate.get(RouteEntry, written.id) is not None


def test_entries_are_found_by_their_destination(estate, alice, bob, vpc, vswitch, entry):
    """NET-5: computed ones are told apart from missing ones; another account's table is not there."""
    table = vpc.system_table_id
    assert estate.ask(find_route_entry, alice, table, "10.9.0.0/16") == entry
    with pytest.raises(Conflict, match="belongs to the table"):
        estate.ask(find_route_entry, alice, table, str(vswitch.cidr))
    with pytest.raises(NotFound, match="route_entry"):
        estate.ask(find_route_entry, alice, table, "10.10.0.0/16")
    with pytest.raises(NotFound, match="route_table"):
        estate.ask(find_route_entry, bob, table, "10.9.0.0/16")


def test_tables_are_bound_and_freed(estate, alice, vpc, vswitch):
    """NET-5: custom tables of the same VPC; a system table binds by itself."""
    table = estate.do(create_route_table, alice, CreateRouteTable(vpc_id=vpc.id))
    other = estate.do(create_route_table, alice, CreateRouteTable(vpc_id=estate.vpc(alice).id))

    def bind(id):
        return estate.do(associate_table, alice, AssociateTable(vswitch_id=vswitch.id, route_table_id=id))

    def free(id):
        request = DisassociateTable(vswitch_id=vswitch.id, route_table_id=id)
        return estate.do(disassociate_table, alice, request)

    assert bind(table.id).route_table_id == table.id
    assert free(table.id).route_table_id == vpc.system_table_id
    with pytest.raises(Conflict, match="not bound"):
        free(table.id)
    with pytest.raises(NotFound):
        bind(other.id)
    for act in (bind, free):
        with pytest.raises(Conflict, match="system table"):
            act(vpc.system_table_id)


def test_acls_are_bound_freed_and_copied(estate, alice, vpc, vswitch):
    """NET-7: a VSwitch has one ACL at most; entries are copied within a VPC, with names and descriptions."""
    drop = AclEntrySpec(action="drop", cidr="10.9.0.0/16", name="no", description="not from there")
    first, second = (
        estate.do(create_network_acl, alice, CreateNetworkAcl(vpc_id=vpc.id, ingress=(drop,) * count))
        for count in (0, 1)
    )
    foreign = estate.do(create_network_acl, alice, CreateNetworkAcl(vpc_id=estate.vpc(alice).id))

    def act(use_case, kind, acl):
        return estate.do(use_case, alice, kind(vswitch_id=vswitch.id, network_acl_id=acl.id))

    assert act(associate_acl, AssociateAcl, first).network_acl_id == first.id
    assert act(associate_acl, AssociateAcl, first).network_acl_id == first.id
    with pytest.raises(Conflict, match="is bound to"):
        act(associate_acl, AssociateAcl, second)
    with pytest.raises(Conflict, match="not bound"):
        act(disassociate_acl, DisassociateAcl, second)
    with pytest.raises(NotFound):
        act(associate_acl, AssociateAcl, foreign)
    assert act(disassociate_acl, DisassociateAcl, first).network_acl_id is None
    copied = estate.do(copy_acl_entries, alice, CopyAclEntries(id=first.id, source_id=second.id))
    assert [(entry.name, entry.description) for entry in copied.ingress] == [("no", "not from there")]
    with pytest.raises(NotFound):
        estate.do(copy_acl_entries, alice, CopyAclEntries(id=first.id, source_id=foreign.id))


def test_nat_entries_change_and_go_with_their_gateway(estate, alice, vpc, vswitch):
    """NET-8: under the rules of new ones; a gateway with entries is deleted only by force, and they go with it."""
    operator = estate.operator
    network = CreateExternalNetwork(region_id=vpc.region_id, port="netns:/run/x", pools=("203.0.113.0/24",))
    estate.do(create_external_network, operator, network)
    gateway = estate.do(create_nat_gateway, alice, CreateNatGateway(vpc_id=vpc.id))
    one, two = (estate.do(allocate_eip, alice, AllocateEip(region_id=vpc.region_id)) for _ in range(2))
    for eip in (one, two):
        request = AssociateEip(id=eip.id, target="nat_gateway", target_id=gateway.id)
        estate.do(associate_eip, alice, request)
    assert estate.do(update_eip, alice, UpdateEip(id=one.id, name="first")).name == "first"
    snat = estate.do(
        create_snat_entry,
        alice,
        CreateSnatEntry(nat_gateway_id=gateway.id, public=(str(one.address),), vswitch_id=vswitch.id),
    )
    changed = UpdateSnatEntry(id=snat.id, name="all", public=(str(one.address), str(two.address)))
    assert estate.do(update_snat_entry, alice, changed).public == (one.address, two.address)
    with pytest.raises(InvalidInput, match="public"):
        estate.do(update_snat_entry, alice, UpdateSnatEntry(id=snat.id, public=("203.0.113.99",)))

    def lead(port):
        request = CreateDnatEntry(
            nat_gateway_id=gateway.id,
            public=str(one.address),
            private="10.0.1.9",
            protocol="tcp",
            public_port=port,
            private_port=port,
        )
        return estate.do(create_dnat_entry, alice, request)

    web, secure = lead(80), lead(443)
    moved = estate.do(update_dnat_entry, alice, UpdateDnatEntry(id=web.id, private_port=8080, name="web"))
    assert (moved.private_port, moved.public_port, moved.name) == (8080, 80, "web")
    for wrong, error in (
        ({"public_port": 443}, AlreadyExists),
        ({"protocol": "any"}, InvalidInput),
        ({"private": "10.7.0.1"}, InvalidInput),
    ):
        with pytest.raises(error):
            estate.do(update_dnat_entry, alice, UpdateDnatEntry(id=web.id, **wrong))
    with pytest.raises(InUse):
        estate.do(delete_nat_gateway, alice, DeleteNatGateway(id=gateway.id))
    estate.do(delete_nat_gateway, alice, DeleteNatGateway(id=gateway.id, force=True))
    assert estate.get(SnatEntry, snat.id) is estate.get(DnatEntry, secure.id) is None
