"""Rules of security groups as requests give them, and the values that make two of them the same (NET-7).

Owns what a rule may say; making, changing and removing rules is `security_rules`' business.
"""

from __future__ import annotations

from dataclasses import dataclass

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.fields import choose
from peerway.app.usecases.lending import lends_groups
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InvalidInput, NotFound
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
from peerway.domain.text import check_description, check_number


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


def spec_of(rule: SecurityRule) -> RuleSpec:
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


def value_of(rule: SecurityRule) -> tuple[object, ...]:
    """What makes two rules the same: all that decides about packets."""
    remote = (rule.remote_cidr, rule.remote_group_id)
    return (rule.direction, rule.priority, rule.action, rule.protocol, rule.port_low, rule.port_high, *remote)


def rules_of(tx: Reader, group_id: str) -> list[SecurityRule]:
    """The rules of a group."""
    return tx.select(SecurityRule, where("security_group_id", group_id))
