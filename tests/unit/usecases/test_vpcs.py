"""VPCs: made with a router and a table, given ranges, deleted when they are empty; and who sees what is in them."""

from ipaddress import IPv4Network

import pytest

from peerway.app.usecases.instances import (
    CreateInstance,
    DeleteInstance,
    UpdateInstance,
    create_instance,
    delete_instance,
    get_instance,
    list_instances,
    update_instance,
)
from peerway.app.usecases.network_acls import (
    CreateNetworkAcl,
    create_network_acl,
)
from peerway.app.usecases.route_tables import CreateRouteTable, create_route_table
from peerway.app.usecases.security_groups import (
    CreateSecurityGroup,
    create_security_group,
)
from peerway.app.usecases.settle import settle_made, settle_vpc
from peerway.app.usecases.vpcs import (
    AddSecondaryCidr,
    CreateVpc,
    DeleteVpc,
    RemoveSecondaryCidr,
    UpdateVpc,
    add_secondary_cidr,
    create_vpc,
    delete_vpc,
    get_vpc,
    list_vpcs,
    remove_secondary_cidr,
    update_vpc,
)
from peerway.app.usecases.vswitches import (
    CreateVSwitch,
    DeleteVSwitch,
    UpdateVSwitch,
    create_vswitch,
    delete_vswitch,
    get_vswitch,
    list_vswitches,
    update_vswitch,
)
from peerway.domain.errors import (
    IllegalState,
    InUse,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import RouteEntry, RouteTable, TableKind
from peerway.domain.vpc import Vpc, VSwitch

ZONE = "cn-hangzhou-b"


def test_vpc_is_born_with_a_router_and_a_system_table(estate, alice):
    """NET-3: one VRouter and one system table each; the data plane makes it available."""
    vpc = estate.vpc(alice)
    (table,) = estate.all(RouteTable)
    assert (table.id, table.vpc_id, table.kind) == (vpc.system_table_id, vpc.id, TableKind.SYSTEM)
    assert (vpc.router_id[:4], vpc.state) == ("vrt-", Provisioning.CREATING)
    estate.settle()
    assert estate.get(Vpc, vpc.id).state is Provisioning.AVAILABLE


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"region_id": "mars"}, "region_id"),
        ({"cidr": "10.0.0.1/16"}, "cidr"),
        ({"cidr": "10.0.0.0"}, "cidr"),
        ({"cidr": "10.0.0.0/255.255.0.0"}, "cidr"),
        ({"cidr": "10.0.0.0/7"}, "cidr"),
        ({"cidr": "10.0.0.0/29"}, "cidr"),
        ({"cidr": "fd00::/56"}, "cidr"),
        ({"cidr": "100.64.0.0/16"}, "cidr"),
        ({"cidr": "96.0.0.0/4"}, "cidr"),
        ({"cidr": "224.0.0.0/8"}, "cidr"),
        ({"cidr": "127.0.0.0/16"}, "cidr"),
        ({"cidr": "169.254.0.0/16"}, "cidr"),
        ({"cidr": "0.0.0.0/8"}, "cidr"),
        ({"cidr": 10}, "cidr"),
        ({"cidr": None}, "cidr"),
        ({"cidr": "x" * 10_000}, "cidr"),
        ({"ipv6_cidr": "fd00::/64"}, "ipv6_cidr"),
        ({"ipv6_cidr": "fd00::1/56"}, "ipv6_cidr"),
        ({"ipv6_cidr": "fe80::/56"}, "ipv6_cidr"),
        ({"ipv6_cidr": "ff00::/56"}, "ipv6_cidr"),
        ({"ipv6_cidr": "10.0.0.0/16"}, "ipv6_cidr"),
        ({"secondary_cidrs": ("10.0.0.0/24",)}, "secondary_cidrs"),
        ({"secondary_cidrs": ("10.1.0.0/24", "10.1.0.0/25")}, "secondary_cidrs"),
        ({"secondary_cidrs": "10.1.0.0/24"}, "secondary_cidrs"),
        ({"kind": "moon"}, "kind"),
        ({"name": "x" * 129}, "name"),
        ({"description": "\x00"}, "description"),
    ],
)
def test_bad_vpc_is_refused(estate, alice, fields, field):
    """NET-3: each wrong value is a problem with its field and rule, and nothing changes."""
    request = CreateVpc(**{"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16", **fields})
    error = estate.refused(InvalidInput, create_vpc, alice, request)
    assert error.field == field


def test_vpc_is_born_with_at_most_5_secondary_ranges(estate, alice):
    """NET-3: the limit holds at creation, too."""
    six = tuple(f"10.{n}.0.0/24" for n in range(1, 7))
    request = CreateVpc(region_id="cn-hangzhou", cidr="10.0.0.0/16", secondary_cidrs=six)
    estate.refused(QuotaExceeded, create_vpc, alice, request)


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "192.168.1.0/28", "30.0.0.0/16", "172.16.0.0/12"])
def test_private_and_public_ranges_are_allowed(estate, alice, cidr):
    """NET-3, NET-10: /8 to /28, RFC 1918 or not."""
    assert str(estate.vpc(alice, cidr).cidr) == cidr


def test_automatic_ipv6_ranges_differ(estate, alice):
    """NET-3: `auto` picks a unique local /56."""
    one, other = (estate.vpc(alice, ipv6_cidr="auto").ipv6_cidr for _ in range(2))
    assert one != other
    assert {one.prefixlen, other.prefixlen} == {56}
    assert one.network_address.packed[0] == 0xFD


def test_tenants_see_their_own_only(estate, alice, bob):
    """NET-1: another tenant's resource answers like a missing one; operators read everything."""
    vpc = estate.vpc(alice)
    vswitch = estate.vswitch(alice, vpc)
    instance = estate.instance(alice, vswitch)
    for read, id in ((get_vpc, vpc.id), (get_vswitch, vswitch.id), (get_instance, instance.id)):
        assert estate.ask(read, alice, id).id == estate.ask(read, estate.operator, id).id == id
        with pytest.raises(NotFound):
            estate.ask(read, bob, id)
    for use_case, request in (
        (update_vpc, UpdateVpc(id=vpc.id, name="x")),
        (delete_vpc, DeleteVpc(id=vpc.id)),
        (add_secondary_cidr, AddSecondaryCidr(id=vpc.id, cidr="10.1.0.0/24")),
        (remove_secondary_cidr, RemoveSecondaryCidr(id=vpc.id, cidr="10.1.0.0/24")),
        (create_vswitch, CreateVSwitch(vpc_id=vpc.id, zone_id=ZONE, cidr="10.0.9.0/24")),
        (update_vswitch, UpdateVSwitch(id=vswitch.id, name="x")),
        (delete_vswitch, DeleteVSwitch(id=vswitch.id)),
        (create_instance, CreateInstance(vswitch_id=vswitch.id)),
        (update_instance, UpdateInstance(id=instance.id, name="x")),
        (delete_instance, DeleteInstance(id=instance.id)),
    ):
        estate.refused(NotFound, use_case, bob, request)
        estate.refused(NotFound, use_case, estate.operator, request)
    assert estate.ask(list_vpcs, bob).items == ()
    assert len(estate.ask(list_vpcs, estate.operator, all_accounts=True).items) == 1


def test_list_is_narrowed_and_paged(estate, alice):
    """NET-2: by region, VPC or VSwitch, in order of creation."""
    made = [
        estate.vpc(alice, f"10.{n}.0.0/16", r)
        for n, r in enumerate(["cn-hangzhou", "cn-beijing", "cn-hangzhou"])
    ]
    assert [v.id for v in estate.ask(list_vpcs, alice, region_id="cn-hangzhou").items] == [
        made[0].id,
        made[2].id,
    ]
    page = estate.ask(list_vpcs, alice, limit=2)
    assert [v.id for v in page.items] == [v.id for v in made[:2]]
    assert [v.id for v in estate.ask(list_vpcs, alice, limit=2, after=page.next).items] == [made[2].id]
    vswitch = estate.vswitch(alice, made[0], "10.0.1.0/24")
    instance = estate.instance(alice, vswitch)
    assert estate.ask(list_vswitches, alice, vpc_id=made[1].id).items == ()
    assert estate.ask(list_instances, alice, vpc_id=made[0].id, vswitch_id=vswitch.id).items == (instance,)
    for limit in (0, 1001, "many"):
        with pytest.raises(InvalidInput):
            estate.ask(list_vpcs, alice, limit=limit)
    with pytest.raises(InvalidInput):
        estate.ask(list_vpcs, alice, region_id="mars")


def test_secondary_ranges_come_and_go(estate, alice):
    """NET-3: at most five, disjoint, and kept while a VSwitch is in them."""
    vpc = estate.vpc(alice)
    for number in range(1, 6):
        vpc = estate.do(add_secondary_cidr, alice, AddSecondaryCidr(id=vpc.id, cidr=f"10.{number}.0.0/16"))
    assert len(vpc.secondary_cidrs) == 5
    estate.refused(QuotaExceeded, add_secondary_cidr, alice, AddSecondaryCidr(id=vpc.id, cidr="10.6.0.0/16"))
    estate.refused(InvalidInput, add_secondary_cidr, alice, AddSecondaryCidr(id=vpc.id, cidr="10.5.1.0/24"))
    vswitch = estate.vswitch(alice, vpc, "10.5.1.0/24")
    last = RemoveSecondaryCidr(id=vpc.id, cidr="10.5.0.0/16")
    assert estate.refused(InUse, remove_secondary_cidr, alice, last).data["by_id"] == vswitch.id
    estate.refused(
        InvalidInput, remove_secondary_cidr, alice, RemoveSecondaryCidr(id=vpc.id, cidr="10.0.0.0/16")
    )
    after = estate.do(remove_secondary_cidr, alice, RemoveSecondaryCidr(id=vpc.id, cidr="10.1.0.0/16"))
    assert IPv4Network("10.1.0.0/16") not in after.secondary_cidrs


def test_removed_range_takes_its_written_routes(estate, alice):
    """PEER-8: what the system wrote for a range goes with it."""
    one, other = estate.vpc(alice, secondary_cidrs=("10.5.0.0/16",)), estate.vpc(alice, "10.1.0.0/16")
    estate.ask_for(alice, one, other, auto_routes=True)
    estate.do(remove_secondary_cidr, alice, RemoveSecondaryCidr(id=one.id, cidr="10.5.0.0/16"))
    assert {str(e.destination) for e in estate.all(RouteEntry)} == {"10.0.0.0/16", "10.1.0.0/16"}


def test_vpc_goes_when_it_is_empty(estate, alice):
    """NET-3: each thing left in it is named; the system table goes with it."""
    for leave in (
        lambda vpc: estate.vswitch(alice, vpc),
        lambda vpc: estate.do(create_route_table, alice, CreateRouteTable(vpc_id=vpc.id)),
        lambda vpc: estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=vpc.id)),
        lambda vpc: estate.do(create_network_acl, alice, CreateNetworkAcl(vpc_id=vpc.id)),
    ):
        vpc = estate.vpc(alice)
        left = leave(vpc)
        assert estate.refused(InUse, delete_vpc, alice, DeleteVpc(id=vpc.id)).data["by_id"] == left.id
    vpc = estate.vpc(alice)
    going = estate.do(delete_vpc, alice, DeleteVpc(id=vpc.id))
    assert going.state is Provisioning.DELETING
    before = estate.revision
    assert estate.do(delete_vpc, alice, DeleteVpc(id=vpc.id)) == going
    assert estate.revision == before
    request = CreateVSwitch(vpc_id=vpc.id, zone_id=ZONE, cidr="10.0.1.0/24")
    estate.refused(IllegalState, create_vswitch, alice, request)
    estate.settle()
    assert (estate.get(Vpc, vpc.id), estate.get(RouteTable, vpc.system_table_id)) == (None, None)


def test_settling_acts_on_what_was_seen_only(estate, alice):
    """NET-6: what the data plane made is not taken for what it removed."""
    vpc = estate.vpc(alice)
    estate.do(delete_vpc, alice, DeleteVpc(id=vpc.id))
    estate.store.write(lambda tx: settle_vpc(tx, estate.world, vpc.id, Provisioning.CREATING))
    assert estate.get(Vpc, vpc.id).state is Provisioning.DELETING
    estate.store.write(lambda tx: settle_vpc(tx, estate.world, vpc.id, Provisioning.DELETING))
    assert estate.get(Vpc, vpc.id) is None
    before = estate.revision
    estate.store.write(lambda tx: settle_vpc(tx, estate.world, "gone"))
    estate.store.write(lambda tx: settle_made(tx, VSwitch, "gone"))
    assert estate.revision == before
