"""Security groups and their rules (NET-7): stateful, on instances. Network ACLs are `network_acls`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given
from peerway.app.usecases.lending import lends_groups
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.pages import Page, own_page, page
from peerway.app.usecases.storing import (
    check_same_request,
    digest_of,
    idempotent,
    insert,
    remove,
    replace_stored,
)
from peerway.app.usecases.vpcs import joinable_vpc
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, InUse, InvalidInput, NotFound
from peerway.domain.prefixes import parse_prefix
from peerway.domain.security import (
    Direction,
    Protocol,
    RuleAction,
    SecurityGroup,
    SecurityRule,
    check_family,
    parse_ports,
)
from peerway.domain.text import check_description, check_flag, check_name, check_number, check_token
from peerway.domain.vpc import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSecurityGroup:
    """Make a security group."""

    #: VPC it belongs to.
    vpc_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Whether members reach each other without a rule.
    inner_access: bool = True
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSecurityGroup:
    """Change a security group."""

    #: The group.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: New value.
    inner_access: bool | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSecurityGroup:
    """Delete a group that nobody is in and no other group's rule names."""

    #: The group.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """One rule as a request gives it. Exactly one of `remote_cidr` and `remote_group_id` is given."""

    #: `ingress` or `egress`.
    direction: str
    #: 1 (first) to 100 (last).
    priority: int = 1
    #: `accept` or `drop`.
    action: str = RuleAction.ACCEPT
    #: `all`, `tcp`, `udp`, `icmp`, `icmpv6` or `gre`.
    protocol: str = Protocol.ALL
    #: `80/80`, `80-90`; None or `-1/-1` for all.
    port_range: str | None = None
    #: Range of the far side.
    remote_cidr: str | None = None
    #: Group of the same VPC whose members are the far side.
    remote_group_id: str | None = None
    #: Free text.
    description: str = ""


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
class DeleteSecurityRule:
    """Remove a rule."""

    #: The rule.
    id: str


def create_security_group(
    tx: Writer, world: World, caller: Caller, request: CreateSecurityGroup
) -> SecurityGroup:
    """Make a security group."""
    require_member(caller)

    def run() -> SecurityGroup:
        vpc = joinable_vpc(tx, caller, request.vpc_id)
        group = SecurityGroup(
            id=world.entropy.new_id("sg"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=vpc.id,
            name=check_name(request.name),
            description=check_description(request.description),
            inner_access=check_flag(request.inner_access, "inner_access"),
        )
        return insert(tx, caller, group)

    return idempotent(tx, caller, request.client_token, "create_security_group", request, run, SecurityGroup)


def get_security_group(tx: Reader, world: World, caller: Caller, id: str) -> SecurityGroup:
    """A group of the caller's."""
    return readable(tx, caller, SecurityGroup, id)


def list_security_groups(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[SecurityGroup]:
    """The caller's groups, of one VPC when it is named."""
    return own_page(
        tx, caller, SecurityGroup, all_accounts=all_accounts, after=after, limit=limit, vpc_id=vpc_id
    )


def update_security_group(
    tx: Writer, world: World, caller: Caller, request: UpdateSecurityGroup
) -> SecurityGroup:
    """Change texts and inner access."""
    require_member(caller)
    before = own(tx, caller, SecurityGroup, request.id)
    after = replace(before, **given(request, **TEXTS, inner_access=check_flag))
    return replace_stored(tx, caller, before, after)


def delete_security_group(
    tx: Writer, world: World, caller: Caller, request: DeleteSecurityGroup
) -> SecurityGroup:
    """Remove a group and its rules; `InUse` while an instance is in it or another group's rule of the VPC names it.

    A rule on the other side of a link that names it stays there and matches nothing.
    """
    require_member(caller)
    group = own(tx, caller, SecurityGroup, request.id)
    for instance in tx.select(Instance, where("vpc_id", group.vpc_id)):
        if group.id in instance.security_group_ids:
            raise InUse("security_group", group.id, "instance", instance.id)
    for rule in tx.select(SecurityRule, where("remote_group_id", group.id)):
        if rule.vpc_id == group.vpc_id and rule.security_group_id != group.id:
            raise InUse("security_group", group.id, "security_rule", rule.id)
    for rule in tx.select(SecurityRule, where("security_group_id", group.id)):
        tx.delete(rule)
    remove(tx, caller, group)
    return group


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


def get_security_rule(tx: Reader, world: World, caller: Caller, id: str) -> SecurityRule:
    """A rule of a group of the caller's."""
    return readable(tx, caller, SecurityRule, id)


def delete_security_rule(
    tx: Writer, world: World, caller: Caller, request: DeleteSecurityRule
) -> SecurityRule:
    """Remove a rule; connections that it let in end at once."""
    require_member(caller)
    rule = own(tx, caller, SecurityRule, request.id)
    remove(tx, caller, rule)
    return rule


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


def rules_of(tx: Reader, group_id: str) -> list[SecurityRule]:
    """The rules of a group."""
    return tx.select(SecurityRule, where("security_group_id", group_id))


def value_of(rule: SecurityRule) -> tuple[object, ...]:
    """What makes two rules the same: all that decides about packets."""
    remote = (rule.remote_cidr, rule.remote_group_id)
    return (rule.direction, rule.priority, rule.action, rule.protocol, rule.port_low, rule.port_high, *remote)


def decide_rule(
    tx: Writer, world: World, caller: Caller, group: SecurityGroup, spec: RuleSpec
) -> SecurityRule:
    """The rule that a request gives, checked."""
    protocol = choose(Protocol, spec.protocol, "protocol")
    low, high = parse_ports(spec.port_range, protocol)
    if (spec.remote_cidr is None) == (spec.remote_group_id is None):
        raise InvalidInput("remote_cidr", "or remote_group_id must be given, and only one of them")
    remote = None if spec.remote_cidr is None else parse_prefix(spec.remote_cidr, "remote_cidr")
    check_family(protocol, remote, "remote_cidr")
    return SecurityRule(
        id=world.entropy.new_id("sgr"),
        owner_uid=caller.uid,
        created_at=tx.now,
        vpc_id=group.vpc_id,
        security_group_id=group.id,
        direction=choose(Direction, spec.direction, "direction"),
        priority=check_number(spec.priority, "priority", 1, 100),
        action=choose(RuleAction, spec.action, "action"),
        protocol=protocol,
        port_low=low,
        port_high=high,
        remote_cidr=remote,
        remote_group_id=_remote_group(tx, caller, group, spec.remote_group_id),
        description=check_description(spec.description),
    )


def _remote_group(tx: Reader, caller: Caller, group: SecurityGroup, id: str | None) -> str | None:
    """A group of the same VPC, or one of another VPC that lends its groups over a link (whoever owns it)."""
    if id is None:
        return None
    remote = tx.get(SecurityGroup, id)
    near = remote is not None and remote.vpc_id == group.vpc_id and remote.owner_uid == caller.uid
    if remote is None or not (near or lends_groups(tx, remote.vpc_id, group.vpc_id)):
        raise NotFound("security_group", id[:64], field="remote_group_id")
    return remote.id
