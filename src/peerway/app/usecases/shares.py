"""VPCs shared with other accounts (NET-9): the owner lends VSwitches, and keeps the network and its links to itself.

A sharing account sees the VPC and the VSwitch, and puts instances, security groups, load balancers and databases of its own
into them; nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import existing, own, require_member, require_staying
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import idempotent, insert, remove
from peerway.app.world import World
from peerway.domain.account import Account, Caller, Role
from peerway.domain.errors import AlreadyExists, InUse, InvalidInput, NotFound
from peerway.domain.security import SecurityGroup
from peerway.domain.service import Database, LoadBalancer
from peerway.domain.sharing import Share
from peerway.domain.vpc import Instance, VSwitch


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateShare:
    """Share a VSwitch with another account."""

    #: The VSwitch.
    vswitch_id: str
    #: The account.
    user_uid: str
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteShare:
    """End a share whose account has nothing there any more."""

    #: The share.
    id: str


def create_share(tx: Writer, world: World, caller: Caller, request: CreateShare) -> Share:
    """Let another account put its own things into a VSwitch; the VPC's owner only."""
    require_member(caller)

    def run() -> Share:
        vswitch = require_staying(own(tx, caller, VSwitch, request.vswitch_id, "vswitch_id"), "share")
        if request.user_uid == caller.uid:
            raise InvalidInput("user_uid", "must be another account", request.user_uid)
        existing(tx, Account, request.user_uid, "user_uid")
        users = tx.select(Share, where("vswitch_id", vswitch.id))
        if any(share.user_uid == request.user_uid for share in users):
            raise AlreadyExists("it is shared with this account", code="share_exists", field="user_uid")
        check_limit(
            tx, world, "shares_per_vswitch", caller.uid, len(users), scope=vswitch.id, field="vswitch_id"
        )
        share = Share(
            id=world.entropy.new_id("shr"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=vswitch.vpc_id,
            vswitch_id=vswitch.id,
            user_uid=request.user_uid,
        )
        return insert(tx, caller, share)

    return idempotent(tx, caller, request.client_token, "create_share", request, run, Share)


def get_share(tx: Reader, world: World, caller: Caller, id: str) -> Share:
    """A share that the caller gave or got."""
    share = tx.get(Share, id)
    sides = set() if share is None else {share.owner_uid, share.user_uid}
    if share is None or not (caller.uid in sides or caller.role.may(Role.OPERATOR)):
        raise NotFound("share", id[:64])
    return share


def list_shares(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Share]:
    """Shares that the caller gave or got, of one VPC when it is named."""
    sides = ("owner_uid", "user_uid")
    return own_page(
        tx, caller, Share, all_accounts=all_accounts, after=after, limit=limit, owners=sides, vpc_id=vpc_id
    )


def delete_share(tx: Writer, world: World, caller: Caller, request: DeleteShare) -> Share:
    """End a share; `InUse` while the account has something in it, or a security group and no other share of the VPC."""
    require_member(caller)
    share = own(tx, caller, Share, request.id)
    for kind in (Instance, LoadBalancer, Database):
        here = (where("vswitch_id", share.vswitch_id), where("owner_uid", share.user_uid))
        for left in tx.select(kind, *here, limit=1):
            raise InUse("share", share.id, WORDS[kind], left.id)
    of_user = (where("vpc_id", share.vpc_id), where("user_uid", share.user_uid))
    if len(tx.select(Share, *of_user, limit=2)) == 1:
        for group in tx.select(SecurityGroup, where("vpc_id", share.vpc_id)):
            if group.owner_uid == share.user_uid:
                raise InUse("share", share.id, "security_group", group.id)
    remove(tx, caller, share)
    return share
