"""Network ACLs (NET-7): stateless, on VSwitches. Security groups are `security_groups`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.usecases.vpcs import usable_vpc
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InUse, InvalidInput, NotFound
from peerway.domain.prefixes import parse_prefix
from peerway.domain.quota import ENTRIES_PER_ACL
from peerway.domain.security import (
    AclEntry,
    NetworkAcl,
    Protocol,
    RuleAction,
    check_family,
    default_acl_entries,
    parse_ports,
)
from peerway.domain.text import check_description, check_name
from peerway.domain.vpc import VSwitch


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntrySpec:
    """One ACL entry as a request gives it; its place in the list is its priority."""

    #: `accept` or `drop`.
    action: str
    #: `all`, `tcp`, `udp`, `icmp`, `icmpv6` or `gre`.
    protocol: str = Protocol.ALL
    #: `80/80`, `80-90`; None or `-1/-1` for all.
    port_range: str | None = None
    #: Source range for ingress, destination range for egress.
    cidr: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNetworkAcl:
    """Make a network ACL; without entries it accepts everything, as the cloud's does."""

    #: VPC it belongs to.
    vpc_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Entries towards the VSwitch; None for accept-all.
    ingress: tuple[AclEntrySpec, ...] | None = None
    #: Entries from the VSwitch; None for accept-all.
    egress: tuple[AclEntrySpec, ...] | None = None
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateNetworkAcl:
    """Change an ACL's texts."""

    #: The ACL.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceAclEntries:
    """Give an ACL new entries; a direction that is not given keeps its own."""

    #: The ACL.
    id: str
    #: New entries towards the VSwitch.
    ingress: tuple[AclEntrySpec, ...] | Unset = UNSET
    #: New entries from it.
    egress: tuple[AclEntrySpec, ...] | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyAclEntries:
    """Give an ACL the entries of another one."""

    #: The ACL.
    id: str
    #: The ACL that has them.
    source_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNetworkAcl:
    """Delete an ACL that no VSwitch is bound to."""

    #: The ACL.
    id: str


def create_network_acl(tx: Writer, world: World, caller: Caller, request: CreateNetworkAcl) -> NetworkAcl:
    """Make a network ACL; VSwitches are bound to it by `update_vswitch`."""
    require_member(caller)

    def run() -> NetworkAcl:
        vpc = usable_vpc(tx, caller, request.vpc_id)
        accept_all = default_acl_entries()
        acl = NetworkAcl(
            id=world.entropy.new_id("nacl"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=vpc.id,
            name=check_name(request.name),
            description=check_description(request.description),
            ingress=accept_all if request.ingress is None else _decide_entries(request.ingress, "ingress"),
            egress=accept_all if request.egress is None else _decide_entries(request.egress, "egress"),
        )
        return insert(tx, caller, acl)

    return idempotent(tx, caller, request.client_token, "create_network_acl", request, run, NetworkAcl)


def get_network_acl(tx: Reader, world: World, caller: Caller, id: str) -> NetworkAcl:
    """An ACL of the caller's."""
    return readable(tx, caller, NetworkAcl, id)


def list_network_acls(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[NetworkAcl]:
    """The caller's ACLs, of one VPC when it is named."""
    return own_page(
        tx, caller, NetworkAcl, all_accounts=all_accounts, after=after, limit=limit, vpc_id=vpc_id
    )


def update_network_acl(tx: Writer, world: World, caller: Caller, request: UpdateNetworkAcl) -> NetworkAcl:
    """Change name and description."""
    require_member(caller)
    before = own(tx, caller, NetworkAcl, request.id)
    return replace_stored(tx, caller, before, replace(before, **given(request, **TEXTS)))


def replace_acl_entries(tx: Writer, world: World, caller: Caller, request: ReplaceAclEntries) -> NetworkAcl:
    """Give an ACL new entries, both directions in one step."""
    require_member(caller)
    before = own(tx, caller, NetworkAcl, request.id)
    after = before
    if request.ingress is not UNSET:
        after = replace(after, ingress=_decide_entries(request.ingress, "ingress"))
    if request.egress is not UNSET:
        after = replace(after, egress=_decide_entries(request.egress, "egress"))
    return replace_stored(tx, caller, before, after, "replace_entries")


def copy_acl_entries(tx: Writer, world: World, caller: Caller, request: CopyAclEntries) -> NetworkAcl:
    """Give an ACL the entries of another one of the same VPC, both directions; its own go."""
    require_member(caller)
    before = own(tx, caller, NetworkAcl, request.id)
    source = own(tx, caller, NetworkAcl, request.source_id, "source_id")
    if source.vpc_id != before.vpc_id:
        raise NotFound("network_acl", source.id, field="source_id")
    after = replace(before, ingress=source.ingress, egress=source.egress)
    return replace_stored(tx, caller, before, after, "replace_entries")


def delete_network_acl(tx: Writer, world: World, caller: Caller, request: DeleteNetworkAcl) -> NetworkAcl:
    """Remove an ACL; `InUse` while a VSwitch is bound to it."""
    require_member(caller)
    acl = own(tx, caller, NetworkAcl, request.id)
    for vswitch in tx.select(VSwitch, where("network_acl_id", acl.id), limit=1):
        raise InUse("network_acl", acl.id, "vswitch", vswitch.id)
    remove(tx, caller, acl)
    return acl


def _decide_entries(specs: Sequence[AclEntrySpec], field: str) -> tuple[AclEntry, ...]:
    if len(specs) > ENTRIES_PER_ACL:
        raise InvalidInput(field, f"must have at most {ENTRIES_PER_ACL} entries")
    return tuple(_decide_entry(spec, f"{field}.{position}") for position, spec in enumerate(specs))


def _decide_entry(spec: AclEntrySpec, field: str) -> AclEntry:
    protocol = choose(Protocol, spec.protocol, f"{field}.protocol")
    low, high = parse_ports(spec.port_range, protocol, f"{field}.port_range")
    cidr = parse_prefix(spec.cidr, f"{field}.cidr")
    check_family(protocol, cidr, f"{field}.cidr")
    return AclEntry(
        action=choose(RuleAction, spec.action, f"{field}.action"),
        protocol=protocol,
        port_low=low,
        port_high=high,
        cidr=cidr,
        name=check_name(spec.name, f"{field}.name"),
        description=check_description(spec.description, f"{field}.description"),
    )
