"""Rules of security groups (NET-7), one by one or many at once. What a rule may say is `security_rule_specs`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member
from peerway.app.usecases.fields import UNSET, Unset
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.security_rule_specs import RuleSpec, decide_rule, rules_of, spec_of, value_of
from peerway.app.usecases.storing import (
    check_same_request,
    digest_of,
    idempotent,
    insert,
    remove,
    replace_stored,
)
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, NotFound
from peerway.domain.security import SecurityGroup, SecurityRule
from peerway.domain.text import check_token


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSecurityRule(RuleSpec):
    """Make one rule."""

    #: Group it belongs to.
    security_group_id: str
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSecurityRules:
    """Make several rules of one group, all or none."""

    #: Group they belong to.
    security_group_id: str
    #: The rules.
    rules: tuple[RuleSpec, ...]
    #: Whether rules that are there already are no error.
    keep_present: bool = False
    #: Makes repeats harmless.
    client_token: str | None = None


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
class DeleteSecurityRule:
    """Remove a rule."""

    #: The rule.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSecurityRules:
    """Remove rules of one group, by their ids and by their values."""

    #: The group.
    security_group_id: str
    #: Ids.
    ids: tuple[str, ...] = ()
    #: Values; a rule that is not there is no error.
    rules: tuple[RuleSpec, ...] = ()


def create_security_rule(
    tx: Writer, world: World, caller: Caller, request: CreateSecurityRule
) -> SecurityRule:
    """Make one rule."""
    require_member(caller)

    def run() -> SecurityRule:
        return _add_rules(tx, world, caller, request.security_group_id, (request,))[0]

    return idempotent(tx, caller, request.client_token, "create_security_rule", request, run, SecurityRule)


def create_security_rules(
    tx: Writer, world: World, caller: Caller, request: CreateSecurityRules
) -> list[SecurityRule]:
    """Make several rules, all or none; a repeat of the client token finds them again by their values."""
    require_member(caller)
    if request.client_token is None:
        return _add_rules(
            tx, world, caller, request.security_group_id, request.rules, keep_present=request.keep_present
        )
    token, digest = check_token(request.client_token), digest_of(request)
    known = tx.recall(caller.uid, token)
    if known is None:
        made = _add_rules(
            tx, world, caller, request.security_group_id, request.rules, keep_present=request.keep_present
        )
        tx.remember(caller.uid, token, "create_security_rules", digest, request.security_group_id)
        return made
    check_same_request(known, "create_security_rules", digest)
    group = own(tx, caller, SecurityGroup, request.security_group_id, "security_group_id")
    wanted = {value_of(decide_rule(tx, world, caller, group, spec)) for spec in request.rules}
    return [rule for rule in rules_of(tx, group.id) if value_of(rule) in wanted]


def get_security_rule(tx: Reader, world: World, caller: Caller, id: str) -> SecurityRule:
    """A rule of a group of the caller's."""
    return readable(tx, caller, SecurityRule, id)


def find_security_rule(
    tx: Writer, world: World, caller: Caller, security_group_id: str, spec: RuleSpec
) -> SecurityRule | None:
    """The rule of the group that has these values; None when there is none."""
    group = own(tx, caller, SecurityGroup, security_group_id, "security_group_id")
    wanted = value_of(decide_rule(tx, world, caller, group, spec))
    return next((rule for rule in rules_of(tx, group.id) if value_of(rule) == wanted), None)


def list_security_rules(
    tx: Reader,
    world: World,
    caller: Caller,
    security_group_id: str,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Page[SecurityRule]:
    """The rules of a group."""
    group = readable(tx, caller, SecurityGroup, security_group_id)
    return page(tx, SecurityRule, where("security_group_id", group.id), after=after, limit=limit)


def update_security_rule(
    tx: Writer, world: World, caller: Caller, request: UpdateSecurityRule
) -> SecurityRule:
    """Change a rule; `AlreadyExists` when the group has one of the new values already."""
    require_member(caller)
    before = own(tx, caller, SecurityRule, request.id)
    group = own(tx, caller, SecurityGroup, before.security_group_id)
    asked: dict[str, Any] = {name: value for name, value in _values(request) if value is not UNSET}
    spec = replace(spec_of(before), **asked)
    if request.remote_group_id is not UNSET and request.remote_cidr is UNSET:
        spec = replace(spec, remote_cidr=None)
    elif request.remote_cidr is not UNSET and request.remote_group_id is UNSET:
        spec = replace(spec, remote_group_id=None)
    kept: dict[str, Any] = {"id": before.id, "created_at": before.created_at, "revision": before.revision}
    after = replace(decide_rule(tx, world, caller, group, spec), **kept)
    if any(value_of(rule) == value_of(after) for rule in rules_of(tx, group.id) if rule.id != before.id):
        raise AlreadyExists("the group has such a rule", code="rule_exists", field="rules")
    return replace_stored(tx, caller, before, after)


def delete_security_rule(
    tx: Writer, world: World, caller: Caller, request: DeleteSecurityRule
) -> SecurityRule:
    """Remove a rule; connections that it let in end at once."""
    require_member(caller)
    rule = own(tx, caller, SecurityRule, request.id)
    remove(tx, caller, rule)
    return rule


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


def _add_rules(
    tx: Writer,
    world: World,
    caller: Caller,
    group_id: str,
    specs: Sequence[RuleSpec],
    *,
    keep_present: bool = False,
) -> list[SecurityRule]:
    """The rules made, and with `keep_present` those that are there already."""
    group = own(tx, caller, SecurityGroup, group_id, "security_group_id")
    rules = {value_of(rule): rule for rule in rules_of(tx, group.id)}
    decided = [decide_rule(tx, world, caller, group, spec) for spec in specs]
    adding = len({value_of(rule) for rule in decided} - rules.keys()) if keep_present else len(specs)
    check_limit(
        tx,
        world,
        "rules_per_group",
        group.owner_uid,
        len(rules),
        scope=group.id,
        field="security_group_id",
        adding=adding,
    )
    for rule in decided:
        if value_of(rule) not in rules:
            rules[value_of(rule)] = insert(tx, caller, rule)
        elif not keep_present:
            raise AlreadyExists("the group has such a rule", code="rule_exists", field="rules")
    return [rules[value_of(rule)] for rule in decided]


def _values(request: UpdateSecurityRule) -> Iterator[tuple[str, object]]:
    """What the request says of the rule."""
    return ((one.name, getattr(request, one.name)) for one in fields(request) if one.name != "id")
