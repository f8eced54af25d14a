"""What the kinds of resources are called in errors and audit, and which of them can be shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from peerway.domain.account import Account, Credential
from peerway.domain.alarm import AlarmRule, Contact, ContactGroup
from peerway.domain.gateway import DnatEntry, Eip, ExternalNetwork, Ipv4Gateway, NatGateway, SnatEntry
from peerway.domain.intent import Intent
from peerway.domain.labels import Labels, ResourceGroup
from peerway.domain.line import PhysicalConnection, VirtualBorderRouter
from peerway.domain.offer import PeeringOffer
from peerway.domain.path import NetworkPath, PathAnalysis
from peerway.domain.peering import Peering
from peerway.domain.quota import QuotaApplication, QuotaGrant
from peerway.domain.resource import Resource
from peerway.domain.route_table import RouteEntry, RouteTable
from peerway.domain.router_interface import RouterInterface
from peerway.domain.security import NetworkAcl, SecurityGroup, SecurityRule
from peerway.domain.service import Backend, Database, Listener, LoadBalancer
from peerway.domain.sharing import Share
from peerway.domain.task import Task
from peerway.domain.vpc import Instance, Vpc, VSwitch

#: Words for the kinds in errors and audit actions.
WORDS: Final[Mapping[type[Resource], str]] = {
    Account: "account",
    Credential: "credential",
    Vpc: "vpc",
    VSwitch: "vswitch",
    Instance: "instance",
    RouteTable: "route_table",
    RouteEntry: "route_entry",
    SecurityGroup: "security_group",
    SecurityRule: "security_rule",
    NetworkAcl: "network_acl",
    Peering: "peering",
    RouterInterface: "router_interface",
    PhysicalConnection: "physical_connection",
    VirtualBorderRouter: "vbr",
    ExternalNetwork: "external_network",
    Eip: "eip",
    NatGateway: "nat_gateway",
    SnatEntry: "snat_entry",
    DnatEntry: "dnat_entry",
    Ipv4Gateway: "ipv4_gateway",
    LoadBalancer: "load_balancer",
    Listener: "listener",
    Backend: "backend",
    Database: "database",
    Share: "share",
    QuotaApplication: "quota_application",
    QuotaGrant: "quota",
    NetworkPath: "network_path",
    PathAnalysis: "path_analysis",
    Intent: "intent",
    PeeringOffer: "peering_offer",
    Labels: "labels",
    ResourceGroup: "resource_group",
    AlarmRule: "alarm_rule",
    Contact: "contact",
    ContactGroup: "contact_group",
    Task: "task",
}

#: Kinds that can be shared, and the field of a share that names them.
SHARED: Final[Mapping[type[Resource], str]] = {Vpc: "vpc_id", VSwitch: "vswitch_id"}
