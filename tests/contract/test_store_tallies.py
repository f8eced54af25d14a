"""Every engine: tallies say what counting says, whatever was done and undone."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.resources import peering

from peerway.app.store import where
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.peering import Peering, PeeringSide, PeeringState, account_region

LIVE = [state for state, info in PEERING.states.items() if info.live]
ACCOUNTS = st.sampled_from("12")
REGIONS = st.sampled_from("rs")
NUMBERS = st.integers(0, 3)
EDITS = st.one_of(
    st.tuples(st.just("put"), NUMBERS, st.sampled_from(PeeringState), ACCOUNTS, ACCOUNTS, REGIONS, REGIONS),
    st.tuples(st.just("delete"), NUMBERS),
)
BATCHES = st.lists(st.tuples(st.lists(EDITS, max_size=4), st.booleans()), max_size=6)


def edit(tx, kind, number, *parts):
    """Store, change or remove one connection."""
    found = tx.get(Peering, f"pcc-{number}")
    if kind == "delete":
        if found:
            tx.delete(found)
        return
    state, ours, theirs, near, far = parts
    sides = {
        "requester": PeeringSide(ours, near, f"a{number}"),
        "accepter": PeeringSide(theirs, far, f"b{number}"),
    }
    if found:
        tx.update(replace(found, state=state, **sides))
    else:
        tx.insert(peering(f"pcc-{number}", state=state, **sides))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_tally_is_the_number_of_live_connections(store, batches):
    """A connection counts once for each account in each region it has a side in, while it is live (PEER-12)."""

    def work(tx, edits, *, fail):
        for one in edits:
            edit(tx, *one)
        if fail:
            raise ZeroDivisionError

    for edits, fail in batches:
        with suppress(ZeroDivisionError):
            store.write(lambda tx, edits=edits, fail=fail: work(tx, edits, fail=fail))
    for uid in "12":
        for region in "rs":
            assert store.read(partial(kept, uid, region)) == store.read(partial(counted, uid, region))


def kept(uid, region, tx):
    """What the tally says."""
    return tx.tally(Peering, account_region(uid, region))


def counted(uid, region, tx):
    """The same, found by looking at all connections."""
    found = tx.select(Peering, where("state", *LIVE))
    return sum((uid, region) in {(side.uid, side.region_id) for side in one.sides} for one in found)
