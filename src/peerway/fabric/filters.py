"""Security groups and network ACLs to filters (NET-7).

Owns the order of rules and what a rule's words mean in packets. Nothing about routes may go in here.

`icmp` means the ICMP of the remote range's IP version: protocol 1 for IPv4 and 58 for IPv6, so that one rule for "ping" does what
its author meant on both. `icmpv6` means protocol 58, which no IPv4 packet carries: such a rule on an IPv4 range matches nothing and
is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from peerway.domain.prefixes import Address, Prefix
from peerway.domain.security import (
    AclEntry,
    Direction,
    NetworkAcl,
    Protocol,
    RuleAction,
    SecurityGroup,
    SecurityRule,
)
from peerway.domain.vpc import Instance
from peerway.fabric.model import Action, Filter, Match, Policy, Rule

#: Group id -> the addresses of its members, as host ranges in order.
Members = Mapping[str, Sequence[Prefix]]

_ACTIONS = {RuleAction.ACCEPT: Action.ACCEPT, RuleAction.DROP: Action.DROP}
_ICMP, _ICMPV6 = 1, 58


def policy_id(group_ids: Iterable[str]) -> str | None:
    """The id of the policy that these groups make together: the same for the same set; None without groups."""
    return "+".join(sorted(set(group_ids))) or None


def group_members(instances: Iterable[Instance]) -> Members:
    """Who is in which group, by address."""
    members: dict[str, list[Prefix]] = {}
    for instance in sorted(instances, key=lambda instance: instance.id):
        if instance.security_group_ids:
            hosts = [_host(address) for address in instance.addresses]
            for group_id in set(instance.security_group_ids):
                members.setdefault(group_id, []).extend(hosts)
    return members


def compile_security(
    id: str, groups: Sequence[SecurityGroup], rules: Iterable[SecurityRule], members: Members
) -> Policy:
    """The groups of an instance, merged: rules of the smallest priority number first, at the same number drop before accept.

    After all rules come the members of those groups that let their members reach each other. What nothing matches is dropped
    on its way in and accepted on its way out.
    """
    ordered = sorted(rules, key=lambda rule: (rule.priority, rule.action is RuleAction.ACCEPT, rule.id))
    inner = [
        Rule(Match(host), Action.ACCEPT, group.id)
        for group in sorted(groups, key=lambda group: group.id)
        if group.inner_access
        for host in members.get(group.id, ())
    ]
    ingress = [
        made
        for rule in ordered
        if rule.direction is Direction.INGRESS
        for made in _security_rules(rule, members)
    ]
    egress = [
        made
        for rule in ordered
        if rule.direction is Direction.EGRESS
        for made in _security_rules(rule, members)
    ]
    return Policy(
        id,
        ingress=Filter((*ingress, *inner), Action.DROP),
        egress=Filter((*egress, *inner), Action.ACCEPT),
    )


def compile_acl(id: str, acl: NetworkAcl | None) -> Policy:
    """The ACL, in its own order; what nothing matches is dropped. An ACL that is bound and not stored drops everything."""
    return Policy(
        id,
        ingress=_acl_filter(id, Direction.INGRESS, acl.ingress if acl else ()),
        egress=_acl_filter(id, Direction.EGRESS, acl.egress if acl else ()),
    )


def _acl_filter(id: str, direction: Direction, entries: Sequence[AclEntry]) -> Filter:
    """One direction of an ACL; positions count from 1."""
    rules = (
        Rule(match, _ACTIONS[entry.action], f"{id}/{direction.value}/{position}")
        for position, entry in enumerate(entries, start=1)
        for match in _matches(entry, entry.cidr)
    )
    return Filter(tuple(rules), Action.DROP)


def _security_rules(rule: SecurityRule, members: Members) -> Iterator[Rule]:
    """What one rule becomes: one rule for a range, one for each address of a group's members."""
    if rule.remote_cidr is not None:
        remotes: Sequence[Prefix] = (rule.remote_cidr,)
    else:
        remotes = members.get(rule.remote_group_id or "", ())
    for remote in remotes:
        for match in _matches(rule, remote):
            yield Rule(match, _ACTIONS[rule.action], rule.id)


def _matches(rule: SecurityRule | AclEntry, remote: Prefix) -> Iterator[Match]:
    """What the rule looks at when the far side is `remote`; nothing when no packet can match."""
    if rule.protocol.has_ports:
        yield Match(remote, rule.protocol.number, rule.port_low, rule.port_high)
    elif rule.protocol is Protocol.ICMP:
        yield Match(remote, _ICMP if remote.version == 4 else _ICMPV6)
    elif rule.protocol is not Protocol.ICMPV6 or remote.version == 6:
        yield Match(remote, rule.protocol.number)


def _host(address: Address) -> Prefix:
    """The range that is this one address. Made from the number: made from the address, it would go through text."""
    if isinstance(address, IPv4Address):
        return IPv4Network(int(address))
    return IPv6Network(int(address))
