"""Resources to rows and back: one `Codec` a kind.

A codec says which columns stand for which attributes and which of them need converting. It knows no SQL and no engine. Names of
columns are names of attributes, a dot in them turned to an underscore (`requester.uid` -> `requester_uid`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from sqlalchemy import Table

from peerway.adapters.store.conversions import (
    ACL,
    ADDRESS,
    BOOL,
    CONDITIONS,
    INTERFACE4,
    INTERFACE6,
    IPV4,
    IPV4S,
    IPV6,
    MONEY,
    PATHS,
    PORT,
    PREFIX,
    PREFIXES,
    TAGS,
    TARGETS,
    TEXTS,
    TIME,
    WATCHES,
    Conversion,
    choice,
)
from peerway.adapters.store.tables import (
    accounts,
    bookkeeping,
    gateways,
    labels,
    links,
    monitoring,
    networks,
    questions,
    services,
)
from peerway.domain.account import Account, Credential, Role, Site
from peerway.domain.alarm import AlarmRule, AlarmState, Contact, ContactGroup
from peerway.domain.gateway import (
    DnatEntry,
    Eip,
    EipTarget,
    ExternalNetwork,
    Ipv4Gateway,
    NatGateway,
    SnatEntry,
)
from peerway.domain.intent import (
    REFUSING,
    Enforcement,
    Expectation,
    Intent,
    IntentState,
    Party,
    PartyKind,
)
from peerway.domain.labels import Labels, ResourceGroup
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.line import LineState, PhysicalConnection, PortType, VbrState, VirtualBorderRouter
from peerway.domain.offer import OfferState, PeeringOffer
from peerway.domain.path import AnalysisState, NetworkPath, PathAnalysis, PathProtocol, Point, PointKind
from peerway.domain.peering import (
    LinkType,
    Peering,
    PeeringSide,
    PeeringState,
    account_region,
    pair_key,
)
from peerway.domain.quota import ApplicationState, QuotaApplication, QuotaGrant
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import EntryOrigin, NextHop, RouteEntry, RouteTable, TableKind
from peerway.domain.router_interface import (
    InterfaceHealth,
    InterfaceRole,
    InterfaceState,
    RouterInterface,
    RouterType,
)
from peerway.domain.security import (
    Direction,
    NetworkAcl,
    Protocol,
    RuleAction,
    SecurityGroup,
    SecurityRule,
)
from peerway.domain.service import Backend, BackendHealth, Database, Listener, LoadBalancer
from peerway.domain.sharing import Share
from peerway.domain.sync import SyncFailure
from peerway.domain.task import Task
from peerway.domain.vpc import Instance, Vpc, VpcKind, VSwitch

R = TypeVar("R", bound=Resource)

NOTHING: Mapping[str, Any] = MappingProxyType({})


def owner(resource: Resource) -> str:
    """Who may see a resource: its owner."""
    return resource.owner_uid


def both_sides(peering: Peering) -> str:
    """Who may see a connection: the accounts of both sides."""
    ours, theirs = peering.requester.uid, peering.accepter.uid
    return ours if ours == theirs else f"{ours} {theirs}"


def joined_sides(interface: RouterInterface) -> str:
    """Who hears of an interface: its owner and, once it is being joined, the other side's, who is shown its state."""
    joined = ROUTER_INTERFACE.states[interface.state].live or interface.connected_at is not None
    other = interface.opposite_owner_uid if joined else None
    return interface.owner_uid if other in {None, interface.owner_uid} else f"{interface.owner_uid} {other}"


def line_and_owner(vbr: VirtualBorderRouter) -> str:
    """Who may see a border router: its owner and the line's."""
    return vbr.owner_uid if vbr.owner_uid == vbr.line_owner_uid else f"{vbr.owner_uid} {vbr.line_owner_uid}"


def owner_and_user(share: Share) -> str:
    """Who may see a share: who gave it and who got it."""
    return f"{share.owner_uid} {share.user_uid}"


def joined_routers(interface: RouterInterface) -> str | None:
    """The pair of routers on the initiator's side while it is joined, for the unique rule."""
    initiates = interface.role is InterfaceRole.INITIATOR and not interface.opposite_deleted
    if not (initiates and ROUTER_INTERFACE.states[interface.state].live and interface.opposite_router_id):
        return None
    return pair_key(interface.router_id, interface.opposite_router_id)


def live_sides(peering: Peering) -> frozenset[str]:
    """Accounts in their regions that the connection counts for while it is live."""
    if not PEERING.states[peering.state].live:
        return frozenset()
    return frozenset(account_region(side.uid, side.region_id) for side in peering.sides)


def live_pair(peering: Peering) -> str | None:
    """The pair of VPCs while the connection is live, for the unique rule."""
    if not PEERING.states[peering.state].live:
        return None
    return pair_key(peering.requester.vpc_id, peering.accepter.vpc_id)


def guarding(intent: Intent) -> frozenset[str]:
    """That there is an intent which refuses changes, so that those who change something see by one look whether there is any."""
    return frozenset({REFUSING}) if intent.enforcement is Enforcement.REFUSE else frozenset()


class Codec(Generic[R]):
    """How one kind of resource is stored."""

    #: The class.
    kind: type[R]
    #: Its table.
    table: Table
    #: Name in the change log and in errors.
    name: str
    #: Attributes in the order of rows; dotted for parts of nested values.
    paths: tuple[str, ...]
    #: Columns in the order of rows.
    columns: tuple[str, ...]
    #: Columns that follow from the resource and exist only for the engine's rules; they end an encoded row.
    derived: tuple[str, ...]
    #: Uids of the accounts that may see a resource, parted by blanks.
    seen_by: Callable[[R], str]
    #: Keys that a resource counts under in the tallies, each once; None for a kind without tallies.
    tallied: Callable[[R], frozenset[str]] | None

    def __init__(
        self,
        kind: type[R],
        table: Table,
        conversions: Mapping[str, Conversion],
        *,
        nested: Mapping[str, type] = NOTHING,
        derived: Mapping[str, Callable[[R], object]] = NOTHING,
        seen_by: Callable[[R], str] = owner,
        tallied: Callable[[R], frozenset[str]] | None = None,
    ) -> None:
        self.kind = kind
        self.table = table
        self.name = kind.__name__.lower()
        self.paths = tuple(_paths(kind, nested))
        self.columns = tuple(path.replace(".", "_") for path in self.paths)
        self.derived = tuple(derived)
        self.seen_by = seen_by
        self.tallied = tallied
        self._conversions = {"created_at": TIME, **conversions}
        self._row = (*self.columns, *self.derived)
        self._values = attrgetter(*self.paths)
        self._derive = tuple(derived.values())
        at = {path: index for index, path in enumerate(self.paths)}
        self._encoders = tuple((at[path], one.encode) for path, one in self._conversions.items())
        self._decoders = tuple((at[path], one.decode) for path, one in self._conversions.items())
        self._flat = tuple((path, index) for path, index in at.items() if "." not in path)
        self._nested = tuple((name, whole, *_span(name, self.paths)) for name, whole in nested.items())

    def encode_value(self, path: str, value: object) -> object:
        """One attribute's value as its column holds it; `path` may be any of `paths`."""
        conversion = self._conversions.get(path)
        return value if conversion is None or value is None else conversion.encode(value)

    def encode(self, resource: R) -> list[object]:
        """The row: `columns`, then `derived`."""
        row = list(self._values(resource))
        for index, encode in self._encoders:
            value = row[index]
            if value is not None:
                row[index] = encode(value)
        row.extend(derive(resource) for derive in self._derive)
        return row

    def changed(self, before: Sequence[object], after: Sequence[object]) -> tuple[str, ...]:
        """Names of the columns in which two encoded rows differ."""
        return tuple(
            [
                name
                for name, old, new in zip(self._row, before, after, strict=True)
                if old is not new and old != new
            ]
        )

    def decode(self, row: Sequence[Any]) -> R:
        """The resource of a row of `columns`."""
        values = list(row)
        for index, decode in self._decoders:
            value = values[index]
            if value is not None:
                values[index] = decode(value)
        if not self._nested:
            return self.kind(**dict(zip(self.paths, values, strict=True)))
        parts = {name: values[index] for name, index in self._flat}
        for name, whole, start, stop in self._nested:
            parts[name] = whole(*values[start:stop])
        return self.kind(**parts)


def _paths(kind: type[Resource], nested: Mapping[str, type]) -> list[str]:
    paths = []
    for one in fields(kind):
        whole = nested.get(one.name)
        paths += [f"{one.name}.{part.name}" for part in fields(whole)] if whole else [one.name]
    return paths


def _span(name: str, paths: Sequence[str]) -> tuple[int, int]:
    """First column of a nested value, and the one after its last."""
    inside = [index for index, path in enumerate(paths) if path.startswith(f"{name}.")]
    return inside[0], inside[-1] + 1


STATE = choice(Provisioning)

#: Both ends of a path, and what goes between them.
ENDS: Mapping[str, Conversion] = MappingProxyType(
    {
        "source.kind": choice(PointKind),
        "source.address": ADDRESS,
        "target.kind": choice(PointKind),
        "target.address": ADDRESS,
        "protocol": choice(PathProtocol),
    }
)
POINTS: Mapping[str, type] = MappingProxyType({"source": Point, "target": Point})

#: Every kind of resource there is.
CODECS: Mapping[type[Resource], Codec[Any]] = MappingProxyType(
    {
        codec.kind: codec
        for codec in (
            Codec(Account, accounts.ACCOUNT, {"site": choice(Site), "real_name": BOOL, "balance": MONEY}),
            Codec(Credential, accounts.CREDENTIAL, {"role": choice(Role), "enabled": BOOL, "of_start": BOOL}),
            Codec(
                Vpc,
                networks.VPC,
                {
                    "cidr": PREFIX,
                    "secondary_cidrs": PREFIXES,
                    "ipv6_cidr": PREFIX,
                    "kind": choice(VpcKind),
                    "state": STATE,
                },
            ),
            Codec(VSwitch, networks.VSWITCH, {"cidr": PREFIX, "ipv6_cidr": PREFIX, "state": STATE}),
            Codec(RouteTable, networks.ROUTE_TABLE, {"kind": choice(TableKind)}),
            Codec(
                RouteEntry,
                networks.ROUTE_ENTRY,
                {
                    "destination": PREFIX,
                    "next_hop": choice(NextHop),
                    "paths": PATHS,
                    "origin": choice(EntryOrigin),
                    "enabled": BOOL,
                },
            ),
            Codec(SecurityGroup, networks.SECURITY_GROUP, {"inner_access": BOOL}),
            Codec(
                SecurityRule,
                networks.SECURITY_RULE,
                {
                    "direction": choice(Direction),
                    "action": choice(RuleAction),
                    "protocol": choice(Protocol),
                    "remote_cidr": PREFIX,
                },
            ),
            Codec(NetworkAcl, networks.NETWORK_ACL, {"ingress": ACL, "egress": ACL}),
            Codec(
                Instance,
                networks.INSTANCE,
                {
                    "ipv4": IPV4,
                    "ipv6": IPV6,
                    "security_group_ids": TEXTS,
                    "source_dest_check": BOOL,
                    "state": STATE,
                    "stopped": BOOL,
                },
            ),
            Codec(
                Peering,
                links.PEERING,
                {
                    "state": choice(PeeringState),
                    "state_since": TIME,
                    "expires_at": TIME,
                    "link_type": choice(LinkType),
                    "auto_routes": BOOL,
                    "requester.names": BOOL,
                    "requester.groups": BOOL,
                    "accepter.names": BOOL,
                    "accepter.groups": BOOL,
                },
                nested={"requester": PeeringSide, "accepter": PeeringSide},
                derived={"pair_key": live_pair},
                seen_by=both_sides,
                tallied=live_sides,
            ),
            Codec(
                RouterInterface,
                links.ROUTER_INTERFACE,
                {
                    "router_type": choice(RouterType),
                    "role": choice(InterfaceRole),
                    "opposite_router_type": choice(RouterType),
                    "opposite_deleted": BOOL,
                    "state": choice(InterfaceState),
                    "state_since": TIME,
                    "connected_at": TIME,
                    "check_source": IPV4,
                    "check_target": IPV4,
                    "health": choice(InterfaceHealth),
                    "names": BOOL,
                    "groups": BOOL,
                },
                derived={"pair_key": joined_routers},
                seen_by=joined_sides,
            ),
            Codec(
                PhysicalConnection,
                links.PHYSICAL_CONNECTION,
                {
                    "port_type": choice(PortType),
                    "state": choice(LineState),
                    "state_since": TIME,
                    "enabled_at": TIME,
                },
            ),
            Codec(
                VirtualBorderRouter,
                links.VIRTUAL_BORDER_ROUTER,
                {
                    "local_gateway": INTERFACE4,
                    "peer_gateway": IPV4,
                    "local_gateway6": INTERFACE6,
                    "peer_gateway6": IPV6,
                    "port": PORT,
                    "state": choice(VbrState),
                    "state_since": TIME,
                },
                seen_by=line_and_owner,
            ),
            Codec(
                ExternalNetwork,
                gateways.EXTERNAL_NETWORK,
                {"pools": PREFIXES, "local": INTERFACE4, "gateway": IPV4},
            ),
            Codec(Eip, gateways.EIP, {"address": IPV4, "target": choice(EipTarget)}),
            Codec(NatGateway, gateways.NAT_GATEWAY, {"state": STATE}),
            Codec(SnatEntry, gateways.SNAT_ENTRY, {"source": PREFIX, "public": IPV4S}),
            Codec(DnatEntry, gateways.DNAT_ENTRY, {"public": IPV4, "private": IPV4}),
            Codec(Ipv4Gateway, gateways.IPV4_GATEWAY, {"enabled": BOOL, "state": STATE}),
            Codec(LoadBalancer, services.LOAD_BALANCER, {"address": IPV4, "state": STATE}),
            Codec(Listener, services.LISTENER, {"check": BOOL}),
            Codec(Backend, services.BACKEND, {"health": choice(BackendHealth)}),
            Codec(Database, services.DATABASE, {"address": IPV4, "whitelist": PREFIXES, "state": STATE}),
            Codec(Share, accounts.SHARE, {}, seen_by=owner_and_user),
            Codec(
                QuotaApplication,
                accounts.QUOTA_APPLICATION,
                {"state": choice(ApplicationState), "answered_at": TIME},
            ),
            Codec(QuotaGrant, accounts.QUOTA_GRANT, {}),
            Codec(NetworkPath, questions.NETWORK_PATH, ENDS, nested=POINTS),
            Codec(
                PathAnalysis,
                questions.PATH_ANALYSIS,
                {
                    **ENDS,
                    "fixes": BOOL,
                    "all_accounts": BOOL,
                    "state": choice(AnalysisState),
                    "finished_at": TIME,
                    "reachable": BOOL,
                },
                nested=POINTS,
            ),
            Codec(
                Intent,
                questions.INTENT,
                {
                    "source.kind": choice(PartyKind),
                    "source.cidr": PREFIX,
                    "target.kind": choice(PartyKind),
                    "target.cidr": PREFIX,
                    "expectation": choice(Expectation),
                    "protocol": choice(Protocol),
                    "enforcement": choice(Enforcement),
                    "of_operator": BOOL,
                    "state": choice(IntentState),
                    "state_since": TIME,
                },
                nested={"source": Party, "target": Party},
                tallied=guarding,
            ),
            Codec(PeeringOffer, links.PEERING_OFFER, {"state": choice(OfferState)}),
            Codec(Labels, labels.LABELS, {"tags": TAGS}),
            Codec(ResourceGroup, labels.RESOURCE_GROUP, {}),
            Codec(
                AlarmRule,
                monitoring.ALARM_RULE,
                {
                    "conditions": CONDITIONS,
                    "all_conditions": BOOL,
                    "watches": WATCHES,
                    "group_names": TEXTS,
                    "targets": TARGETS,
                    "enabled": BOOL,
                    "state": choice(AlarmState),
                    "state_since": TIME,
                    "changed_at": TIME,
                },
            ),
            Codec(Contact, monitoring.CONTACT, {"changed_at": TIME}),
            Codec(
                ContactGroup,
                monitoring.CONTACT_GROUP,
                {"contact_names": TEXTS, "webhooks": TEXTS, "subscribed": BOOL, "changed_at": TIME},
            ),
            Codec(Task, bookkeeping.TASK, {}),
            Codec(SyncFailure, bookkeeping.SYNC_FAILURE, {"next_attempt_at": TIME}),
        )
    }
)


def codec_of(kind: type[R]) -> Codec[R]:
    """The codec of a kind; `LookupError` for a class that is no stored kind."""
    return CODECS[kind]
