"""How far each limit of the installation is used by an account: what `limits.check_limit` compares, shown to people.

One row a limit. Owns no limit and no check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from peerway.app.store import Reader, Where, where
from peerway.domain.alarm import AlarmRule, Contact, ContactGroup
from peerway.domain.gateway import DnatEntry, Eip, NatGateway, SnatEntry
from peerway.domain.intent import Intent
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

#: Name of the limit that no single resource's attributes tell the use of.
IDLE_VBRS: Final = "idle_vbrs_per_account"

#: States in which an analysis has its answer.
ENDED_ANALYSES = (AnalysisState.FINISHED, AnalysisState.FAILED)

#: States in which a line has ended and counts no more.
ENDED = frozenset({LineState.REJECTED, LineState.CANCELED, LineState.TERMINATED})


def _own(tx: Reader, kind: type[R], uid: str) -> list[R]:
    return tx.select(kind, where("owner_uid", uid))


@dataclass(frozen=True, slots=True)
class Each:
    """One use for each resource of some kinds, or as many as it says, under what it is part of."""

    #: Kinds that count.
    kinds: tuple[type[Resource], ...]
    #: The attribute that says what a resource is part of.
    of: str
    #: How often a resource counts; None: once each.
    size: Callable[[Any], int] | None = None
    #: Conditions that a store can look up; `size` says the same of a single resource.
    only: tuple[Where, ...] = ()
    #: The attribute that says whose use it is.
    owner: str = "owner_uid"

    def __call__(self, tx: Reader, uid: str) -> Counter[str]:
        """All uses of an account."""
        if self.of == self.owner:
            used = self.used(tx, uid, uid)
            return Counter({uid: used} if used else {})
        uses: Counter[str] = Counter()
        for kind in self.kinds:
            for one in tx.select(kind, where(self.owner, uid), *self.only):
                uses[getattr(one, self.of)] += self.size_of(one)
        return +uses

    def used(self, tx: Reader, uid: str, of: str) -> int:
        """What an account uses of one thing. Cost follows that."""
        of_it = where(self.of, of), where(self.owner, uid)
        if self.size is None or self.only:
            return sum(tx.count(kind, *of_it, *self.only) for kind in self.kinds)
        return sum(self.size(one) for kind in self.kinds for one in tx.select(kind, *of_it))

    def size_of(self, resource: Resource) -> int:
        """How often the resource counts."""
        return 1 if self.size is None else self.size(resource)


def idle_vbrs(tx: Reader, uid: str) -> Counter[str]:
    """Border routers without an interface; one that waits to be confirmed counts for whoever made it."""
    used = {interface.vpc_id for interface in _own(tx, RouterInterface, uid)}
    own = (v for v in _own(tx, VirtualBorderRouter, uid) if v.state is not VbrState.UNCONFIRMED)
    offered = _on_lines(tx, uid, where("state", VbrState.UNCONFIRMED))
    return Counter(uid for vbr in (*own, *offered) if vbr.id not in used)


def _on_lines(tx: Reader, uid: str, *conditions: Where) -> list[VirtualBorderRouter]:
    """Border routers on the account's lines, its own and those it made for others."""
    return tx.select(VirtualBorderRouter, where("line_owner_uid", uid), *conditions)


def _analyses(*states: AnalysisState) -> Each:
    """Analyses in these states, counted without their results."""
    only = where("state", *states)
    return Each((PathAnalysis,), "owner_uid", lambda analysis: analysis.state in states, (only,))


#: By name of the limit.
USES: Final[Mapping[str, Uses]] = {
    "router_interfaces_per_account": Each((RouterInterface,), "owner_uid"),
    "router_interfaces_per_router": Each((RouterInterface,), "router_id"),
    "lines_per_account_and_access_point": Each(
        (PhysicalConnection,), "access_point_id", lambda line: line.state not in ENDED
    ),
    "vbrs_per_line": Each((VirtualBorderRouter,), "line_id", owner="line_owner_uid"),
    IDLE_VBRS: idle_vbrs,
    "nat_gateways_per_vpc": Each((NatGateway,), "vpc_id"),
    "nat_entries_per_gateway": Each((SnatEntry, DnatEntry), "nat_gateway_id"),
    "eips_per_account": Each((Eip,), "owner_uid"),
    "load_balancers_per_account": Each((LoadBalancer,), "owner_uid"),
    "listeners_per_load_balancer": Each((Listener,), "load_balancer_id"),
    "backends_per_listener": Each((Backend,), "listener_id"),
    "databases_per_account": Each((Database,), "owner_uid"),
    "whitelist_ranges_per_database": Each((Database,), "id", lambda database: len(database.whitelist)),
    "shares_per_vswitch": Each((Share,), "vswitch_id"),
    "custom_entries_per_table": Each(
        (RouteEntry,), "route_table_id", lambda entry: entry.origin is EntryOrigin.CUSTOM
    ),
    "custom_tables_per_vpc": Each((RouteTable,), "vpc_id", lambda table: table.kind is TableKind.CUSTOM),
    "secondary_cidrs_per_vpc": Each((Vpc,), "id", lambda vpc: len(vpc.secondary_cidrs)),
    "vswitches_per_vpc": Each((VSwitch,), "vpc_id"),
    "rules_per_group": Each((SecurityRule,), "security_group_id"),
    "network_paths_per_account": Each((NetworkPath,), "owner_uid"),
    "intents_per_account": Each((Intent,), "owner_uid"),
    "alarm_rules_per_account": Each((AlarmRule,), "owner_uid"),
    "contacts_per_account": Each((Contact,), "owner_uid"),
    "contact_groups_per_account": Each((ContactGroup,), "owner_uid"),
    "pending_analyses_per_account": _analyses(AnalysisState.PENDING),
    "kept_analyses_per_account": _analyses(*ENDED_ANALYSES),
}
