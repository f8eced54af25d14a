"""Rules of security groups, one by one or many at once, and who is in a group: what `security_groups` leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from peerway.app.store import Writer
from peerway.app.usecases.access import own, require_member
from peerway.app.usecases.fields import UNSET, Unset
from peerway.app.usecases.instances import UpdateInstance, update_instance
from peerway.app.usecases.security_groups import RuleSpec, decide_rule, rules_of, value_of
from peerway.app.usecases.storing import remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, Conflict, NotFound
from peerway.domain.security import SecurityGroup, SecurityRule
from peerway.domain.vpc import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSecurityRule:
    """Change a rule; its direction stays."""

    #: The rule.
    id: str
    #: New priority.
    priority: int | Unset = UNSET
    #: New action.
    action: str | Unset = UNSET
    #: New protocol.
    protocol: str | Unset = UNSET
    #: New ports.
    port_range: str | Unset | None = UNSET
    #: New range of the far side, which takes the place of a group.
    remote_cidr: str | Unset = UNSET
    #: New group of the far side, which takes the place of a range.
    remote_group_id: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSecurityRules:
    """Remove rules of one group, by their ids and by their values."""

    #: The group.
    security_group_id: str
    #: Ids.
    ids: tuple[str, ...] = ()
    #: Values; a rule that is not there is no error.
    rules: tuple[RuleSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinSecurityGroup:
    """Put an instance into a group."""

    #: The group.
    id: str
    #: The instance.
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveSecurityGroup:
    """Take an instance out of a group."""

    #: The group.
    id: str
    #: The instance.
    instance_id: str


def find_security_rule(
    tx: Writer, world: World, caller: Caller, security_group_id: str, spec: RuleSpec
) -> SecurityRule | None:
    """The rule of the group that has these values; None when there is none."""
    group = own(tx, caller, SecurityGroup, security_group_id, "security_group_id")
    wanted = value_of(decide_rule(tx, world, caller, group, spec))
    return next((rule for rule in rules_of(tx, group.id) if value_of(rule) == wanted), None)


def update_security_rule(
    tx: Writer, world: World, caller: Caller, request: UpdateSecurityRule
) -> SecurityRule:
    """Change a rule; `AlreadyExists` when the group has one of the new values already."""
    require_member(caller)
    before = own(tx, caller, SecurityRule, request.id)
    group = own(tx, caller, SecurityGroup, before.security_group_id)
    asked: dict[str, Any] = {name: value for name, value in _values(request) if value is not UNSET}
    spec = replace(_spec_of(before), **asked)
    if request.remote_group_id is not UNSET and request.remote_cidr is UNSET:
        spec = replace(spec, remote_cidr=None)
    elif request.remote_cidr is not UNSET and request.remote_group_id is UNSET:
        spec = replace(spec, remote_group_id=None)
    kept: dict[str, Any] = {"id": before.id, "created_at": before.created_at, "revision": before.revision}
    after = replace(decide_rule(tx, world, caller, group, spec), **kept)
    if any(value_of(rule) == value_of(after) for rule in rules_of(tx, group.id) if rule.id != before.id):
        raise AlreadyExists("the group has such a rule", code="rule_exists", field="rules")
    return replace_stored(tx, caller, before, after)


def delete_security_rules(
    tx: Writer, world: World, caller: Caller, request: DeleteSecurityRules
) -> list[SecurityRule]:
    """Remove rules, all or none; `NotFound` for an id that the group has not."""
    require_member(caller)
    group = own(tx, caller, SecurityGroup, request.security_group_id, "security_group_id")
    present = rules_of(tx, group.id)
    missing = [id for id in request.ids if id not in {rule.id for rule in present}]
    if missing:
        raise NotFound("security_rule", missing[0][:64], field="ids")
    wanted = {value_of(decide_rule(tx, world, caller, group, spec)) for spec in request.rules}
    gone = [rule for rule in present if rule.id in request.ids or value_of(rule) in wanted]
    for rule in gone:
        remove(tx, caller, rule)
    return gone


def join_security_group(tx: Writer, world: World, caller: Caller, request: JoinSecurityGroup) -> Instance:
    """Put an instance into a group; `AlreadyExists` when it is in it."""
    require_member(caller)
    group = own(tx, caller, SecurityGroup, request.id)
    instance = own(tx, caller, Instance, request.instance_id, "instance_id")
    if group.id in instance.security_group_ids:
        raise AlreadyExists(f"{instance.id} is in {group.id} already", code="in_group", field="instance_id")
    groups = (*instance.security_group_ids, group.id)
    return update_instance(tx, world, caller, UpdateInstance(id=instance.id, security_group_ids=groups))


def leave_security_group(tx: Writer, world: World, caller: Caller, request: LeaveSecurityGroup) -> Instance:
    """Take an instance out of a group, and not out of its last one: without any, nothing would be filtered."""
    require_member(caller)
    group = own(tx, caller, SecurityGroup, request.id)
    instance = own(tx, caller, Instance, request.instance_id, "instance_id")
    groups = tuple(id for id in instance.security_group_ids if id != group.id)
    if groups == instance.security_group_ids:
        raise Conflict(f"{instance.id} is not in {group.id}", code="not_in_group", field="instance_id")
    if not groups:
        raise Conflict(
            f"{group.id} is the last group of {instance.id}", code="last_group", field="instance_id"
        )
    return update_instance(tx, world, caller, UpdateInstance(id=instance.id, security_group_ids=groups))


def _values(request: UpdateSecurityRule) -> Iterator[tuple[str, object]]:
    """What the request says of the rule."""
    return ((one.name, getattr(request, one.name)) for one in fields(request) if one.name != "id")


def _spec_of(rule: SecurityRule) -> RuleSpec:
    """The rule as a request gives it."""
    every = (rule.port_low, rule.port_high) == (0, 65535)
    return RuleSpec(
        direction=rule.direction,
        priority=rule.priority,
        action=rule.action,
        protocol=rule.protocol,
        port_range=None if every else f"{rule.port_low}/{rule.port_high}",
        remote_cidr=None if rule.remote_cidr is None else str(rule.remote_cidr),
        remote_group_id=rule.remote_group_id,
        description=rule.description,
    )
