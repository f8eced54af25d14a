"""Load balancers and databases on private addresses (NET-6): values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from peerway.domain.prefixes import Prefix
from peerway.domain.resource import Provisioned, Resource


class BackendHealth(StrEnum):
    """What the health check of a backend says."""

    #: There is no check, or no verdict yet.
    UNKNOWN = "unknown"
    #: It answers.
    NORMAL = "normal"
    #: It does not.
    ABNORMAL = "abnormal"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer(Provisioned):
    """A private address whose listeners pass connections on to instances (SLB)."""

    #: VPC it is in.
    vpc_id: str
    #: VSwitch that its address is from.
    vswitch_id: str
    #: Its address.
    address: IPv4Address
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener(Resource):
    """A port of a load balancer."""

    #: VPC of the load balancer.
    vpc_id: str
    #: Load balancer.
    load_balancer_id: str
    #: Display name.
    name: str = ""
    #: `tcp` or `udp`.
    protocol: str
    #: Port.
    port: int
    #: Whether backends are checked.
    check: bool = True
    #: Pause between two probes.
    check_interval_ms: int = 1000
    #: Probes in a row that turn the verdict.
    check_threshold: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend(Resource):
    """An instance behind a listener."""

    #: VPC of the load balancer.
    vpc_id: str
    #: Listener.
    listener_id: str
    #: Instance, of the same VPC.
    instance_id: str
    #: Port it answers at.
    port: int
    #: Share of the connections: 0 (none) to 100.
    weight: int = 100
    #: What the check said last.
    health: BackendHealth = BackendHealth.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Database(Provisioned):
    """A database on a private address, with an access whitelist (RDS)."""

    #: VPC it is in.
    vpc_id: str
    #: VSwitch that its address is from.
    vswitch_id: str
    #: Its address.
    address: IPv4Address
    #: Its MAC address.
    mac: str
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: `postgresql` or `mysql`.
    engine: str
    #: Port it answers at.
    port: int
    #: Ranges that may connect; nobody else.
    whitelist: tuple[Prefix, ...] = ()
    #: Path of an existing network namespace that it lives in; None for one that the data plane makes.
    netns: str | None = None
