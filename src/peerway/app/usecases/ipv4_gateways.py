"""IPv4 gateways (NET-10): the route tables decide what leaves by the internet, so that a public range can be used privately."""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member, require_staying
from peerway.app.usecases.external_networks import network_of
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, given
from peerway.app.usecases.links import routes_over
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import begin_deletion, idempotent, insert, replace_stored
from peerway.app.usecases.vpcs import usable_vpc
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, InUse
from peerway.domain.gateway import Ipv4Gateway
from peerway.domain.resource import Provisioning
from peerway.domain.text import check_description, check_flag, check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIpv4Gateway:
    """Make a VPC's IPv4 gateway; it changes nothing until it is enabled."""

    #: VPC it belongs to.
    vpc_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Whether it takes over at once.
    enabled: bool = False
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateIpv4Gateway:
    """Change texts, or let the route tables decide, or end that."""

    #: The gateway.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: Whether the route tables decide.
    enabled: bool | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteIpv4Gateway:
    """Delete a gateway that no route leads to; public ranges count as public again."""

    #: The gateway.
    id: str


def create_ipv4_gateway(tx: Writer, world: World, caller: Caller, request: CreateIpv4Gateway) -> Ipv4Gateway:
    """Make the VPC's IPv4 gateway; there is one at most."""
    require_member(caller)

    def run() -> Ipv4Gateway:
        vpc = usable_vpc(tx, caller, request.vpc_id)
        network_of(tx, vpc.region_id)
        for present in tx.select(Ipv4Gateway, where("vpc_id", vpc.id), limit=1):
            text = f"the VPC has the IPv4 gateway {present.id}"
            raise AlreadyExists(text, code="gateway_exists", field="vpc_id", id=present.id)
        gateway = Ipv4Gateway(
            id=world.entropy.new_id("ipv4gw"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=vpc.id,
            name=check_name(request.name),
            description=check_description(request.description),
            enabled=check_flag(request.enabled, "enabled"),
        )
        return insert(tx, caller, gateway)

    return idempotent(tx, caller, request.client_token, "create_ipv4_gateway", request, run, Ipv4Gateway)


def get_ipv4_gateway(tx: Reader, world: World, caller: Caller, id: str) -> Ipv4Gateway:
    """A gateway of the caller's."""
    return readable(tx, caller, Ipv4Gateway, id)


def list_ipv4_gateways(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Ipv4Gateway]:
    """The caller's gateways, of one VPC when it is named."""
    return own_page(
        tx, caller, Ipv4Gateway, all_accounts=all_accounts, after=after, limit=limit, vpc_id=vpc_id
    )


def update_ipv4_gateway(tx: Writer, world: World, caller: Caller, request: UpdateIpv4Gateway) -> Ipv4Gateway:
    """Change texts, and whether the VPC's route tables decide about the internet."""
    require_member(caller)
    before = require_staying(own(tx, caller, Ipv4Gateway, request.id), "update")
    after = replace(before, **given(request, **TEXTS, enabled=check_flag))
    return replace_stored(tx, caller, before, after)


def delete_ipv4_gateway(tx: Writer, world: World, caller: Caller, request: DeleteIpv4Gateway) -> Ipv4Gateway:
    """Start the deletion; `InUse` while a route leads to it. A repeat changes nothing."""
    require_member(caller)
    gateway = own(tx, caller, Ipv4Gateway, request.id)
    if gateway.state is Provisioning.DELETING:
        return gateway
    for entry in routes_over(tx, gateway.id):
        raise InUse("ipv4_gateway", gateway.id, "route_entry", entry.id)
    return begin_deletion(tx, caller, gateway)
