"""What changes hands in one pass: addresses between instances, ends of a line, wires between namespaces outside."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread

import pytest
from tests.builders import fabrics
from tests.support.doors import GATEWAY, WORLD, door, leaving, put
from tests.support.kernel import foreign_namespace, in_namespace, outside, socket_at, until

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import (
    endpoint_namespace,
    router_namespace,
    uplink_interface,
)
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.port import Port, PortKind
from peerway.fabric.model import Endpoint, Fabric, Hop, ToEndpoint, ToLink, ToUplink

pytestmark = pytest.mark.kernel

#: An instance by its name, and the host number in its addresses.
Hosts = Mapping[str, int]
#: Destination -> name of the instance that it is routed to.
Ways = Mapping[str, str]

ANYWHERE = ("0.0.0.0/0", "::/0")
BEYOND = ("198.51.100.0/24", "fd99::/64")
#: Addresses that every one of those routes covers.
TARGETS = {"198.51.100.1": 1, "fd99::1": 58}

#: What there is, and what it becomes. `i-a` asks; all instances forward what is for others.
CHANGES: dict[str, tuple[Hosts, Ways, Hosts, Ways]] = {
    "two swap, and one of them is the way to everywhere": (
        {"i-a": 10, "i-b": 11, "i-c": 12},
        dict.fromkeys(ANYWHERE, "i-b"),
        {"i-a": 10, "i-b": 12, "i-c": 11},
        dict.fromkeys(ANYWHERE, "i-b"),
    ),
    "two swap, and the way to everywhere goes with the address": (
        {"i-a": 10, "i-b": 11, "i-c": 12},
        dict.fromkeys(ANYWHERE, "i-b"),
        {"i-a": 10, "i-b": 12, "i-c": 11},
        dict.fromkeys(ANYWHERE, "i-c"),
    ),
    "taken from one that stays, for a way that another had": (
        {"i-a": 10, "i-b": 11, "i-c": 12, "i-d": 13},
        dict.fromkeys(BEYOND, "i-d"),
        {"i-a": 10, "i-b": 12, "i-c": 14},
        dict.fromkeys(BEYOND, "i-b"),
    ),
    "one is deleted, another made with its address": (
        {"i-a": 10, "i-b": 11},
        dict.fromkeys((*ANYWHERE, *BEYOND), "i-b"),
        {"i-a": 10, "i-c": 11},
        dict.fromkeys((*ANYWHERE, *BEYOND), "i-c"),
    ),
    "four move up": (
        {"i-a": 10, "i-b": 11, "i-c": 12, "i-d": 13},
        {**dict.fromkeys(ANYWHERE, "i-b"), **dict.fromkeys(BEYOND, "i-c")},
        {"i-a": 11, "i-b": 12, "i-c": 13, "i-d": 10},
        {**dict.fromkeys(ANYWHERE, "i-b"), **dict.fromkeys(BEYOND, "i-d")},
    ),
}


def instance(id: str, host: int, netns: str | None = None) -> Endpoint:
    """An instance that forwards; its MAC address goes with its name."""
    mac = f"02:00:00:00:00:{ord(id[-1]):02x}"
    return replace(fabrics.endpoint(1, host), id=id, mac=mac, forwards=True, netns=netns)


def network(hosts: Hosts, ways: Ways) -> Fabric:
    """A VPC that routes by way of its instances, for them as for links."""
    routes: dict[str, Hop] = {destination: ToEndpoint(id) for destination, id in ways.items()}
    endpoints = {id: instance(id, host) for id, host in hosts.items()}
    return Fabric(1, {"vpc-1": replace(fabrics.vpc(1, routes, routes), endpoints=endpoints)})


def answers(plane: KernelDataPlane, source: str, target: str, protocol: int) -> bool:
    """Whether an instance's echo request is answered."""
    return plane.probe(Probe(source, ip_address(target), protocol, 0, 900)).verdict is Verdict.ANSWERED


@pytest.mark.parametrize("next_agent", [False, True], ids=["same agent", "next agent"])
@pytest.mark.parametrize("change", CHANGES)
def test_addresses_change_hands(state_dir: Path, change: str, *, next_agent: bool) -> None:
    """NET-5: whoever had an address of a gateway before, the routes by way of it are taken, and lead there."""
    hosts, ways, later_hosts, later_ways = CHANGES[change]
    plane = KernelDataPlane(state_dir)
    try:
        put(plane, network(hosts, ways))
        if next_agent:
            plane.close(destroy=False)
            plane = KernelDataPlane(state_dir)
        put(plane, network(later_hosts, later_ways))
        gateway = endpoint_namespace(later_ways.get(BEYOND[0], later_ways.get(ANYWHERE[0], "")))
        for target, protocol in TARGETS.items():
            in_namespace(plane, gateway, "ip", "address", "add", target, "dev", "eth0", "nodad")
            # a new IPv6 address of the instance's own is there only a little later
            until(partial(answers, plane, "i-a", target, protocol), f"{target} answers")
    finally:
        plane.close(destroy=True)


@pytest.mark.parametrize(
    ("destination", "near", "far", "length"),
    [("192.168.0.0/16", "172.30.0.1", "172.30.0.2", 30), ("fd09::/64", "fd30::1", "fd30::2", 126)],
)
def test_line_whose_ends_swap_addresses_takes_a_link_s_route(
    plane: KernelDataPlane, destination: str, near: str, far: str, length: int
) -> None:
    """EC-10: what was the router's own address is the next hop, at once."""
    with foreign_namespace() as office:
        port = Port(PortKind.NETNS, office)
        before = fabrics.vbr(
            "vbr-a", port, {destination: ToLink("a")}, {}, fabrics.transfer(f"{near}/{length}", far)
        )
        after = fabrics.vbr(
            "vbr-a", port, {destination: ToUplink("vbr-a")}, {}, fabrics.transfer(f"{far}/{length}", near)
        )
        vpc = fabrics.vpc(1, {})
        links = {"a": fabrics.link("a", "vpc-1", "vbr-a")}
        put(plane, Fabric(1, {"vpc-1": vpc, "vbr-a": before}, links))
        put(plane, Fabric(2, {"vpc-1": vpc, "vbr-a": after}, {}))


def test_uplink_whose_namespace_has_gone_gets_another_and_a_link_s_route(plane: KernelDataPlane) -> None:
    """The kernel took the uplink's wire away with the namespace; what leads over it waits for the new one."""

    def fabric(path: str, hop: Hop) -> Fabric:
        uplink = door(path, leaving("10.1.0.0/16", 1))
        one = replace(fabrics.vpc(1, {f"{WORLD}/32": hop}), uplinks={uplink.id: uplink})
        links = {"a": fabrics.link("a", "vpc-1", "vpc-2")} if isinstance(hop, ToLink) else {}
        return Fabric(1, {"vpc-1": one, "vpc-2": fabrics.vpc(2, {})}, links)

    with foreign_namespace() as first:
        put(plane, fabric(first, ToLink("a")))
    router, wire = router_namespace("vpc-1"), uplink_interface(GATEWAY)
    plane.counters()  # the namespace lives as long as the driver stays where it looked last
    until(lambda: wire not in in_namespace(plane, router, "ip", "link"), "the wire is gone")
    with foreign_namespace() as second:
        put(plane, fabric(second, ToUplink(GATEWAY)))
        outside(second, "ip link set lo up", f"ip address add {WORLD} dev lo")
        assert answers(plane, "i-1", WORLD, 1)


@contextmanager
def sending(plane: KernelDataPlane, source: str, target: str) -> Iterator[None]:
    """An instance sends datagrams all the time."""
    over = Event()
    version = socket.AF_INET if ip_address(target).version == 4 else socket.AF_INET6

    def send() -> None:
        while not over.is_set():
            with suppress(OSError):
                sender.sendto(b"x", (target, 9))

    with socket_at(plane, endpoint_namespace(source), version, socket.SOCK_DGRAM) as sender:
        thread = Thread(target=send)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def test_nothing_takes_a_wider_route_while_a_gateway_moves_to_another_namespace(
    plane: KernelDataPlane,
) -> None:
    """NET-5: a wire that is made anew leaves no gap in the tables for what was to go by it."""
    routes: dict[str, Hop] = {BEYOND[0]: ToEndpoint("i-b"), ANYWHERE[0]: ToEndpoint("i-c")}

    def fabric(path: str) -> Fabric:
        three = (instance("i-a", 10), instance("i-b", 11, path), instance("i-c", 12))
        router = replace(fabrics.vpc(1, routes, routes), endpoints={one.id: one for one in three})
        return Fabric(1, {"vpc-1": router})

    with foreign_namespace() as first, foreign_namespace() as second:
        put(plane, fabric(first))
        wider = endpoint_namespace("i-c")
        watch = f"type filter hook prerouting priority 0; ip daddr {BEYOND[0]} counter"
        in_namespace(plane, wider, "nft", f"table ip watch {{ chain in {{ {watch}; }}; }}")
        with sending(plane, "i-a", "198.51.100.1"):
            for path in (second, first, second):
                put(plane, fabric(path))
        assert "packets 0 " in in_namespace(plane, wider, "nft", "list", "ruleset")
        outside(second, "ip address add 198.51.100.1 dev peerway0")
        assert answers(plane, "i-a", "198.51.100.1", 1)
