"""Searches for an account's connections, and client tokens of what is done with them."""

from peerway.app.usecases.peering_search import PeeringSearch, search_peerings
from peerway.app.usecases.peerings import (
    AcceptPeering,
    DeletePeering,
    RejectPeering,
    UpdatePeering,
    accept_peering,
    delete_peering,
    reject_peering,
    update_peering,
)
from peerway.domain.errors import Conflict, IllegalState, NotFound
from peerway.domain.peering import Peering, PeeringState

HERE, THERE = "cn-hangzhou", "cn-beijing"


def found(estate, caller, **wanted):
    """Ids of a whole list; the total has to be their number."""
    page, total = estate.ask(search_peerings, caller, PeeringSearch(**wanted), limit=1000)
    assert total == len(page.items)
    return [peering.id for peering in page.items]


def test_a_search_narrows_by_each_of_its_fields(estate, alice, bob):
    """The region is that of an own side, a VPC may be on either; totals agree with the lists."""
    hub, near = estate.vpc(alice), estate.vpc(alice, "10.1.0.0/16")
    abroad = estate.vpc(alice, "10.2.0.0/16", THERE)
    foreign = estate.vpc(bob, "10.3.0.0/16", THERE)
    ids = [
        estate.ask_for(alice, hub, near, name="a").id,
        estate.ask_for(alice, abroad, hub, name="b").id,
        estate.ask_for(bob, foreign, hub, name="a").id,
        estate.ask_for(alice, abroad, foreign).id,
    ]
    assert found(estate, alice) == ids
    assert found(estate, bob) == ids[2:]
    assert found(estate, alice, region_id=HERE) == ids[:3]
    assert found(estate, alice, region_id=THERE) == [ids[1], ids[3]], "bob's side is not alice's"
    assert found(estate, bob, region_id=HERE) == []
    assert found(estate, alice, vpc_ids=(near.id, foreign.id)) == [ids[0], ids[2], ids[3]]
    assert found(estate, alice, vpc_ids=(hub.id,), region_id=THERE) == [ids[1]]
    assert found(estate, alice, name="a") == [ids[0], ids[2]]
    assert found(estate, alice, ids=(ids[1], "none")) == [ids[1]]
    assert found(estate, alice, keep=lambda one: one.same_account) == ids[:2]
    first, total = estate.ask(search_peerings, alice, PeeringSearch(region_id=HERE), limit=2)
    rest, _ = estate.ask(search_peerings, alice, PeeringSearch(region_id=HERE), after=first.next, limit=2)
    assert ([one.id for one in (*first.items, *rest.items)], total) == (ids[:3], 3)


def test_what_is_gone_is_not_found(estate, alice):
    """PEER-4: a deleted connection is in no list and no total."""
    peering = estate.ask_for(alice, estate.vpc(alice), estate.vpc(alice, "10.1.0.0/16"))
    estate.settle()
    estate.do(delete_peering, alice, DeletePeering(id=peering.id))
    estate.settle()
    assert found(estate, alice) == []


def test_a_client_token_makes_every_verb_harmless_to_repeat(estate, alice, bob):
    """The second time answers what the first did; without the token, or with another request, it is refused."""
    peering = estate.ask_for(alice, estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16", THERE))
    accept = AcceptPeering(id=peering.id, client_token="accept")
    assert estate.do(accept_peering, bob, accept) == estate.do(accept_peering, bob, accept)
    estate.refused(IllegalState, accept_peering, bob, AcceptPeering(id=peering.id))
    estate.settle()
    update = UpdatePeering(id=peering.id, bandwidth_mbps=10, client_token="update")
    assert estate.do(update_peering, alice, update) == estate.do(update_peering, alice, update)
    other = UpdatePeering(id=peering.id, bandwidth_mbps=20, client_token="update")
    assert estate.refused(Conflict, update_peering, alice, other).code == "token_reused"
    estate.settle()
    delete = DeletePeering(id=peering.id, client_token="delete")
    estate.do(delete_peering, alice, delete)
    estate.settle()
    assert estate.do(delete_peering, alice, delete).state is PeeringState.DELETED
    estate.refused(NotFound, delete_peering, alice, DeletePeering(id=peering.id))


def test_a_rejection_can_be_repeated(estate, alice, bob):
    """The same for saying no."""
    peering = estate.ask_for(alice, estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16"))
    reject = RejectPeering(id=peering.id, client_token="reject")
    assert estate.do(reject_peering, bob, reject) == estate.do(reject_peering, bob, reject)
    assert estate.get(Peering, peering.id).state is PeeringState.REJECTED
