"""What entries of NAT gateways (NET-8) have in common: those for connections out (`snat_entries`) and in (`dnat_entries`)."""

from __future__ import annotations

from ipaddress import IPv4Address

from peerway.app.store import Reader, where
from peerway.app.usecases.access import own, require_staying
from peerway.app.usecases.limits import check_limit
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InvalidInput
from peerway.domain.gateway import DnatEntry, Eip, NatGateway, SnatEntry
from peerway.domain.prefixes import parse_address


def entries_of(tx: Reader, gateway_id: str) -> list[SnatEntry | DnatEntry]:
    """All entries of a gateway, both kinds."""
    of_gateway = where("nat_gateway_id", gateway_id)
    return [*tx.select(SnatEntry, of_gateway), *tx.select(DnatEntry, of_gateway)]


def usable_gateway(tx: Reader, caller: Caller, id: str) -> NatGateway:
    """The caller's gateway, when it can have entries made and changed."""
    return require_staying(own(tx, caller, NatGateway, id, "nat_gateway_id"))


def check_room(tx: Reader, world: World, gateway: NatGateway) -> None:
    """`QuotaExceeded` when a gateway has no room for one more entry."""
    used = len(entries_of(tx, gateway.id))
    check_limit(
        tx,
        world,
        "nat_entries_per_gateway",
        gateway.owner_uid,
        used,
        scope=gateway.id,
        field="nat_gateway_id",
    )


def public_address(tx: Reader, gateway: NatGateway, text: object) -> IPv4Address:
    """The address of a text; `InvalidInput` unless it is one of the gateway's public addresses."""
    address = parse_address(text, "public")
    for eip in tx.select(Eip, where("target_id", gateway.id)):
        if eip.address == address:
            return eip.address
    raise InvalidInput("public", "must be a public address that is associated with the gateway", text)
