"""Labels: tags and resource groups that an account puts on what it sees.

May not know who may see what: callers have looked the resources up before they label them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, require_member
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Account, Caller
from peerway.domain.errors import AlreadyExists, InUse, InvalidInput, NotFound
from peerway.domain.labels import (
    Labels,
    ResourceGroup,
    Tag,
    check_tags,
    default_group_id,
    labels_id,
    merged_tags,
)
from peerway.domain.resource import Resource
from peerway.domain.text import check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateResourceGroup:
    """Make a resource group."""

    #: Unique within the account.
    name: str
    #: What people call it.
    display_name: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteResourceGroup:
    """Delete an empty resource group."""

    #: The group.
    id: str


def put_tags(
    tx: Writer, caller: Caller, resource: Resource, tags: Iterable[Tag], field: str = "tags"
) -> Labels:
    """Put tags on a resource; a key that is there gets the new value."""
    require_member(caller)
    checked = check_tags(tags, field)
    before = labels_of(tx, caller, resource)
    return _keep(tx, caller, before, replace(before, tags=merged_tags(before.tags, checked, resource.id)))


def take_tags(tx: Writer, caller: Caller, resource: Resource, keys: Iterable[str] | None) -> Labels:
    """Take the tags of these keys, or all (None), off a resource; those that are not there are no error."""
    require_member(caller)
    before = labels_of(tx, caller, resource)
    gone = {tag.key for tag in before.tags} if keys is None else set(keys)
    left = tuple(tag for tag in before.tags if tag.key not in gone)
    return _keep(tx, caller, before, replace(before, tags=left))


def move_to_group(
    tx: Writer, caller: Caller, resource: Resource, group_id: str, field: str = "group_id"
) -> Labels:
    """Put a resource into a group of the caller's, its default group among them; `NotFound` for any other."""
    require_member(caller)
    if group_id != default_group_id(caller.uid):
        own(tx, caller, ResourceGroup, group_id, field)
    before = labels_of(tx, caller, resource)
    kept = None if group_id == default_group_id(caller.uid) else group_id
    return _keep(tx, caller, before, replace(before, group_id=kept))


def labels_of(tx: Reader, caller: Caller, resource: Resource) -> Labels:
    """What the caller wrote on a resource; empty labels when it wrote nothing."""
    found = tx.get(Labels, labels_id(caller.uid, resource.id))
    return found or Labels(
        id=labels_id(caller.uid, resource.id),
        owner_uid=caller.uid,
        created_at=resource.created_at,
        resource_id=resource.id,
        resource_kind=WORDS[type(resource)],
    )


def labels_by_resource(tx: Reader, caller: Caller, ids: Iterable[str]) -> Mapping[str, Labels]:
    """What the caller wrote on resources, by their ids; those without labels are not in it. One look-up for all."""
    wanted = [labels_id(caller.uid, id) for id in ids]
    if not wanted:
        return {}
    return {labels.resource_id: labels for labels in tx.select(Labels, where("id", *wanted))}


def labelled(tx: Reader, caller: Caller, *kinds: str) -> list[Labels]:
    """All that the caller wrote, on resources of these kinds when any is named (`vpc`, `peering`)."""
    found = tx.select(Labels, where("owner_uid", caller.uid))
    return [labels for labels in found if not kinds or labels.resource_kind in kinds]


def group_of(labels: Labels | None, uid: str) -> str:
    """Id of the group that a resource is in, for an account."""
    return (labels.group_id if labels else None) or default_group_id(uid)


def create_resource_group(
    tx: Writer, world: World, caller: Caller, request: CreateResourceGroup
) -> ResourceGroup:
    """Make a group; names are unique within the account."""
    require_member(caller)

    def run() -> ResourceGroup:
        name = check_name(request.name)
        if not name:
            raise InvalidInput("name", "must not be empty", name)
        if any(group.name == name for group in tx.select(ResourceGroup, where("owner_uid", caller.uid))):
            raise AlreadyExists("a resource group of that name exists", field="name")
        group = ResourceGroup(
            id=world.entropy.new_id("rg"),
            owner_uid=caller.uid,
            created_at=tx.now,
            name=name,
            display_name=check_name(request.display_name, "display_name"),
        )
        return insert(tx, caller, group)

    return idempotent(tx, caller, request.client_token, "create_resource_group", request, run, ResourceGroup)


def get_resource_group(tx: Reader, world: World, caller: Caller, id: str) -> ResourceGroup:
    """A group of the caller's; its default one is there without having been made."""
    if id == default_group_id(caller.uid):
        return _default_group(tx, caller)
    return own(tx, caller, ResourceGroup, id)


def list_resource_groups(
    tx: Reader, world: World, caller: Caller, *, after: str | None = None, limit: int | None = None
) -> Page[ResourceGroup]:
    """The groups that the caller made; the default one is not among them."""
    return page(tx, ResourceGroup, where("owner_uid", caller.uid), after=after, limit=limit)


def delete_resource_group(
    tx: Writer, world: World, caller: Caller, request: DeleteResourceGroup
) -> ResourceGroup:
    """Delete a group; `InUse` while something is in it."""
    require_member(caller)
    group = own(tx, caller, ResourceGroup, request.id)
    for labels in tx.select(Labels, where("group_id", group.id), limit=1):
        raise InUse("resource_group", group.id, labels.resource_kind, labels.resource_id)
    remove(tx, caller, group)
    return group


def _default_group(tx: Reader, caller: Caller) -> ResourceGroup:
    account = tx.get(Account, caller.uid)
    if account is None:
        raise NotFound("account", caller.uid)
    return ResourceGroup(
        id=default_group_id(caller.uid),
        owner_uid=caller.uid,
        created_at=account.created_at,
        name="default",
        display_name="default resource group",
    )


def _keep(tx: Writer, caller: Caller, before: Labels, after: Labels) -> Labels:
    """Store labels; those that say nothing are not kept."""
    empty = not after.tags and after.group_id is None
    if before.revision == 0:
        return after if empty else insert(tx, caller, after)
    if empty:
        remove(tx, caller, before)
        return after
    return replace_stored(tx, caller, before, after)
