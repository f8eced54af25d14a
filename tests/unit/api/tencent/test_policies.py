"""Policies of security groups and the rules that they stand for."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerway.api.tencent.products.vpc.policies import (
    MOST,
    floor,
    policies_of,
    read,
    read_ports,
    shape,
    specs_of,
    version_of,
    with_length,
)
from peerway.domain.errors import InvalidInput, QuotaExceeded
from peerway.domain.security import Direction, Protocol, RuleAction, SecurityRule, parse_ports

MADE_AT = datetime(2026, 11, 21, 8, 31, 54, tzinfo=UTC)


def rule_of(spec, number):
    """The rule that a specification becomes."""
    low, high = parse_ports(spec.port_range, Protocol(spec.protocol))
    return SecurityRule(
        id=f"sgr-{number}",
        owner_uid="1",
        created_at=MADE_AT,
        vpc_id="vpc-1",
        security_group_id="sg-1",
        direction=Direction(spec.direction),
        priority=spec.priority,
        action=RuleAction(spec.action),
        protocol=Protocol(spec.protocol),
        port_low=low,
        port_high=high,
        remote_cidr=ip_network(spec.remote_cidr) if spec.remote_cidr else None,
        remote_group_id=spec.remote_group_id,
        description=spec.description,
    )


def rules_of(specs):
    """Their rules."""
    return [rule_of(spec, number) for number, spec in enumerate(specs)]


asked = st.fixed_dictionaries(
    {"Action": st.sampled_from(["ACCEPT", "DROP"]), "Protocol": st.sampled_from(["TCP", "udp"])},
    optional={
        "Port": st.sampled_from(["80", "80,443", "8000-8010", "all", ""]),
        "CidrBlock": st.sampled_from(["10.0.0.0/8", "10.1.2.3", "0.0.0.0/0"]),
        "PolicyDescription": st.sampled_from(["", "way"]),
    },
)


@given(st.lists(asked, max_size=8), st.sampled_from(Direction))
def test_policies_become_rules_and_are_told_again(lines, way):
    """NET-7: in the same order, with the same ports and far sides; the other way and what drops the rest are not among them."""
    policies = [read(line) for line in lines]
    rules = rules_of([*specs_of(policies, way), *floor()])
    told = policies_of(rules, way)
    assert [replace(policy, made_at=None) for policy in told] == policies
    other = next(one for one in Direction if one is not way)
    assert policies_of(rules, other) == []


def test_a_policy_is_told_with_its_place_and_time():
    """API-3: no field is null."""
    (told,) = policies_of(
        rules_of(specs_of([read({"Action": "ACCEPT", "Ipv6CidrBlock": "::/0"})], Direction.INGRESS)),
        Direction.INGRESS,
    )
    answer = shape(told, 3)
    assert (answer["PolicyIndex"], answer["Ipv6CidrBlock"], answer["CidrBlock"]) == (3, "::/0", "")
    assert (answer["Protocol"], answer["Port"], answer["ModifyTime"]) == ("ALL", "ALL", "2026-11-21 16:31:54")
    assert None not in answer.values()


def test_rules_of_one_priority_are_told_drop_first():
    """NET-7: as they are looked at."""
    rules = rules_of(specs_of([read({"Action": "ACCEPT", "CidrBlock": "10.0.0.0/8"})], Direction.INGRESS))
    rules.append(replace(rules[0], id="sgr-x", action=RuleAction.DROP))
    assert [policy.action for policy in policies_of(rules, Direction.INGRESS)] == ["drop", "accept"]


def test_too_many_policies_are_refused():
    """NET-8: one fewer than there are priorities."""
    lines = [read({"Action": "ACCEPT", "CidrBlock": f"10.0.{n}.0/24"}) for n in range(MOST + 1)]
    specs_of(lines[:-1], Direction.INGRESS)
    with pytest.raises(QuotaExceeded):
        specs_of(lines, Direction.INGRESS)


@pytest.mark.parametrize(
    "more", [{"Ipv6CidrBlock": "::/0"}, {"SecurityGroupId": "sg-1"}, {"AddressTemplate": {"AddressId": "x"}}]
)
def test_there_is_one_far_side(more):
    """API-4."""
    with pytest.raises(InvalidInput):
        read({"Action": "ACCEPT", "CidrBlock": "10.0.0.0/8", **more})


def test_ports_and_ranges_are_read():
    """API-3."""
    assert read_ports("443, 80,80") == ("80", "443")
    assert read_ports("ALL") == (None,)
    assert with_length("10.0.0.1") == "10.0.0.1/32"
    assert with_length("fd00::1") == "fd00::1/128"
    assert with_length("0.0.0.0/8") == "0.0.0.0/0"


def test_the_version_is_that_of_the_rules():
    """API-3: in any order, and another one for others."""
    rules = rules_of(floor())
    assert version_of(rules) == version_of(rules[::-1])
    assert version_of(rules) != version_of(rules[:1])
    assert version_of([]) == "1"
