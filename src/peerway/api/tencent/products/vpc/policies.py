"""Policies of security groups: an ordered list each way here, rules with priorities in this installation.

The first policy has priority 1. One with several ports is as many rules of one priority. What no policy meets is dropped both
ways: ingress by itself, egress by two rules of the last priority that are not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zlib import crc32

from peerway.api.tencent.shapes import time_text
from peerway.app.usecases.security_rule_specs import RuleSpec
from peerway.domain.errors import InvalidInput, QuotaExceeded
from peerway.domain.prefixes import Prefix
from peerway.domain.security import Direction, Protocol, RuleAction, SecurityRule

#: Lowest priority, and the description of the rules that have it.
LAST: Final = 100
UNMATCHED: Final = "no policy met"
#: Most policies each way.
MOST: Final = LAST - 1

ANYWHERE: Final = ("0.0.0.0/0", "::/0")

#: What the cloud calls each way, and its word for it in filters.
WAYS: Final[Mapping[str, Direction]] = {"Ingress": Direction.INGRESS, "Egress": Direction.EGRESS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One line of a group."""

    #: `accept` or `drop`.
    action: str
    #: As rules have it.
    protocol: str
    #: Ranges of ports; None for all.
    ports: tuple[str | None, ...]
    #: Range of the far side, or None.
    cidr: str | None
    #: Group of the far side, or None.
    group_id: str | None
    #: Free text.
    description: str = ""
    #: When it was made; None for a new one.
    made_at: datetime | None = None

    def same_as(self, other: Policy) -> bool:
        """Whether both mean the same packets and do the same with them."""
        return replace(self, description="", made_at=None) == replace(other, description="", made_at=None)


def floor() -> tuple[RuleSpec, ...]:
    """The rules that drop what no policy of the way out meets."""
    return tuple(
        RuleSpec(
            direction=Direction.EGRESS,
            priority=LAST,
            action=RuleAction.DROP,
            remote_cidr=cidr,
            description=UNMATCHED,
        )
        for cidr in ANYWHERE
    )


def policies_of(rules: Iterable[SecurityRule], way: Direction) -> list[Policy]:
    """The policies of a way that rules stand for, in the order in which they are looked at."""
    mine = [rule for rule in rules if rule.direction is way and not _is_floor(rule)]
    # At one priority drop comes before accept.
    mine.sort(key=lambda rule: (rule.priority, rule.action is RuleAction.ACCEPT))
    lines: dict[tuple[object, ...], list[SecurityRule]] = {}
    for rule in mine:
        far = (rule.remote_cidr, rule.remote_group_id)
        lines.setdefault((rule.priority, rule.action, rule.protocol, far, rule.description), []).append(rule)
    return [_policy(line) for line in lines.values()]


def specs_of(policies: Sequence[Policy], way: Direction) -> list[RuleSpec]:
    """The rules that policies come to; `QuotaExceeded` for too many."""
    if len(policies) > MOST:
        scope = f"the group's {way.value}"
        error = QuotaExceeded("policies", MOST, len(policies), scope=scope, field="policies")
        error.code = "too_many_policies"
        raise error
    return [
        RuleSpec(
            direction=way,
            priority=place,
            action=policy.action,
            protocol=policy.protocol,
            port_range=ports,
            remote_cidr=policy.cidr,
            remote_group_id=policy.group_id,
            description=policy.description,
        )
        for place, policy in enumerate(policies, 1)
        for ports in policy.ports
    ]


def spec_of(rule: SecurityRule) -> RuleSpec:
    """A rule as a request would give it."""
    return RuleSpec(
        direction=rule.direction,
        priority=rule.priority,
        action=rule.action,
        protocol=rule.protocol,
        port_range=_ports(rule),
        remote_cidr=None if rule.remote_cidr is None else str(rule.remote_cidr),
        remote_group_id=rule.remote_group_id,
        description=rule.description,
    )


def version_of(rules: Iterable[SecurityRule]) -> str:
    """A number that is another one after each change of the rules."""
    return str(crc32("".join(sorted(rule.id for rule in rules)).encode()) or 1)


def read(given: Mapping[str, Any]) -> Policy:
    """A policy of a request; without a far side it is anywhere."""
    for name in ("ServiceTemplate", "AddressTemplate"):
        if any(given.get(name, {}).values()):
            raise InvalidInput(name, "is not possible here: there are no templates", code="template")
    cidr, cidr6, group = (
        given.get(name) or None for name in ("CidrBlock", "Ipv6CidrBlock", "SecurityGroupId")
    )
    if sum(far is not None for far in (cidr, cidr6, group)) > 1:
        text = "must not be given beside Ipv6CidrBlock or SecurityGroupId"
        raise InvalidInput("CidrBlock", text, code="coexist")
    far = cidr or cidr6
    if group is None:
        far = with_length(far or ANYWHERE[0])
    return Policy(
        action=str(given.get("Action", "")).lower(),
        protocol=str(given.get("Protocol") or Protocol.ALL).lower(),
        ports=read_ports(given.get("Port")),
        cidr=far,
        group_id=group,
        description=given.get("PolicyDescription", ""),
    )


def with_length(cidr: str) -> str:
    """A range; a bare address is one of a single address, and `0.0.0.0/n` is everything."""
    if "/" not in cidr:
        return f"{cidr}/{128 if ':' in cidr else 32}"
    return ANYWHERE[0] if cidr.startswith("0.0.0.0/") else cidr


def read_ports(text: str | None) -> tuple[str | None, ...]:
    """`80`, `80-90`, `80,443` or `all`."""
    if not text or text.lower() == "all":
        return (None,)
    return tuple(sorted({part.strip() for part in text.split(",")}, key=_first_port))


def shape(policy: Policy, index: int) -> Mapping[str, Any]:
    """A policy as answers have it."""
    far = policy.cidr or ""
    ipv6 = ":" in far
    return {
        "PolicyIndex": index,
        "Protocol": policy.protocol.upper().replace("ICMPV6", "ICMPv6"),
        "Port": ",".join(ports or "ALL" for ports in policy.ports),
        "CidrBlock": "" if ipv6 else far,
        "Ipv6CidrBlock": far if ipv6 else "",
        "SecurityGroupId": policy.group_id or "",
        "AddressTemplate": {"AddressId": "", "AddressGroupId": ""},
        "ServiceTemplate": {"ServiceId": "", "ServiceGroupId": ""},
        "Action": policy.action.upper(),
        "PolicyDescription": policy.description,
        "ModifyTime": time_text(policy.made_at) if policy.made_at else "",
        "Priority": index + 1,
    }


def _policy(line: Sequence[SecurityRule]) -> Policy:
    first = line[0]
    ports = sorted({_ports(rule) for rule in line}, key=_first_port)
    return Policy(
        action=first.action.value,
        protocol=first.protocol.value,
        ports=tuple(ports),
        cidr=_text(first.remote_cidr),
        group_id=first.remote_group_id,
        description=first.description,
        made_at=first.created_at,
    )


def _is_floor(rule: SecurityRule) -> bool:
    return (rule.priority, rule.action, rule.description) == (LAST, RuleAction.DROP, UNMATCHED)


def _ports(rule: SecurityRule) -> str | None:
    if (rule.port_low, rule.port_high) == (0, 65535):
        return None
    return str(rule.port_low) if rule.port_low == rule.port_high else f"{rule.port_low}-{rule.port_high}"


def _first_port(text: str | None) -> tuple[int, str]:
    first = (text or "0").partition("-")[0]
    return (int(first) if first.isascii() and first.isdigit() else 0, text or "")


def _text(prefix: Prefix | None) -> str | None:
    return None if prefix is None else str(prefix)
