"""How far each limit of the installation is used by an account: what `limits.check_limit` compares, shown to people.

One row a limit. Owns no limit and no check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from peerway.app.store import Reader, Where, where
from peerway.domain.gateway import DnatEntry, Eip, NatGateway, SnatEntry
from peerway.domain.line import LineState, PhysicalConnection, VbrState, VirtualBorderRouter
from peerway.domain.path import AnalysisState, NetworkPath, PathAnalysis
from peerway.domain.resource import Resource
from peerway.domain.route_table import EntryOrigin, RouteEntry, RouteTable, TableKind
from peerway.domain.router_interface import RouterInterface
from peerway.domain.security import SecurityRule
from peerway.domain.service import Backend, Database, Listener, LoadBalancer
from peerway.domain.sharing import Share
from peerway.domain.vpc import Vpc, VSwitch

R = TypeVar("R", bound=Resource)

#: How much is used, by what is limited: an account, router, line, VPC ...
Uses = Callable[[Reader, str], Counter[str]]

#: States in which an analysis has its answer.
ENDED_ANALYSES = (AnalysisState.FINISHED, AnalysisState.FAILED)

#: States in which a line has ended and counts no more.
ENDED = frozenset({LineState.REJECTED, LineState.CANCELED, LineState.TERMINATED})


def _own(tx: Reader, kind: type[R], uid: str) -> list[R]:
    return tx.select(kind, where("owner_uid", uid))


def _each(kind: type[Resource], of: str, counts: Callable[[Any], bool] = lambda _: True) -> Uses:
    """One for each resource that counts, under the attribute that says what it is part of."""
    return lambda tx, uid: Counter(getattr(one, of) for one in _own(tx, kind, uid) if counts(one))


def _sizes(kind: type[Resource], size: Callable[[Any], int]) -> Uses:
    """The size of each resource, under its own id."""
    return lambda tx, uid: Counter({one.id: size(one) for one in _own(tx, kind, uid)})


def idle_vbrs(tx: Reader, uid: str) -> Counter[str]:
    """Border routers without an interface; one that waits to be confirmed counts for whoever made it."""
    used = {interface.vpc_id for interface in _own(tx, RouterInterface, uid)}
    own = (v for v in _own(tx, VirtualBorderRouter, uid) if v.state is not VbrState.UNCONFIRMED)
    offered = _on_lines(tx, uid, where("state", VbrState.UNCONFIRMED))
    return Counter(uid for vbr in (*own, *offered) if vbr.id not in used)


def _on_lines(tx: Reader, uid: str, *conditions: Where) -> list[VirtualBorderRouter]:
    """Border routers on the account's lines, its own and those it made for others."""
    return tx.select(VirtualBorderRouter, where("line_owner_uid", uid), *conditions)


def _vbrs_on_lines(tx: Reader, uid: str) -> Counter[str]:
    return Counter(vbr.line_id for vbr in _on_lines(tx, uid))


def _analyses(*states: AnalysisState) -> Uses:
    """Analyses in these states, counted without their results."""

    def uses(tx: Reader, uid: str) -> Counter[str]:
        count = tx.count(PathAnalysis, where("owner_uid", uid), where("state", *states))
        return Counter({uid: count} if count else {})

    return uses


def _nat_entries(tx: Reader, uid: str) -> Counter[str]:
    return _each(SnatEntry, "nat_gateway_id")(tx, uid) + _each(DnatEntry, "nat_gateway_id")(tx, uid)


#: By name of the limit.
USES: Final[Mapping[str, Uses]] = {
    "router_interfaces_per_account": _each(RouterInterface, "owner_uid"),
    "router_interfaces_per_router": _each(RouterInterface, "router_id"),
    "lines_per_account_and_access_point": _each(
        PhysicalConnection, "access_point_id", lambda line: line.state not in ENDED
    ),
    "vbrs_per_line": _vbrs_on_lines,
    "idle_vbrs_per_account": idle_vbrs,
    "nat_gateways_per_vpc": _each(NatGateway, "vpc_id"),
    "nat_entries_per_gateway": _nat_entries,
    "eips_per_account": _each(Eip, "owner_uid"),
    "load_balancers_per_account": _each(LoadBalancer, "owner_uid"),
    "listeners_per_load_balancer": _each(Listener, "load_balancer_id"),
    "backends_per_listener": _each(Backend, "listener_id"),
    "databases_per_account": _each(Database, "owner_uid"),
    "whitelist_ranges_per_database": _sizes(Database, lambda database: len(database.whitelist)),
    "shares_per_vswitch": _each(Share, "vswitch_id"),
    "custom_entries_per_table": _each(
        RouteEntry, "route_table_id", lambda entry: entry.origin is EntryOrigin.CUSTOM
    ),
    "custom_tables_per_vpc": _each(RouteTable, "vpc_id", lambda table: table.kind is TableKind.CUSTOM),
    "secondary_cidrs_per_vpc": _sizes(Vpc, lambda vpc: len(vpc.secondary_cidrs)),
    "vswitches_per_vpc": _each(VSwitch, "vpc_id"),
    "rules_per_group": _each(SecurityRule, "security_group_id"),
    "network_paths_per_account": _each(NetworkPath, "owner_uid"),
    "pending_analyses_per_account": _analyses(AnalysisState.PENDING),
    "kept_analyses_per_account": _analyses(*ENDED_ANALYSES),
}
