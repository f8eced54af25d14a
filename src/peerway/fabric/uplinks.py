"""NAT gateways, IPv4 gateways, public addresses and VBRs' lines to uplinks (NET-8, NET-10, EC-9).

Owns which doors to the outside a router has and what they translate. Which packets take them is the route tables' business, but for
the one exception that `Router.exit_id` is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from peerway.domain.errors import InvalidInput
from peerway.domain.gateway import DnatEntry, Eip, EipTarget, ExternalNetwork, NatGateway
from peerway.domain.lifecycle.vbr import VBR
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.port import Port, Transfer, parse_port
from peerway.domain.vpc import Instance
from peerway.fabric.model import DestinationNat, SourceNat, Translation, Uplink
from peerway.fabric.site import Site

_PROTOCOLS = {"tcp": 6, "udp": 17}


@dataclass(frozen=True, slots=True)
class Doors:
    """A VPC's ways to the outside."""

    #: Uplinks by id.
    uplinks: Mapping[str, Uplink]
    #: Instance id -> its public address.
    public: Mapping[str, IPv4Address]
    #: `Router.exit_id`.
    exit_id: str | None


def compile_line(vbr: VirtualBorderRouter) -> Uplink:
    """The one uplink of a VBR; addresses pass it as they are."""
    transfers = [Transfer(vbr.local_gateway, vbr.peer_gateway)]
    if vbr.local_gateway6 is not None and vbr.peer_gateway6 is not None:
        transfers.append(Transfer(vbr.local_gateway6, vbr.peer_gateway6))
    return Uplink(
        vbr.id,
        vbr.port,
        up=VBR.states[vbr.state].carries,
        fib_id=vbr.route_table_id,
        transfers=tuple(transfers),
    )


def compile_doors(
    vpc_id: str, site: Site, instances: Mapping[str, Instance], networks: Mapping[str, ExternalNetwork]
) -> Doors:
    """The uplinks of a VPC: one for each NAT gateway, and one for the public addresses of its instances.

    That one is the VPC's own, which packets take whatever the tables say, until an IPv4 gateway is enabled: then it is the
    gateway's, and the tables decide (NET-10). It leads to one outside network: with addresses of several, to the first by id; the
    others stand for nothing.
    """
    uplinks = [_compile_nat(gateway, site, networks) for gateway in site.nat_gateways.values()]
    direct = _direct_eips(site, instances, networks)
    enabled = sorted(gateway.id for gateway in site.ipv4_gateways.values() if gateway.enabled)
    door_id = enabled[0] if enabled else vpc_id
    if direct:
        uplinks.append(_compile_direct(door_id, direct, instances, networks))
    found = {uplink.id: uplink for uplink in uplinks if uplink is not None}
    if door_id not in found:
        return Doors(found, {}, None)
    public = {instance_id: eip.address for instance_id, eip in direct.items()}
    return Doors(found, public, None if enabled else vpc_id)


def _direct_eips(
    site: Site, instances: Mapping[str, Instance], networks: Mapping[str, ExternalNetwork]
) -> dict[str, Eip]:
    """Instance id -> the public address that stands for it; of several, the first by id."""
    eips = [
        eip
        for eip in sorted(site.eips.values(), key=lambda eip: eip.id)
        if eip.target is EipTarget.INSTANCE and eip.target_id in instances and eip.network_id in networks
    ]
    network_id = min((eip.network_id for eip in eips), default=None)
    found: dict[str, Eip] = {}
    for eip in eips:
        if eip.network_id == network_id:
            found.setdefault(eip.target_id or "", eip)
    return found


def _compile_direct(
    id: str,
    eips: Mapping[str, Eip],
    instances: Mapping[str, Instance],
    networks: Mapping[str, ExternalNetwork],
) -> Uplink | None:
    """One public address for one instance, both ways."""
    pairs = [(eip, instances[instance_id].ipv4) for instance_id, eip in sorted(eips.items())]
    source = tuple(SourceNat(IPv4Network(private), (eip.address,), eip.id) for eip, private in pairs)
    destination = tuple(DestinationNat(eip.address, private, eip.id) for eip, private in pairs)
    network = networks[pairs[0][0].network_id]
    return _compile_uplink(id, network, [eip.address for eip, _ in pairs], Translation(source, destination))


def _compile_nat(gateway: NatGateway, site: Site, networks: Mapping[str, ExternalNetwork]) -> Uplink | None:
    """A NAT gateway with its entries; a public address that isn't the gateway's (any more) stands for nothing."""
    network = networks.get(gateway.network_id)
    if network is None:
        return None
    own = {
        eip.address
        for eip in site.eips.values()
        if eip.target is EipTarget.NAT_GATEWAY
        and eip.target_id == gateway.id
        and eip.network_id == network.id
    }
    source = [
        SourceNat(entry.source, tuple(address for address in entry.public if address in own), entry.id)
        for entry in site.snat_entries.values()
        if entry.nat_gateway_id == gateway.id
    ]
    destination = [
        entry
        for entry in site.dnat_entries.values()
        if entry.nat_gateway_id == gateway.id and entry.public in own
    ]
    translation = Translation(
        tuple(sorted(source, key=lambda entry: (entry.source, entry.decided_by))),
        tuple(_compile_dnat(entry) for entry in sorted(destination, key=_dnat_order)),
    )
    return _compile_uplink(gateway.id, network, own, translation)


def _compile_dnat(entry: DnatEntry) -> DestinationNat:
    """A destination entry."""
    return DestinationNat(
        entry.public,
        entry.private,
        entry.id,
        _PROTOCOLS.get(entry.protocol),
        entry.public_port,
        entry.private_port,
    )


def _dnat_order(entry: DnatEntry) -> tuple[bool, bool, str]:
    """Entries for one port come before those for all, and those for one protocol before those for any."""
    return not entry.public_port, entry.protocol not in _PROTOCOLS, entry.id


def _compile_uplink(
    id: str, network: ExternalNetwork, public: Collection[IPv4Address], translation: Translation
) -> Uplink | None:
    """A door to an outside network; None when its port can't be read."""
    try:
        kind, name = parse_port(network.port)
    except InvalidInput:
        return None
    transfers = _transfers(network, public)
    return Uplink(id, Port(kind, name), up=True, transfers=transfers, translation=translation)


def _transfers(network: ExternalNetwork, public: Iterable[IPv4Address]) -> tuple[Transfer, ...]:
    """The router's own address at a host interface: a public one of its own that is at home there, else the network's.

    So no two routers share one, unless they have none at home there.
    """
    if network.local is None or network.gateway is None:
        return ()
    length = network.local.network.prefixlen
    home = sorted(address for address in public if address in network.local.network)
    local = IPv4Interface((home[0], length)) if home else network.local
    return (Transfer(local, network.gateway),)
