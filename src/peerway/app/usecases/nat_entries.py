"""Entries of NAT gateways (NET-8): for connections out (SNAT) and in (DNAT)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member, require_staying
from peerway.app.usecases.fields import UNSET, Unset, given
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, InvalidInput, NotFound
from peerway.domain.gateway import DnatEntry, Eip, NatGateway, SnatEntry
from peerway.domain.prefixes import parse_address, parse_ipv4_prefix
from peerway.domain.text import check_name, check_number
from peerway.domain.vpc import Vpc, VSwitch

#: Protocols of DNAT entries.
PROTOCOLS = ("tcp", "udp", "any")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDnatEntry:
    """Let connections in."""

    #: Gateway.
    nat_gateway_id: str
    #: Public address of the gateway.
    public: str
    #: Address in the VPC.
    private: str
    #: `tcp`, `udp`, or `any` for every protocol and port.
    protocol: str = "any"
    #: Port at the public address; 0 with `any`.
    public_port: int = 0
    #: Port at the private address; 0 with `any`.
    private_port: int = 0
    #: Display name.
    name: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDnatEntry:
    """Change an entry for connections in."""

    #: The entry.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New public address.
    public: str | Unset = UNSET
    #: New address in the VPC.
    private: str | Unset = UNSET
    #: New protocol.
    protocol: str | Unset = UNSET
    #: New port at the public address.
    public_port: int | Unset = UNSET
    #: New port at the private address.
    private_port: int | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDnatEntry:
    """Take an entry for connections in away."""

    #: The entry.
    id: str


def create_snat_entry(tx: Writer, world: World, caller: Caller, request: CreateSnatEntry) -> SnatEntry:
    """Let a range of the VPC out; of several entries that hold a source, the longest range decides."""
    require_member(caller)

    def run() -> SnatEntry:
        gateway = _usable(tx, caller, request.nat_gateway_id)
        source = _decide_source(tx, caller, gateway, request)
        entries = tx.select(SnatEntry, where("nat_gateway_id", gateway.id))
        if any(entry.source == source for entry in entries):
            raise AlreadyExists(f"the gateway has an entry for {source}", code="entry_exists", field="source")
        _check_room(tx, world, gateway)
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
        gateway = _usable(tx, caller, before.nat_gateway_id)
        after = replace(after, public=_decide_public(tx, gateway, request.public))
    return replace_stored(tx, caller, before, after)


def delete_snat_entry(tx: Writer, world: World, caller: Caller, request: DeleteSnatEntry) -> SnatEntry:
    """Take the entry away; connections that it let out end at once."""
    require_member(caller)
    entry = own(tx, caller, SnatEntry, request.id)
    remove(tx, caller, entry)
    return entry


def create_dnat_entry(tx: Writer, world: World, caller: Caller, request: CreateDnatEntry) -> DnatEntry:
    """Let connections to a public address, or one port of it, in to an address of the VPC."""
    require_member(caller)

    def run() -> DnatEntry:
        gateway = _usable(tx, caller, request.nat_gateway_id)
        entry = _decide_dnat(tx, world, gateway, request)
        _check_alone(tx, entry)
        _check_room(tx, world, gateway)
        return insert(tx, caller, entry)

    return idempotent(tx, caller, request.client_token, "create_dnat_entry", request, run, DnatEntry)


def list_dnat_entries(
    tx: Reader,
    world: World,
    caller: Caller,
    nat_gateway_id: str,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Page[DnatEntry]:
    """A gateway's entries for connections in."""
    gateway = readable(tx, caller, NatGateway, nat_gateway_id)
    return page(tx, DnatEntry, where("nat_gateway_id", gateway.id), after=after, limit=limit)


def get_dnat_entry(tx: Reader, world: World, caller: Caller, id: str) -> DnatEntry:
    """An entry for connections in of the caller's."""
    return readable(tx, caller, DnatEntry, id)


def update_dnat_entry(tx: Writer, world: World, caller: Caller, request: UpdateDnatEntry) -> DnatEntry:
    """Change what leads where, under the rules of a new entry; connections that it let in end at once."""
    require_member(caller)
    before = own(tx, caller, DnatEntry, request.id)
    wanted = {
        name: value
        for name in ("name", "public", "private", "protocol", "public_port", "private_port")
        if (value := getattr(request, name)) is not UNSET
    }
    kept = {
        "name": before.name,
        "public": str(before.public),
        "private": str(before.private),
        "protocol": before.protocol,
        "public_port": before.public_port,
        "private_port": before.private_port,
    }
    gateway = _usable(tx, caller, before.nat_gateway_id)
    asked = CreateDnatEntry(nat_gateway_id=gateway.id, **{**kept, **wanted})
    decided = _decide_dnat(tx, world, gateway, asked)
    after = replace(decided, id=before.id, created_at=before.created_at, revision=before.revision)
    _check_alone(tx, after)
    return replace_stored(tx, caller, before, after)


def delete_dnat_entry(tx: Writer, world: World, caller: Caller, request: DeleteDnatEntry) -> DnatEntry:
    """Take the entry away; connections that it let in end at once."""
    require_member(caller)
    entry = own(tx, caller, DnatEntry, request.id)
    remove(tx, caller, entry)
    return entry


def entries_of(tx: Reader, gateway_id: str) -> list[SnatEntry | DnatEntry]:
    """All entries of a gateway, both kinds."""
    of_gateway = where("nat_gateway_id", gateway_id)
    return [*tx.select(SnatEntry, of_gateway), *tx.select(DnatEntry, of_gateway)]


def _usable(tx: Reader, caller: Caller, id: str) -> NatGateway:
    return require_staying(own(tx, caller, NatGateway, id, "nat_gateway_id"))


def _check_room(tx: Reader, world: World, gateway: NatGateway) -> None:
    used = len(entries_of(tx, gateway.id))
    check_limit(tx, world, "nat_entries_per_gateway", gateway.owner_uid, used, scope=gateway.id)


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
    return tuple(dict.fromkeys(_public_address(tx, gateway, text) for text in texts))


def _public_address(tx: Reader, gateway: NatGateway, text: object) -> IPv4Address:
    address = parse_address(text, "public")
    for eip in tx.select(Eip, where("target_id", gateway.id)):
        if eip.address == address:
            return eip.address
    raise InvalidInput("public", "must be a public address that is associated with the gateway", text)


def _decide_dnat(tx: Writer, world: World, gateway: NatGateway, request: CreateDnatEntry) -> DnatEntry:
    if request.protocol not in PROTOCOLS:
        raise InvalidInput("protocol", f"must be one of {', '.join(PROTOCOLS)}", request.protocol)
    lowest, highest = (0, 0) if request.protocol == "any" else (1, 65535)
    return DnatEntry(
        id=world.entropy.new_id("dnat"),
        owner_uid=gateway.owner_uid,
        created_at=tx.now,
        vpc_id=gateway.vpc_id,
        nat_gateway_id=gateway.id,
        name=check_name(request.name),
        public=_public_address(tx, gateway, request.public),
        public_port=check_number(request.public_port, "public_port", lowest, highest),
        private=_private_address(tx, gateway, request.private),
        private_port=check_number(request.private_port, "private_port", lowest, highest),
        protocol=request.protocol,
    )


def _private_address(tx: Reader, gateway: NatGateway, text: object) -> IPv4Address:
    address = parse_address(text, "private")
    vpc = tx.get(Vpc, gateway.vpc_id)
    ranges = () if vpc is None else vpc.ipv4_prefixes
    if isinstance(address, IPv4Address) and any(address in cidr for cidr in ranges):
        return address
    raise InvalidInput("private", "must be an IPv4 address of the gateway's VPC", text)


def _check_alone(tx: Reader, entry: DnatEntry) -> None:
    """`AlreadyExists` when another entry of the gateway has its public address and port."""
    for other in tx.select(DnatEntry, where("nat_gateway_id", entry.nat_gateway_id)):
        if other.id != entry.id and _meet(entry, other):
            text = f"entry {other.id} has this address and port"
            raise AlreadyExists(text, code="entry_exists", field="public_port", id=other.id)


def _meet(one: DnatEntry, other: DnatEntry) -> bool:
    """Whether a connection could match both."""
    if one.public != other.public:
        return False
    if "any" in {one.protocol, other.protocol}:
        return True
    return (one.protocol, one.public_port) == (other.protocol, other.public_port)
