"""Network security groups and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.services.places import in_vpcs_here, inside_here, vpc_here
from peerway.api.jdcloud.services.shaping import (
    changed_texts,
    filters_of,
    own_page,
    part_of,
    time_of,
)
from peerway.api.jdcloud.services.vpc.product import KIND, PRODUCT
from peerway.api.jdcloud.services.vpc.words import meaning, ports_of, word
from peerway.app.store import where
from peerway.app.usecases.fields import UNSET
from peerway.app.usecases.security_groups import (
    CreateSecurityGroup,
    DeleteSecurityGroup,
    UpdateSecurityGroup,
    create_security_group,
    delete_security_group,
    get_security_group,
    update_security_group,
)
from peerway.app.usecases.security_rule_specs import RuleSpec, rules_of
from peerway.app.usecases.security_rules import (
    CreateSecurityRules,
    DeleteSecurityRules,
    UpdateSecurityRule,
    create_security_rules,
    delete_security_rules,
    update_security_rule,
)
from peerway.domain.errors import NotFound
from peerway.domain.security import Protocol, SecurityGroup, SecurityRule
from peerway.domain.vpc import Instance


@PRODUCT.writes("createNetworkSecurityGroup")
def create_group(call: WriteCall, given: Given) -> Answer:
    """Make a group; its members reach each other by its rules alone."""
    request = CreateSecurityGroup(
        vpc_id=vpc_here(call, KIND, given["vpcId"]).id,
        name=given["networkSecurityGroupName"],
        description=given.get("description", ""),
        inner_access=False,
    )
    return {"networkSecurityGroupId": call.use(create_security_group, request).id}


@PRODUCT.reads("describeNetworkSecurityGroups")
def describe_groups(call: ReadCall, given: Given) -> Answer:
    """The caller's groups in the region."""
    filters = filters_of(PRODUCT, "describeNetworkSecurityGroups", given)
    page = own_page(
        call,
        given,
        SecurityGroup,
        *filters.conditions,
        *in_vpcs_here(call, KIND),
    )
    return {
        "networkSecurityGroups": [_group(call, group) for group in page.items],
        "totalCount": page.total,
    }


@PRODUCT.reads("describeNetworkSecurityGroup")
def describe_group(call: ReadCall, given: Given) -> Answer:
    """One group with its rules."""
    return {"networkSecurityGroup": _group(call, _here(call, given))}


@PRODUCT.writes("modifyNetworkSecurityGroup")
def modify_group(call: WriteCall, given: Given) -> Answer:
    """Change a group's texts."""
    request = UpdateSecurityGroup(
        id=_here(call, given).id,
        **changed_texts(given, "networkSecurityGroupName"),
    )
    call.use(update_security_group, request)
    return None


@PRODUCT.writes("deleteNetworkSecurityGroup")
def delete_group(call: WriteCall, given: Given) -> Answer:
    """Delete a group that nobody is in."""
    call.use(delete_security_group, DeleteSecurityGroup(id=_here(call, given).id))
    return None


@PRODUCT.writes("addNetworkSecurityGroupRules")
def add_rules(call: WriteCall, given: Given) -> Answer:
    """Add rules, all or none."""
    specs = tuple(_spec(spec) for spec in given["networkSecurityGroupRuleSpecs"])
    request = CreateSecurityRules(security_group_id=_here(call, given).id, rules=specs)
    made = call.use(create_security_rules, request)
    call.wakes_worker = True
    return {"securityGroupRules": [_rule(rule) for rule in made]}


@PRODUCT.writes("modifyNetworkSecurityGroupRules")
def modify_rules(call: WriteCall, given: Given) -> Answer:
    """Change rules, all or none; their directions stay."""
    group = _here(call, given)
    rules = {rule.id: rule for rule in rules_of(call.tx, group.id)}
    for spec in given["modifySecurityGroupRuleSpecs"]:
        rule = rules.get(spec["ruleId"])
        if rule is None:
            raise NotFound("security_rule", spec["ruleId"][:64], field="ruleId")
        call.use(update_security_rule, _change(rule, spec))
    call.wakes_worker = True
    return None


@PRODUCT.writes("removeNetworkSecurityGroupRules")
def remove_rules(call: WriteCall, given: Given) -> Answer:
    """Remove rules, all or none."""
    request = DeleteSecurityRules(security_group_id=_here(call, given).id, ids=tuple(given["ruleIds"]))
    call.use(delete_security_rules, request)
    call.wakes_worker = True
    return None


@PRODUCT.reads("describeNetworkSecurityGroupRules")
def describe_rules(call: ReadCall, given: Given) -> Answer:
    """The rules of a group."""
    group = _here(call, given)
    filters = filters_of(PRODUCT, "describeNetworkSecurityGroupRules", given)
    kept = [shown for rule in rules_of(call.tx, group.id) if filters.matches(shown := _rule(rule))]
    return {"securityGroupRules": list(part_of(kept, given)), "totalCount": len(kept)}


def _here(call: AnyCall, given: Given) -> SecurityGroup:
    id = given["networkSecurityGroupId"]
    return inside_here(call, KIND, get_security_group, id, "networkSecurityGroupId")


def _spec(spec: Mapping[str, Any]) -> RuleSpec:
    protocol = Protocol(meaning("protocols", spec["protocol"], "protocol"))
    return RuleSpec(
        direction=meaning("directions", spec["direction"], "direction"),
        priority=spec.get("priority", 1),
        action=meaning("rule_actions", spec.get("ruleAction", "ALLOW").upper(), "ruleAction"),
        protocol=protocol,
        port_range=ports_of(spec, protocol),
        remote_cidr=spec["addressPrefix"],
        description=spec.get("description", ""),
    )


def _change(rule: SecurityRule, spec: Mapping[str, Any]) -> UpdateSecurityRule:
    protocol, ports = rule.protocol, spec.keys() & {"fromPort", "toPort", "protocol"}
    if "protocol" in spec:
        protocol = Protocol(meaning("protocols", spec["protocol"], "protocol"))
    action = spec.get("ruleAction")
    return UpdateSecurityRule(
        id=rule.id,
        priority=spec.get("priority", UNSET),
        action=UNSET if action is None else meaning("rule_actions", action.upper(), "ruleAction"),
        protocol=protocol,
        port_range=ports_of(spec, protocol) if ports else UNSET,
        remote_cidr=spec.get("addressPrefix", UNSET),
        description=spec.get("description", UNSET),
    )


def _group(call: AnyCall, group: SecurityGroup) -> dict[str, Any]:
    rules = call.tx.select(SecurityRule, where("security_group_id", group.id))
    members = call.tx.select(Instance, where("vpc_id", group.vpc_id))
    return {
        "networkSecurityGroupId": group.id,
        "networkSecurityGroupName": group.name,
        "description": group.description,
        "vpcId": group.vpc_id,
        "securityGroupRules": [_rule(rule) for rule in rules],
        "createdTime": time_of(group.created_at),
        "networkSecurityGroupType": "custom",
        "networkInterfaceIds": [one.id for one in members if group.id in one.security_group_ids],
    }


def _rule(rule: SecurityRule) -> dict[str, Any]:
    ported = rule.protocol.has_ports
    return {
        "ruleId": rule.id,
        "direction": word("directions", rule.direction),
        "ruleAction": word("rule_actions", rule.action),
        "priority": rule.priority,
        "protocol": word("protocols", rule.protocol),
        "addressPrefixType": "CIDR",
        "addressPrefix": str(rule.remote_cidr or ""),
        "ipVersion": rule.remote_cidr.version if rule.remote_cidr else 4,
        "fromPort": max(1, rule.port_low) if ported else 0,
        "toPort": rule.port_high if ported else 0,
        "createdTime": time_of(rule.created_at),
        "description": rule.description,
        "ruleType": "custom",
    }
