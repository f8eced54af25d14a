"""Public addresses (EIPs): an account takes one from its region's outside network and has it stand for an instance or a gateway."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member, require_staying
from peerway.app.usecases.external_networks import network_of
from peerway.app.usecases.fields import UNSET, Unset, choose, given
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.limits import CALLER, check_limit
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, Conflict, InUse, InvalidInput
from peerway.domain.gateway import DnatEntry, Eip, EipTarget, ExternalNetwork, NatGateway, SnatEntry
from peerway.domain.text import check_name
from peerway.domain.vpc import Instance, Vpc


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateEip:
    """Take a public address."""

    #: Region it is for.
    region_id: str
    #: Display name.
    name: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateEip:
    """Change what a public address is called."""

    #: The address.
    id: str
    #: New name.
    name: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateEip:
    """Have a public address stand for something."""

    #: The address.
    id: str
    #: `instance` or `nat_gateway`.
    target: str
    #: Id of that.
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisassociateEip:
    """Free a public address for another use."""

    #: The address.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseEip:
    """Give a public address back."""

    #: The address.
    id: str


def allocate_eip(tx: Writer, world: World, caller: Caller, request: AllocateEip) -> Eip:
    """Take the first free address of the region's outside network."""
    require_member(caller)

    def run() -> Eip:
        region = world.regions.require(request.region_id)
        used = tx.count(Eip, where("owner_uid", caller.uid))
        check_limit(tx, world, "eips_per_account", caller.uid, used, scope="the account", field=CALLER)
        network = network_of(tx, region.id)
        eip = Eip(
            id=world.entropy.new_id("eip"),
            owner_uid=caller.uid,
            created_at=tx.now,
            region_id=region.id,
            network_id=network.id,
            address=_free_address(tx, network),
            name=check_name(request.name),
        )
        return insert(tx, caller, eip)

    return idempotent(tx, caller, request.client_token, "allocate_eip", request, run, Eip)


def get_eip(tx: Reader, world: World, caller: Caller, id: str) -> Eip:
    """A public address of the caller's."""
    return readable(tx, caller, Eip, id)


def list_eips(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    target_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Eip]:
    """The caller's public addresses, of one VPC or one target when they are named."""
    return own_page(
        tx,
        caller,
        Eip,
        all_accounts=all_accounts,
        after=after,
        limit=limit,
        vpc_id=vpc_id,
        target_id=target_id,
    )


def update_eip(tx: Writer, world: World, caller: Caller, request: UpdateEip) -> Eip:
    """Change the name."""
    require_member(caller)
    before = own(tx, caller, Eip, request.id)
    return replace_stored(tx, caller, before, replace(before, **given(request, name=check_name)))


def associate_eip(tx: Writer, world: World, caller: Caller, request: AssociateEip) -> Eip:
    """Have the address stand for an instance, which has one at most, or serve a NAT gateway. A repeat changes nothing."""
    require_member(caller)
    eip = own(tx, caller, Eip, request.id)
    target = choose(EipTarget, request.target, "target")
    if (eip.target, eip.target_id) == (target, request.target_id):
        return eip
    if eip.target is not None:
        text = f"{eip.address} stands for {eip.target_id} already"
        raise Conflict(text, code="eip_in_use", id=eip.id)
    vpc_id = _target_vpc(tx, caller, eip, target, request.target_id)
    after = replace(eip, target=target, target_id=request.target_id, vpc_id=vpc_id)
    return replace_stored(tx, caller, eip, after, "associate")


def disassociate_eip(tx: Writer, world: World, caller: Caller, request: DisassociateEip) -> Eip:
    """Free the address; `InUse` while an entry of its NAT gateway names it. Connections through it end at once."""
    require_member(caller)
    eip = own(tx, caller, Eip, request.id)
    for entry in entries_with(tx, eip):
        raise InUse("eip", eip.id, WORDS[type(entry)], entry.id)
    after = replace(eip, target=None, target_id=None, vpc_id=None)
    return replace_stored(tx, caller, eip, after, "disassociate")


def release_eip(tx: Writer, world: World, caller: Caller, request: ReleaseEip) -> Eip:
    """Give the address back; it must stand for nothing."""
    require_member(caller)
    eip = own(tx, caller, Eip, request.id)
    if eip.target is not None:
        raise InUse("eip", eip.id, eip.target.value, eip.target_id or "")
    remove(tx, caller, eip)
    return eip


def let_go_of_eips(tx: Writer, caller: Caller, target_id: str) -> None:
    """Free the addresses that stand for something that is being deleted."""
    for eip in tx.select(Eip, where("target_id", target_id)):
        after = replace(eip, target=None, target_id=None, vpc_id=None)
        replace_stored(tx, caller, eip, after, "disassociate")


def entries_with(tx: Reader, eip: Eip) -> list[SnatEntry | DnatEntry]:
    """Entries of the address's NAT gateway that name it."""
    if eip.target is not EipTarget.NAT_GATEWAY:
        return []
    of_gateway = where("nat_gateway_id", eip.target_id)
    return [
        *(entry for entry in tx.select(SnatEntry, of_gateway) if eip.address in entry.public),
        *(entry for entry in tx.select(DnatEntry, of_gateway) if eip.address == entry.public),
    ]


def _target_vpc(tx: Reader, caller: Caller, eip: Eip, target: EipTarget, id: str) -> str:
    """VPC of what the address is to stand for, once that may have it."""
    found: Instance | NatGateway
    if target is EipTarget.INSTANCE:
        found = own(tx, caller, Instance, id, "target_id")
        for other in tx.select(Eip, where("target_id", found.id), limit=1):
            text = f"instance {found.id} has the public address {other.address}"
            raise AlreadyExists(text, code="instance_has_eip", field="target_id", id=other.id)
    else:
        found = own(tx, caller, NatGateway, id, "target_id")
        if found.network_id != eip.network_id:
            raise InvalidInput("target_id", "must be on the same outside network as the address", id)
    require_staying(found, "associate")
    vpc = tx.get(Vpc, found.vpc_id)
    if vpc is None or vpc.region_id != eip.region_id:
        raise InvalidInput("target_id", f"must be in the address's region {eip.region_id}", id)
    return vpc.id


def _free_address(tx: Reader, network: ExternalNetwork) -> IPv4Address:
    taken = {eip.address for eip in tx.select(Eip, where("network_id", network.id))}
    for pool in network.pools:
        for address in pool.hosts():
            if address not in taken:
                return address
    raise Conflict("no public address is free in the region", code="addresses_used_up", field="region_id")
