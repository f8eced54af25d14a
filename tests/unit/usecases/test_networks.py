"""VPCs, VSwitches and instances."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address

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
    AlreadyExists,
    Conflict,
    Forbidden,
    IllegalState,
    InUse,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import RouteEntry, RouteTable, TableKind
from peerway.domain.vpc import Instance, Vpc, VSwitch

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


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"zone_id": "cn-hangzhou-z"}, "zone_id"),
        ({"zone_id": "cn-beijing-a"}, "zone_id"),
        ({"cidr": "10.0.1.1/24"}, "cidr"),
        ({"cidr": "10.1.0.0/24"}, "cidr"),
        ({"cidr": "10.0.0.0/15"}, "cidr"),
        ({"cidr": "10.0.2.0/30"}, "cidr"),
        ({"cidr": "10.0.1.0/25"}, "cidr"),
        ({"cidr": "10.0.0.0/16"}, "cidr"),
        ({"ipv6_cidr": "fd00:0:0:100::/64"}, "ipv6_cidr"),
        ({"ipv6_cidr": "fd00::/63"}, "ipv6_cidr"),
        ({"ipv6_cidr": "fd00::/64"}, "ipv6_cidr"),
        ({"name": "\t"}, "name"),
    ],
)
def test_bad_vswitch_is_refused(estate, alice, fields, field):
    """NET-4: inside the VPC, no overlap, /16 to /29, a zone of the region; nothing changes."""
    vpc = estate.vpc(alice, ipv6_cidr="fd00::/56")
    estate.vswitch(alice, vpc, ipv6_cidr="fd00::/64")
    request = CreateVSwitch(**{"vpc_id": vpc.id, "zone_id": ZONE, "cidr": "10.0.2.0/24", **fields})
    assert estate.refused(InvalidInput, create_vswitch, alice, request).field == field


def test_vswitch_ipv6_needs_the_vpcs(estate, alice):
    """NET-4: without an IPv6 range in the VPC there is none for its VSwitches; `auto` takes the next free /64."""
    plain = estate.vpc(alice)
    request = CreateVSwitch(vpc_id=plain.id, zone_id=ZONE, cidr="10.0.2.0/24", ipv6_cidr="auto")
    assert estate.refused(InvalidInput, create_vswitch, alice, request).field == "ipv6_cidr"
    vpc = estate.vpc(alice, ipv6_cidr="fd00::/56")
    given = [estate.vswitch(alice, vpc, f"10.0.{n}.0/24", ipv6_cidr="auto").ipv6_cidr for n in range(2)]
    assert [str(cidr) for cidr in given] == ["fd00::/64", "fd00:0:0:1::/64"]


def test_vswitch_is_bound_to_a_table_and_an_acl_of_its_vpc(estate, alice):
    """NET-4: one table always, one ACL at most, both of the same VPC."""
    vpc, beside = estate.vpc(alice), estate.vpc(alice)
    acl = estate.do(create_network_acl, alice, CreateNetworkAcl(vpc_id=vpc.id))
    foreign = estate.do(create_network_acl, alice, CreateNetworkAcl(vpc_id=beside.id))
    vswitch = estate.vswitch(alice, vpc)
    assert (vswitch.route_table_id, vswitch.network_acl_id) == (vpc.system_table_id, None)
    for field, id in (("network_acl_id", foreign.id), ("route_table_id", beside.system_table_id)):
        error = estate.refused(NotFound, update_vswitch, alice, UpdateVSwitch(id=vswitch.id, **{field: id}))
        assert error.data["field"] == field
    bound = estate.do(update_vswitch, alice, UpdateVSwitch(id=vswitch.id, network_acl_id=acl.id))
    assert bound.network_acl_id == acl.id
    freed = estate.do(update_vswitch, alice, UpdateVSwitch(id=vswitch.id, network_acl_id=None))
    assert freed.network_acl_id is None


def test_vpc_has_at_most_150_vswitches(estate, alice):
    """NET-4: lists are bounded."""
    vpc = estate.vpc(alice)
    for number in range(150):
        estate.vswitch(alice, vpc, f"10.0.{number}.0/24")
    request = CreateVSwitch(vpc_id=vpc.id, zone_id=ZONE, cidr="10.0.200.0/24")
    estate.refused(QuotaExceeded, create_vswitch, alice, request)


def test_vswitch_goes_without_instances(estate, alice):
    """NET-4: an instance keeps its VSwitch."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    instance = estate.instance(alice, vswitch)
    error = estate.refused(InUse, delete_vswitch, alice, DeleteVSwitch(id=vswitch.id))
    assert error.data["by_id"] == instance.id
    estate.do(delete_instance, alice, DeleteInstance(id=instance.id))
    estate.settle()
    estate.do(delete_vswitch, alice, DeleteVSwitch(id=vswitch.id))
    estate.refused(IllegalState, create_instance, alice, CreateInstance(vswitch_id=vswitch.id))
    estate.settle()
    assert estate.get(VSwitch, vswitch.id) is None


def test_instances_get_the_next_free_address(estate, alice):
    """NET-6: the first and the last three addresses are reserved; a full VSwitch says so."""
    vswitch = estate.vswitch(alice, estate.vpc(alice), "10.0.1.0/29")
    given = [estate.instance(alice, vswitch) for _ in range(4)]
    assert [str(i.ipv4) for i in given] == [f"10.0.1.{n}" for n in (1, 2, 3, 4)]
    assert len({i.mac for i in given}) == 4
    assert all(i.mac.startswith("02:") for i in given)
    error = estate.refused(Conflict, create_instance, alice, CreateInstance(vswitch_id=vswitch.id))
    assert error.code == "addresses_used_up"


@pytest.mark.parametrize(
    "address", ["10.0.1.0", "10.0.1.253", "10.0.1.254", "10.0.1.255", "10.0.2.1", "fd00::9", "x", 5]
)
def test_bad_address_is_refused(estate, alice, address):
    """NET-6: outside the VSwitch, reserved or nonsense."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    request = CreateInstance(vswitch_id=vswitch.id, ipv4=address)
    assert estate.refused(InvalidInput, create_instance, alice, request).field == "ipv4"


def test_taken_address_is_refused(estate, alice):
    """NET-6: one address, one instance."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    estate.instance(alice, vswitch, ipv4="10.0.1.9")
    request = CreateInstance(vswitch_id=vswitch.id, ipv4="10.0.1.9")
    assert estate.refused(AlreadyExists, create_instance, alice, request).code == "address_taken"


def test_instances_ipv6_address(estate, alice):
    """NET-6: `auto` goes with the IPv4 address; a given one is inside the VSwitch and free."""
    plain = estate.vswitch(alice, estate.vpc(alice))
    for address in ("auto", "fd00::9"):
        request = CreateInstance(vswitch_id=plain.id, ipv6=address)
        assert estate.refused(InvalidInput, create_instance, alice, request).field == "ipv6"
    vpc = estate.vpc(alice, ipv6_cidr="fd00::/56")
    vswitch = estate.vswitch(alice, vpc, ipv6_cidr="fd00:0:0:1::/64")
    first = estate.instance(alice, vswitch, ipv6="auto")
    assert first.ipv6 == IPv6Address("fd00:0:0:1::a00:101")
    for address in ("fd00::9", "fd00:0:0:1::", "fd00:0:0:1::1", "10.0.0.1"):
        request = CreateInstance(vswitch_id=vswitch.id, ipv6=address)
        assert estate.refused(InvalidInput, create_instance, alice, request).field == "ipv6"
    request = CreateInstance(vswitch_id=vswitch.id, ipv6="fd00:0:0:1::a00:101")
    estate.refused(AlreadyExists, create_instance, alice, request)


def test_instance_joins_groups_of_its_vpc(estate, alice):
    """NET-7: groups of the same VPC, each once, not too many."""
    vpc, beside = estate.vpc(alice), estate.vpc(alice)
    group = estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=vpc.id))
    foreign = estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=beside.id))
    vswitch = estate.vswitch(alice, vpc)
    instance = estate.instance(alice, vswitch, security_group_ids=(group.id, group.id))
    assert instance.security_group_ids == (group.id,)
    for ids in ((foreign.id,), ("sg-none",)):
        request = UpdateInstance(id=instance.id, security_group_ids=ids)
        assert estate.refused(NotFound, update_instance, alice, request).data["field"] == "security_group_ids"
    for ids in ((group.id,) * 17, "sg", None):
        request = UpdateInstance(id=instance.id, security_group_ids=ids)
        estate.refused(InvalidInput, update_instance, alice, request)
    changed = UpdateInstance(id=instance.id, security_group_ids=(), source_dest_check=False, name="gw")
    after = estate.do(update_instance, alice, changed)
    assert (after.security_group_ids, after.source_dest_check, after.name) == ((), False, "gw")


def test_host_paths_are_for_operators(estate, alice):
    """NET-6: a guest's namespace is a path of the host, which no tenant may name."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    request = CreateInstance(vswitch_id=vswitch.id, netns="/run/netns/x")
    assert estate.refused(Forbidden, create_instance, alice, request).code == "not_operator"
    own = estate.vswitch(estate.operator, estate.vpc(estate.operator))
    assert estate.instance(estate.operator, own, netns="/run/netns/x").netns == "/run/netns/x"
    for path in ("x", "/a/../b", "/" + "x" * 255, "/a\nb", 7):
        bad = CreateInstance(vswitch_id=own.id, netns=path)
        assert estate.refused(InvalidInput, create_instance, estate.operator, bad).field == "netns"


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


def test_deleted_instance_frees_its_address(estate, alice):
    """NET-6: an address can be used again once the data plane has let go of it."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    instance = estate.instance(alice, vswitch, ipv4="10.0.1.9")
    estate.do(delete_instance, alice, DeleteInstance(id=instance.id))
    estate.refused(IllegalState, update_instance, alice, UpdateInstance(id=instance.id, name="x"))
    request = CreateInstance(vswitch_id=vswitch.id, ipv4="10.0.1.9")
    estate.refused(AlreadyExists, create_instance, alice, request)
    estate.settle()
    assert estate.get(Instance, instance.id) is None
    assert estate.do(create_instance, alice, request).ipv4 == IPv4Address("10.0.1.9")
