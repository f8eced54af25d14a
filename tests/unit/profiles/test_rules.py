"""Decisions that read a profile, as truth tables."""

from datetime import UTC, datetime

import pytest

from peerway.domain.errors import Forbidden, InvalidInput, NotFound
from peerway.domain.lifecycle.peering import PeeringEvent
from peerway.domain.peering import LinkType, Peering, PeeringSide, PeeringState
from peerway.profiles.model import load_profiles
from peerway.profiles.rules import (
    check_bandwidth,
    check_may_raise,
    choose_auto_routes,
    choose_link_type,
    may_raise,
    sees,
    shown_states,
)

PROFILES = load_profiles()
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def peering(state=PeeringState.PENDING):
    """A connection from account 1 to account 2."""
    return Peering(
        id="pcc-1",
        owner_uid="1",
        created_at=NOW,
        name="",
        profile="native",
        requester=PeeringSide("1", "cn-hangzhou", "vpc-1"),
        accepter=PeeringSide("2", "cn-beijing", "vpc-2"),
        state=state,
        state_since=NOW,
    )


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
@pytest.mark.parametrize("state", PeeringState)
def test_strangers_see_nothing_and_nobody_sees_a_deleted_one(profile, state):
    """NET-1, PEER-2: in every product and state."""
    assert not sees(profile, peering(state), "3")
    if state is PeeringState.DELETED:
        assert not sees(profile, peering(state), "1")
        assert state not in shown_states([profile])
    elif state not in {PeeringState.REJECTED, PeeringState.EXPIRED}:
        assert sees(profile, peering(state), "1")
        assert sees(profile, peering(state), "2")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
@pytest.mark.parametrize("event", PeeringEvent)
@pytest.mark.parametrize("uid", ["1", "2", "3"])
def test_check_and_button_agree(profile, event, uid):
    """PEER-13: what `may_raise` shows as possible is exactly what `check_may_raise` lets pass."""
    subject = peering()
    try:
        check_may_raise(profile, subject, event, uid)
    except (Forbidden, NotFound):
        assert not may_raise(profile, subject, event, uid)
    else:
        assert may_raise(profile, subject, event, uid)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_sides_of_the_events(profile):
    """PEER-13: accept and reject are the accepter's, enable the requester's, delete either's."""
    subject = peering()
    for event in (PeeringEvent.ACCEPT, PeeringEvent.REJECT):
        assert [may_raise(profile, subject, event, uid) for uid in "123"] == [False, True, False]
    enabled = PeeringEvent.ENABLE in profile.events
    assert [may_raise(profile, subject, PeeringEvent.ENABLE, uid) for uid in "123"] == [enabled, False, False]
    assert [may_raise(profile, subject, PeeringEvent.DELETE, uid) for uid in "123"] == [True, True, False]


@pytest.mark.parametrize("value", [0, -1, 10_000_001, 1.5, "10", True, [], {}])
def test_caps_that_are_none(value):
    """PEER-9: a cap is a whole number of Mbit/s."""
    with pytest.raises(InvalidInput):
        check_bandwidth(value, same_region=False)


def test_caps_belong_to_cross_region():
    """PEER-9: inside one region even a good number is refused."""
    assert check_bandwidth(10, same_region=False) == 10
    assert check_bandwidth(None, same_region=True) is None
    with pytest.raises(InvalidInput):
        check_bandwidth(10, same_region=True)


def test_link_type_table():
    """PEER-10: gold unless asked, none in one region or where the product has none."""
    ap, tencent = PROFILES["alibaba"], PROFILES["tencent"]
    assert choose_link_type(ap, None, same_region=False) is LinkType.GOLD
    assert choose_link_type(ap, "platinum", same_region=False) is LinkType.PLATINUM
    assert choose_link_type(ap, None, same_region=True) is None
    assert choose_link_type(tencent, None, same_region=False) is None
    for profile, asked, same_region in (
        (tencent, "gold", False),
        (ap, "gold", True),
        (ap, "silver", False),
        (ap, {}, False),
    ):
        with pytest.raises(InvalidInput):
            choose_link_type(profile, asked, same_region=same_region)


@pytest.mark.parametrize(
    ("name", "same_account", "outcomes"),
    [
        ("native", False, {None: False, False: False, True: True}),
        ("alibaba", True, {None: False, False: False, True: True}),
        ("alibaba", False, {None: False, False: False, True: None}),
        ("tencent", True, {None: False, False: False, True: None}),
        ("jdcloud", False, {None: True, False: None, True: True}),
    ],
)
def test_auto_routes_table(name, same_account, outcomes):
    """PEER-8: what each product makes of no wish, a no and a yes; None is a refusal."""
    for asked, outcome in outcomes.items():
        if outcome is None:
            with pytest.raises(InvalidInput):
                choose_auto_routes(PROFILES[name], asked, same_account=same_account)
        else:
            assert choose_auto_routes(PROFILES[name], asked, same_account=same_account) is outcome
