"""Entries of NAT gateways for connections in (NET-8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member
from peerway.app.usecases.fields import UNSET, Unset
from peerway.app.usecases.nat_entries import check_room, public_address, usable_gateway
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, InvalidInput
from peerway.domain.gateway import DnatEntry, NatGateway
from peerway.domain.prefixes import parse_address
from peerway.domain.text import check_name, check_number
from peerway.domain.vpc import Vpc

#: Protocols of DNAT entries.
PROTOCOLS = ("tcp", "udp", "any")


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


def create_dnat_entry(tx: Writer, world: World, caller: Caller, request: CreateDnatEntry) -> DnatEntry:
    """Let connections to a public address, or one port of it, in to an address of the VPC."""
    require_member(caller)

    def run() -> DnatEntry:
        gateway = usable_gateway(tx, caller, request.nat_gateway_id)
        entry = _decide_dnat(tx, world, gateway, request)
        _check_alone(tx, entry)
        check_room(tx, world, gateway)
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
    gateway = usable_gateway(tx, caller, before.nat_gateway_id)
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
        public=public_address(tx, gateway, request.public),
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
