"""VPCs shared with other accounts (NET-9)."""

import pytest

from peerway.app.usecases.instances import CreateInstance, DeleteInstance, create_instance, delete_instance
from peerway.app.usecases.peerings import (
    AcceptPeering,
    CreatePeering,
    DeletePeering,
    accept_peering,
    create_peering,
    delete_peering,
)
from peerway.app.usecases.quota_applications import ApplyForQuota, apply_for_quota
from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.app.usecases.route_entries import CreateRouteEntry, create_route_entry
from peerway.app.usecases.security_groups import (
    CreateSecurityGroup,
    DeleteSecurityGroup,
    create_security_group,
    delete_security_group,
)
from peerway.app.usecases.settle import settle_made
from peerway.app.usecases.shares import (
    CreateShare,
    DeleteShare,
    create_share,
    delete_share,
    get_share,
    list_shares,
)
from peerway.app.usecases.vpcs import (
    AddSecondaryCidr,
    DeleteVpc,
    UpdateVpc,
    add_secondary_cidr,
    delete_vpc,
    get_vpc,
    update_vpc,
)
from peerway.app.usecases.vswitches import (
    CreateVSwitch,
    DeleteVSwitch,
    UpdateVSwitch,
    create_vswitch,
    delete_vswitch,
    get_vswitch,
    update_vswitch,
)
from peerway.domain.errors import (
    AlreadyExists,
    Forbidden,
    InUse,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.sharing import Share


@pytest.fixture
def vpc(estate, alice):
    """Alice's VPC."""
    return estate.vpc(alice)


@pytest.fixture
def vswitch(estate, alice, vpc):
    """A VSwitch in it."""
    return estate.vswitch(alice, vpc, "10.0.1.0/24")


@pytest.fixture
def share(estate, alice, bob, vswitch):
    """Shared with Bob."""
    return estate.do(create_share, alice, CreateShare(vswitch_id=vswitch.id, user_uid=bob.uid))


def test_user_puts_its_own_things_into_a_shared_vswitch(estate, bob, vpc, vswitch, share):
    """NET-9: a sharing account can use VSwitches: instances and security groups of its own."""
    group = estate.do(create_security_group, bob, CreateSecurityGroup(vpc_id=vpc.id, name="bob's"))
    made = estate.do(
        create_instance, bob, CreateInstance(vswitch_id=vswitch.id, security_group_ids=(group.id,))
    )
    assert (made.owner_uid, made.vpc_id) == (bob.uid, vpc.id)
    assert estate.ask(get_vpc, bob, vpc.id) == vpc
    assert estate.ask(get_vswitch, bob, vswitch.id) == vswitch


def requests(vpc, vswitch, peer):
    """What only the owner may do, as (use case, request)."""
    return [
        (update_vpc, UpdateVpc(id=vpc.id, name="bob's")),
        (delete_vpc, DeleteVpc(id=vpc.id)),
        (add_secondary_cidr, AddSecondaryCidr(id=vpc.id, cidr="10.9.0.0/16")),
        (create_vswitch, CreateVSwitch(vpc_id=vpc.id, zone_id="cn-hangzhou-h", cidr="10.0.9.0/24")),
        (update_vswitch, UpdateVSwitch(id=vswitch.id, name="bob's")),
        (delete_vswitch, DeleteVSwitch(id=vswitch.id)),
        (create_share, CreateShare(vswitch_id=vswitch.id, user_uid=peer.owner_uid)),
        (create_peering, CreatePeering(vpc_id=vpc.id, peer_vpc_id=peer.id, peer_uid=peer.owner_uid)),
    ]


def test_user_changes_neither_network_nor_links(estate, bob, carol, vpc, vswitch, share):
    """NET-9, PEER-13: a sharing account can't create a link or change the network, and is told why."""
    peer = estate.vpc(carol, "10.5.0.0/16")
    for use_case, request in requests(vpc, vswitch, peer):
        assert estate.refused(Forbidden, use_case, bob, request).code == "shared"


def test_user_neither_answers_nor_ends_the_owners_links(estate, alice, bob, carol, vpc, share):
    """NET-9, PEER-13: links of a shared VPC are not the user's to see, accept or delete; its routes neither."""
    asking = estate.vpc(carol, "10.5.0.0/16")
    wish = CreatePeering(vpc_id=asking.id, peer_vpc_id=vpc.id, peer_uid=alice.uid)
    peering = estate.do(create_peering, carol, wish)
    estate.refused(NotFound, accept_peering, bob, AcceptPeering(id=peering.id))
    estate.refused(NotFound, delete_peering, bob, DeletePeering(id=peering.id))
    entry = CreateRouteEntry(
        route_table_id=vpc.system_table_id, destination="10.5.0.0/16", next_hop="blackhole"
    )
    estate.refused(NotFound, create_route_entry, bob, entry)
    estate.do(accept_peering, alice, AcceptPeering(id=peering.id))


def test_others_see_nothing(estate, alice, bob, carol, vpc, vswitch, share):
    """NET-1: for an account that it is not shared with, the VPC is a missing one, and so is the share."""
    for use_case, id in [(get_vpc, vpc.id), (get_vswitch, vswitch.id), (get_share, share.id)]:
        with pytest.raises(NotFound):
            estate.ask(use_case, carol, id)
    estate.refused(NotFound, create_instance, carol, CreateInstance(vswitch_id=vswitch.id))
    assert estate.ask(list_shares, carol).items == ()
    for caller in (alice, bob):
        assert [one.id for one in estate.ask(list_shares, caller, vpc_id=vpc.id).items] == [share.id]
        assert estate.ask(get_share, caller, share.id) == share


def test_another_vswitch_of_the_vpc_is_not_shared(estate, alice, bob, vpc, share):
    """What is shared is the VSwitch, not all of the VPC."""
    other = estate.vswitch(alice, vpc, "10.0.2.0/24")
    estate.refused(NotFound, create_instance, bob, CreateInstance(vswitch_id=other.id))


def test_share_ends_when_its_user_has_left(estate, alice, bob, vpc, vswitch, share):
    """A share stays while the user's instances or groups need it, and so does the VSwitch."""
    group = estate.do(create_security_group, bob, CreateSecurityGroup(vpc_id=vpc.id, name="bob's"))
    made = estate.do(create_instance, bob, CreateInstance(vswitch_id=vswitch.id))
    estate.refused(InUse, delete_share, alice, DeleteShare(id=share.id))
    estate.refused(InUse, delete_vswitch, alice, DeleteVSwitch(id=vswitch.id))
    estate.do(delete_instance, bob, DeleteInstance(id=made.id))
    estate.store.write(lambda tx: settle_made(tx, type(made), made.id))
    assert estate.refused(InUse, delete_share, alice, DeleteShare(id=share.id)).data["by_id"] == group.id
    estate.do(delete_security_group, bob, DeleteSecurityGroup(id=group.id))
    estate.do(delete_share, alice, DeleteShare(id=share.id))
    estate.refused(NotFound, create_instance, bob, CreateInstance(vswitch_id=vswitch.id))
    assert estate.all(Share) == []


def test_bad_shares_are_refused(estate, alice, bob, vswitch, share):
    """Oneself, nobody, twice, someone else's share, and more than the limit."""
    again = CreateShare(vswitch_id=vswitch.id, user_uid=bob.uid)
    estate.refused(AlreadyExists, create_share, alice, again)
    refused = estate.refused(
        InvalidInput, create_share, alice, CreateShare(vswitch_id=vswitch.id, user_uid=alice.uid)
    )
    assert refused.data["field"] == "user_uid"
    estate.refused(NotFound, create_share, alice, CreateShare(vswitch_id=vswitch.id, user_uid="1"))
    estate.refused(NotFound, delete_share, bob, DeleteShare(id=share.id))
    estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name="shares_per_vswitch", limit=1))
    dave = estate.tenant("dave")
    more = CreateShare(vswitch_id=vswitch.id, user_uid=dave.uid)
    estate.refused(QuotaExceeded, create_share, alice, more)
    estate.do(apply_for_quota, alice, ApplyForQuota(name="shares_per_vswitch", desired=2))
