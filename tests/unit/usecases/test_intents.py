"""Intents: who may ask for what to hold, and what is told of it (issue 4, item 6)."""

from dataclasses import replace

import pytest

from peerway.app.following import NetworkFollower
from peerway.app.usecases.instances import CreateInstance, create_instance
from peerway.app.usecases.intents.intents import (
    CreateIntent,
    DeleteIntent,
    UpdateIntent,
    create_intent,
    delete_intent,
    get_intent,
    list_intents,
    update_intent,
)
from peerway.app.usecases.intents.states import check_intent
from peerway.app.usecases.previews.intent_effects import concerned_intents, intent_effects
from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.app.usecases.shares import CreateShare, create_share
from peerway.domain.account import Role
from peerway.domain.errors import AlreadyExists, Forbidden, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.intent import Intent, IntentState, Party, PartyKind, parse_party


def want(estate, caller, source, target, expectation="reach", **fields):
    """A new intent."""
    request = CreateIntent(source=source, target=target, expectation=expectation, **fields)
    return estate.do(create_intent, caller, request)


def check(estate, caller, id):
    """How an intent stands now."""
    networks = NetworkFollower()
    return estate.store.read(lambda tx: check_intent(tx, networks.at(tx), caller, id))


@pytest.fixture
def home(estate, alice, vpcs):
    """Alice's VPC with two instances in one VSwitch."""
    switch = estate.vswitch(alice, vpcs[0], "10.0.1.0/24")
    return [estate.instance(alice, switch) for _ in range(2)]


@pytest.mark.parametrize(
    ("text", "party"),
    [
        ("vpc:vpc-1", Party(PartyKind.VPC, "vpc-1")),
        ("i-1", Party(PartyKind.INSTANCE, "i-1")),
        ("account:1000000000000001", Party(PartyKind.ACCOUNT, "1000000000000001")),
        ("load_balancer:lb-1", Party(PartyKind.LOAD_BALANCER, "lb-1")),
    ],
)
def test_side_is_read_from_text(text, party):
    """A side is its kind and id, or the id alone."""
    assert parse_party(text, "source") == party


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vpc:",
        "vpc:i-1",
        "vpc:vpc-1@10.0.0.0/8",
        "range:",
        "range:10.0.0.1/8",
        "host:i-1",
        "10.0.0.1",
        "vbr-1@x",
    ],
)
def test_side_that_is_none_is_refused(text):
    """Anything else names the field."""
    with pytest.raises(InvalidInput) as refused:
        parse_party(text, "target")
    assert refused.value.field.startswith("target")


def test_sides_must_be_ones_own(estate, alice, bob, vpcs, home):
    """Another's resource and account are as good as missing; operators may name any (NET-1)."""
    theirs = f"vpc:{vpcs[1].id}"
    for asked in (theirs, "vpc:vpc-00000000000000000000", f"account:{bob.uid}"):
        request = CreateIntent(source=f"vpc:{vpcs[0].id}", target=asked, expectation="reach")
        assert estate.refused(NotFound, create_intent, alice, request).data["field"] == "target"
    made = want(estate, estate.operator, f"account:{alice.uid}", theirs, "isolate")
    assert made.of_operator
    assert want(estate, alice, f"account:{alice.uid}", f"instance:{home[0].id}").of_operator is False


def test_intents_of_others_are_not_there(estate, alice, bob, home):
    """Nobody else sees, checks, changes or deletes an intent (NET-1); readers may not make one."""
    made = want(estate, alice, home[0].id, home[1].id)
    for use_case, request in (
        (update_intent, UpdateIntent(id=made.id, name="x")),
        (delete_intent, DeleteIntent(id=made.id)),
    ):
        estate.refused(NotFound, use_case, bob, request)
    with pytest.raises(NotFound):
        estate.ask(get_intent, bob, made.id)
    with pytest.raises(NotFound):
        check(estate, bob, made.id)
    assert estate.ask(list_intents, bob).items == ()
    assert [one.id for one in estate.ask(list_intents, estate.operator, all_accounts=True).items] == [made.id]
    reader = replace(alice, role=Role.READER)
    request = CreateIntent(source=home[0].id, target=home[1].id, expectation="reach")
    estate.refused(Forbidden, create_intent, reader, request)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"expectation": "love"}, "expectation"),
        ({"protocol": "icmp", "port_low": 1}, "port_low"),
        ({"protocol": "tcp", "port_low": 90, "port_high": 80}, "port_high"),
        ({"port_high": 65536}, "port_high"),
        ({"enforcement": "pray"}, "enforcement"),
        ({"source": "range:10.0.0.0/8"}, "source"),
    ],
)
def test_intent_that_makes_no_sense_names_the_field(estate, alice, home, fields, field):
    """What can't be is refused before anything is stored."""
    request = CreateIntent(**{"source": home[0].id, "target": home[1].id, "expectation": "reach", **fields})
    assert estate.refused(InvalidInput, create_intent, alice, request).field == field


def test_intents_are_limited_and_their_names_one_of_a_kind(estate, alice, home):
    """An account has so many intents; a name stands for one of them."""
    made = want(estate, alice, home[0].id, home[1].id, name="one")
    again = CreateIntent(source=home[0].id, target=home[1].id, expectation="reach", name="one")
    estate.refused(AlreadyExists, create_intent, alice, again)
    grant = GrantQuota(uid=alice.uid, name="intents_per_account", limit=1)
    estate.do(grant_quota, estate.operator, grant)
    estate.refused(QuotaExceeded, create_intent, alice, replace(again, name="two"))
    estate.do(delete_intent, alice, DeleteIntent(id=made.id))
    assert want(estate, alice, home[0].id, home[1].id).name.startswith("in-")


def test_what_is_asked_otherwise_is_unchecked_and_words_change_nothing(estate, alice, home):
    """A new name keeps what was found; other ports don't."""
    made = want(estate, alice, home[0].id, home[1].id)
    estate.store.write(lambda tx: tx.update(replace(tx.get(Intent, made.id), state=IntentState.HOLDING)))
    assert estate.do(update_intent, alice, UpdateIntent(id=made.id, name="n")).state is IntentState.HOLDING
    changed = estate.do(update_intent, alice, UpdateIntent(id=made.id, protocol="tcp", port_low=1))
    assert changed.state is IntentState.UNCHECKED


def test_guests_of_a_shared_vswitch_are_their_owners(estate, alice, bob, vpcs, home):
    """NET-9: a VPC's owner asks about all in it; who shares in it, and an account, about what is its own."""
    estate.do(create_share, alice, CreateShare(vswitch_id=home[0].vswitch_id, user_uid=bob.uid))
    switch = f"vswitch:{home[0].vswitch_id}"
    mine = want(estate, bob, switch, home[0].vswitch_id)
    assert check(estate, bob, mine.id).state is IntentState.EMPTY
    guests = [_put(estate, bob, home[0]) for _ in range(2)]
    assert check(estate, bob, mine.id).state is IntentState.HOLDING
    apart = want(estate, alice, f"vpc:{vpcs[0].id}", f"range:{guests[0].ipv4}/32", "isolate", protocol="icmp")
    assert check(estate, alice, apart.id).state is IntentState.BROKEN
    others = want(estate, alice, f"account:{alice.uid}", f"account:{alice.uid}")
    assert check(estate, alice, others.id).state is IntentState.HOLDING


def _put(estate, caller, beside):
    """An instance of the caller's beside another."""
    return estate.do(create_instance, caller, CreateInstance(vswitch_id=beside.vswitch_id))


def test_preview_tells_which_intents_would_stand_otherwise(estate, alice, bob, vpcs, home):
    """Of one's own everything; of an operator's only that it would be broken; of others' nothing."""
    want(estate, alice, home[0].id, home[1].id, name="mine", enforcement="refuse", protocol="icmp")
    want(estate, estate.operator, home[0].id, home[1].id, enforcement="refuse", protocol="icmp")
    networks = NetworkFollower()
    before = estate.store.read(networks.at)
    site = before.snapshot.site(vpcs[0].id)
    after = before.after(
        before.revision + 1, [replace(site.instances[home[1].id], security_group_ids=("sg-none",))]
    )

    def effects(caller):
        intents = estate.store.read(lambda tx: concerned_intents(tx, caller))
        return intent_effects(caller, intents, before, after)

    mine, operators = sorted(effects(alice), key=lambda effect: effect.id is None)
    assert (mine.name, mine.before, mine.after, mine.refused) == (
        "mine",
        IntentState.HOLDING,
        IntentState.BROKEN,
        True,
    )
    assert (operators.id, operators.name, operators.reason, operators.refused) == (None, "", "", True)
    assert [effect.id for effect in effects(bob)] == [None]
