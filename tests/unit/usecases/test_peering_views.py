"""Peer connections: routes that the system writes, what uses one, lists and warnings."""

import pytest

from peerway.app.usecases.peerings import (
    AcceptPeering,
    DeletePeering,
    RejectPeering,
    accept_peering,
    delete_peering,
    list_peerings,
    peering_routes,
    peering_warnings,
    reject_peering,
)
from peerway.domain.errors import Forbidden, InvalidInput, NotFound
from peerway.domain.route_table import EntryOrigin, RouteEntry


def test_asked_routes_are_written_at_acceptance_and_go_with_the_link(estate, alice, bob):
    """PEER-8: both sides' system tables get every range of the other VPC, IPv4 and IPv6."""
    one = estate.vpc(alice, "10.0.0.0/16", ipv6_cidr="auto")
    other = estate.vpc(bob, "10.1.0.0/16", secondary_cidrs=("10.2.0.0/16",), ipv6_cidr="auto")
    peering = estate.ask_for(alice, one, other, auto_routes=True)
    assert estate.all(RouteEntry) == []
    estate.do(accept_peering, bob, AcceptPeering(id=peering.id))
    written = {(e.owner_uid, e.route_table_id, e.destination) for e in estate.all(RouteEntry)}
    assert written == {(alice.uid, one.system_table_id, p) for p in other.prefixes} | {
        (bob.uid, other.system_table_id, p) for p in one.prefixes
    }
    assert {e.origin for e in estate.all(RouteEntry)} == {EntryOrigin.AUTO}
    estate.do(delete_peering, bob, DeletePeering(id=peering.id))
    assert estate.all(RouteEntry) == []


def test_same_account_routes_are_written_at_creation(estate, alice):
    """PEER-8: AP's same-account option needs no acceptance."""
    one, other = estate.vpc(alice, "10.0.0.0/16"), estate.vpc(alice, "10.1.0.0/16")
    estate.ask_for(alice, one, other, profile="alibaba", auto_routes=True)
    assert {e.destination for e in estate.all(RouteEntry)} == {one.cidr, other.cidr}


def test_range_with_an_own_vswitch_is_skipped_with_a_warning(estate, alice):
    """PEER-6, PEER-8: a route that the table would refuse is left out, and said so."""
    one, other = estate.vpc(alice, "10.0.0.0/16"), estate.vpc(alice, "10.0.1.0/24")
    estate.vswitch(alice, one, "10.0.0.0/17")
    peering = estate.ask_for(alice, one, other, auto_routes=True)
    assert {e.vpc_id for e in estate.all(RouteEntry)} == {other.id}
    warnings = estate.store.read(lambda tx: peering_warnings(tx, estate.world, peering))
    assert {w.code: w.prefixes for w in warnings} == {
        "overlap": (one.cidr, other.cidr),
        "auto_route_skipped": (other.cidr,),
    }


def test_public_ranges_are_warned_about(estate, alice):
    """NET-10: outside RFC 1918 the internet comes first."""
    one, other = estate.vpc(alice, "30.0.0.0/16"), estate.vpc(alice, "10.0.0.0/16")
    peering = estate.ask_for(alice, one, other)
    (warning,) = estate.store.read(lambda tx: peering_warnings(tx, estate.world, peering))
    assert (warning.code, warning.prefixes) == ("public_range", (one.cidr,))


def test_detail_shows_what_uses_the_link(estate, alice, bob, carol, vpcs):
    """PEER-15: entries, tables and VSwitches of both sides; strangers see nothing."""
    vpc, peer = vpcs
    bound = estate.vswitch(alice, vpc)
    peering = estate.peer(alice, bob, vpc, peer)
    there, back = (
        estate.route(alice, vpc, "10.1.0.0/16", peering),
        estate.route(bob, peer, "10.0.0.0/16", peering),
    )
    first = estate.ask(peering_routes, bob, peering.id, limit=1)
    second = estate.ask(peering_routes, bob, peering.id, limit=1, after=first.next)
    mine, theirs = (*first.items, *second.items)
    assert (mine.side, mine.entry.id, mine.table.id) == ("requester", there.id, vpc.system_table_id)
    assert [v.id for v in mine.vswitches] == [bound.id]
    assert (theirs.side, theirs.entry.id, theirs.vswitches) == ("accepter", back.id, ())
    assert second.next is None
    with pytest.raises(NotFound):
        estate.ask(peering_routes, carol, peering.id)


def test_list_shows_the_asked_side_state_and_vpc(estate, alice, bob, carol, asked):
    """NET-1: lists hold the caller's connections only, narrowed as asked."""
    for caller, side, found in (
        (alice, "requester", 1),
        (alice, "accepter", 0),
        (bob, "accepter", 1),
        (bob, None, 1),
        (carol, None, 0),
    ):
        assert len(estate.ask(list_peerings, caller, side=side).items) == found
    assert len(estate.ask(list_peerings, alice, state="active").items) == 0
    assert len(estate.ask(list_peerings, alice, state="pending", vpc_id=asked.accepter.vpc_id).items) == 1
    with pytest.raises(Forbidden):
        estate.ask(list_peerings, alice, all_accounts=True)
    with pytest.raises(InvalidInput):
        estate.ask(list_peerings, alice, state="Activated")


def test_pages_skip_what_is_hidden(estate, alice, bob):
    """PEER-5: hidden connections leave no holes in pages, and the last page has no cursor."""
    one = estate.vpc(alice, "10.0.0.0/16")
    made = []
    for number in range(1, 7):
        peering = estate.ask_for(alice, one, estate.vpc(bob, f"10.{number}.0.0/16"), profile="tencent")
        made.append(peering.id)
    for id in made[::2]:
        estate.do(reject_peering, bob, RejectPeering(id=id))
    first = estate.ask(list_peerings, bob, limit=2)
    rest = estate.ask(list_peerings, bob, limit=2, after=first.next)
    assert [p.id for p in (*first.items, *rest.items)] == made[1::2]
    assert rest.next is None
