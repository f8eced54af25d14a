"""Alarm rules, contacts and groups: put by their owners' ids, checked, limited, and nobody else's (MON-2)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from peerway.app.usecases.alarm_texts import check_interval
from peerway.app.usecases.alarms import (
    DeleteAlarmRules,
    PutAlarmRule,
    PutAlarmTargets,
    SwitchAlarmRules,
    delete_alarm_rules,
    get_alarm_rule,
    list_alarm_rules,
    put_alarm_rule,
    put_alarm_targets,
    switch_alarm_rules,
)
from peerway.app.usecases.contacts import (
    DeleteContact,
    PutContact,
    PutContactGroup,
    delete_contact,
    get_contact_group,
    list_contacts,
    put_contact,
    put_contact_group,
)
from peerway.app.usecases.limits import CALLER
from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.domain.account import Role
from peerway.domain.alarm import AlarmRule, AlarmState, AlarmTarget, Comparison, Condition, Statistic
from peerway.domain.errors import Forbidden, InvalidInput, NotFound, QuotaExceeded

CONDITION = Condition(
    metric="IntranetRX",
    statistic=Statistic.SUM,
    comparison=Comparison.AT_LEAST,
    threshold=Decimal(104857600),
    times=2,
)
RULE = PutAlarmRule(
    rule_id="r1", name="busy", namespace="acs_vpcpeer", conditions=(CONDITION,), effective="06:00-20:00"
)


def find(estate, caller, use_case, *arguments):
    """What a reading use case finds."""
    return estate.store.read(lambda tx: use_case(tx, estate.world, caller, *arguments))


def test_rule_is_made_once_and_then_replaced(estate, alice):
    """A known id keeps the rule's own id and birthday; a repeat of the same changes nothing."""
    made = estate.do(put_alarm_rule, alice, RULE)
    assert (made.profile, made.state, made.enabled) == ("alibaba", AlarmState.NO_DATA, True)
    assert estate.do(put_alarm_rule, alice, RULE) == made
    changed = estate.do(put_alarm_rule, alice, replace(RULE, name="busier"))
    assert (changed.id, changed.created_at, changed.name) == (made.id, made.created_at, "busier")
    assert find(estate, alice, list_alarm_rules) == [changed]


def test_rule_without_an_id_gets_one(estate, alice):
    """Its own."""
    made = estate.do(put_alarm_rule, alice, replace(RULE, rule_id=None))
    assert made.rule_id == made.id
    assert made.id.startswith("alarm-")


def test_period_of_nought_is_the_usual_one(estate, alice):
    """The namespace says which."""
    made = estate.do(put_alarm_rule, alice, replace(RULE, conditions=(replace(CONDITION, period_s=0),)))
    assert made.conditions[0].period_s == 60


def test_what_a_rule_said_is_kept_only_while_it_watches_the_same(estate, alice):
    """A new name does not silence it; a new threshold, or a switch, has it begin anew."""
    made = estate.do(put_alarm_rule, alice, RULE)

    def fire():
        found = estate.store.read(lambda tx: tx.get(AlarmRule, made.id))
        estate.store.write(lambda tx: tx.update(replace(found, state=AlarmState.ALARM, state_since=tx.now)))

    fire()
    assert estate.do(put_alarm_rule, alice, replace(RULE, name="other")).state is AlarmState.ALARM
    other = replace(RULE, conditions=(replace(CONDITION, threshold=Decimal(1)),))
    assert estate.do(put_alarm_rule, alice, other).state is AlarmState.NO_DATA
    fire()
    (off,) = estate.do(switch_alarm_rules, alice, SwitchAlarmRules(rule_ids=("r1",), enabled=False))
    assert (off.state, off.enabled) == (AlarmState.NO_DATA, False)
    assert estate.do(put_alarm_rule, alice, other).enabled is False


def test_rules_are_their_owners_alone(estate, alice, bob):
    """Another account's id is free; what is not there is not found, and nothing is done to the others."""
    estate.do(put_alarm_rule, alice, RULE)
    with pytest.raises(NotFound):
        find(estate, bob, get_alarm_rule, "r1")
    estate.do(put_alarm_rule, bob, RULE)
    with pytest.raises(NotFound):
        estate.do(delete_alarm_rules, bob, DeleteAlarmRules(rule_ids=("r1", "r2")))
    assert find(estate, bob, get_alarm_rule, "r1")
    estate.do(delete_alarm_rules, bob, DeleteAlarmRules(rule_ids=("r1", "r1")))
    assert find(estate, alice, list_alarm_rules)
    reader = replace(alice, role=Role.READER)
    with pytest.raises(Forbidden):
        estate.do(put_alarm_rule, reader, RULE)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"conditions": ()}, "conditions"),
        ({"conditions": (CONDITION,) * 11}, "conditions"),
        ({"name": " "}, "name"),
        ({"rule_id": ""}, "rule_id"),
        ({"silence_s": -1}, "silence_s"),
        ({"group_names": ("",)}, "group_names"),
        ({"webhook": "example.com"}, "webhook"),
        ({"watches": ((("vpcId", "x"),),)}, "watches[0]"),
        ({"watches": ((("instanceId", "x"), ("instanceId", "y")),)}, "watches[0]"),
        ({"effective": "6-20"}, "effective"),
        ({"silent": "24:00-25:00"}, "silent"),
        ({"namespace": "none"}, "namespace"),
    ],
)
def test_values_that_break_a_rule_are_refused(estate, alice, changes, field):
    """The field is named."""
    with pytest.raises(InvalidInput) as caught:
        estate.do(put_alarm_rule, alice, replace(RULE, **changes))
    assert caught.value.field == field


@pytest.mark.parametrize(
    "changes",
    [
        {"metric": "none"},
        {"metric": "ReceiveBandwidth", "statistic": Statistic.SUM},
        {"threshold": Decimal("Infinity")},
        {"threshold": Decimal("1e19")},
        {"threshold": Decimal("1e999999999")},
        {"threshold": Decimal("1e-999999999")},
        {"threshold": Decimal("sNaN")},
        {"times": 0},
        {"period_s": 61},
    ],
)
def test_conditions_that_break_a_rule_are_refused(estate, alice, changes):
    """By the place of the condition."""
    with pytest.raises(InvalidInput, match=r"conditions\[0\]"):
        estate.do(put_alarm_rule, alice, replace(RULE, conditions=(replace(CONDITION, **changes),)))


@pytest.mark.parametrize("text", ["", "00:00-23:59", "22:00-06:00", "05:31-23:30, +0800", "06:00 - 20:00"])
def test_parts_of_a_day(text):
    """Over midnight, too, and with a zone."""
    assert check_interval(text, "effective") == text


def test_rules_watch_what_their_owner_sees(estate, alice, bob, carol, vpcs):
    """Both sides of a connection, nobody else; order of names does not matter."""
    made = estate.peer(alice, bob, *vpcs, profile="alibaba")
    rule = replace(RULE, watches=((("userId", alice.uid), ("instanceId", made.id)),))
    assert estate.do(put_alarm_rule, alice, rule).watches == (
        (("instanceId", made.id), ("userId", alice.uid)),
    )
    estate.do(put_alarm_rule, bob, replace(RULE, watches=((("instanceId", made.id),),)))
    for watches in (rule.watches, ((("instanceId", made.id),),)):
        with pytest.raises(NotFound):
            estate.do(put_alarm_rule, carol, replace(RULE, watches=watches))


def test_limits_hold_for_what_is_new(estate, alice):
    """A known rule may be put again when the account has as many as it may."""
    for name in ("alarm_rules_per_account", "contacts_per_account", "contact_groups_per_account"):
        estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name=name, limit=1))
    for use_case, one in (
        (put_alarm_rule, RULE),
        (put_contact, PutContact(name="a")),
        (put_contact_group, PutContactGroup(name="a")),
    ):
        estate.do(use_case, alice, one)
        estate.do(use_case, alice, one)
        other = replace(one, rule_id="r2") if one is RULE else replace(one, name="b")
        with pytest.raises(QuotaExceeded) as full:
            estate.do(use_case, alice, other)
        assert full.value.data["field"] == CALLER


def test_targets_are_bounded(estate, alice):
    """Five in one rule."""
    estate.do(put_alarm_rule, alice, RULE)
    targets = tuple(AlarmTarget(str(number), "acs:mns") for number in range(6))
    estate.do(put_alarm_targets, alice, PutAlarmTargets(rule_id="r1", targets=targets[:5]))
    with pytest.raises(InvalidInput):
        estate.do(put_alarm_targets, alice, PutAlarmTargets(rule_id="r1", targets=targets[5:]))


def test_groups_name_contacts_and_lose_those_that_go(estate, alice, bob):
    """Names are an account's own."""
    contact = PutContact(
        name="ops", mail="ops@example.com", sms="+86 138-0013-8000", webhook="https://example.com/x"
    )
    made = estate.do(put_contact, alice, contact)
    assert estate.do(put_contact, alice, contact) == made
    with pytest.raises(NotFound):
        estate.do(put_contact_group, bob, PutContactGroup(name="duty", contact_names=("ops",)))
    estate.do(put_contact_group, alice, PutContactGroup(name="duty", contact_names=("ops", "ops")))
    assert find(estate, alice, get_contact_group, "duty").contact_names == ("ops",)
    estate.do(delete_contact, alice, DeleteContact(name="ops"))
    assert find(estate, alice, get_contact_group, "duty").contact_names == ()
    assert find(estate, alice, list_contacts) == []


@pytest.mark.parametrize("channel", [{"mail": "no"}, {"sms": "soon"}, {"webhook": "no"}, {"name": ""}])
def test_channels_are_checked(estate, alice, channel):
    """Each by its own form."""
    with pytest.raises(InvalidInput):
        estate.do(put_contact, alice, PutContact(**{"name": "ops", **channel}))
