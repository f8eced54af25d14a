"""Alarm rules (MON-2): what is watched, what is too much, and who is told. Whether a rule fires is decided elsewhere.

Rules are put by an id of their owner's: a new id makes a rule, a known one replaces it. May not read samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import require_member
from peerway.app.usecases.alarm_parts import check_conditions, check_group_names, check_target, check_watches
from peerway.app.usecases.alarm_texts import (
    ID_LENGTH,
    TEXT_LENGTH,
    check_filled,
    check_id,
    check_interval,
    check_url,
)
from peerway.app.usecases.limits import CALLER, check_limit
from peerway.app.usecases.metrics import find_namespace
from peerway.app.usecases.storing import insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.alarm import AlarmRule, AlarmState, AlarmTarget, Condition, Dimensions
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.text import check_flag, check_number, check_text

#: Most machines that a rule tells.
MOST_TARGETS: Final = 5

#: Longest pause before an alarm is told again, s.
LONGEST_SILENCE_S: Final = 604_800


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAlarmRule:
    """Make a rule, or replace the one with that id."""

    #: Id that the owner calls it by; None for a fresh one.
    rule_id: str | None = None
    #: Display name.
    name: str
    #: Where the metrics' names come from.
    namespace: str
    #: Thresholds; a period of 0 is the namespace's usual one.
    conditions: tuple[Condition, ...]
    #: Whether all of one level have to hold, or any.
    all_conditions: bool = False
    #: What it watches; empty for everything of the account.
    watches: tuple[Dimensions, ...] = ()
    #: Names of the contact groups it tells.
    group_names: tuple[str, ...] = ()
    #: URL it calls.
    webhook: str = ""
    #: Subject of its mails.
    subject: str = ""
    #: When it may fire.
    effective: str = ""
    #: When it may not.
    silent: str = ""
    #: Pause before the same alarm is told again, s.
    silence_s: int = 86_400
    #: What no data mean.
    no_data: str = ""
    #: Whether it watches; None leaves a known rule as it is, and has a new one watch.
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchAlarmRules:
    """Switch rules on or off: all of them, or none when one is unknown."""

    #: Their owner's ids.
    rule_ids: tuple[str, ...]
    #: On or off.
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAlarmRules:
    """Delete rules: all of them, or none when one is unknown."""

    #: Their owner's ids.
    rule_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAlarmTargets:
    """Give a rule machines to tell; one with a known id replaces it."""

    #: Owner's id of the rule.
    rule_id: str
    #: The machines.
    targets: tuple[AlarmTarget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAlarmTargets:
    """Take machines off a rule; those that are not there are no error."""

    #: Owner's id of the rule.
    rule_id: str
    #: Ids of the machines.
    target_ids: tuple[str, ...]


def put_alarm_rule(tx: Writer, world: World, caller: Caller, request: PutAlarmRule) -> AlarmRule:
    """Make or replace a rule; what it said is forgotten when what it watches changes."""
    require_member(caller)
    namespace = find_namespace(world, request.namespace)
    before = _find(tx, caller, request.rule_id) if request.rule_id is not None else None
    id = before.id if before else world.entropy.new_id("alarm")
    rule = AlarmRule(
        id=id,
        owner_uid=caller.uid,
        created_at=before.created_at if before else tx.now,
        revision=before.revision if before else 0,
        rule_id=id if request.rule_id is None else check_id(request.rule_id),
        name=check_filled(request.name, "name", ID_LENGTH),
        profile=namespace.profile,
        namespace=namespace.name,
        conditions=check_conditions(world, namespace, request.conditions),
        all_conditions=check_flag(request.all_conditions, "all_conditions"),
        watches=check_watches(
            tx, world, caller, namespace, request.watches, before.watches if before else ()
        ),
        group_names=check_group_names(request.group_names),
        webhook=check_url(request.webhook, "webhook"),
        subject=check_text(request.subject, "subject", TEXT_LENGTH),
        effective=check_interval(request.effective, "effective"),
        silent=check_interval(request.silent, "silent"),
        silence_s=check_number(request.silence_s, "silence_s", 0, LONGEST_SILENCE_S),
        no_data=check_text(request.no_data, "no_data", TEXT_LENGTH),
        targets=before.targets if before else (),
        enabled=_enabled(request, before),
        changed_at=tx.now,
    )
    if before is None:
        used = tx.count(AlarmRule, where("owner_uid", caller.uid))
        check_limit(
            tx,
            world,
            "alarm_rules_per_account",
            caller.uid,
            used,
            scope=f"account {caller.uid}",
            field=CALLER,
        )
        return insert(tx, caller, rule)
    if _same_watch(before, rule):
        rule = replace(rule, state=before.state, state_since=before.state_since)
    return _keep(tx, caller, before, rule)


def get_alarm_rule(tx: Reader, world: World, caller: Caller, rule_id: str) -> AlarmRule:
    """A rule of the caller's by its owner's id."""
    return require_rules(tx, caller, (rule_id,))[0]


def list_alarm_rules(
    tx: Reader, world: World, caller: Caller, keep: Callable[[AlarmRule], bool] = lambda _: True
) -> list[AlarmRule]:
    """The caller's rules that `keep` keeps, in order of creation; there are as many as the limit allows."""
    return [rule for rule in tx.select(AlarmRule, where("owner_uid", caller.uid)) if keep(rule)]


def switch_alarm_rules(
    tx: Writer, world: World, caller: Caller, request: SwitchAlarmRules
) -> tuple[AlarmRule, ...]:
    """Switch rules on or off. One that is off has no data."""
    require_member(caller)
    enabled = check_flag(request.enabled, "enabled")
    return tuple(
        _keep(tx, caller, rule, _switched(rule, enabled=enabled))
        for rule in require_rules(tx, caller, request.rule_ids)
    )


def delete_alarm_rules(
    tx: Writer, world: World, caller: Caller, request: DeleteAlarmRules
) -> tuple[AlarmRule, ...]:
    """Delete rules."""
    require_member(caller)
    rules = require_rules(tx, caller, request.rule_ids)
    for rule in rules:
        remove(tx, caller, rule)
    return rules


def put_alarm_targets(tx: Writer, world: World, caller: Caller, request: PutAlarmTargets) -> AlarmRule:
    """Give a rule machines to tell."""
    require_member(caller)
    before = get_alarm_rule(tx, world, caller, request.rule_id)
    targets = {target.id: target for target in before.targets}
    for place, target in enumerate(request.targets):
        targets[target.id] = check_target(target, f"targets[{place}]")
    if len(targets) > MOST_TARGETS:
        raise InvalidInput("targets", f"must be at most {MOST_TARGETS} in one rule", len(targets))
    return _keep(tx, caller, before, replace(before, targets=tuple(targets.values()), changed_at=tx.now))


def delete_alarm_targets(tx: Writer, world: World, caller: Caller, request: DeleteAlarmTargets) -> AlarmRule:
    """Take machines off a rule."""
    require_member(caller)
    before = get_alarm_rule(tx, world, caller, request.rule_id)
    left = tuple(target for target in before.targets if target.id not in request.target_ids)
    return _keep(tx, caller, before, replace(before, targets=left, changed_at=tx.now))


def require_rules(tx: Reader, caller: Caller, rule_ids: Iterable[str]) -> tuple[AlarmRule, ...]:
    """The caller's rules by their owner's ids, each once; `NotFound` for the first that is not there."""
    own: Mapping[str, AlarmRule] = {
        rule.rule_id: rule for rule in tx.select(AlarmRule, where("owner_uid", caller.uid))
    }
    found: dict[str, AlarmRule] = {}
    for rule_id in rule_ids:
        if rule_id not in own:
            raise NotFound("alarm_rule", rule_id[:64], field="rule_id")
        found[rule_id] = own[rule_id]
    return tuple(found.values())


def _find(tx: Reader, caller: Caller, rule_id: str) -> AlarmRule | None:
    own = tx.select(AlarmRule, where("owner_uid", caller.uid))
    return next((rule for rule in own if rule.rule_id == rule_id), None)


def _enabled(request: PutAlarmRule, before: AlarmRule | None) -> bool:
    if request.enabled is None:
        return before is None or before.enabled
    return check_flag(request.enabled, "enabled")


def _same_watch(before: AlarmRule, after: AlarmRule) -> bool:
    """Whether what a rule said still holds."""

    def watch(rule: AlarmRule) -> tuple[object, ...]:
        return rule.namespace, rule.conditions, rule.all_conditions, rule.watches, rule.enabled

    return watch(before) == watch(after)


def _switched(rule: AlarmRule, *, enabled: bool) -> AlarmRule:
    if rule.enabled == enabled:
        return rule
    return replace(rule, enabled=enabled, state=AlarmState.NO_DATA, state_since=None)


def _keep(tx: Writer, caller: Caller, before: AlarmRule, after: AlarmRule) -> AlarmRule:
    """Store a rule; one that says the same keeps the time of its last change."""
    if replace(after, changed_at=before.changed_at) == before:
        return before
    return replace_stored(tx, caller, before, replace(after, changed_at=tx.now))
