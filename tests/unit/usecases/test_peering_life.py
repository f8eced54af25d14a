"""The life of peer connections through the use cases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from peerway.app.usecases.peering_search import PeeringSearch, search_peerings
from peerway.app.usecases.peerings import (
    AcceptPeering,
    DeletePeering,
    EnablePeering,
    RejectPeering,
    UpdatePeering,
    accept_peering,
    create_peering,
    delete_peering,
    due_expiries,
    enable_peering,
    expire_peering,
    get_peering,
    list_peerings,
    reject_peering,
    update_peering,
)
from peerway.app.usecases.settle import settle_peering
from peerway.domain.account import Caller, Role
from peerway.domain.errors import AlreadyExists, Conflict, Forbidden, IllegalState, InvalidInput, NotFound
from peerway.domain.peering import LinkType, Peering, PeeringState
from peerway.domain.route_table import RouteEntry
from peerway.profiles.model import Onlooker

WEEK = timedelta(days=7)


def test_two_vpcs_of_one_account_are_joined_at_once(estate, alice):
    """PEER-1: same account, no acceptance; the data plane's word makes it active."""
    one, other = estate.vpc(alice, "10.0.0.0/16"), estate.vpc(alice, "10.1.0.0/16")
    peering = estate.ask_for(alice, one, other)
    assert (peering.state, peering.expires_at) == (PeeringState.CREATING, None)
    estate.settle()
    after = estate.get(Peering, peering.id)
    assert (after.state, after.observed_generation) == (PeeringState.ACTIVE, after.generation)


def test_other_account_has_to_accept(estate, bob, asked):
    """PEER-1, PEER-3: cross account waits for seven days; acceptance takes it to updating, then active."""
    assert (asked.state, asked.expires_at) == (PeeringState.PENDING, estate.clock.now() + WEEK)
    accepted = estate.do(accept_peering, bob, AcceptPeering(id=asked.id))
    assert (accepted.state, accepted.expires_at) == (PeeringState.UPDATING, None)
    estate.settle()
    assert estate.get(Peering, asked.id).state is PeeringState.ACTIVE


def test_cross_region_connection_gets_the_defaults(asked):
    """PEER-9, PEER-10: the profile's cap and gold."""
    assert (asked.bandwidth_mbps, asked.link_type) == (1024, LinkType.GOLD)


def test_same_region_connection_has_neither_cap_nor_link_type(estate, alice, bob):
    """PEER-9: same region is uncapped."""
    peering = estate.ask_for(alice, estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16"))
    assert (peering.bandwidth_mbps, peering.link_type) == (None, None)


@pytest.mark.parametrize(
    ("verb", "request_type"), [(accept_peering, AcceptPeering), (reject_peering, RejectPeering)]
)
def test_only_the_accepter_answers(estate, alice, carol, asked, verb, request_type):
    """PEER-13: the requester is told so, a stranger sees nothing."""
    error = estate.refused(Forbidden, verb, alice, request_type(id=asked.id))
    assert error.code == "not_accepter"
    estate.refused(NotFound, verb, carol, request_type(id=asked.id))


def test_operator_does_not_answer_for_others(estate, asked):
    """NET-1: an operator reads everything and acts on its own account's resources only."""
    assert estate.ask(get_peering, estate.operator, asked.id).id == asked.id
    error = estate.refused(NotFound, accept_peering, estate.operator, AcceptPeering(id=asked.id))
    assert error.data["resource"] == "peering"


def test_reader_changes_nothing(estate, bob, asked):
    """NET-1: a reader may look only."""
    reader = Caller(bob.uid, Role.READER, "key")
    assert estate.ask(get_peering, reader, asked.id).id == asked.id
    for verb, request in ((accept_peering, AcceptPeering), (delete_peering, DeletePeering)):
        assert estate.refused(Forbidden, verb, reader, request(id=asked.id)).code == "read_only"


@pytest.mark.parametrize("verb", ["accept", "reject"])
@pytest.mark.parametrize("reaped", [False, True])
def test_answer_after_the_deadline_is_too_late(estate, bob, asked, verb, reaped):
    """PEER-3: the deadline counts whether or not the reconciler has run."""
    estate.clock.advance(WEEK)
    if reaped:
        estate.store.write(lambda tx: expire_peering(tx, estate.world, asked.id))
    use_case, request = {
        "accept": (accept_peering, AcceptPeering),
        "reject": (reject_peering, RejectPeering),
    }[verb]
    assert estate.refused(Conflict, use_case, bob, request(id=asked.id)).code == "expired"


def test_answer_just_before_the_deadline_counts(estate, bob, asked):
    """PEER-3: until the deadline the request stands."""
    estate.clock.advance(WEEK - timedelta(microseconds=1))
    assert estate.do(accept_peering, bob, AcceptPeering(id=asked.id)).state is PeeringState.UPDATING


def test_due_requests_expire_once(estate, alice, bob, asked):
    """PEER-3: what is due is found and expired; a repeat and an early call change nothing."""
    young = estate.vpc(bob, "10.2.0.0/16", "cn-beijing")
    estate.clock.advance(WEEK)
    later = estate.ask_for(alice, estate.vpc(alice, "10.3.0.0/16"), young)
    due = estate.store.read(lambda tx: due_expiries(tx, estate.clock.now(), 10))
    assert [peering.id for peering in due] == [asked.id]
    for id in (asked.id, asked.id, later.id, "pcc-none"):
        estate.store.write(lambda tx, id=id: expire_peering(tx, estate.world, id))
    assert estate.get(Peering, asked.id).state is PeeringState.EXPIRED
    assert estate.get(Peering, later.id).state is PeeringState.PENDING


@pytest.mark.parametrize(
    ("profile", "hours"), [("alibaba", 168), ("tencent", 168), ("native", 168), ("jdcloud", 24)]
)
def test_request_expires_after_the_products_time(estate, alice, bob, profile, hours):
    """PEER-3: seven days, at JD 24 hours."""
    kind = "cps" if profile == "jdcloud" else "ecs"
    one, other = estate.vpc(alice, kind=kind), estate.vpc(bob, "10.1.0.0/16", kind=kind)
    peering = estate.ask_for(alice, one, other, profile=profile)
    assert peering.expires_at - peering.created_at == timedelta(hours=hours)


@pytest.mark.parametrize("reaped", [False, True])
def test_requester_enables_an_expired_request(estate, alice, bob, asked, reaped):
    """PEER-3: an expired request is asked again for another seven days; the accepter can't."""
    estate.clock.advance(WEEK)
    if reaped:
        estate.store.write(lambda tx: expire_peering(tx, estate.world, asked.id))
    assert estate.refused(Forbidden, enable_peering, bob, EnablePeering(id=asked.id)).code == "not_requester"
    again = estate.do(enable_peering, alice, EnablePeering(id=asked.id))
    assert (again.state, again.expires_at) == (PeeringState.PENDING, estate.clock.now() + WEEK)
    assert estate.do(accept_peering, bob, AcceptPeering(id=asked.id)).state is PeeringState.UPDATING


@pytest.mark.parametrize("turned", [False, True])
def test_overdue_request_does_not_stand_in_the_way(estate, alice, bob, vpcs, asked, turned):
    """PEER-1, PEER-3: a new request of the pair expires the overdue one in place, whether or not the reconciler has run."""
    estate.clock.advance(WEEK)
    again = estate.ask_for(bob, *reversed(vpcs)) if turned else estate.ask_for(alice, *vpcs)
    assert estate.get(Peering, asked.id).state is PeeringState.EXPIRED
    assert again.state is PeeringState.PENDING


def test_overdue_request_does_not_stand_in_the_way_of_an_older_one(estate, alice, bob, vpcs, asked):
    """PEER-3: nor does an overdue request keep an expired one from being enabled."""
    estate.clock.advance(WEEK)
    later = estate.ask_for(bob, *reversed(vpcs))
    estate.clock.advance(WEEK)
    assert estate.do(enable_peering, alice, EnablePeering(id=asked.id)).state is PeeringState.PENDING
    assert estate.get(Peering, later.id).state is PeeringState.EXPIRED


def test_refused_request_leaves_an_overdue_one_as_it_was(estate, alice, vpcs, asked):
    """PEER-3: a refusal changes nothing, not even what is overdue."""
    estate.clock.advance(WEEK)
    estate.refused(InvalidInput, create_peering, alice, estate.request(*vpcs, link_type="silver"))
    assert estate.get(Peering, asked.id).state is PeeringState.PENDING


def test_enable_needs_an_expired_request(estate, alice, asked):
    """PEER-3: a request that still stands can't be asked again."""
    estate.refused(IllegalState, enable_peering, alice, EnablePeering(id=asked.id))


def test_enable_makes_all_checks_anew(estate, alice, vpcs, asked):
    """PEER-3: when the pair has got another connection meanwhile, the old request stays expired."""
    estate.clock.advance(WEEK)
    estate.store.write(lambda tx: expire_peering(tx, estate.world, asked.id))
    estate.ask_for(alice, *vpcs)
    assert (
        estate.refused(AlreadyExists, enable_peering, alice, EnablePeering(id=asked.id)).code
        == "peering_exists"
    )


def test_product_without_enable_refuses_it(estate, alice, vpcs):
    """PEER-2: events a product lacks are refused by its profile."""
    peering = estate.ask_for(alice, *vpcs, profile="alibaba")
    estate.clock.advance(WEEK)
    assert (
        estate.refused(Forbidden, enable_peering, alice, EnablePeering(id=peering.id)).code
        == "not_in_product"
    )


@pytest.mark.parametrize(
    ("profile", "requester_sees", "accepter_sees"),
    [("alibaba", True, True), ("tencent", True, False), ("jdcloud", True, False), ("native", True, True)],
)
def test_rejected_request_is_seen_by_those_the_product_says(
    estate, alice, bob, profile, requester_sees, accepter_sees
):
    """PEER-5: AP shows Rejected to both; TB's and JD's are gone for who rejected."""
    kind = "cps" if profile == "jdcloud" else "ecs"
    one, other = estate.vpc(alice, kind=kind), estate.vpc(bob, "10.1.0.0/16", kind=kind)
    peering = estate.ask_for(alice, one, other, profile=profile)
    estate.do(reject_peering, bob, RejectPeering(id=peering.id))
    for caller, seen in ((alice, requester_sees), (bob, accepter_sees)):
        listed = [p.id for p in estate.ask(list_peerings, caller).items]
        assert listed == ([peering.id] if seen else [])
        if not seen:
            with pytest.raises(NotFound):
                estate.ask(get_peering, caller, peering.id)
            estate.refused(NotFound, delete_peering, caller, DeletePeering(id=peering.id))
    assert estate.get(Peering, peering.id).state is PeeringState.REJECTED


def test_rejected_pair_can_be_asked_again(estate, alice, bob, vpcs, asked):
    """PEER-5: a rejected request does not stand in the way of a new one."""
    estate.do(reject_peering, bob, RejectPeering(id=asked.id))
    assert estate.ask_for(alice, *vpcs).state is PeeringState.PENDING


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_either_side_deletes_and_all_routes_go(estate, alice, bob, vpcs, who, request):
    """PEER-4: every entry that leads to the connection goes with it, in all tables of both sides."""
    vpc, peer = vpcs
    peering = estate.peer(alice, bob, vpc, peer)
    estate.route(alice, vpc, "10.1.0.0/16", peering)
    estate.route(bob, peer, "10.0.0.0/16", peering)
    deleted = estate.do(delete_peering, request.getfixturevalue(who), DeletePeering(id=peering.id))
    assert deleted.state is PeeringState.DELETING
    assert estate.all(RouteEntry) == []
    estate.settle()
    assert estate.get(Peering, peering.id).state is PeeringState.DELETED


def test_deleted_connection_is_gone_for_everyone(estate, alice, bob, vpcs):
    """PEER-2: the row stays for bills and the audit; nobody sees it, the pair is free."""
    peering = estate.peer(alice, bob, *vpcs)
    estate.do(delete_peering, bob, DeletePeering(id=peering.id))
    estate.refused(IllegalState, delete_peering, alice, DeletePeering(id=peering.id))
    estate.settle()
    for caller in (alice, bob, estate.operator):
        with pytest.raises(NotFound):
            estate.ask(get_peering, caller, peering.id)
        estate.refused(NotFound, delete_peering, caller, DeletePeering(id=peering.id))
    assert estate.ask(list_peerings, estate.operator, all_accounts=True).items == ()
    assert estate.ask_for(alice, *vpcs).state is PeeringState.PENDING


@pytest.mark.parametrize(
    ("onlooker", "requester_sees", "accepter_sees"),
    [(Onlooker.NOBODY, False, False), (Onlooker.REQUESTER, True, False), (Onlooker.BOTH, True, True)],
)
def test_deleted_connection_is_seen_by_those_the_product_says(
    estate, alice, bob, vpcs, onlooker, requester_sees, accepter_sees
):
    """PEER-5: a product that kept a trace of what was deleted would say so in its profile, as it does for rejected ones."""
    native = replace(estate.world.profiles["native"], deleted_seen_by=onlooker)
    estate.world = replace(estate.world, profiles={**estate.world.profiles, "native": native})
    peering = estate.peer(alice, bob, *vpcs)
    estate.do(delete_peering, bob, DeletePeering(id=peering.id))
    estate.settle()
    somebody = requester_sees or accepter_sees
    for caller, seen in ((alice, requester_sees), (bob, accepter_sees), (estate.operator, somebody)):
        every = caller is estate.operator
        assert len(estate.ask(list_peerings, caller, all_accounts=every).items) == seen
        if seen:
            assert estate.ask(get_peering, caller, peering.id).state is PeeringState.DELETED
        else:
            with pytest.raises(NotFound):
                estate.ask(get_peering, caller, peering.id)
    for caller, seen in ((alice, requester_sees), (bob, accepter_sees)):
        assert len(estate.ask(search_peerings, caller, PeeringSearch())[0].items) == seen
        refusal = IllegalState if seen else NotFound
        estate.refused(refusal, delete_peering, caller, DeletePeering(id=peering.id))


def test_product_may_ask_for_force(estate, alice, bob, vpcs):
    """PEER-4: AP refuses to delete a connection that routes lead to, unless forced."""
    vpc, peer = vpcs
    peering = estate.peer(alice, bob, vpc, peer, profile="alibaba")
    estate.route(bob, peer, "10.0.0.0/16", peering)
    error = estate.refused(Conflict, delete_peering, alice, DeletePeering(id=peering.id))
    assert error.code == "routes_exist"
    estate.do(delete_peering, alice, DeletePeering(id=peering.id, force=True))
    assert estate.all(RouteEntry) == []


@pytest.mark.parametrize("first", ["accept", "reject", "delete"])
def test_one_answer_wins(estate, alice, bob, asked, first):
    """PEER-2: after one of accept, reject and delete the other answers get a clear conflict."""
    verbs = {
        "accept": (accept_peering, bob, AcceptPeering(id=asked.id)),
        "reject": (reject_peering, bob, RejectPeering(id=asked.id)),
    }
    winner = {**verbs, "delete": (delete_peering, alice, DeletePeering(id=asked.id))}[first]
    estate.do(*winner)
    for use_case, caller, request in verbs.values():
        error = estate.refused(IllegalState, use_case, caller, request)
        assert error.data["state"] == estate.get(Peering, asked.id).state.value


def test_settling_needs_the_present_generation(estate, bob, asked):
    """PEER-2: what the data plane did for an older wish does not count."""
    accepted = estate.do(accept_peering, bob, AcceptPeering(id=asked.id))
    before = estate.revision
    estate.store.write(lambda tx: settle_peering(tx, estate.world, asked.id, accepted.generation - 1))
    assert estate.revision == before
    estate.store.write(lambda tx: settle_peering(tx, estate.world, asked.id, accepted.generation))
    settled = estate.revision
    estate.store.write(lambda tx: settle_peering(tx, estate.world, asked.id, accepted.generation))
    assert (settled > before, estate.revision) == (True, settled)


def test_cap_and_link_type_change_while_active(estate, alice, bob, vpcs):
    """PEER-9, PEER-10: a change takes the connection through updating with a new generation."""
    peering = estate.peer(alice, bob, *vpcs)
    changed = estate.do(
        update_peering, alice, UpdatePeering(id=peering.id, bandwidth_mbps=50, link_type="platinum")
    )
    assert (changed.bandwidth_mbps, changed.link_type) == (50, LinkType.PLATINUM)
    assert (changed.state, changed.generation) == (PeeringState.UPDATING, peering.generation + 1)
    estate.settle()
    before = estate.revision
    estate.do(update_peering, alice, UpdatePeering(id=peering.id, bandwidth_mbps=50))
    assert estate.revision == before


def test_texts_change_without_a_new_state(estate, alice, asked):
    """PEER-2: a name is nothing to the data plane."""
    named = estate.do(update_peering, alice, UpdatePeering(id=asked.id, name="core", description="to bob"))
    assert (named.name, named.description, named.state) == ("core", "to bob", PeeringState.PENDING)
    assert named.generation == asked.generation


def test_cap_changes_only_while_active(estate, alice, asked):
    """PEER-9: an unanswered request has no cap to change."""
    estate.refused(IllegalState, update_peering, alice, UpdatePeering(id=asked.id, bandwidth_mbps=5))


def test_same_region_connection_can_be_neither_capped_nor_classed(estate, alice, bob):
    """PEER-9, PEER-10: same region is not changeable."""
    peering = estate.peer(alice, bob, estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16"))
    for field, value in (("bandwidth_mbps", 10), ("link_type", "gold")):
        error = estate.refused(
            InvalidInput, update_peering, alice, UpdatePeering(id=peering.id, **{field: value})
        )
        assert error.field == field


@pytest.mark.parametrize(("profile", "allowed"), [("alibaba", True), ("native", True), ("tencent", False)])
def test_accepter_modifies_where_the_product_lets_it(estate, alice, bob, vpcs, profile, allowed):
    """PEER-13: AP's accepter may modify; where the requester pays for the cap, only the requester may."""
    peering = estate.peer(alice, bob, *vpcs, profile=profile)
    request = UpdatePeering(id=peering.id, bandwidth_mbps=100)
    if allowed:
        assert estate.do(update_peering, bob, request).bandwidth_mbps == 100
    else:
        assert estate.refused(Forbidden, update_peering, bob, request).code == "not_requester"


def test_repeat_with_the_token_returns_the_same_connection(estate, alice, vpcs):
    """PEER-12: a retried request makes one connection; the token can't be used for another request."""
    request = estate.request(*vpcs, client_token="t-1")
    first, second = (estate.do(create_peering, alice, request) for _ in range(2))
    assert first.id == second.id
    other = estate.request(*vpcs, client_token="t-1", name="other")
    assert estate.refused(Conflict, create_peering, alice, other).code == "token_reused"
