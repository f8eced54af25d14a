"""What would be: work that is done, settled, looked at and undone."""

import pytest

from peerway.app.usecases.accounts import UpdateAccount, update_account
from peerway.app.usecases.foresee import foresee, look_ahead
from peerway.app.usecases.instances import DeleteInstance, delete_instance
from peerway.app.usecases.peerings import create_peering
from peerway.app.usecases.router_interfaces import ConnectRouterInterface, connect_router_interface
from peerway.app.usecases.vpcs import CreateVpc, DeleteVpc, create_vpc, delete_vpc
from peerway.domain.account import Account
from peerway.domain.errors import InUse
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import RouteTable
from peerway.domain.router_interface import InterfaceState, RouterInterface
from peerway.domain.vpc import Instance, Vpc


def foreseen(estate, use_case, caller, request):
    """What a mutation would do; it may store nothing."""
    before = estate.revision
    found = estate.store.write(
        lambda tx: foresee(tx, estate.world, lambda inner: use_case(inner, estate.world, caller, request))
    )
    assert estate.revision == before == found.revision
    return found


def test_connection_is_answered_as_asked_and_foreseen_as_settled(estate, alice):
    """The answer is what the caller would get; the network is what the data plane would make of it."""
    one, other = estate.vpc(alice, "10.0.0.0/16"), estate.vpc(alice, "10.1.0.0/16")
    estate.settle()
    found = foreseen(estate, create_peering, alice, estate.request(one, other))
    assert found.answer.state is PeeringState.CREATING
    assert [(type(each), each.state) for each in found.upserts] == [(Peering, PeeringState.ACTIVE)]
    assert [(each.before, each.after.id) for each in found.altered] == [(None, found.answer.id)]
    assert estate.all(Peering) == []


def test_two_interfaces_become_active_together(estate, alice, faced):
    """What settles only with another one settles, too."""
    found = foreseen(estate, connect_router_interface, alice, ConnectRouterInterface(id=faced[0].id))
    assert {each.id: each.state for each in found.upserts} == {
        side.id: InterfaceState.ACTIVE for side in faced
    }
    assert estate.get(RouterInterface, faced[0].id).state is InterfaceState.IDLE


def test_deletion_is_foreseen_to_the_end(estate, alice, vpc, instance):
    """What begins to go is gone; its tables, which go with it, too."""
    estate.settle()
    found = foreseen(estate, delete_instance, alice, DeleteInstance(id=instance.id))
    assert found.removals == [("instance", instance.id)]
    assert [(each.before.id, each.after) for each in found.altered] == [(instance.id, None)]
    empty = estate.vpc(alice, "10.9.0.0/16")
    estate.settle()
    found = foreseen(estate, delete_vpc, alice, DeleteVpc(id=empty.id))
    assert {kind for kind, _ in found.removals} == {"vpc", "routetable"}
    assert {type(each.before) for each in found.altered} == {Vpc, RouteTable}
    assert estate.get(Instance, instance.id).state is Provisioning.AVAILABLE


def test_what_does_not_concern_the_network_is_told_apart(estate, alice):
    """An account's change is among what differs, and no change of the network."""
    request = UpdateAccount(uid=alice.uid, name="new name")
    found = foreseen(estate, update_account, estate.operator, request)
    assert (found.upserts, found.removals) == ([], [])
    assert [type(each.after) for each in found.altered] == [Account]


def test_refusal_is_that_of_the_work_itself(estate, alice, vpc, vswitch):
    """A VPC with a VSwitch in it is in use."""
    with pytest.raises(InUse):
        foreseen(estate, delete_vpc, alice, DeleteVpc(id=vpc.id))


def test_looking_ahead_leaves_the_transaction_as_it_is(estate, alice):
    """The VPC is available in what is looked at and creating in what is stored; before it nothing was changed."""

    def work(tx):
        since = tx.revision
        assert look_ahead(tx, estate.world, since).upserts == []
        made = create_vpc(tx, estate.world, alice, CreateVpc(region_id="cn-hangzhou", cidr="10.0.0.0/16"))
        ahead = look_ahead(tx, estate.world, since)
        assert tx.get(Vpc, made.id).state is Provisioning.CREATING
        return ahead

    ahead = estate.store.write(work)
    states = [each.state for each in ahead.upserts if isinstance(each, Vpc)]
    assert states == [Provisioning.AVAILABLE]
    assert ahead.revision > estate.revision
    assert [vpc.state for vpc in estate.all(Vpc)] == [Provisioning.CREATING]
