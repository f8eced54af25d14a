"""Databases (NET-6): a private address that only listed ranges may connect to. What answers there is the guest's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, given
from peerway.app.usecases.limits import CALLER, check_limit
from peerway.app.usecases.pages import Page, own_page
from peerway.app.usecases.storing import begin_deletion, idempotent, insert, replace_stored
from peerway.app.usecases.vswitches import usable_vswitch
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import InvalidInput
from peerway.domain.prefixes import Prefix, parse_ipv4_prefix
from peerway.domain.resource import Provisioning
from peerway.domain.service import Database
from peerway.domain.text import check_description, check_name, check_number
from peerway.domain.vpc import check_netns, mac_of

#: The port that each engine answers at unless another is named.
ENGINES: Final[Mapping[str, int]] = {"postgresql": 5432, "mysql": 3306}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDatabase:
    """Make a database."""

    #: VSwitch that its address is from.
    vswitch_id: str
    #: `postgresql` or `mysql`.
    engine: str = "postgresql"
    #: Port it answers at; None for the engine's usual one.
    port: int | None = None
    #: Its address; None for the first free one.
    address: str | None = None
    #: Ranges that may connect; nobody else.
    whitelist: tuple[str, ...] = ()
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Path of an existing network namespace that it lives in (operators); None for one that is made.
    netns: str | None = None
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDatabase:
    """Change texts or who may connect."""

    #: The database.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: Ranges that may connect from now on.
    whitelist: tuple[str, ...] | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDatabase:
    """Delete a database."""

    #: The database.
    id: str


def create_database(tx: Writer, world: World, caller: Caller, request: CreateDatabase) -> Database:
    """Make a database's address and its guest; the engine itself is started in the guest."""
    require_member(caller)

    def run() -> Database:
        return insert(tx, caller, _decide_database(tx, world, caller, request))

    return idempotent(tx, caller, request.client_token, "create_database", request, run, Database)


def get_database(tx: Reader, world: World, caller: Caller, id: str) -> Database:
    """A database of the caller's."""
    return readable(tx, caller, Database, id)


def list_databases(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    vpc_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Database]:
    """The caller's databases, of one VPC when it is named."""
    return own_page(tx, caller, Database, all_accounts=all_accounts, after=after, limit=limit, vpc_id=vpc_id)


def update_database(tx: Writer, world: World, caller: Caller, request: UpdateDatabase) -> Database:
    """Change texts and whitelist; connections from a range that is taken off end at once."""
    require_member(caller)
    before = require_staying(own(tx, caller, Database, request.id), "update")
    after = replace(before, **given(request, **TEXTS))
    if request.whitelist is not UNSET:
        whitelist = _decide_whitelist(tx, world, caller, request.whitelist, scope=before.id)
        after = replace(after, whitelist=whitelist)
    return replace_stored(tx, caller, before, after)


def delete_database(tx: Writer, world: World, caller: Caller, request: DeleteDatabase) -> Database:
    """Start the deletion. A repeat changes nothing."""
    require_member(caller)
    database = own(tx, caller, Database, request.id)
    if database.state is Provisioning.DELETING:
        return database
    return begin_deletion(tx, caller, database)


def _decide_database(tx: Writer, world: World, caller: Caller, request: CreateDatabase) -> Database:
    vswitch = usable_vswitch(tx, caller, request.vswitch_id)
    if request.netns is not None:
        require_operator(caller)
    if request.engine not in ENGINES:
        raise InvalidInput("engine", f"must be one of {', '.join(ENGINES)}", request.engine)
    used = tx.count(Database, where("owner_uid", caller.uid))
    check_limit(tx, world, "databases_per_account", caller.uid, used, scope="the account", field=CALLER)
    id = world.entropy.new_id("rds")
    port = ENGINES[request.engine] if request.port is None else request.port
    return Database(
        id=id,
        owner_uid=caller.uid,
        created_at=tx.now,
        vpc_id=vswitch.vpc_id,
        vswitch_id=vswitch.id,
        address=choose_ipv4(tx, vswitch, request.address, "address"),
        mac=mac_of(id),
        name=check_name(request.name),
        description=check_description(request.description),
        engine=request.engine,
        port=check_number(port, "port", 1, 65535),
        whitelist=_decide_whitelist(tx, world, caller, request.whitelist, scope="the database"),
        netns=check_netns(request.netns),
    )


def _decide_whitelist(
    tx: Reader, world: World, caller: Caller, texts: object, *, scope: str
) -> tuple[Prefix, ...]:
    if not isinstance(texts, tuple | list):
        raise InvalidInput("whitelist", "must be a list of CIDRs", texts)
    ranges = tuple(dict.fromkeys(parse_ipv4_prefix(text, "whitelist") for text in texts))
    name = "whitelist_ranges_per_database"
    check_limit(tx, world, name, caller.uid, 0, scope=scope, field="whitelist", adding=len(ranges))
    return ranges
