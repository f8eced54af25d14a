"""Instances (NET-6): guests with one network interface in a VSwitch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import (
    own,
    readable,
    require_member,
    require_operator,
    require_staying,
)
from peerway.app.usecases.addresses import choose_ipv4
from peerway.app.usecases.eips import let_go_of_eips
from peerway.app.usecases.fields import UNSET, Unset, given
from peerway.app.usecases.listeners import remove_backends_of
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import begin_deletion, idempotent, insert, replace_stored
from peerway.app.usecases.vswitches import usable_vswitch
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, IllegalState, InUse, InvalidInput, NotFound
from peerway.domain.quota import GROUPS_PER_INSTANCE
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import RouteEntry
from peerway.domain.security import SecurityGroup
from peerway.domain.text import check_flag, check_name, check_number, check_token
from peerway.domain.vpc import (
    Instance,
    VSwitch,
    check_ipv6,
    check_netns,
    ipv6_of,
    mac_of,
)

#: Most instances that one request makes.
MOST_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInstance:
    """Make an instance."""

    #: VSwitch it will be in.
    vswitch_id: str
    #: Display name.
    name: str = ""
    #: IPv4 address; None for the first free one.
    ipv4: str | None = None
    #: IPv6 address; `auto` derives it from the IPv4 address; None for none.
    ipv6: str | None = None
    #: Security groups of the VPC; without any, nothing is filtered.
    security_group_ids: tuple[str, ...] = ()
    #: False for a self-built gateway.
    source_dest_check: bool = True
    #: Path of an existing network namespace to be the guest (operators only: it is a path of the host).
    netns: str | None = None
    #: Whether it is not on the network until it is started.
    stopped: bool = False
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInstances(CreateInstance):
    """Make several instances that are alike, all or none."""

    #: How many.
    amount: int = 1
    #: Whether their names end in 001, 002 ...
    numbered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateInstance:
    """Change an instance."""

    #: The instance.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New security groups.
    security_group_ids: tuple[str, ...] | Unset = UNSET
    #: New value of the check.
    source_dest_check: bool | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class StopInstance:
    """Take an instance off the network; it keeps its place and its addresses."""

    #: The instance.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartInstance:
    """Put a stopped instance back on the network."""

    #: The instance.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteInstance:
    """Delete an instance."""

    #: The instance.
    id: str
    #: Whether to refuse it while the instance runs.
    only_stopped: bool = False


def create_instance(tx: Writer, world: World, caller: Caller, request: CreateInstance) -> Instance:
    """Make an instance; the data plane makes it available."""
    require_member(caller)

    def run() -> Instance:
        return insert(tx, caller, _decide_instance(tx, world, caller, request))

    return idempotent(tx, caller, request.client_token, "create_instance", request, run, Instance)


def create_instances(tx: Writer, world: World, caller: Caller, request: CreateInstances) -> list[Instance]:
    """Make several instances; a repeat of the client token finds all of them again."""
    require_member(caller)
    amount = check_number(request.amount, "amount", 1, MOST_AT_ONCE)

    def make(number: int) -> Instance:
        name = f"{request.name}{number:03d}" if request.numbered else request.name

        def run() -> Instance:
            return insert(tx, caller, _decide_instance(tx, world, caller, replace(request, name=name)))

        token = request.client_token and _token_of(request.client_token, number)
        return idempotent(tx, caller, token, "create_instances", request, run, Instance)

    return [make(number) for number in range(1, amount + 1)]


def get_instance(tx: Reader, world: World, caller: Caller, id: str) -> Instance:
    """An instance of the caller's."""
    return readable(tx, caller, Instance, id)


def list_instances(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    vswitch_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Instance]:
    """The caller's instances, of one VPC or VSwitch when they are named."""
    return own_page(
        tx,
        caller,
        Instance,
        all_accounts=all_accounts,
        after=after,
        limit=limit,
        vpc_id=vpc_id,
        vswitch_id=vswitch_id,
    )


def update_instance(tx: Writer, world: World, caller: Caller, request: UpdateInstance) -> Instance:
    """Change name, security groups and the source and destination check."""
    require_member(caller)
    before = require_staying(own(tx, caller, Instance, request.id), "update")
    after = replace(before, **given(request, name=check_name, source_dest_check=check_flag))
    if request.security_group_ids is not UNSET:
        groups = _groups_in(tx, caller, before.vpc_id, request.security_group_ids)
        after = replace(after, security_group_ids=groups)
    return replace_stored(tx, caller, before, after)


def stop_instance(tx: Writer, world: World, caller: Caller, request: StopInstance) -> Instance:
    """Take an instance off the network: nothing reaches it, and it reaches nothing. A repeat changes nothing.

    What goes on in its namespace ends. `IllegalState` while it is being made, started or deleted.
    """
    require_member(caller)
    before = own(tx, caller, Instance, request.id)
    if before.state is not Provisioning.AVAILABLE:
        raise IllegalState("instance", before.id, before.state.value, "stop")
    return replace_stored(tx, caller, before, replace(before, stopped=True), "stop")


def start_instance(tx: Writer, world: World, caller: Caller, request: StartInstance) -> Instance:
    """Put a stopped instance back with the addresses that it had; the data plane makes it available. A repeat changes nothing.

    `IllegalState` while it is being made or deleted.
    """
    require_member(caller)
    before = own(tx, caller, Instance, request.id)
    if before.state is Provisioning.DELETING or (before.stopped and before.state is Provisioning.CREATING):
        raise IllegalState("instance", before.id, before.state.value, "start")
    if not before.stopped:
        return before
    after = replace(before, stopped=False, state=Provisioning.CREATING)
    return replace_stored(tx, caller, before, after, "start")


def delete_instance(tx: Writer, world: World, caller: Caller, request: DeleteInstance) -> Instance:
    """Start the deletion of an instance; `InUse` while a route leads to it. A repeat changes nothing.

    Its public address becomes free, and no load balancer passes connections to it any more.
    """
    require_member(caller)
    instance = own(tx, caller, Instance, request.id)
    if instance.state is Provisioning.DELETING:
        return instance
    if request.only_stopped and not instance.stopped:
        raise IllegalState("instance", instance.id, "running", "delete")
    for entry in tx.select(RouteEntry, where("next_hop_id", instance.id), limit=1):
        raise InUse("instance", instance.id, "route_entry", entry.id)
    let_go_of_eips(tx, caller, instance.id)
    remove_backends_of(tx, caller, instance.id)
    return begin_deletion(tx, caller, instance)


def _token_of(token: str, number: int) -> str:
    """The client token of one of several."""
    return hashlib.sha256(f"{check_token(token)} {number}".encode()).hexdigest()


def _decide_instance(tx: Writer, world: World, caller: Caller, request: CreateInstance) -> Instance:
    vswitch = usable_vswitch(tx, caller, request.vswitch_id)
    if request.netns is not None:
        require_operator(caller)
    id = world.entropy.new_id("i")
    neighbours = tx.select(Instance, where("vswitch_id", vswitch.id))
    ipv4 = choose_ipv4(tx, vswitch, request.ipv4, "ipv4")
    return Instance(
        id=id,
        owner_uid=caller.uid,
        created_at=tx.now,
        vpc_id=vswitch.vpc_id,
        vswitch_id=vswitch.id,
        name=check_name(request.name),
        ipv4=ipv4,
        ipv6=_decide_ipv6(request.ipv6, vswitch, ipv4, neighbours),
        mac=mac_of(id),
        security_group_ids=_groups_in(tx, caller, vswitch.vpc_id, request.security_group_ids),
        source_dest_check=check_flag(request.source_dest_check, "source_dest_check"),
        netns=check_netns(request.netns),
        stopped=check_flag(request.stopped, "stopped"),
    )


def _decide_ipv6(
    text: str | None, vswitch: VSwitch, ipv4: IPv4Address, neighbours: Sequence[Instance]
) -> IPv6Address | None:
    if text is None:
        return None
    address = ipv6_of(vswitch, ipv4) if text == "auto" else check_ipv6(text, vswitch)
    if any(neighbour.ipv6 == address for neighbour in neighbours):
        raise AlreadyExists(f"address {address} is taken", code="address_taken", field="ipv6")
    return address


def _groups_in(tx: Reader, caller: Caller, vpc_id: str, ids: object) -> tuple[str, ...]:
    field = "security_group_ids"
    if not isinstance(ids, tuple | list):
        raise InvalidInput(field, "must be a list of ids", ids)
    if len(ids) > GROUPS_PER_INSTANCE:
        raise InvalidInput(field, f"must have at most {GROUPS_PER_INSTANCE} groups")
    for id in ids:
        if own(tx, caller, SecurityGroup, id, field).vpc_id != vpc_id:
            raise NotFound("security_group", id, field=field)
    return tuple(dict.fromkeys(ids))
