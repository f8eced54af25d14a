"""Load balancers (NET-6): private addresses whose listeners pass connections on to instances. Listeners are `listeners`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member, require_staying
from peerway.app.usecases.addresses import choose_ipv4
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, given
from peerway.app.usecases.limits import CALLER, check_limit
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import begin_deletion, idempotent, insert, replace_stored
from peerway.app.usecases.vswitches import usable_vswitch
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InUse
from peerway.domain.resource import Provisioning
from peerway.domain.service import Listener, LoadBalancer
from peerway.domain.text import check_description, check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLoadBalancer:
    """Make a load balancer."""

    #: VSwitch that its address is from.
    vswitch_id: str
    #: Its address; None for the first free one.
    address: str | None = None
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateLoadBalancer:
    """Change a load balancer's texts."""

    #: The load balancer.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteLoadBalancer:
    """Delete a load balancer without listeners."""

    #: The load balancer.
    id: str


def create_load_balancer(
    tx: Writer, world: World, caller: Caller, request: CreateLoadBalancer
) -> LoadBalancer:
    """Make a load balancer; it answers nothing until it has a listener with a backend."""
    require_member(caller)

    def run() -> LoadBalancer:
        vswitch = usable_vswitch(tx, caller, request.vswitch_id)
        used = tx.count(LoadBalancer, where("owner_uid", caller.uid))
        check_limit(
            tx, world, "load_balancers_per_account", caller.uid, used, scope="the account", field=CALLER
        )
        balancer = LoadBalancer(
            id=world.entropy.new_id("lb"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=vswitch.vpc_id,
            vswitch_id=vswitch.id,
            address=choose_ipv4(tx, vswitch, request.address, "address"),
            name=check_name(request.name),
            description=check_description(request.description),
        )
        return insert(tx, caller, balancer)

    return idempotent(tx, caller, request.client_token, "create_load_balancer", request, run, LoadBalancer)


def get_load_balancer(tx: Reader, world: World, caller: Caller, id: str) -> LoadBalancer:
    """A load balancer of the caller's."""
    return readable(tx, caller, LoadBalancer, id)


def list_load_balancers(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[LoadBalancer]:
    """The caller's load balancers, of one VPC when it is named."""
    return own_page(
        tx, caller, LoadBalancer, all_accounts=all_accounts, after=after, limit=limit, vpc_id=vpc_id
    )


def update_load_balancer(
    tx: Writer, world: World, caller: Caller, request: UpdateLoadBalancer
) -> LoadBalancer:
    """Change name and description."""
    require_member(caller)
    before = require_staying(own(tx, caller, LoadBalancer, request.id), "update")
    return replace_stored(tx, caller, before, replace(before, **given(request, **TEXTS)))


def delete_load_balancer(
    tx: Writer, world: World, caller: Caller, request: DeleteLoadBalancer
) -> LoadBalancer:
    """Start the deletion; `InUse` while it has a listener. A repeat changes nothing."""
    require_member(caller)
    balancer = own(tx, caller, LoadBalancer, request.id)
    if balancer.state is Provisioning.DELETING:
        return balancer
    for listener in tx.select(Listener, where("load_balancer_id", balancer.id), limit=1):
        raise InUse("load_balancer", balancer.id, "listener", listener.id)
    return begin_deletion(tx, caller, balancer)
