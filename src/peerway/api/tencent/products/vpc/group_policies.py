"""The policies of a security group: told, made, changed and removed by their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.products.vpc import policies
from peerway.api.tencent.products.vpc.policies import WAYS, Policy, floor, policies_of, spec_of, specs_of
from peerway.api.tencent.products.vpc.product import PRODUCT
from peerway.app.store import where
from peerway.app.usecases.security_groups import get_security_group
from peerway.app.usecases.security_rule_specs import RuleSpec
from peerway.app.usecases.security_rules import (
    CreateSecurityRules,
    DeleteSecurityRule,
    create_security_rules,
    delete_security_rule,
)
from peerway.domain.errors import Conflict, InvalidInput, NotFound
from peerway.domain.security import Direction, SecurityRule

#: The policies of each way.
Lines = dict[Direction, list[Policy]]

#: A told policy and its way, by the filters that look at them; values are in lower case.
FILTERS: Final[Mapping[str, Callable[[Mapping[str, Any], str, Sequence[str]], bool]]] = {
    "direction": lambda _, way, values: bool({"all", WORDS[way]} & set(values)),
    "poly": lambda told, _, values: bool({"all", told["Action"].lower()} & set(values)),
    "protocol-type": lambda told, _, values: told["Protocol"].lower() in values,
    "port": lambda told, _, values: any(value in told["Port"].lower() for value in values),
    "description": lambda told, _, values: any(
        value in told["PolicyDescription"].lower() for value in values
    ),
    "security-group-id": lambda told, _, values: told["SecurityGroupId"] in values,
    "ip": lambda told, _, values: any(
        value in f"{told['CidrBlock']} {told['Ipv6CidrBlock']}" for value in values
    ),
}
WORDS: Final[Mapping[str, str]] = {"Ingress": "inbound", "Egress": "outbound"}


@PRODUCT.reads("DescribeSecurityGroupPolicies")
def describe(call: ReadCall, given: Given) -> Answer:
    """All policies of a group, or those that filters let through."""
    rules = _rules(call, given["SecurityGroupId"])
    told = {
        way: [policies.shape(policy, place) for place, policy in enumerate(policies_of(rules, direction))]
        for way, direction in WAYS.items()
    }
    statistics = {
        f"{way}{version}TotalCount": sum(bool(one[field]) for one in told[way])
        for way in WAYS
        for version, field in (("IPv4", "CidrBlock"), ("IPv6", "Ipv6CidrBlock"))
    }
    kept = {
        way: [one for one in lines if _kept(one, way, given.get("Filters", ()))]
        for way, lines in told.items()
    }
    version = policies.version_of(rules)
    return {"SecurityGroupPolicySet": {"Version": version, **kept, "PolicyStatistics": statistics}}


@PRODUCT.writes("CreateSecurityGroupPolicies")
def create(call: WriteCall, given: Given) -> Answer:
    """Put policies in at a place, or after the others."""
    asked = given["SecurityGroupPolicySet"]
    way, new = _one_way(asked)
    lines = _lines(call, given["SecurityGroupId"], asked)
    place = next((one["PolicyIndex"] for one in new if "PolicyIndex" in one), len(lines[way]))
    if not 0 <= place <= len(lines[way]):
        raise InvalidInput("PolicyIndex", f"must be from 0 to {len(lines[way])}", place, code="limit_range")
    made = [policies.read(one) for one in new]
    if any(one.same_as(other) for one in made for other in lines[way]):
        raise Conflict("the group has such a policy", code="rule_exists")
    lines[way][place:place] = made
    _store(call, given["SecurityGroupId"], lines)
    return None


@PRODUCT.writes("ModifySecurityGroupPolicies")
def modify(call: WriteCall, given: Given) -> Answer:
    """Give a group other policies: of the ways that are named, or, with version 0, none at all."""
    asked = given["SecurityGroupPolicySet"]
    if asked.get("Version") == "0":
        _store(call, given["SecurityGroupId"], {way: [] for way in Direction})
        return None
    _lines(call, given["SecurityGroupId"], asked)
    write_policies(call, given["SecurityGroupId"], asked)
    return None


@PRODUCT.writes("ReplaceSecurityGroupPolicies")
def replace(call: WriteCall, given: Given) -> Answer:
    """Put other policies in the places of some."""
    asked = given["SecurityGroupPolicySet"]
    way, new = _one_way(asked)
    lines = _lines(call, given["SecurityGroupId"], asked)
    for one in new:
        lines[way][_place(lines[way], one)] = policies.read(one)
    _store(call, given["SecurityGroupId"], lines)
    return None


@PRODUCT.writes("DeleteSecurityGroupPolicies")
def delete(call: WriteCall, given: Given) -> Answer:
    """Remove policies, by their places or by what they say."""
    asked = given["SecurityGroupPolicySet"]
    way, gone = _one_way(asked)
    lines = _lines(call, given["SecurityGroupId"], asked)
    places = {_place(lines[way], one) for one in gone}
    lines[way] = [policy for place, policy in enumerate(lines[way]) if place not in places]
    _store(call, given["SecurityGroupId"], lines)
    return None


def write_policies(call: WriteCall, group_id: str, asked: Given) -> None:
    """Give a group the policies of a request, each way that it names."""
    lines = {way: policies_of(_rules(call, group_id), way) for way in Direction}
    lines |= {way: [policies.read(one) for one in asked[name]] for name, way in WAYS.items() if name in asked}
    _store(call, group_id, lines)


def replace_rules(call: WriteCall, group_id: str, wanted: Sequence[RuleSpec]) -> None:
    """Bring a group to these rules; those that stay the same stay the rules they are."""
    missing = dict.fromkeys(wanted)
    for rule in _rules(call, group_id):
        if spec_of(rule) in missing:
            del missing[spec_of(rule)]
        else:
            call.use(delete_security_rule, DeleteSecurityRule(id=rule.id))
    if missing:
        call.use(create_security_rules, CreateSecurityRules(security_group_id=group_id, rules=tuple(missing)))


def _rules(call: AnyCall, group_id: str) -> list[SecurityRule]:
    group = call.use(get_security_group, group_id)
    rules: list[SecurityRule] = call.tx.select(SecurityRule, where("security_group_id", group.id))
    return rules


def _lines(call: AnyCall, group_id: str, asked: Given) -> Lines:
    """The group's policies; `Conflict` when a request is about others than these."""
    rules = _rules(call, group_id)
    if asked.get("Version") and asked["Version"] != policies.version_of(rules):
        raise Conflict("the policies were changed meanwhile", code="version_mismatch", id=group_id)
    return {way: policies_of(rules, way) for way in Direction}


def _store(call: WriteCall, group_id: str, lines: Lines) -> None:
    rules = [spec for way in Direction for spec in specs_of(lines[way], way)]
    replace_rules(call, group_id, (*rules, *floor()))


def _one_way(asked: Given) -> tuple[Direction, Sequence[Given]]:
    """The way that a request is about: no more than one."""
    named = [name for name in WAYS if asked.get(name)]
    if not named:
        raise InvalidInput("SecurityGroupPolicySet", "is required", code="missing")
    if len(named) > 1:
        raise InvalidInput("Ingress", "must not be given beside Egress", code="coexist")
    return WAYS[named[0]], asked[named[0]]


def _place(lines: Sequence[Policy], one: Given) -> int:
    """The place of the policy that a request means."""
    if "PolicyIndex" in one:
        place = int(one["PolicyIndex"])
        if not 0 <= place < len(lines):
            raise NotFound("policy", str(place), field="PolicyIndex")
        return place
    meant = policies.read(one)
    for place, policy in enumerate(lines):
        if policy.same_as(meant):
            return place
    raise NotFound("policy", meant.cidr or meant.group_id or "")


def _kept(told: Mapping[str, Any], way: str, filters: Sequence[Given]) -> bool:
    for one in filters:
        fits = FILTERS.get(one["Name"])
        if fits is None:
            raise InvalidInput("Filters", "must be known", one["Name"], code="filter_key")
        if not fits(told, way, [value.lower() for value in one["Values"]]):
            return False
    return True
