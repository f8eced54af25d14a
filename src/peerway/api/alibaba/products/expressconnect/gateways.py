"""The gateways of border routers: the cloud has address and mask apart, we have them in one text."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_interface
from typing import Any

from peerway.api.clouds.parameters import Given
from peerway.domain.errors import InvalidInput
from peerway.domain.line import VirtualBorderRouter


def new_gateways(given: Given) -> dict[str, Any]:
    """The gateways of a new border router, for its request."""
    fields: dict[str, Any] = {
        "local_gateway": _with_mask(given["LocalGatewayIp"], given["PeeringSubnetMask"])
    }
    if given.get("EnableIpv6") is False:
        return {**fields, "local_gateway6": None, "peer_gateway6": None}
    if given.get("EnableIpv6"):
        _require(given, "LocalIpv6GatewayIp")
    if "LocalIpv6GatewayIp" in given:
        fields["local_gateway6"] = _with_subnet(
            given["LocalIpv6GatewayIp"], given.get("PeeringIpv6SubnetMask")
        )
    return fields


def changed_gateways(given: Given, vbr: VirtualBorderRouter) -> dict[str, Any]:
    """The gateways that a request changes, with the masks that it leaves alone."""
    fields: dict[str, Any] = {}
    if "LocalGatewayIp" in given or "PeeringSubnetMask" in given:
        address = given.get("LocalGatewayIp", str(vbr.local_gateway.ip))
        mask = given.get("PeeringSubnetMask", str(vbr.local_gateway.netmask))
        fields["local_gateway"] = _with_mask(address, mask)
    if given.get("EnableIpv6") is False:
        return {**fields, "local_gateway6": None, "peer_gateway6": None}
    six = vbr.local_gateway6
    if given.get("EnableIpv6") and six is None:
        _require(given, "LocalIpv6GatewayIp")
    if "LocalIpv6GatewayIp" in given or "PeeringIpv6SubnetMask" in given:
        address = given.get("LocalIpv6GatewayIp", str(six.ip) if six else "")
        subnet = given.get("PeeringIpv6SubnetMask", str(six.network) if six else None)
        fields["local_gateway6"] = _with_subnet(address, subnet)
    return fields


def _require(given: Given, name: str) -> None:
    if name not in given:
        raise InvalidInput(name, "is required", code="missing")


def _with_mask(address: str, mask: str) -> str:
    """`10.0.0.1` and `255.255.255.252` as `10.0.0.1/30`."""
    try:
        length = IPv4Network((0, mask)).prefixlen
    except ValueError:
        raise InvalidInput("PeeringSubnetMask", "must be like 255.255.255.252", mask) from None
    return f"{address}/{length}"


def _with_subnet(address: str, subnet: str | None) -> str:
    """`2001:db8::1` and `2001:db8::/64` as `2001:db8::1/64`."""
    try:
        network = ip_interface(subnet or "").network
    except ValueError:
        rule = "must be like 2001:db8::/64"
        raise InvalidInput("PeeringIpv6SubnetMask", rule, subnet) from None
    return f"{address}/{network.prefixlen}"
