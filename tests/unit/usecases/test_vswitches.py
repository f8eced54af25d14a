"""VSwitches: their ranges, tables and ACLs."""

import pytest

from peerway.app.usecases.instances import (
    CreateInstance,
    DeleteInstance,
    create_instance,
    delete_instance,
)
from peerway.app.usecases.network_acls import (
    CreateNetworkAcl,
    create_network_acl,
)
from peerway.app.usecases.vswitches import (
    CreateVSwitch,
    DeleteVSwitch,
    UpdateVSwitch,
    create_vswitch,
    delete_vswitch,
    update_vswitch,
)
from peerway.domain.errors import (
    IllegalState,
    InUse,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.vpc import VSwitch

ZONE = "cn-hangzhou-b"


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
