"""Entries of NAT gateways for connections out (NET-8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member
from peerway.app.usecases.fields import UNSET, Unset, given
from peerway.app.usecases.nat_entries import check_room, public_address, usable_gateway
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, InvalidInput, NotFound
from peerway.domain.gateway import NatGateway, SnatEntry
from peerway.domain.prefixes import parse_ipv4_prefix
from peerway.domain.text import check_name
from peerway.domain.vpc import VSwitch

#: Most public addresses of one SNAT entry.
MOST_PUBLIC = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSnatEntry:
    """Let sources out. Exactly one of `source` and `vswitch_id` is given."""

    #: Gateway.
    nat_gateway_id: str
    #: Public addresses of the gateway that stand for them.
    public: tuple[str, ...]
    #: Sources.
    source: str | None = None
    #: VSwitch whose range are the sources.
    vswitch_id: str | None = None
    #: Display name.
    name: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSnatEntry:
    """Change the name and the public addresses of an entry for connections out."""

    #: The entry.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: Public addresses of the gateway that stand for its sources from now on.
    public: tuple[str, ...] | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSnatEntry:
    """Take an entry for connections out away."""

    #: The entry.
    id: str


def create_snat_entry(tx: Writer, world: World, caller: Caller, request: CreateSnatEntry) -> SnatEntry:
    """Let a range of the VPC out; of several entries that hold a source, the longest range decides."""
    require_member(caller)

    def run() -> SnatEntry:
        gateway = usable_gateway(tx, caller, request.nat_gateway_id)
        source = _decide_source(tx, caller, gateway, request)
        entries = tx.select(SnatEntry, where("nat_gateway_id", gateway.id))
        if any(entry.source == source for entry in entries):
            raise AlreadyExists(f"the gateway has an entry for {source}", code="entry_exists", field="source")
        check_room(tx, world, gateway)
        entry = SnatEntry(
            id=world.entropy.new_id("snat"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=gateway.vpc_id,
            nat_gateway_id=gateway.id,
            name=check_name(request.name),
            source=source,
            vswitch_id=request.vswitch_id,
            public=_decide_public(tx, gateway, request.public),
        )
        return insert(tx, caller, entry)

    return idempotent(tx, caller, request.client_token, "create_snat_entry", request, run, SnatEntry)


def list_snat_entries(
    tx: Reader,
    world: World,
    caller: Caller,
    nat_gateway_id: str,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Page[SnatEntry]:
    """A gateway's entries for connections out."""
    gateway = readable(tx, caller, NatGateway, nat_gateway_id)
    return page(tx, SnatEntry, where("nat_gateway_id", gateway.id), after=after, limit=limit)


def get_snat_entry(tx: Reader, world: World, caller: Caller, id: str) -> SnatEntry:
    """An entry for connections out of the caller's."""
    return readable(tx, caller, SnatEntry, id)


def update_snat_entry(tx: Writer, world: World, caller: Caller, request: UpdateSnatEntry) -> SnatEntry:
    """Change name and public addresses; connections through an address that it loses end at once."""
    require_member(caller)
    before = own(tx, caller, SnatEntry, request.id)
    after = replace(before, **given(request, name=check_name))
    if request.public is not UNSET:
        gateway = usable_gateway(tx, caller, before.nat_gateway_id)
        after = replace(after, public=_decide_public(tx, gateway, request.public))
    return replace_stored(tx, caller, before, after)


def delete_snat_entry(tx: Writer, world: World, caller: Caller, request: DeleteSnatEntry) -> SnatEntry:
    """Take the entry away; connections that it let out end at once."""
    require_member(caller)
    entry = own(tx, caller, SnatEntry, request.id)
    remove(tx, caller, entry)
    return entry


def _decide_source(tx: Reader, caller: Caller, gateway: NatGateway, request: CreateSnatEntry) -> IPv4Network:
    if (request.source is None) == (request.vswitch_id is None):
        raise InvalidInput("source", "or vswitch_id must be given, and only one of them")
    if request.vswitch_id is not None:
        vswitch = own(tx, caller, VSwitch, request.vswitch_id, "vswitch_id")
        if vswitch.vpc_id != gateway.vpc_id:
            raise NotFound("vswitch", vswitch.id, field="vswitch_id")
        return vswitch.cidr
    return parse_ipv4_prefix(request.source, "source")


def _decide_public(tx: Reader, gateway: NatGateway, texts: object) -> tuple[IPv4Address, ...]:
    if not isinstance(texts, tuple | list) or not 1 <= len(texts) <= MOST_PUBLIC:
        raise InvalidInput("public", f"must be a list of 1 to {MOST_PUBLIC} addresses", texts)
    return tuple(dict.fromkeys(public_address(tx, gateway, text) for text in texts))
