"""Strategies of every kind of resource that the store holds."""

from datetime import UTC
from decimal import Decimal
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from hypothesis import strategies as st

from peerway.domain.account import Account, Credential, Role, Site
from peerway.domain.alarm import (
    AlarmLevel,
    AlarmRule,
    AlarmState,
    AlarmTarget,
    Comparison,
    Condition,
    Contact,
    ContactGroup,
    Statistic,
)
from peerway.domain.gateway import (
    DnatEntry,
    Eip,
    EipTarget,
    ExternalNetwork,
    Ipv4Gateway,
    NatGateway,
    SnatEntry,
)
from peerway.domain.intent import Enforcement, Expectation, Intent, IntentState, Party, PartyKind
from peerway.domain.labels import Labels, ResourceGroup, Tag
from peerway.domain.line import LineState, PhysicalConnection, PortType, VbrState, VirtualBorderRouter
from peerway.domain.offer import OfferState, PeeringOffer
from peerway.domain.path import AnalysisState, NetworkPath, PathAnalysis, PathProtocol, Point, PointKind
from peerway.domain.peering import LinkType, Peering, PeeringSide, PeeringState
from peerway.domain.port import Port, PortKind
from peerway.domain.quota import ApplicationState, QuotaApplication, QuotaGrant
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import EntryOrigin, NextHop, RouteEntry, RoutePath, RouteTable, TableKind
from peerway.domain.router_interface import (
    InterfaceHealth,
    InterfaceRole,
    InterfaceState,
    RouterInterface,
    RouterType,
)
from peerway.domain.security import (
    AclEntry,
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

#: Any text but NUL and half characters, which PostgreSQL and UTF-8 can't hold.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=24)
UIDS = st.integers(10**15, 10**16 - 1).map(str)
TIMES = st.datetimes(timezones=st.just(UTC))
COUNTS = st.integers(0, 2**63 - 1)
PORTS = st.integers(0, 65535)
IPV4 = st.ip_addresses(v=4)
IPV6 = st.ip_addresses(v=6)
IPV4_PREFIXES = st.builds(
    lambda ip, length: IPv4Network((ip, length), strict=False), IPV4, st.integers(0, 32)
)
IPV6_PREFIXES = st.builds(
    lambda ip, length: IPv6Network((ip, length), strict=False), IPV6, st.integers(0, 128)
)
PREFIXES = IPV4_PREFIXES | IPV6_PREFIXES
MONEY = st.decimals(allow_nan=False, allow_infinity=False) | st.just(Decimal("-0.00"))
SIDES = st.builds(PeeringSide, UIDS, IDS, IDS, st.booleans(), st.booleans())
SMALL = st.integers(0, 2**31 - 1)
INTERFACES4 = st.builds(lambda ip, length: IPv4Interface((ip, length)), IPV4, st.integers(0, 32))
INTERFACES6 = st.builds(lambda ip, length: IPv6Interface((ip, length)), IPV6, st.integers(0, 128))
PORT_PLACES = st.builds(Port, st.sampled_from(PortKind), TEXTS, st.integers(0, 4094))
PATHS = st.builds(RoutePath, IDS, st.integers(0, 255))
ACL_ENTRIES = st.builds(
    AclEntry,
    action=st.sampled_from(RuleAction),
    protocol=st.sampled_from(Protocol),
    port_low=PORTS,
    port_high=PORTS,
    cidr=PREFIXES,
    name=TEXTS,
    description=TEXTS,
)
CONDITIONS = st.builds(
    Condition,
    level=st.sampled_from(AlarmLevel),
    metric=TEXTS,
    statistic=st.sampled_from(Statistic),
    comparison=st.sampled_from(Comparison),
    threshold=MONEY,
    period_s=SMALL,
    times=SMALL,
)


def of(kind, /, **parts):
    """Resources of one kind with what all have in common."""
    return st.builds(kind, **{"id": IDS, "owner_uid": UIDS, "created_at": TIMES, **parts})


def tuples(values):
    """Short tuples."""
    return st.lists(values, max_size=4).map(tuple)


def some(values):
    """The values, or None."""
    return st.none() | values


#: Strategy of each kind.
POINTS = st.builds(Point, kind=st.sampled_from(PointKind), id=some(IDS), address=some(IPV4 | IPV6))
PARTIES = st.builds(Party, kind=st.sampled_from(PartyKind), id=some(IDS), cidr=some(PREFIXES))
ENDS = {
    "source": POINTS,
    "target": POINTS,
    "protocol": st.sampled_from(PathProtocol),
    "port": PORTS,
    "source_port": PORTS,
}

RESOURCES = {
    Account: of(Account, name=TEXTS, site=st.sampled_from(Site), real_name=st.booleans(), balance=MONEY),
    Credential: of(
        Credential,
        role=st.sampled_from(Role),
        token_hash=IDS,
        sealed_secret=TEXTS,
        enabled=st.booleans(),
        of_start=st.booleans(),
    ),
    Vpc: of(
        Vpc,
        region_id=IDS,
        name=TEXTS,
        description=TEXTS,
        cidr=IPV4_PREFIXES,
        secondary_cidrs=tuples(IPV4_PREFIXES),
        ipv6_cidr=some(IPV6_PREFIXES),
        kind=st.sampled_from(VpcKind),
        router_id=IDS,
        system_table_id=IDS,
        state=st.sampled_from(Provisioning),
    ),
    VSwitch: of(
        VSwitch,
        vpc_id=IDS,
        zone_id=IDS,
        name=TEXTS,
        description=TEXTS,
        cidr=IPV4_PREFIXES,
        ipv6_cidr=some(IPV6_PREFIXES),
        route_table_id=IDS,
        network_acl_id=some(IDS),
        state=st.sampled_from(Provisioning),
    ),
    RouteTable: of(RouteTable, vpc_id=IDS, name=TEXTS, description=TEXTS, kind=st.sampled_from(TableKind)),
    RouteEntry: of(
        RouteEntry,
        vpc_id=IDS,
        route_table_id=IDS,
        name=TEXTS,
        destination=PREFIXES,
        next_hop=st.sampled_from(NextHop),
        next_hop_id=some(IDS),
        paths=tuples(PATHS),
        origin=st.sampled_from(EntryOrigin),
        description=TEXTS,
        enabled=st.booleans(),
    ),
    SecurityGroup: of(SecurityGroup, vpc_id=IDS, name=TEXTS, description=TEXTS, inner_access=st.booleans()),
    SecurityRule: of(
        SecurityRule,
        vpc_id=IDS,
        security_group_id=IDS,
        direction=st.sampled_from(Direction),
        priority=st.integers(1, 100),
        action=st.sampled_from(RuleAction),
        protocol=st.sampled_from(Protocol),
        port_low=PORTS,
        port_high=PORTS,
        remote_cidr=some(PREFIXES),
        remote_group_id=some(IDS),
        description=TEXTS,
    ),
    NetworkAcl: of(
        NetworkAcl,
        vpc_id=IDS,
        name=TEXTS,
        description=TEXTS,
        ingress=tuples(ACL_ENTRIES),
        egress=tuples(ACL_ENTRIES),
    ),
    Instance: of(
        Instance,
        vpc_id=IDS,
        vswitch_id=IDS,
        name=TEXTS,
        ipv4=IPV4,
        ipv6=some(IPV6),
        mac=IDS,
        security_group_ids=tuples(TEXTS),
        source_dest_check=st.booleans(),
        netns=some(TEXTS),
        state=st.sampled_from(Provisioning),
        stopped=st.booleans(),
    ),
    Peering: of(
        Peering,
        name=TEXTS,
        description=TEXTS,
        profile=IDS,
        requester=SIDES,
        accepter=SIDES,
        state=st.sampled_from(PeeringState),
        state_since=TIMES,
        expires_at=some(TIMES),
        bandwidth_mbps=some(COUNTS),
        link_type=some(st.sampled_from(LinkType)),
        auto_routes=st.booleans(),
        generation=COUNTS,
        observed_generation=COUNTS,
    ),
    RouterInterface: of(
        RouterInterface,
        region_id=IDS,
        vpc_id=IDS,
        router_id=IDS,
        router_type=st.sampled_from(RouterType),
        role=st.sampled_from(InterfaceRole),
        name=TEXTS,
        description=TEXTS,
        spec=IDS,
        opposite_region_id=IDS,
        opposite_interface_id=some(IDS),
        opposite_router_id=some(IDS),
        opposite_router_type=st.sampled_from(RouterType),
        opposite_owner_uid=some(UIDS),
        opposite_deleted=st.booleans(),
        access_point_id=some(IDS),
        state=st.sampled_from(InterfaceState),
        state_since=TIMES,
        connected_at=some(TIMES),
        check_source=some(IPV4),
        check_target=some(IPV4),
        check_interval_ms=SMALL,
        check_threshold=SMALL,
        health=st.sampled_from(InterfaceHealth),
        names=st.booleans(),
        groups=st.booleans(),
        generation=COUNTS,
        observed_generation=COUNTS,
    ),
    PhysicalConnection: of(
        PhysicalConnection,
        region_id=IDS,
        access_point_id=IDS,
        name=TEXTS,
        description=TEXTS,
        line_operator=TEXTS,
        circuit_code=TEXTS,
        peer_location=TEXTS,
        port_type=st.sampled_from(PortType),
        bandwidth_mbps=SMALL,
        redundant_line_id=some(IDS),
        state=st.sampled_from(LineState),
        state_since=TIMES,
        enabled_at=some(TIMES),
        room=TEXTS,
        contact=TEXTS,
        reason=TEXTS,
        loa=TEXTS,
        port=TEXTS,
    ),
    VirtualBorderRouter: of(
        VirtualBorderRouter,
        region_id=IDS,
        line_id=IDS,
        line_owner_uid=UIDS,
        access_point_id=IDS,
        name=TEXTS,
        description=TEXTS,
        circuit_code=TEXTS,
        vlan=st.integers(0, 4094),
        local_gateway=INTERFACES4,
        peer_gateway=IPV4,
        local_gateway6=some(INTERFACES6),
        peer_gateway6=some(IPV6),
        route_table_id=IDS,
        port=PORT_PLACES,
        state=st.sampled_from(VbrState),
        state_since=TIMES,
        generation=COUNTS,
        observed_generation=COUNTS,
    ),
    ExternalNetwork: of(
        ExternalNetwork,
        region_id=IDS,
        name=TEXTS,
        port=TEXTS,
        pools=tuples(IPV4_PREFIXES),
        local=some(INTERFACES4),
        gateway=some(IPV4),
    ),
    Eip: of(
        Eip,
        region_id=IDS,
        network_id=IDS,
        address=IPV4,
        name=TEXTS,
        target=some(st.sampled_from(EipTarget)),
        target_id=some(IDS),
        vpc_id=some(IDS),
    ),
    NatGateway: of(
        NatGateway,
        vpc_id=IDS,
        network_id=IDS,
        name=TEXTS,
        description=TEXTS,
        state=st.sampled_from(Provisioning),
    ),
    SnatEntry: of(
        SnatEntry,
        vpc_id=IDS,
        nat_gateway_id=IDS,
        name=TEXTS,
        source=IPV4_PREFIXES,
        vswitch_id=some(IDS),
        public=tuples(IPV4),
    ),
    DnatEntry: of(
        DnatEntry,
        vpc_id=IDS,
        nat_gateway_id=IDS,
        name=TEXTS,
        public=IPV4,
        public_port=PORTS,
        private=IPV4,
        private_port=PORTS,
        protocol=IDS,
    ),
    Ipv4Gateway: of(
        Ipv4Gateway,
        vpc_id=IDS,
        name=TEXTS,
        description=TEXTS,
        enabled=st.booleans(),
        state=st.sampled_from(Provisioning),
    ),
    LoadBalancer: of(
        LoadBalancer,
        vpc_id=IDS,
        vswitch_id=IDS,
        address=IPV4,
        name=TEXTS,
        description=TEXTS,
        state=st.sampled_from(Provisioning),
    ),
    Listener: of(
        Listener,
        vpc_id=IDS,
        load_balancer_id=IDS,
        name=TEXTS,
        protocol=IDS,
        port=PORTS,
        check=st.booleans(),
        check_interval_ms=SMALL,
        check_threshold=SMALL,
    ),
    Backend: of(
        Backend,
        vpc_id=IDS,
        listener_id=IDS,
        instance_id=IDS,
        port=PORTS,
        weight=st.integers(0, 100),
        health=st.sampled_from(BackendHealth),
    ),
    Database: of(
        Database,
        vpc_id=IDS,
        vswitch_id=IDS,
        address=IPV4,
        mac=IDS,
        name=TEXTS,
        description=TEXTS,
        engine=IDS,
        port=PORTS,
        whitelist=tuples(PREFIXES),
        netns=some(TEXTS),
        state=st.sampled_from(Provisioning),
    ),
    Share: of(Share, vpc_id=IDS, vswitch_id=IDS, user_uid=UIDS),
    QuotaApplication: of(
        QuotaApplication,
        name=IDS,
        desired=COUNTS,
        reason=TEXTS,
        state=st.sampled_from(ApplicationState),
        answered_at=some(TIMES),
        answer=TEXTS,
    ),
    QuotaGrant: of(QuotaGrant, name=TEXTS, limit=COUNTS),
    NetworkPath: of(NetworkPath, name=TEXTS, description=TEXTS, **ENDS),
    PathAnalysis: of(
        PathAnalysis,
        path_id=some(IDS),
        **ENDS,
        fixes=st.booleans(),
        all_accounts=st.booleans(),
        state=st.sampled_from(AnalysisState),
        finished_at=some(TIMES),
        network_revision=some(COUNTS),
        reachable=some(st.booleans()),
        result=TEXTS,
    ),
    Intent: of(
        Intent,
        name=TEXTS,
        description=TEXTS,
        source=PARTIES,
        target=PARTIES,
        expectation=st.sampled_from(Expectation),
        protocol=st.sampled_from(Protocol),
        port_low=PORTS,
        port_high=PORTS,
        enforcement=st.sampled_from(Enforcement),
        of_operator=st.booleans(),
        state=st.sampled_from(IntentState),
        state_since=some(TIMES),
        network_revision=some(COUNTS),
        reason=TEXTS,
    ),
    PeeringOffer: of(
        PeeringOffer,
        name=TEXTS,
        description=TEXTS,
        region_id=IDS,
        vpc_id=IDS,
        remote_vpc_id=IDS,
        state=st.sampled_from(OfferState),
        peering_id=some(IDS),
    ),
    Labels: of(
        Labels,
        resource_id=IDS,
        resource_kind=IDS,
        tags=tuples(st.builds(Tag, TEXTS, TEXTS)),
        group_id=some(IDS),
    ),
    ResourceGroup: of(ResourceGroup, name=TEXTS, display_name=TEXTS),
    AlarmRule: of(
        AlarmRule,
        rule_id=IDS,
        name=TEXTS,
        profile=IDS,
        namespace=TEXTS,
        conditions=tuples(CONDITIONS),
        all_conditions=st.booleans(),
        watches=tuples(tuples(st.tuples(TEXTS, TEXTS))),
        group_names=tuples(TEXTS),
        webhook=TEXTS,
        subject=TEXTS,
        effective=TEXTS,
        silent=TEXTS,
        silence_s=SMALL,
        no_data=TEXTS,
        targets=tuples(st.builds(AlarmTarget, TEXTS, TEXTS, TEXTS, TEXTS)),
        enabled=st.booleans(),
        state=st.sampled_from(AlarmState),
        state_since=some(TIMES),
        changed_at=TIMES,
    ),
    Contact: of(
        Contact,
        name=TEXTS,
        description=TEXTS,
        mail=TEXTS,
        sms=TEXTS,
        webhook=TEXTS,
        messenger=TEXTS,
        language=TEXTS,
        changed_at=TIMES,
    ),
    ContactGroup: of(
        ContactGroup,
        name=TEXTS,
        description=TEXTS,
        contact_names=tuples(TEXTS),
        webhooks=tuples(TEXTS),
        subscribed=st.booleans(),
        extra=TEXTS,
        changed_at=TIMES,
    ),
    Task: of(Task, action=TEXTS, resource_id=IDS),
    SyncFailure: of(SyncFailure, text=TEXTS, attempts=COUNTS, next_attempt_at=TIMES),
}
