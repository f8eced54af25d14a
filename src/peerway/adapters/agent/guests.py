"""What was found in an instance, as the agent's socket carries it: JSON of `GuestView`, null where there are no guests."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from peerway.domain.guest import GuestInterface, GuestRoute, GuestRouteKind, GuestView

Fields = dict[str, Any]


def encode_view(view: GuestView | None) -> Fields | None:
    """A view as JSON."""
    if view is None:
        return None
    return {
        "interfaces": [_interface(one) for one in view.interfaces],
        "routes": [_route(one) for one in view.routes],
        "complete": view.complete,
    }


def decode_view(fields: Fields | None) -> GuestView | None:
    """The view in such JSON."""
    if fields is None:
        return None
    return GuestView(
        interfaces=tuple(_read_interface(one) for one in fields["interfaces"]),
        routes=tuple(_read_route(one) for one in fields["routes"]),
        complete=bool(fields["complete"]),
    )


def _interface(interface: GuestInterface) -> Fields:
    return {
        "name": interface.name,
        "to_network": interface.to_network,
        "up": interface.up,
        "addresses": [str(address) for address in interface.addresses],
    }


def _read_interface(fields: Fields) -> GuestInterface:
    addresses = tuple(ip_interface(address) for address in fields["addresses"])
    return GuestInterface(str(fields["name"]), bool(fields["to_network"]), bool(fields["up"]), addresses)


def _route(route: GuestRoute) -> Fields:
    return {
        "prefix": str(route.prefix),
        "kind": route.kind.value,
        "interfaces": list(route.interfaces),
        "gateway": None if route.gateway is None else str(route.gateway),
        "metric": route.metric,
    }


def _read_route(fields: Fields) -> GuestRoute:
    return GuestRoute(
        prefix=ip_network(fields["prefix"]),
        kind=GuestRouteKind(fields["kind"]),
        interfaces=tuple(map(str, fields["interfaces"])),
        gateway=None if fields["gateway"] is None else ip_address(fields["gateway"]),
        metric=int(fields["metric"]),
    )
