"""Networks for topology tests, built through the API: a site is a VPC with one VSwitch and one instance."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from tests.support.guests import guest_path
from tests.support.live import Cloud, Refused, Tenant, answered

from peerway.analysis.network import Network
from peerway.analysis.symbolic import reach
from peerway.analysis.trace import exchange as trace
from peerway.fabric.packets import PORTED, Packet
from peerway.fabric.walk import exchange

#: IP protocol numbers by the names that the API takes.
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}


@dataclass(frozen=True, slots=True)
class Site:
    """One VPC with one VSwitch and one instance."""

    tenant: Tenant
    region_id: str
    vpc: dict[str, Any]
    vswitch: dict[str, Any]
    instance: dict[str, Any]

    @property
    def vpc_id(self) -> str:
        """The VPC's id."""
        return str(self.vpc["id"])

    @property
    def table_id(self) -> str:
        """The system table's id."""
        return str(self.vpc["system_table_id"])

    @property
    def address(self) -> str:
        """The instance's IPv4 address."""
        return str(self.instance["ipv4"])

    @property
    def address6(self) -> str:
        """The instance's IPv6 address."""
        return str(self.instance["ipv6"])

    def route(self, destination: str, link: dict[str, Any], table_id: str | None = None) -> dict[str, Any]:
        """Send a range over a peer connection or a router interface."""
        made: dict[str, Any] = self.tenant.post(
            f"/route-tables/{table_id or self.table_id}/entries",
            destination=destination,
            next_hop="router_interface" if link["id"].startswith("ri-") else "peering",
            next_hop_id=link["id"],
        )
        return made

    def another(self, cidr: str, **instance: Any) -> "Site":
        """One more VSwitch with an instance in the same VPC."""
        vswitch = self.tenant.post(
            "/vswitches", vpc_id=self.vpc_id, zone_id=self.vswitch["zone_id"], cidr=cidr, name=cidr
        )
        return Site(
            self.tenant, self.region_id, self.vpc, vswitch, _instance(self.tenant, vswitch, **instance)
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that packets answer."""

    #: Whose instance asks.
    source: Site
    #: The address that is asked.
    target: str
    #: `icmp`, `tcp` or `udp`.
    protocol: str = "icmp"
    #: At which port.
    port: int = 0

    @property
    def packet(self) -> Packet:
        """The first packet of it."""
        six = ":" in self.target
        return Packet(
            source=ip_address(self.source.address6 if six else self.source.address),
            destination=ip_address(self.target),
            protocol=PROTOCOLS["icmpv6" if six and self.protocol == "icmp" else self.protocol],
            port=self.port,
            sender=self.source.instance["id"],
        )

    def sent(self) -> bool:
        """Whether an answer comes back."""
        result = self.source.tenant.post(
            f"{guest_path(self.source.instance['id'])}/probe",
            target=self.target,
            protocol=self.protocol,
            port=self.port,
            count=1,
            timeout_ms=300,
        )
        return all(answered(probe["verdict"]) for probe in result["results"])


def make_site(
    tenant: Tenant,
    region_id: str,
    cidr: str,
    vswitch_cidr: str,
    *,
    ipv6: bool = False,
    kind: str = "ecs",
    **instance: Any,
) -> Site:
    """A VPC, a VSwitch in the region's first zone, and an instance."""
    vpc = tenant.post(
        "/vpcs", region_id=region_id, cidr=cidr, name=cidr, kind=kind, ipv6_cidr="auto" if ipv6 else None
    )
    zones = {region["id"]: region["zones"] for region in tenant.get("/regions")["items"]}
    ipv6_cidr = vpc["ipv6_cidr"].replace("/56", "/64") if ipv6 else None
    vswitch = tenant.post(
        "/vswitches",
        vpc_id=vpc["id"],
        zone_id=zones[region_id][0],
        cidr=vswitch_cidr,
        ipv6_cidr=ipv6_cidr,
        name=vswitch_cidr,
    )
    return Site(
        tenant, region_id, vpc, vswitch, _instance(tenant, vswitch, ipv6="auto" if ipv6 else None, **instance)
    )


def beside(site: Site, **instance: Any) -> Site:
    """One more instance in the same VSwitch."""
    return replace(site, instance=_instance(site.tenant, site.vswitch, **instance))


def _instance(tenant: Tenant, vswitch: dict[str, Any], **fields: Any) -> dict[str, Any]:
    made = tenant.post("/instances", vswitch_id=vswitch["id"], name="host", **fields)
    return tenant.settled(f"/instances/{made['id']}", "available")


def connect(one: Site, other: Site, **fields: Any) -> dict[str, Any]:
    """A peer connection between two sites, accepted where that is needed, and active."""
    peering = one.tenant.post(
        "/peerings",
        name="link",
        vpc_id=one.vpc_id,
        peer_uid=other.tenant.uid,
        peer_region_id=other.region_id,
        peer_vpc_id=other.vpc_id,
        **fields,
    )
    if one.tenant.uid != other.tenant.uid:
        other.tenant.post(f"/peerings/{peering['id']}/accept")
    return one.tenant.settled(f"/peerings/{peering['id']}", "active")


def face(one: Site, other: Site, spec: str = "Large.1") -> tuple[dict[str, Any], dict[str, Any]]:
    """A router interface at each of two sites that names the other, the first's as the initiator; not connected yet."""
    ends = ((one, other, "initiator"), (other, one, "acceptor"))
    made = [
        near.tenant.post(
            "/router-interfaces",
            router_id=near.vpc_id,
            role=role,
            opposite_region_id=far.region_id,
            spec=spec if role == "initiator" and near.region_id != far.region_id else None,
        )
        for near, far, role in ends
    ]
    named = [
        site.tenant.call(
            "PATCH",
            f"/router-interfaces/{own['id']}",
            opposite_interface_id=opposite["id"],
            opposite_router_id=opposite["router_id"],
            opposite_owner_uid=opposite["owner_uid"],
        )
        for site, own, opposite in ((one, made[0], made[1]), (other, made[1], made[0]))
    ]
    return named[0], named[1]


def join(one: Site, other: Site, spec: str = "Large.1") -> tuple[dict[str, Any], dict[str, Any]]:
    """The same, connected and active."""
    initiator, acceptor = face(one, other, spec)
    one.tenant.post(f"/router-interfaces/{initiator['id']}/connect")
    return (
        one.tenant.settled(f"/router-interfaces/{initiator['id']}", "active"),
        other.tenant.settled(f"/router-interfaces/{acceptor['id']}", "active"),
    )


def foretold(network: Network, packet: Packet) -> bool:
    """Whether the packet is answered, by trace, symbolic answer and the slow reference alike; they must agree (PATH-5)."""
    slow = exchange(network.fabric, packet)
    assert trace(network, packet) == slow
    answered = reach(network, packet.sender, packet.source, packet.destination).answered
    symbolic = (packet.protocol, packet.port if packet.protocol in PORTED else 0) in answered
    assert symbolic == slow.answered, f"symbolic says {symbolic}, the reference {slow}: {packet}"
    return slow.answered


@dataclass(frozen=True, slots=True)
class Oracles:
    """Asks the real packet, the trace and the symbolic answer the same question; they must agree."""

    cloud: Cloud

    def reach(self, source: Site, target: str, protocol: str = "icmp", port: int = 0) -> bool:
        """Whether an answer comes back."""
        return self.reach_all([Ask(source, target, protocol, port)])[0]

    def reach_all(self, asks: Iterable[Ask]) -> list[bool]:
        """Whether each is answered; all are asked together."""
        told = self.sent(wanted := list(asks))
        network = self.cloud.network()
        for ask, packets in zip(wanted, told, strict=True):
            predicted = foretold(network, ask.packet)
            assert packets == predicted, f"packets say {packets}, the compiled network {predicted}: {ask}"
        return told

    def sent(self, asks: Iterable[Ask]) -> list[bool]:
        """The same without asking the compiled network, which does not see into guests."""
        self.cloud.synced()
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(Ask.sent, asks))

    def reach_once(self, source: Site, target: str) -> bool:
        """Whether one ping is answered right now; False while the agent is away."""
        try:
            result = source.tenant.post(
                f"/instances/{source.instance['id']}/probe", target=target, timeout_ms=100
            )
        except Refused as refused:
            if refused.status != 503:
                raise
            return False
        return answered(result["results"][0]["verdict"])

    def both(self, one: Site, other: Site) -> tuple[bool, bool]:
        """Whether each reaches the other."""
        return self.reach(one, other.address), self.reach(other, one.address)
