"""Network ACLs and their rules.

Here an ACL is a list for each direction, in which the place is the priority; JD Cloud's rules have numbers and ids. An entry keeps
them in its name, `nar-...@PRIORITY`; entries that were made elsewhere are told by their direction and place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.services.places import in_vpcs_here, inside_here, subnet_here, vpc_here
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
from peerway.app.usecases.network_acls import (
    AclEntrySpec,
    CreateNetworkAcl,
    DeleteNetworkAcl,
    ReplaceAclEntries,
    UpdateNetworkAcl,
    create_network_acl,
    delete_network_acl,
    get_network_acl,
    replace_acl_entries,
    update_network_acl,
)
from peerway.app.usecases.vswitches import DisassociateAcl, UpdateVSwitch, disassociate_acl, update_vswitch
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.security import AclEntry, Direction, NetworkAcl, Protocol
from peerway.domain.text import check_number
from peerway.domain.vpc import VSwitch

#: A name that holds a rule's id and priority.
NAME: Final = re.compile(r"(?P<id>nar-[a-z0-9]+)@(?P<priority>[0-9]{1,5})")
#: Highest priority number.
LAST: Final = 32768


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of an ACL."""

    #: Its id.
    id: str
    #: Which way.
    direction: Direction
    #: The smallest comes first.
    priority: int
    #: Whether it was made without anybody asking for it.
    default: bool
    #: What decides.
    spec: AclEntrySpec


@PRODUCT.writes("createNetworkAcl")
def create_acl(call: WriteCall, given: Given) -> Answer:
    """Make an ACL; it lets everything pass."""
    request = CreateNetworkAcl(
        vpc_id=vpc_here(call, KIND, given["vpcId"]).id,
        name=given["networkAclName"],
        description=given.get("description", ""),
    )
    return {"networkAclId": call.use(create_network_acl, request).id}


@PRODUCT.reads("describeNetworkAcls")
def describe_acls(call: ReadCall, given: Given) -> Answer:
    """The caller's ACLs in the region."""
    filters = filters_of(PRODUCT, "describeNetworkAcls", given)
    page = own_page(
        call,
        given,
        NetworkAcl,
        *filters.conditions,
        *in_vpcs_here(call, KIND),
    )
    return {"networkAcls": [_acl(call, acl) for acl in page.items], "totalCount": page.total}


@PRODUCT.reads("describeNetworkAcl")
def describe_acl(call: ReadCall, given: Given) -> Answer:
    """One ACL with its rules."""
    return {"networkAcl": _acl(call, _here(call, given))}


@PRODUCT.reads("describeNetworkAclRules")
def describe_rules(call: ReadCall, given: Given) -> Answer:
    """The rules of an ACL."""
    acl = _here(call, given)
    filters = filters_of(PRODUCT, "describeNetworkAclRules", given)
    kept = [shown for rule in _rules(acl) if filters.matches(shown := _shape(acl, rule))]
    return {"networkAclRules": list(part_of(kept, given)), "totalCount": len(kept)}


@PRODUCT.writes("modifyNetworkAcl")
def modify_acl(call: WriteCall, given: Given) -> Answer:
    """Change an ACL's texts."""
    request = UpdateNetworkAcl(
        id=_here(call, given).id,
        **changed_texts(given, "networkAclName"),
    )
    call.use(update_network_acl, request)
    return None


@PRODUCT.writes("deleteNetworkAcl")
def delete_acl(call: WriteCall, given: Given) -> Answer:
    """Delete an ACL that no subnet is bound to."""
    call.use(delete_network_acl, DeleteNetworkAcl(id=_here(call, given).id))
    return None


@PRODUCT.writes("associateNetworkAcl")
def associate(call: WriteCall, given: Given) -> Answer:
    """Bind subnets to an ACL."""
    acl = _here(call, given)
    for subnet_id in given["subnetIds"]:
        subnet = subnet_here(call, KIND, subnet_id)
        call.use(update_vswitch, UpdateVSwitch(id=subnet.id, network_acl_id=acl.id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("disassociateNetworkAcl")
def disassociate(call: WriteCall, given: Given) -> Answer:
    """Free a subnet of an ACL."""
    acl, subnet = _here(call, given), subnet_here(call, KIND, given["subnetId"])
    call.use(disassociate_acl, DisassociateAcl(vswitch_id=subnet.id, network_acl_id=acl.id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("addNetworkAclRules")
def add_rules(call: WriteCall, given: Given) -> Answer:
    """Add rules, all or none."""
    acl = _here(call, given)
    made = [_made(call.world.entropy.new_id("nar"), spec) for spec in given["networkAclRuleSpecs"]]
    _store(call, acl, [*_rules(acl), *made])
    return None


@PRODUCT.writes("modifyNetworkAclRules")
def modify_rules(call: WriteCall, given: Given) -> Answer:
    """Change rules, all or none; their directions stay."""
    acl = _here(call, given)
    rules = {rule.id: rule for rule in _rules(acl)}
    for spec in given["modifyNetworkAclRuleSpecs"]:
        rule = rules.get(spec["ruleId"])
        if rule is None:
            raise NotFound("network_acl_rule", spec["ruleId"][:64], field="ruleId")
        whole = {**_shape(acl, rule), **spec}
        rules[rule.id] = _made(rule.id, whole)
    _store(call, acl, rules.values())
    return None


@PRODUCT.writes("removeNetworkAclRules")
def remove_rules(call: WriteCall, given: Given) -> Answer:
    """Remove rules, all or none."""
    acl = _here(call, given)
    rules = {rule.id: rule for rule in _rules(acl)}
    for rule_id in given["ruleIds"]:
        if rules.pop(rule_id, None) is None:
            raise NotFound("network_acl_rule", rule_id[:64], field="ruleIds")
    _store(call, acl, rules.values())
    return None


def _store(call: WriteCall, acl: NetworkAcl, rules: Iterable[Rule]) -> None:
    ordered = sorted(rules, key=lambda rule: rule.priority)
    request = ReplaceAclEntries(
        id=acl.id,
        ingress=tuple(rule.spec for rule in ordered if rule.direction is Direction.INGRESS),
        egress=tuple(rule.spec for rule in ordered if rule.direction is Direction.EGRESS),
    )
    call.use(replace_acl_entries, request)
    call.wakes_worker = True


def _here(call: AnyCall, given: Given) -> NetworkAcl:
    return inside_here(call, KIND, get_network_acl, given["networkAclId"], "networkAclId")


def _made(id: str, spec: Mapping[str, Any]) -> Rule:
    priority = check_number(spec["priority"], "priority", 1, LAST)
    protocol = Protocol(meaning("acl_protocols", spec["protocol"], "protocol"))
    if spec["direction"] not in list(Direction):
        raise InvalidInput("direction", "must be ingress or egress", spec["direction"])
    entry = AclEntrySpec(
        action=meaning("acl_actions", spec["ruleAction"], "ruleAction"),
        protocol=protocol,
        port_range=ports_of(spec, protocol),
        cidr=spec["addressPrefix"],
        name=f"{id}@{priority}",
        description=spec.get("description", ""),
    )
    return Rule(id, Direction(spec["direction"]), priority, default=False, spec=entry)


def _rules(acl: NetworkAcl) -> list[Rule]:
    """All rules, those towards the subnet first."""
    return [*_rules_of(Direction.INGRESS, acl.ingress), *_rules_of(Direction.EGRESS, acl.egress)]


def _rules_of(direction: Direction, entries: Iterable[AclEntry]) -> Iterator[Rule]:
    place = 0
    for entry in entries:
        named = NAME.fullmatch(entry.name)
        yield _rule(direction, entry, named, place)
        place += named is None


def _rule(direction: Direction, entry: AclEntry, named: re.Match[str] | None, place: int) -> Rule:
    ports = f"{entry.port_low}/{entry.port_high}" if entry.port_low else None
    spec = AclEntrySpec(
        action=entry.action,
        protocol=entry.protocol,
        port_range=ports,
        cidr=str(entry.cidr),
        name=entry.name,
        description=entry.description,
    )
    if named is not None:
        return Rule(named["id"], direction, int(named["priority"]), default=False, spec=spec)
    # Rules that nobody numbered come last, in their order.
    return Rule(f"nar-{direction}-{place}", direction, LAST, default=entry.name == "default", spec=spec)


def _acl(call: AnyCall, acl: NetworkAcl) -> dict[str, Any]:
    return {
        "networkAclId": acl.id,
        "networkAclName": acl.name,
        "vpcId": acl.vpc_id,
        "networkAclRules": [_shape(acl, rule) for rule in _rules(acl)],
        "subnetIds": [one.id for one in call.tx.select(VSwitch, where("network_acl_id", acl.id))],
        "description": acl.description,
        "createdTime": time_of(acl.created_at),
    }


def _shape(acl: NetworkAcl, rule: Rule) -> dict[str, Any]:
    spec = rule.spec
    low, _, high = (spec.port_range or "1/65535").partition("/")
    ported = Protocol(spec.protocol).has_ports
    return {
        "ruleId": rule.id,
        "protocol": word("acl_protocols", spec.protocol),
        "fromPort": int(low) if ported else 0,
        "toPort": int(high) if ported else 0,
        "direction": rule.direction.value,
        "addressPrefixType": "CIDR",
        "addressPrefix": spec.cidr,
        "ruleAction": word("acl_actions", spec.action),
        "priority": rule.priority,
        "description": spec.description,
        "createdTime": time_of(acl.created_at),
        "ruleType": "default" if rule.default else "custom",
    }
