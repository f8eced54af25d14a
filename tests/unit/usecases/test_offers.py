"""Halves of connections: made by each account for itself, joined when two meet, parted when one is taken away."""

from dataclasses import replace

import pytest

from peerway.app.usecases.offers import (
    CreateOffer,
    DeleteOffer,
    UpdateOffer,
    connection_of,
    create_offer,
    delete_offer,
    get_offer,
    list_offers,
    update_offer,
)
from peerway.app.usecases.peerings import CreatePeering, DeletePeering, create_peering, delete_peering
from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.app.usecases.settle import settle_peering
from peerway.app.usecases.vpcs import DeleteVpc, delete_vpc
from peerway.domain.errors import (
    AlreadyExists,
    Conflict,
    IllegalState,
    InUse,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.offer import OfferState, PeeringOffer
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.route_table import RouteEntry


@pytest.fixture
def pair(estate, alice, bob):
    """A VPC of each account in one region."""
    return estate.vpc(alice, "10.0.0.0/16"), estate.vpc(bob, "10.1.0.0/16")


@pytest.fixture
def make(estate):
    """Makes a half."""

    def make(caller, vpc, remote, name="half"):
        return estate.do(create_offer, caller, CreateOffer(vpc_id=vpc.id, remote_vpc_id=remote.id, name=name))

    return make


@pytest.fixture
def connected(make, alice, bob, pair):
    """Two halves that met: Alice's and Bob's."""
    make(alice, *pair)
    return make(bob, *reversed(pair))


def settle(estate, peering_id):
    """Have the data plane reach the connection's present state."""
    peering = estate.get(Peering, peering_id)
    estate.store.write(lambda tx: settle_peering(tx, estate.world, peering.id, peering.generation))
    return estate.get(Peering, peering_id)


def state_of(estate, caller, vpc):
    """State of the caller's only half from a VPC."""
    (offer,) = estate.ask(list_offers, caller, vpc_id=vpc.id).items
    return offer.state


def test_one_half_waits_and_two_connect(estate, make, alice, bob, pair):
    """API-3: Initiated with one half, Connected with both; the connection is one that packets take."""
    first = make(alice, *pair)
    assert (first.state, first.peering_id) == (OfferState.INITIATED, None)
    assert estate.all(Peering) == []
    second = make(bob, *reversed(pair))
    assert second.state is OfferState.CONNECTED
    assert estate.ask(get_offer, alice, first.id).peering_id == second.peering_id
    peering = estate.get(Peering, second.peering_id)
    assert (peering.state, peering.profile) == (PeeringState.UPDATING, "jdcloud_vpc")
    assert {side.uid for side in peering.sides} == {alice.uid, bob.uid}
    assert settle(estate, peering.id).state is PeeringState.ACTIVE


def test_one_account_needs_both_halves_too(estate, make, alice):
    """API-3: the same account makes two halves like anybody."""
    one, other = estate.vpc(alice, "10.0.0.0/16"), estate.vpc(alice, "10.1.0.0/16")
    assert make(alice, one, other, "one").state is OfferState.INITIATED
    assert make(alice, other, one, "two").state is OfferState.CONNECTED


@pytest.mark.parametrize("who", ["first", "second"])
def test_taking_a_half_away_parts_the_other(estate, make, alice, bob, pair, connected, who):
    """API-3: the connection ends, the other half is Disconnected, and the half made anew connects again."""
    ends = [(alice, pair[0], pair[1]), (bob, pair[1], pair[0])]
    (leaver, near, far), (stayer, own, _) = ends if who == "first" else reversed(ends)
    (half,) = estate.ask(list_offers, leaver).items
    estate.do(delete_offer, leaver, DeleteOffer(id=half.id))
    assert estate.ask(list_offers, leaver).items == ()
    assert state_of(estate, stayer, own) is OfferState.DISCONNECTED
    assert estate.get(Peering, connected.peering_id).state is PeeringState.DELETING
    again = CreateOffer(vpc_id=near.id, remote_vpc_id=far.id, name="again")
    estate.refused(IllegalState, create_offer, leaver, again)
    settle(estate, connected.peering_id)
    assert make(leaver, near, far, "again").state is OfferState.CONNECTED
    assert state_of(estate, stayer, own) is OfferState.CONNECTED


def test_a_waiting_half_goes_alone(estate, make, alice, pair):
    """API-3: a half that nobody answered is taken away without a trace."""
    half = make(alice, *pair)
    estate.do(delete_offer, alice, DeleteOffer(id=half.id))
    assert estate.all(PeeringOffer) == []


def test_routes_go_with_the_connection(estate, alice, bob, pair, connected):
    """PEER-4: entries over the connection go with either half, on both sides."""
    for caller, near, far in ((alice, pair[0], pair[1]), (bob, pair[1], pair[0])):
        (half,) = estate.ask(list_offers, caller).items
        peering = estate.ask(connection_of, caller, half.id)
        estate.route(caller, near, str(far.cidr), peering)
    assert len(estate.all(RouteEntry)) == 2
    estate.do(delete_offer, bob, DeleteOffer(id=connected.id))
    assert estate.all(RouteEntry) == []


def test_a_half_alone_carries_no_route(estate, make, alice, bob, pair):
    """API-3: a route needs both halves, and a half of one's own."""
    half = make(alice, *pair)
    with pytest.raises(Conflict) as refused:
        estate.ask(connection_of, alice, half.id)
    assert refused.value.code == "next_hop_not_active"
    with pytest.raises(NotFound):
        estate.ask(connection_of, bob, half.id)


def test_halves_end_with_a_connection_that_is_ended_elsewhere(estate, alice, bob, pair, connected):
    """PEER-4: whoever ends the connection itself leaves two parted halves, which can be taken away."""
    estate.do(delete_peering, alice, DeletePeering(id=connected.peering_id))
    assert state_of(estate, alice, pair[0]) is OfferState.DISCONNECTED
    assert state_of(estate, bob, pair[1]) is OfferState.DISCONNECTED
    estate.do(delete_offer, bob, DeleteOffer(id=connected.id))


def test_halves_are_their_accounts_own(estate, make, alice, bob, carol, pair):
    """NET-1: another account's half is as good as missing, to the account at the other end too."""
    half = make(alice, *pair)
    for stranger in (bob, carol):
        with pytest.raises(NotFound):
            estate.ask(get_offer, stranger, half.id)
        estate.refused(NotFound, delete_offer, stranger, DeleteOffer(id=half.id))
        estate.refused(NotFound, update_offer, stranger, UpdateOffer(id=half.id, name="mine"))
    assert estate.ask(list_offers, bob).items == ()


def test_a_remote_vpc_that_does_not_fit_is_not_there(estate, alice, bob, pair):
    """API-3: unknown, of another region or of another kind, whoever has it: the same answer."""
    elsewhere = estate.vpc(bob, "10.2.0.0/16", "cn-beijing")
    metal = estate.vpc(bob, "10.3.0.0/16", kind="cps")
    told = set()
    for remote in ("vpc-nobodyhasthis", elsewhere.id, metal.id):
        error = estate.refused(
            NotFound, create_offer, alice, CreateOffer(vpc_id=pair[0].id, remote_vpc_id=remote, name="half")
        )
        told.add((error.code, error.data["field"], error.text.replace(remote, "")))
    assert len(told) == 1


def test_overlap_is_told_to_who_agreed_only(estate, make, alice, bob):
    """API-3, PEER-6: of a stranger's ranges nothing is told before that account has made its half, and nothing is connected."""
    one, other = estate.vpc(alice, "10.0.0.0/16"), estate.vpc(bob, "10.0.0.0/8")
    make(alice, one, other)
    error = estate.refused(
        InvalidInput, create_offer, bob, CreateOffer(vpc_id=other.id, remote_vpc_id=one.id, name="half")
    )
    assert error.code == "overlap"
    assert "10.0.0.0/16" not in error.text
    mine = estate.vpc(alice, "10.0.128.0/17")
    asked = CreateOffer(vpc_id=one.id, remote_vpc_id=mine.id, name="own")
    assert estate.refused(InvalidInput, create_offer, alice, asked).code == "overlap"


def test_a_vpc_is_no_peer_of_itself(estate, alice, pair):
    """PEER-1: nor is a VPC of the account's in no region."""
    asked = CreateOffer(vpc_id=pair[0].id, remote_vpc_id=pair[0].id, name="half")
    assert estate.refused(InvalidInput, create_offer, alice, asked).field == "remote_vpc_id"
    asked = CreateOffer(vpc_id=pair[1].id, remote_vpc_id=pair[0].id, name="half")
    assert estate.refused(NotFound, create_offer, alice, asked).data["field"] == "vpc_id"


def test_one_half_a_pair_and_one_name_an_account(estate, make, alice, pair):
    """API-3: a second half between the same two and a second half of one name are refused."""
    make(alice, *pair)
    asked = CreateOffer(vpc_id=pair[0].id, remote_vpc_id=pair[1].id, name="other")
    assert estate.refused(AlreadyExists, create_offer, alice, asked).code == "offer_exists"
    third = estate.vpc(alice, "10.9.0.0/16")
    asked = CreateOffer(vpc_id=third.id, remote_vpc_id=pair[1].id, name="half")
    assert estate.refused(AlreadyExists, create_offer, alice, asked).data["field"] == "name"
    half = make(alice, third, pair[1], "other")
    estate.refused(AlreadyExists, update_offer, alice, UpdateOffer(id=half.id, name="half"))


def test_ten_halves_a_vpc(estate, make, alice, bob):
    """API-3: ten from one VPC unless an operator grants more."""
    hub = estate.vpc(alice, "10.0.0.0/16")
    for number in range(10):
        make(alice, hub, estate.vpc(bob, f"10.{number + 1}.0.0/16"), f"half_{number}")
    asked = CreateOffer(vpc_id=hub.id, remote_vpc_id=estate.vpc(bob, "10.99.0.0/16").id, name="more")
    estate.refused(QuotaExceeded, create_offer, alice, asked)
    grant = GrantQuota(uid=alice.uid, name="jdcloud_vpc_peerings_per_vpc", limit=11)
    estate.do(grant_quota, estate.operator, grant)
    estate.do(create_offer, alice, asked)


@pytest.mark.parametrize("name", ["", "a" * 33, "with-dash", "space here", "line\n", "\u0661", None, 7])
def test_names_of_halves(estate, alice, pair, name):
    """API-3: 1 to 32 Chinese characters, letters, digits and underscores."""
    asked = CreateOffer(vpc_id=pair[0].id, remote_vpc_id=pair[1].id, name=name)
    assert estate.refused(InvalidInput, create_offer, alice, asked).field == "name"


def test_texts_change(estate, make, alice, pair):
    """API-3: name and description, each alone."""
    half = make(alice, *pair)
    changed = estate.do(update_offer, alice, UpdateOffer(id=half.id, name="研发_1"))
    assert (changed.name, changed.description) == ("研发_1", "")
    changed = estate.do(update_offer, alice, UpdateOffer(id=half.id, description="d e&f"))
    assert (changed.name, changed.description) == ("研发_1", "d e&f")
    refused = UpdateOffer(id=half.id, name="a b")
    estate.refused(InvalidInput, update_offer, alice, refused)


def test_readers_and_vpcs_that_are_leaving_make_none(estate, make, alice, bob, pair):
    """NET-3: a VPC with a half of its own stays; one that is named by others' halves alone goes."""
    make(alice, *pair)
    estate.refused(InUse, delete_vpc, alice, DeleteVpc(id=pair[0].id))
    estate.do(delete_vpc, bob, DeleteVpc(id=pair[1].id))
    asked = CreateOffer(vpc_id=pair[1].id, remote_vpc_id=pair[0].id, name="half")
    estate.refused(IllegalState, create_offer, bob, asked)


def test_another_products_connection_stands_in_the_way(estate, make, alice, bob, pair):
    """PEER-1: one connection a pair of VPCs, whoever made it."""
    estate.do(create_peering, alice, replace(estate.request(*pair), profile="native"))
    make(alice, *pair)
    asked = CreateOffer(vpc_id=pair[1].id, remote_vpc_id=pair[0].id, name="half")
    assert estate.refused(AlreadyExists, create_offer, bob, asked).code == "peering_exists"


def test_the_product_does_not_cross_regions(estate, alice, bob):
    """API-3: nor does a connection that is asked for by hand under its rules."""
    one, other = estate.vpc(alice, "10.0.0.0/16"), estate.vpc(bob, "10.1.0.0/16", "cn-beijing")
    request: CreatePeering = estate.request(one, other, profile="jdcloud_vpc")
    estate.refused(QuotaExceeded, create_peering, alice, request)
