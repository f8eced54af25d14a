"""Rules that are changed, found by their values and removed together, and who is in a group (NET-7)."""

import pytest

from peerway.app.usecases.security_groups import (
    CreateSecurityGroup,
    JoinSecurityGroup,
    LeaveSecurityGroup,
    create_security_group,
    join_security_group,
    leave_security_group,
)
from peerway.app.usecases.security_rule_specs import RuleSpec
from peerway.app.usecases.security_rules import (
    CreateSecurityRules,
    DeleteSecurityRules,
    UpdateSecurityRule,
    create_security_rules,
    delete_security_rules,
    update_security_rule,
)
from peerway.domain.errors import AlreadyExists, Conflict, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.security import Protocol, RuleAction, SecurityRule

WEB = RuleSpec(direction="ingress", protocol="tcp", port_range="80/80", remote_cidr="10.0.0.0/8")
PING = RuleSpec(direction="ingress", protocol="icmp", remote_cidr="10.0.0.0/8")


@pytest.fixture
def vpc(estate, alice):
    """A VPC."""
    return estate.vpc(alice)


@pytest.fixture
def group(estate, alice, vpc):
    """A group in it."""
    return estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=vpc.id))


def add(estate, caller, group, *specs, **fields):
    """Rules of the group."""
    request = CreateSecurityRules(security_group_id=group.id, rules=specs, **fields)
    return estate.do(create_security_rules, caller, request)


def test_rules_that_are_there_are_kept_when_asked_for(estate, alice, group):
    """Repeats make nothing and find what is there; they count neither twice nor against the limit."""
    made = add(estate, alice, group, WEB, PING, WEB, keep_present=True)
    assert [rule.id for rule in made] == [made[0].id, made[1].id, made[0].id]
    assert add(estate, alice, group, PING, keep_present=True) == [made[1]]
    assert len(estate.all(SecurityRule)) == 2
    many = [
        RuleSpec(direction="egress", protocol="tcp", port_range=f"{n}/{n}", remote_cidr="::/0")
        for n in range(1, estate.world.limits["rules_per_group"] - 1)
    ]
    add(estate, alice, group, *many, WEB, PING, keep_present=True)
    request = CreateSecurityRules(
        security_group_id=group.id,
        rules=(RuleSpec(direction="egress", remote_cidr="::/0"),),
        keep_present=True,
    )
    estate.refused(QuotaExceeded, create_security_rules, alice, request)


def test_rule_changes_in_what_is_given(estate, alice, group):
    """The rest stays; a group takes the place of a range and the other way round; id and direction never change."""
    (rule,) = add(estate, alice, group, WEB)
    changed = estate.do(
        update_security_rule, alice, UpdateSecurityRule(id=rule.id, port_range="443/443", priority=9)
    )
    assert (changed.port_low, changed.priority, changed.protocol) == (443, 9, Protocol.TCP)
    assert (changed.id, changed.direction, str(changed.remote_cidr)) == (
        rule.id,
        rule.direction,
        "10.0.0.0/8",
    )
    changed = estate.do(update_security_rule, alice, UpdateSecurityRule(id=rule.id, remote_group_id=group.id))
    assert (changed.remote_group_id, changed.remote_cidr) == (group.id, None)
    changed = estate.do(
        update_security_rule, alice, UpdateSecurityRule(id=rule.id, remote_cidr="10.0.0.0/9", action="drop")
    )
    assert (changed.remote_group_id, changed.action) == (None, RuleAction.DROP)


def test_rule_does_not_become_another_one(estate, alice, bob, group):
    """Values that the group has already are refused, and so are impossible ones and other accounts' rules."""
    web, ping = add(estate, alice, group, WEB, PING)
    same = UpdateSecurityRule(id=ping.id, protocol="tcp", port_range="80/80")
    assert estate.refused(AlreadyExists, update_security_rule, alice, same).code == "rule_exists"
    wrong = UpdateSecurityRule(id=web.id, protocol="icmp")
    estate.refused(InvalidInput, update_security_rule, alice, wrong)
    estate.refused(NotFound, update_security_rule, bob, UpdateSecurityRule(id=web.id, priority=2))


def test_rules_go_by_values_and_by_ids(estate, alice, group):
    """Values that no rule has are no error, ids that no rule of the group has are; then nothing goes."""
    web, ping = add(estate, alice, group, WEB, PING)
    other = RuleSpec(direction="ingress", protocol="udp", port_range="53/53", remote_cidr="10.0.0.0/8")
    by_value = DeleteSecurityRules(security_group_id=group.id, rules=(WEB, other))
    assert [rule.id for rule in estate.do(delete_security_rules, alice, by_value)] == [web.id]
    missing = DeleteSecurityRules(security_group_id=group.id, ids=(ping.id, "sgr-none"))
    estate.refused(NotFound, delete_security_rules, alice, missing)
    assert [rule.id for rule in estate.all(SecurityRule)] == [ping.id]
    estate.do(delete_security_rules, alice, DeleteSecurityRules(security_group_id=group.id, ids=(ping.id,)))
    assert estate.all(SecurityRule) == []


def test_instance_joins_and_leaves_groups_but_the_last(estate, alice, vpc, group):
    """Neither twice; and none leaves its last group, as nothing would filter it then."""
    other = estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=vpc.id))
    made = estate.instance(alice, estate.vswitch(alice, vpc), security_group_ids=(group.id,))
    join = JoinSecurityGroup(id=other.id, instance_id=made.id)
    last = LeaveSecurityGroup(id=group.id, instance_id=made.id)
    assert estate.refused(Conflict, leave_security_group, alice, last).code == "last_group"
    assert estate.do(join_security_group, alice, join).security_group_ids == (group.id, other.id)
    assert estate.refused(AlreadyExists, join_security_group, alice, join).code == "in_group"
    assert estate.do(leave_security_group, alice, last).security_group_ids == (other.id,)
    assert estate.refused(Conflict, leave_security_group, alice, last).code == "not_in_group"
