"""Network paths (PATH-1): questions about reachability that are kept, to be asked again and again.

Owns who may ask about which points. Asking is `analyses`' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member, seen_by
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, choose, given
from peerway.app.usecases.limits import CALLER, check_limit
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import idempotent, insert, record, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.errors import InvalidInput
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.path import (
    NetworkPath,
    PathAnalysis,
    PathProtocol,
    Point,
    PointKind,
    Question,
    check_question,
    parse_point,
)
from peerway.domain.resource import Resource
from peerway.domain.service import Database, LoadBalancer
from peerway.domain.text import check_description, check_name, check_number
from peerway.domain.vpc import Instance, VSwitch

#: Highest port.
MOST_PORT: Final = 65535

#: What stands in the store for each kind of point that has an id.
RESOURCES: Final[Mapping[PointKind, type[Resource]]] = {
    PointKind.INSTANCE: Instance,
    PointKind.DATABASE: Database,
    PointKind.LOAD_BALANCER: LoadBalancer,
    PointKind.VSWITCH: VSwitch,
    PointKind.VBR: VirtualBorderRouter,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question as it is put: points are ids, addresses, or `ID@ADDRESS`."""

    #: Who asks.
    source: str
    #: Who is asked.
    target: str
    #: `tcp`, `udp` or `icmp`.
    protocol: str = PathProtocol.ICMP.value
    #: At which port of the target; 0 for icmp.
    port: int = 0
    #: From which port; 0 for one that the source's system chooses.
    source_port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNetworkPath(Ask):
    """Keep a question."""

    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateNetworkPath:
    """Change texts; who asks whom stays, as the answers on record are about that."""

    #: The path.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNetworkPath:
    """Forget a question, with its answers."""

    #: The path.
    id: str


def create_network_path(tx: Writer, world: World, caller: Caller, request: CreateNetworkPath) -> NetworkPath:
    """Keep a question about points that the caller may ask about."""
    require_member(caller)

    def run() -> NetworkPath:
        question = usable_question(tx, caller, request)
        used = tx.count(NetworkPath, where("owner_uid", caller.uid))
        check_limit(
            tx,
            world,
            "network_paths_per_account",
            caller.uid,
            used,
            scope=f"account {caller.uid}",
            field=CALLER,
        )
        path = NetworkPath(
            id=world.entropy.new_id("np"),
            owner_uid=caller.uid,
            created_at=tx.now,
            name=check_name(request.name),
            description=check_description(request.description),
            source=question.source,
            target=question.target,
            protocol=question.protocol,
            port=question.port,
            source_port=question.source_port,
        )
        return insert(tx, caller, path)

    return idempotent(tx, caller, request.client_token, "create_network_path", request, run, NetworkPath)


def get_network_path(tx: Reader, world: World, caller: Caller, id: str) -> NetworkPath:
    """A path of the caller's."""
    return readable(tx, caller, NetworkPath, id)


def list_network_paths(
    tx: Reader,
    world: World,
    caller: Caller,
    *,
    source_id: str | None = None,
    target_id: str | None = None,
    all_accounts: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> Page[NetworkPath]:
    """The caller's paths, from or to one resource when it is named."""
    ends = {"source.id": source_id, "target.id": target_id}
    wanted = (where(name, id) for name, id in ends.items() if id is not None)
    seen = seen_by(caller, all_accounts=all_accounts)
    return page(tx, NetworkPath, *seen, *wanted, after=after, limit=limit)


def update_network_path(tx: Writer, world: World, caller: Caller, request: UpdateNetworkPath) -> NetworkPath:
    """Change texts."""
    require_member(caller)
    before = own(tx, caller, NetworkPath, request.id)
    return replace_stored(tx, caller, before, replace(before, **given(request, **TEXTS)))


def delete_network_path(tx: Writer, world: World, caller: Caller, request: DeleteNetworkPath) -> NetworkPath:
    """Forget a path and every analysis of it."""
    require_member(caller)
    path = own(tx, caller, NetworkPath, request.id)
    for analysis in tx.select(PathAnalysis, where("path_id", path.id)):
        drop_analysis(tx, caller, analysis)
    remove(tx, caller, path)
    return path


def drop_analysis(tx: Writer, caller: Caller, analysis: PathAnalysis) -> None:
    """Remove an analysis; the audit log does not keep its result."""
    tx.delete(analysis)
    record(tx, caller, "path_analysis.delete", replace(analysis, result=""), None)


def usable_question(tx: Reader, caller: Caller, ask: Ask) -> Question:
    """The question that is put; `InvalidInput` where it makes no sense, `NotFound` for a point that the caller may not ask about.

    Addresses are free. A question between two of them has nothing of the caller's in it, so that only operators may put it.
    """
    return answerable(tx, caller, question_of(ask))


def question_of(ask: Ask) -> Question:
    """The question that is put; `InvalidInput` naming the field where it makes no sense."""
    return check_question(
        Question(
            source=parse_point(ask.source, "source"),
            target=parse_point(ask.target, "target"),
            protocol=choose(PathProtocol, ask.protocol, "protocol"),
            port=check_number(ask.port, "port", 0, MOST_PORT),
            source_port=check_number(ask.source_port, "source_port", 0, MOST_PORT),
        )
    )


def answerable(tx: Reader, caller: Caller, question: Question) -> Question:
    """The question, when the caller may have it answered: each point is its own or shared with it, or it is an operator."""
    ends = [
        _versions(_usable_point(tx, caller, point, field), point)
        for field, point in (("source", question.source), ("target", question.target))
    ]
    kinds = {question.source.kind, question.target.kind}
    if kinds == {PointKind.ADDRESS} and not caller.role.may(Role.OPERATOR):
        raise InvalidInput("source", "must be a resource of yours when the target is an address")
    if frozenset.intersection(*ends) == frozenset():
        source, target = question.source, question.target
        raise InvalidInput("target", f"has no address of an IP version that {source} has, too", str(target))
    return question


def _usable_point(tx: Reader, caller: Caller, point: Point, field: str) -> Resource | None:
    """What is stored of the point; None for an address."""
    kind = RESOURCES.get(point.kind)
    return readable(tx, caller, kind, point.id, field) if kind is not None else None


def _versions(resource: Resource | None, point: Point) -> frozenset[int]:
    """IP versions of the addresses that stand for the point."""
    if point.address is not None:
        return frozenset({point.address.version})
    match resource:
        case Instance():
            return frozenset(address.version for address in resource.addresses)
        case VSwitch():
            return frozenset(prefix.version for prefix in resource.prefixes)
        case VirtualBorderRouter():
            return frozenset(network.version for network in resource.transfer_networks)
    return frozenset({4})
