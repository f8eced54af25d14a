"""Rules of security groups: flat parameters or `Permissions.N`, the cloud's words for policies, protocols and ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from peerway.api.alibaba.products.ecs.product import PRODUCT
from peerway.api.alibaba.products.ecs.shared import require_here, time_of
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, WriteCall
from peerway.api.clouds.parameters import WHOLE, Given
from peerway.app.usecases.security_groups import get_security_group
from peerway.app.usecases.security_rule_specs import RuleSpec
from peerway.app.usecases.security_rules import (
    CreateSecurityRules,
    DeleteSecurityRules,
    UpdateSecurityRule,
    create_security_rules,
    delete_security_rules,
    find_security_rule,
    update_security_rule,
)
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.security import Direction, SecurityGroup, SecurityRule

INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS


@PRODUCT.writes("AuthorizeSecurityGroup")
def authorize_security_group(call: WriteCall, given: Given) -> Answer:
    """Add rules for packets towards the group's members; those that are there already are no error."""
    return _authorize(call, given, INGRESS)


@PRODUCT.writes("AuthorizeSecurityGroupEgress")
def authorize_security_group_egress(call: WriteCall, given: Given) -> Answer:
    """Add rules for packets from the group's members."""
    return _authorize(call, given, EGRESS)


@PRODUCT.writes("RevokeSecurityGroup")
def revoke_security_group(call: WriteCall, given: Given) -> Answer:
    """Remove rules by their ids, or by their values: then one that is not there is no error."""
    return _revoke(call, given, INGRESS)


@PRODUCT.writes("RevokeSecurityGroupEgress")
def revoke_security_group_egress(call: WriteCall, given: Given) -> Answer:
    """Remove rules for packets from the group's members."""
    return _revoke(call, given, EGRESS)


@PRODUCT.writes("ModifySecurityGroupRule")
def modify_security_group_rule(call: WriteCall, given: Given) -> Answer:
    """Change a rule that is named by its id; of one that is named by its values, the description."""
    return _modify(call, given, INGRESS)


@PRODUCT.writes("ModifySecurityGroupEgressRule")
def modify_security_group_egress_rule(call: WriteCall, given: Given) -> Answer:
    """Change a rule for packets from the group's members."""
    return _modify(call, given, EGRESS)


def group_here(call: AnyCall, id: str) -> SecurityGroup:
    """The group, in the region that the request names."""
    return require_here(call, call.use(get_security_group, id))


def rule_shown(rule: SecurityRule) -> dict[str, Any]:
    """A rule as answers have it."""
    ingress = rule.direction is INGRESS
    near, far = ("Dest", "Source") if ingress else ("Source", "Dest")
    cidr, version = (str(rule.remote_cidr), rule.remote_cidr.version) if rule.remote_cidr else ("", 0)
    every = (rule.port_low, rule.port_high) == (0, 65535)
    return {
        "SecurityGroupRuleId": rule.id,
        "Direction": rule.direction.value,
        "IpProtocol": rule.protocol.value.upper(),
        "PortRange": "-1/-1" if every else f"{rule.port_low}/{rule.port_high}",
        "Policy": PRODUCT.extra["policies"][rule.action.value],
        "Priority": str(rule.priority),
        "NicType": "intranet",
        "Description": rule.description,
        "CreateTime": time_of(rule.created_at),
        f"{far}CidrIp": cidr if version == 4 else "",
        f"Ipv6{far}CidrIp": cidr if version == 6 else "",
        f"{near}CidrIp": "",
        f"Ipv6{near}CidrIp": "",
        "SourceGroupId": rule.remote_group_id or "" if ingress else "",
        "DestGroupId": "" if ingress else rule.remote_group_id or "",
        "SourceGroupOwnerAccount": "",
        "DestGroupOwnerAccount": "",
        "SourceGroupName": "",
        "DestGroupName": "",
        "SourcePortRange": "",
        "SourcePrefixListId": "",
        "DestPrefixListId": "",
    }


def _authorize(call: WriteCall, given: Given, direction: Direction) -> Answer:
    group = group_here(call, given["SecurityGroupId"])
    rules = tuple(_specs(given, direction))
    token = given.get("ClientToken")
    request = CreateSecurityRules(
        security_group_id=group.id, rules=rules, keep_present=True, client_token=token
    )
    call.use(create_security_rules, request)
    return None


def _revoke(call: WriteCall, given: Given, direction: Direction) -> Answer:
    group = group_here(call, given["SecurityGroupId"])
    ids: Sequence[str] = given.get("SecurityGroupRuleId", ())
    rules = () if ids else tuple(_specs(given, direction))
    call.use(
        delete_security_rules, DeleteSecurityRules(security_group_id=group.id, ids=tuple(ids), rules=rules)
    )
    return None


def _modify(call: WriteCall, given: Given, direction: Direction) -> Answer:
    group = group_here(call, given["SecurityGroupId"])
    asked = _values(given, direction)
    if "SecurityGroupRuleId" in given:
        call.use(update_security_rule, UpdateSecurityRule(id=given["SecurityGroupRuleId"], **asked))
        return None
    rule = call.list(find_security_rule, group.id, RuleSpec(direction=direction, **asked))
    if rule is None:
        raise NotFound("security_rule", group.id)
    call.use(update_security_rule, UpdateSecurityRule(id=rule.id, description=asked.get("description", "")))
    return None


def _specs(given: Given, direction: Direction) -> Iterator[RuleSpec]:
    """The rules of a request; a single one where its values come flat."""
    for one in given.get("Permissions") or [given]:
        # Without a protocol, ports or a far side there is no rule, whatever the defaults are.
        if not one.get("IpProtocol"):
            raise InvalidInput("IpProtocol", "is required", code="missing")
        yield RuleSpec(direction=direction, **_values(one, direction))


def _values(one: Mapping[str, Any], direction: Direction) -> dict[str, Any]:
    """The values that are given of a rule, by the fields of our requests."""
    names: Mapping[str, Any] = PRODUCT.extra["rules"][direction.value]
    for name in names["refused"]:
        if one.get(name):
            raise InvalidInput(
                name,
                "rules name the far side and ports of the near side only",
                one[name],
                code="not_supported",
            )
    cidr = next((one[name] for name in names["cidr"] if one.get(name)), None)
    found = {
        "protocol": one.get("IpProtocol", "").lower(),
        "port_range": one.get("PortRange"),
        "action": one.get("Policy", "").lower(),
        "priority": _priority(one.get("Priority")),
        "remote_cidr": cidr,
        "remote_group_id": one.get(names["group"]),
        "description": one.get("Description"),
    }
    return {field: value for field, value in found.items() if value not in {None, ""}}


def _priority(text: str | None) -> int | None:
    if not text:
        return None
    if not WHOLE.fullmatch(text):
        raise InvalidInput("Priority", "must be a whole number", text, code="wrong_type")
    return int(text)
