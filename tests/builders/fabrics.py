"""Compiled networks written by hand: small routers whose tables say exactly what a test wants to see carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network

from peerway.domain.port import Port, Transfer
from peerway.fabric.model import (
    Endpoint,
    Fib,
    FibEntry,
    Hop,
    Link,
    LinkEnd,
    LinkPath,
    Router,
    Subnet,
    ToLinks,
    ToSubnet,
    Uplink,
)

REGION = "cn-hangzhou"


def entries(routes: Mapping[str, Hop], own: Iterable[FibEntry] = ()) -> tuple[FibEntry, ...]:
    """Table entries from destination texts, in a fib's order."""
    made = [FibEntry(ip_network(prefix), hop, f"rte-{prefix}") for prefix, hop in routes.items()]
    return tuple(
        sorted(
            [*own, *made],
            key=lambda one: (
                one.prefix.version,
                int(one.prefix.network_address),
                one.prefix.prefixlen,
            ),
        )
    )


def vpc(
    number: int, routes: Mapping[str, Hop], inbound: Mapping[str, Hop] | None = None, **fields: object
) -> Router:
    """`vpc-N` with VSwitch 10.N.1.0/24, fd00:N::/64 and instance `i-N`, 10.N.1.10 and fd00:N::10."""
    prefixes = (ip_network(f"10.{number}.1.0/24"), ip_network(f"fd00:{number}::/64"))
    own = [FibEntry(prefix, ToSubnet("vsw"), "vsw") for prefix in prefixes]
    return Router(
        f"vpc-{number}",
        REGION,
        {"vsw": Subnet("vsw", prefixes, "vtb")},
        {f"i-{number}": endpoint(number, 10)},
        {"vtb": Fib("vtb", entries(routes, own))},
        Fib("vtb", entries(inbound or {}, own)),
        {},
        {},
        **fields,  # type: ignore[arg-type]
    )


def endpoint(number: int, host: int, public: str | None = None) -> Endpoint:
    """An instance of `vpc-N` with the host number in both its addresses."""
    addresses = (ip_address(f"10.{number}.1.{host}"), ip_address(f"fd00:{number}::{host}"))
    id = f"i-{number}" if host == 10 else f"i-{number}-{host}"
    mac = f"02:00:00:{number:02x}:00:{host:02x}"
    return Endpoint(id, "vsw", addresses, mac, public=None if public is None else IPv4Address(public))


def vbr(
    name: str, port: Port, routes: Mapping[str, Hop], inbound: Mapping[str, Hop], *transfers: Transfer
) -> Router:
    """A VBR with one uplink of its own name; `routes` are for what comes in by it, `inbound` for what comes by a link."""
    fibs = {f"vtb-{name}": Fib(f"vtb-{name}", entries(routes))}
    uplink = Uplink(name, port, up=True, fib_id=f"vtb-{name}", transfers=transfers)
    return Router(
        name, REGION, {}, {}, fibs, Fib(f"vtb-{name}", entries(inbound)), {}, {}, uplinks={name: uplink}
    )


def transfer(local: str, peer: str) -> Transfer:
    """A transfer network from the router's interface and the neighbour's address."""
    return Transfer(ip_interface(local), ip_address(peer))


def link(name: str, first: str, second: str, **fields: object) -> Link:
    """A link between two routers, up unless said otherwise."""
    ends = (LinkEnd(first, REGION), LinkEnd(second, REGION))
    return Link(name, ends, **{"up": True, **fields})  # type: ignore[arg-type]


def spread(**weights: int) -> ToLinks:
    """A hop over several links by weight."""
    return ToLinks(tuple(LinkPath(name, weight) for name, weight in weights.items()))
