"""NAT gateways (NET-8): shared doors to the internet. Their entries are `snat_entries` and `dnat_entries`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member
from peerway.app.usecases.eips import let_go_of_eips
from peerway.app.usecases.external_networks import network_of
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, given
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.links import routes_over
from peerway.app.usecases.nat_entries import entries_of
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import begin_deletion, idempotent, insert, remove, replace_stored
from peerway.app.usecases.vpcs import usable_vpc
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InUse
from peerway.domain.gateway import NatGateway
from peerway.domain.resource import Provisioning
from peerway.domain.text import check_description, check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNatGateway:
    """Make a NAT gateway."""

    #: VPC it belongs to.
    vpc_id: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateNatGateway:
    """Change a gateway's texts."""

    #: The gateway.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNatGateway:
    """Delete a gateway that no route leads to."""

    #: The gateway.
    id: str
    #: Whether its entries go with it; without that it must have none.
    force: bool = False


def create_nat_gateway(tx: Writer, world: World, caller: Caller, request: CreateNatGateway) -> NatGateway:
    """Make a NAT gateway on the outside network of the VPC's region."""
    require_member(caller)

    def run() -> NatGateway:
        vpc = usable_vpc(tx, caller, request.vpc_id)
        used = tx.count(NatGateway, where("vpc_id", vpc.id))
        check_limit(tx, world, "nat_gateways_per_vpc", caller.uid, used, scope=vpc.id, field="vpc_id")
        gateway = NatGateway(
            id=world.entropy.new_id("nat"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=vpc.id,
            network_id=network_of(tx, vpc.region_id).id,
            name=check_name(request.name),
            description=check_description(request.description),
        )
        return insert(tx, caller, gateway)

    return idempotent(tx, caller, request.client_token, "create_nat_gateway", request, run, NatGateway)


def get_nat_gateway(tx: Reader, world: World, caller: Caller, id: str) -> NatGateway:
    """A gateway of the caller's."""
    return readable(tx, caller, NatGateway, id)


def list_nat_gateways(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[NatGateway]:
    """The caller's gateways, of one VPC when it is named."""
    return own_page(
        tx, caller, NatGateway, all_accounts=all_accounts, after=after, limit=limit, vpc_id=vpc_id
    )


def update_nat_gateway(tx: Writer, world: World, caller: Caller, request: UpdateNatGateway) -> NatGateway:
    """Change name and description."""
    require_member(caller)
    before = own(tx, caller, NatGateway, request.id)
    return replace_stored(tx, caller, before, replace(before, **given(request, **TEXTS)))


def delete_nat_gateway(tx: Writer, world: World, caller: Caller, request: DeleteNatGateway) -> NatGateway:
    """Start the deletion; `InUse` while it has entries or a route leads to it. Its public addresses become free."""
    require_member(caller)
    gateway = own(tx, caller, NatGateway, request.id)
    if gateway.state is Provisioning.DELETING:
        return gateway
    for entry in routes_over(tx, gateway.id):
        raise InUse("nat_gateway", gateway.id, "route_entry", entry.id)
    for left in entries_of(tx, gateway.id):
        if not request.force:
            raise InUse("nat_gateway", gateway.id, WORDS[type(left)], left.id)
        remove(tx, caller, left)
    let_go_of_eips(tx, caller, gateway.id)
    return begin_deletion(tx, caller, gateway)
