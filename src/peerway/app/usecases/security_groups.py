"""Security groups and who is in them (NET-7): stateful, on instances. Rules are `security_rules`; network ACLs `network_acls`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, given
from peerway.app.usecases.instances import UpdateInstance, update_instance
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.usecases.vpcs import joinable_vpc
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, Conflict, InUse
from peerway.domain.security import SecurityGroup, SecurityRule
from peerway.domain.text import check_description, check_flag, check_name
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
