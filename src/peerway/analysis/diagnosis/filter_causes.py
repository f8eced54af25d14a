"""What lets a packet pass that a security group, network ACL or whitelist drops: for one far side, protocol and port (PATH-3).

Owns where the new rule goes so that it decides, and opens nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from peerway.analysis.diagnosis.assumptions import host, let_pass
from peerway.analysis.diagnosis.cases import Case, Cause
from peerway.analysis.diagnosis.report import FindingCode, Way
from peerway.analysis.remedies import (
    AddToWhitelist,
    AllowByNewGroup,
    AllowInGroup,
    InsertAclEntry,
    Remedy,
)
from peerway.analysis.telling.hops import RuleWords
from peerway.domain.prefixes import Address
from peerway.domain.quota import GROUPS_PER_INSTANCE
from peerway.domain.security import Direction, Protocol
from peerway.domain.service import Database
from peerway.domain.vpc import Instance
from peerway.fabric.decisions import longest_match, owner_of
from peerway.fabric.model import ToEndpoint
from peerway.fabric.outcomes import Check
from peerway.fabric.packets import PORTED, Packet

#: Ports that clients get from their systems: replies go to any of them (Linux).
CLIENT_PORTS: Final = (32768, 60999)

#: Priority that comes after all others, and the one that nothing comes before.
LAST, FIRST = 100, 1

_NAMES: Final = {6: Protocol.TCP, 17: Protocol.UDP, 1: Protocol.ICMP, 58: Protocol.ICMPV6}


def acl_cause(case: Case) -> Cause:
    """A network ACL drops: an entry before the one that decides, or at the end."""
    acl = case.site.network_acls.get(case.hop.subject)
    inward = case.hop.check is Check.INGRESS_ACL
    assume = let_pass(case.hop.router_id, case.hop.subject, case.packet, inward=inward)
    cause = Cause(
        code=FindingCode.NETWORK_ACL,
        text=case.hop.text,
        owner_uid=acl.owner_uid if acl else case.hop.owner_uid,
        subjects=(case.hop.subject,),
        assume=assume,
    )
    if acl is None:
        return replace(cause, why_none=f"network ACL {case.hop.subject} is not there any more")
    direction = Direction.INGRESS if inward else Direction.EGRESS
    words = case.hop.words
    entries = acl.ingress if inward else acl.egress
    place = words.order if isinstance(words, RuleWords) else len(entries) + 1
    low, high = _ports(case)
    remedy = InsertAclEntry(
        owner_uid=acl.owner_uid,
        acl_id=acl.id,
        direction=direction,
        position=place - _inserted(case, acl.id, direction, place),
        protocol=_NAMES[case.packet.protocol],
        port_low=low,
        port_high=high,
        remote=host(_remote(case.packet, inward=inward)),
    )
    return replace(cause, remedy=remedy)


def policy_cause(case: Case) -> Cause:
    """A security group or a whitelist drops."""
    inward = case.hop.check is Check.INGRESS_POLICY
    id = _receiver(case) if inward else case.start.sender
    assume = let_pass(case.hop.router_id, case.hop.subject, case.packet, inward=inward)
    database = case.site.databases.get(id or "")
    if database is not None:
        return replace(_whitelist_cause(case, database), assume=assume)
    instance = case.site.instances.get(id or "")
    cause = Cause(
        code=FindingCode.SECURITY_GROUP,
        text=case.hop.text,
        owner_uid=instance.owner_uid if instance else case.hop.owner_uid,
        subjects=tuple(case.hop.subject.split("+")),
        assume=assume,
    )
    if instance is None:
        return replace(cause, why_none="it is not known whose security group it is")
    words = case.hop.words
    priority = words.order - 1 if isinstance(words, RuleWords) else LAST
    if priority < FIRST:
        text = f"rule {case.hop.source} has priority {FIRST}, and no rule comes before it: it has to be changed itself"
        return replace(cause, why_none=text)
    return replace(cause, remedy=_rule(case, instance, priority, inward=inward))


def _whitelist_cause(case: Case, database: Database) -> Cause:
    cause = Cause(
        code=FindingCode.WHITELIST,
        text=case.hop.text,
        owner_uid=database.owner_uid,
        subjects=(database.id,),
    )
    if (case.packet.protocol, case.packet.port) != (6, database.port):
        return replace(cause, why_none=f"database {database.id} answers by tcp at port {database.port} only")
    remedy = AddToWhitelist(
        owner_uid=database.owner_uid, database_id=database.id, remote=host(case.packet.source)
    )
    return replace(cause, text=f"the whitelist of {database.id} lacks {case.packet.source}", remedy=remedy)


def _rule(case: Case, instance: Instance, priority: int, *, inward: bool) -> Remedy:
    """A rule for this instance alone: in a group that nobody else is in, or in a new one."""
    low, high = _ports(case)
    direction = Direction.INGRESS if inward else Direction.EGRESS
    protocol = _NAMES[case.packet.protocol]
    remote = host(_remote(case.packet, inward=inward))
    words = case.hop.words
    holder = words.holder_id if isinstance(words, RuleWords) else None
    alone = _alone(case, instance)
    if not alone and len(instance.security_group_ids) < GROUPS_PER_INSTANCE:
        return AllowByNewGroup(
            owner_uid=instance.owner_uid,
            instance_id=instance.id,
            vpc_id=instance.vpc_id,
            direction=direction,
            protocol=protocol,
            port_low=low,
            port_high=high,
            remote=remote,
            priority=priority,
        )
    groups = alone or sorted(instance.security_group_ids)
    group = case.site.security_groups.get(holder if holder in groups else groups[0])
    return AllowInGroup(
        owner_uid=group.owner_uid if group else instance.owner_uid,
        group_id=group.id if group else groups[0],
        direction=direction,
        protocol=protocol,
        port_low=low,
        port_high=high,
        remote=remote,
        priority=priority,
    )


def _alone(case: Case, instance: Instance) -> list[str]:
    """Groups of the instance that nobody else is in."""
    others = {
        id
        for other in case.site.instances.values()
        if other.id != instance.id
        for id in other.security_group_ids
    }
    return sorted(id for id in set(instance.security_group_ids) - others if id in case.site.security_groups)


def _receiver(case: Case) -> str | None:
    """The interface that the packet came to."""
    route = [step for step in case.walk.steps if step.check in {Check.ROUTE, Check.INBOUND_ROUTE}][-1]
    router = case.router
    fib = router.inbound if route.check is Check.INBOUND_ROUTE else router.fibs[route.subject]
    entry = longest_match(fib, case.packet.destination)
    if entry is not None and isinstance(entry.hop, ToEndpoint):
        return entry.hop.endpoint_id
    found = owner_of(router, case.packet.destination)
    return found.id if found is not None else None


def _remote(packet: Packet, *, inward: bool) -> Address:
    return packet.source if inward else packet.destination


def _ports(case: Case) -> tuple[int, int]:
    """The port asked; of replies all that a client may have, unless the question names its own."""
    if case.packet.protocol not in PORTED:
        return 0, 65535
    if case.way is Way.REPLY and not case.question.source_port:
        return CLIENT_PORTS
    return case.packet.port, case.packet.port


def _inserted(case: Case, acl_id: str, direction: Direction, place: int) -> int:
    """How many entries earlier remedies put before that place: all are told by the places of the ACL as it is stored."""
    return sum(
        isinstance(remedy, InsertAclEntry)
        and (remedy.acl_id, remedy.direction) == (acl_id, direction)
        and remedy.position <= place
        for remedy in case.remedies
    )
