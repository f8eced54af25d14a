"""Intents: what is meant to hold whatever changes, kept by those whom it concerns.

Owns who may ask for what. Whether it holds is `analysis.intents`' business, what is written down of that `states`'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member, seen_by
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given
from peerway.app.usecases.limits import CALLER, check_limit
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Account, Caller, Role
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.intent import (
    TARGETS_ONLY,
    Enforcement,
    Expectation,
    Intent,
    IntentState,
    Party,
    PartyKind,
    parse_party,
)
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.resource import Resource
from peerway.domain.security import Protocol
from peerway.domain.service import Database, LoadBalancer
from peerway.domain.text import check_description, check_name, check_number
from peerway.domain.vpc import Instance, Vpc, VSwitch

#: Highest port.
MOST_PORT: Final = 65535

#: What stands in the store for each kind of side that has an id of a resource.
RESOURCES: Final[Mapping[PartyKind, type[Resource]]] = {
    PartyKind.VPC: Vpc,
    PartyKind.VSWITCH: VSwitch,
    PartyKind.INSTANCE: Instance,
    PartyKind.DATABASE: Database,
    PartyKind.LOAD_BALANCER: LoadBalancer,
    PartyKind.VBR: VirtualBorderRouter,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIntent:
    """Ask for something that is to hold from now on."""

    #: Who asks: `vpc:ID`, `account:UID`, `vbr:ID@CIDR` and the like.
    source: str
    #: Who is asked; `range:CIDR`, too.
    target: str
    #: `reach` or `isolate`.
    expectation: str
    #: `all`, `tcp`, `udp`, `icmp`, `icmpv6` or `gre`.
    protocol: str = Protocol.ALL.value
    #: First port of tcp and udp; with `all`, of both.
    port_low: int = 0
    #: Last port, inclusive.
    port_high: int = MOST_PORT
    #: What a change that breaks it meets: `refuse` or `flag`.
    enforcement: str = Enforcement.FLAG.value
    #: Display name, one of a kind in the account; empty for the id.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateIntent:
    """Change an intent; who asks whom stays."""

    #: The intent.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: `reach` or `isolate`.
    expectation: str | Unset = UNSET
    #: New protocol.
    protocol: str | Unset = UNSET
    #: New first port.
    port_low: int | Unset = UNSET
    #: New last port.
    port_high: int | Unset = UNSET
    #: `refuse` or `flag`.
    enforcement: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteIntent:
    """Ask for it no longer."""

    #: The intent.
    id: str


def create_intent(tx: Writer, world: World, caller: Caller, request: CreateIntent) -> Intent:
    """Ask for something; it is examined soon, and guards changes from now on."""
    require_member(caller)

    def run() -> Intent:
        used = tx.count(Intent, where("owner_uid", caller.uid))
        check_limit(
            tx, world, "intents_per_account", caller.uid, used, scope=f"account {caller.uid}", field=CALLER
        )
        id = world.entropy.new_id("in")
        intent = Intent(
            id=id,
            owner_uid=caller.uid,
            created_at=tx.now,
            name=check_name(request.name) or id,
            description=check_description(request.description),
            source=_usable(tx, caller, request.source, "source"),
            target=_usable(tx, caller, request.target, "target"),
            expectation=choose(Expectation, request.expectation, "expectation"),
            protocol=choose(Protocol, request.protocol, "protocol"),
            port_low=_check_port(request.port_low, "port_low"),
            port_high=_check_port(request.port_high, "port_high"),
            enforcement=choose(Enforcement, request.enforcement, "enforcement"),
            of_operator=caller.role.may(Role.OPERATOR),
        )
        return insert(tx, caller, _sensible(intent))

    return idempotent(tx, caller, request.client_token, "create_intent", request, run, Intent)


def get_intent(tx: Reader, world: World, caller: Caller, id: str) -> Intent:
    """An intent of the caller's, and how it stands."""
    return _visible(caller, readable(tx, caller, Intent, id))


def list_intents(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    source_id: str | None = None,
    target_id: str | None = None,
    state: IntentState | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Intent]:
    """The caller's intents; those in one state, or about one resource, when that is named."""
    fields = {"source.id": source_id, "target.id": target_id, "state": state}
    wanted = (where(name, value) for name, value in fields.items() if value is not None)
    seen = seen_by(caller, all_accounts=all_accounts)
    found = page(tx, Intent, *seen, *wanted, after=after, limit=limit)
    return Page(tuple(_visible(caller, intent) for intent in found.items), found.next)


def update_intent(tx: Writer, world: World, caller: Caller, request: UpdateIntent) -> Intent:
    """Change an intent; what bears on whether it holds has it examined anew."""
    require_member(caller)
    before = own(tx, caller, Intent, request.id)
    after = _sensible(replace(before, **_asked(request)))
    if not after.name:
        after = replace(after, name=after.id)
    if after.asks != before.asks:
        after = replace(
            after, state=IntentState.UNCHECKED, state_since=None, network_revision=None, reason=""
        )
    return _visible(caller, replace_stored(tx, caller, before, after))


def delete_intent(tx: Writer, world: World, caller: Caller, request: DeleteIntent) -> Intent:
    """Let go of an intent; it guards nothing any more."""
    require_member(caller)
    intent = own(tx, caller, Intent, request.id)
    remove(tx, caller, intent)
    return _visible(caller, intent)


def _asked(request: UpdateIntent) -> dict[str, Any]:
    return given(
        request,
        **TEXTS,
        expectation=lambda value, field: choose(Expectation, value, field),
        protocol=lambda value, field: choose(Protocol, value, field),
        enforcement=lambda value, field: choose(Enforcement, value, field),
        port_low=_check_port,
        port_high=_check_port,
    )


def _usable(tx: Reader, caller: Caller, text: str, field: str) -> Party:
    """The side that the text names, when it is the caller's own or shared with it; operators may name any."""
    party = parse_party(text, field)
    if field == "source" and party.kind in TARGETS_ONLY:
        raise InvalidInput(field, f"can't be a {party.kind.value}: it asks nobody by itself", text)
    kind = RESOURCES.get(party.kind)
    if kind is not None:
        readable(tx, caller, kind, party.id, field)
    if party.kind is PartyKind.ACCOUNT:
        allowed = party.id == caller.uid or caller.role.may(Role.OPERATOR)
        if not allowed or tx.get(Account, party.id or "") is None:
            raise NotFound("account", (party.id or "")[:64], field=field)
    return party


def _sensible(intent: Intent) -> Intent:
    """The intent; `InvalidInput` when it asks for nothing that could be."""
    if intent.port_low > intent.port_high:
        raise InvalidInput("port_high", f"must not be below port_low ({intent.port_low})", intent.port_high)
    ported = intent.protocol in {Protocol.ALL, Protocol.TCP, Protocol.UDP}
    if not ported and (intent.port_low, intent.port_high) != (0, MOST_PORT):
        raise InvalidInput("port_low", f"must not be given for {intent.protocol.value}: it has no ports")
    return intent


def _check_port(value: object, field: str) -> int:
    return check_number(value, field, 0, MOST_PORT)


def _visible(caller: Caller, intent: Intent) -> Intent:
    """The intent as the caller may have it: what an operator's one shows may be anybody's, so it is for operators only."""
    hidden = intent.of_operator and not caller.role.may(Role.OPERATOR)
    return replace(intent, reason="") if hidden else intent
