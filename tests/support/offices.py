"""A customer's site: a namespace of the test's where leased lines end, with one host in it that answers and asks."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest
from tests.support.kernel import foreign_namespace
from tests.support.live import Cloud, Tenant, eventually
from tests.support.sites import Site, foretold, make_site
from tests.support.streams import running

from peerway.adapters.dataplane.kernel.names import outside_interface
from peerway.fabric.packets import Packet

#: Where the office's host is, and the ranges that VPCs route to it.
HOST, HOST6 = "192.168.7.7", "fd77::7"
RANGE, RANGE6 = "192.168.7.0/24", "fd77::/64"
#: Access points of the region where the office is, for a line each.
POINTS = ("ap-cn-hangzhou-yh-ts-A", "ap-cn-hangzhou-xs-B")
#: Where its host sends back what it gets.
PORT = 7000
#: Pause between two datagrams of one connection, s.
PACE_S = 0.005

ECHO = """
import os, socket, sys
near = socket.socket(type=socket.SOCK_DGRAM)
near.bind((sys.argv[1], int(sys.argv[2])))
os.write(1, b"ready\\n")
while True:
    request = near.recvfrom(64)
    try:
        near.sendto(*request)
    except OSError:
        pass
"""
#: Keeps several connections talking; says ten times a second the longest silence of any so far and the present one, s.
TALKER = """
import os, select, socket, sys, time
target, count, pace = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), float(sys.argv[4])
sockets = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(count)]
for one in sockets:
    one.connect(target)
    one.setblocking(False)
now = time.monotonic()
heard, worst, send_at, say_at = {one: None for one in sockets}, 0.0, now, now
while True:
    for one in select.select(sockets, [], [], max(0, send_at - time.monotonic()))[0]:
        try:
            while one.recv(64):
                now = time.monotonic()
                worst = max(worst, now - (heard[one] or now))
                heard[one] = now
        except OSError:
            pass
    now = time.monotonic()
    if now >= send_at:
        for one in sockets:
            try:
                one.send(b"x" * 32)
            except OSError:
                pass
        send_at = now + pace
    if now >= say_at:
        silence = max(now - (last or 0) for last in heard.values())
        os.write(1, b"%.6f %.6f\\n" % (max(worst, silence), silence))
        say_at = now + 0.1
"""


class Talk:
    """Connections from an instance to the office."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def settled(self) -> None:
        """Wait until every connection is answered at this moment."""
        while float(next(self._lines).split()[1]) > 20 * PACE_S:
            pass

    def worst_s(self) -> float:
        """The longest silence of any connection so far, once all are answered again."""
        while True:
            worst, silence = map(float, next(self._lines).split())
            if silence < 20 * PACE_S:
                return worst


@dataclass(frozen=True, slots=True)
class Office:
    """The namespace, by its path."""

    path: str

    @property
    def port(self) -> str:
        """The namespace as a port for a line."""
        return f"netns:{self.path}"

    def run(self, *commands: str) -> str:
        """Run commands in the namespace, one after the other."""
        script = "set -e; " + "; ".join(commands)
        argv = ["nsenter", f"--net={self.path}", "sh", "-c", script]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def learn(self, vbr: dict[str, Any], *ranges: str, metric: int = 10) -> None:
        """Send ranges to a border router, as the site's own routing would."""
        for one in ranges:
            local = vbr["local_gateway6" if ":" in one else "local_gateway"]
            via, device = ip_interface(local).ip, outside_interface(vbr["id"])
            self.run(f"ip route replace {one} via {via} dev {device} metric {metric}")

    def cut(self, vbr: dict[str, Any]) -> None:
        """Cut a line: nothing passes it in either direction, and the site's own routing gives it up."""
        device = outside_interface(vbr["id"])
        self.run(
            "nft add table inet cut",
            "nft add chain inet cut into '{ type filter hook prerouting priority -300; }'",
            "nft add chain inet cut out '{ type filter hook postrouting priority 300; }'",
            f"nft add rule inet cut into iifname {device} drop",
            f"nft add rule inet cut out oifname {device} drop",
            f"ip route flush dev {device} proto boot",
        )

    def mend(self) -> None:
        """Let packets pass again; the site's routing learns anew."""
        self.run("nft delete table inet cut")

    def received(self, vbr: dict[str, Any]) -> int:
        """Packets that came by a line so far."""
        device = outside_interface(vbr["id"])
        (shown,) = json.loads(self.run(f"ip -json -stats link show dev {device}"))
        return int(shown["stats64"]["rx"]["packets"])

    def pings(self, target: str) -> bool:
        """Whether the office's host gets an answer."""
        source = HOST6 if ":" in target else HOST
        argv = ["nsenter", f"--net={self.path}", "ping", "-c1", "-W1", "-I", source, target]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0

    @contextlib.contextmanager
    def echo(self) -> Iterator[None]:
        """Send back what comes to the office's port, as long as the block lasts."""
        argv = ["nsenter", f"--net={self.path}", sys.executable, "-S", "-E", "-c", ECHO, HOST, str(PORT)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            try:
                yield
            finally:
                process.kill()


@contextlib.contextmanager
def an_office() -> Iterator[Office]:
    """A site with one host; needs root, as the agent of an ordinary user can't reach namespaces of the host."""
    if os.geteuid() != 0:
        pytest.skip("needs root: an ordinary user's agent sees no namespace of the host's")
    with foreign_namespace() as path:
        office = Office(path)
        office.run(
            "ip link set lo up",
            f"ip address add {HOST}/32 dev lo",
            f"ip address add {HOST6}/128 dev lo nodad",
        )
        yield office


@contextlib.contextmanager
def talking(site: Site, connections: int = 1) -> Iterator[Talk]:
    """Connections from the site's instance to the office's port, as long as the block lasts."""
    words = (HOST, str(PORT), str(connections), str(PACE_S))
    with running(site, TALKER, *words) as lines:
        talk = Talk(lines)
        talk.settled()
        yield talk


def make_line(
    cloud: Cloud, owner: Tenant, port: str, access_point_id: str = "ap-cn-hangzhou-yh-ts-A"
) -> dict[str, Any]:
    """A leased line of the account that was taken through all its steps and ends at the port."""
    made = owner.post("/physical-connections", access_point_id=access_point_id, line_operator="CT")
    path = f"/physical-connections/{made['id']}"
    cloud.operator.post(f"{path}/approve", room="room 1", contact="Li")
    cloud.operator.post(f"{path}/allocate", port=port)
    owner.post(f"{path}/confirm")
    enabled: dict[str, Any] = cloud.operator.post(f"{path}/enable")
    return enabled


def make_vbr(owner: Tenant, line: dict[str, Any], number: int = 0, **fields: Any) -> dict[str, Any]:
    """A border router of the line's owner with gateways of its own, and the office's ranges to the line."""
    gateways = {"local_gateway": f"10.255.{number}.1/30", "peer_gateway": f"10.255.{number}.2"}
    made = owner.post("/vbrs", line_id=line["id"], **{"vlan": 100 + number, **gateways, **fields})
    if made["owner_uid"] == owner.uid:
        lead_to_line(owner, owner.settled(f"/vbrs/{made['id']}", "active"))
    return dict(made)


def lead_to_line(owner: Tenant, vbr: dict[str, Any]) -> None:
    """The border router's entries to the office."""
    for destination in (RANGE, RANGE6) if vbr["local_gateway6"] else (RANGE,):
        owner.post(f"/route-tables/{vbr['route_table_id']}/entries", destination=destination, next_hop="line")


def join_vbr(owner: Tenant, vbr: dict[str, Any], site: Site, **check: Any) -> dict[str, Any]:
    """The site's interface of an active pair with the border router, and the border router's entry to the site's VPC."""
    cross = vbr["region_id"] != site.region_id
    near = owner.post(
        "/router-interfaces",
        router_id=vbr["id"],
        role="initiator",
        opposite_region_id=site.region_id,
        spec="Large.1" if cross else None,
        **check,
    )
    far = site.tenant.post(
        "/router-interfaces", router_id=site.vpc_id, role="acceptor", opposite_region_id=vbr["region_id"]
    )
    for tenant, own, other in ((owner, near, far), (site.tenant, far, near)):
        tenant.call(
            "PATCH",
            f"/router-interfaces/{own['id']}",
            opposite_interface_id=other["id"],
            opposite_router_id=other["router_id"],
            opposite_owner_uid=other["owner_uid"],
        )
    owner.post(f"/router-interfaces/{near['id']}/connect")
    owner.settled(f"/router-interfaces/{near['id']}", "active")
    ranges = (site.vpc["cidr"], site.vpc["ipv6_cidr"] if vbr["local_gateway6"] else None)
    for destination in filter(None, ranges):
        owner.post(
            f"/route-tables/{vbr['route_table_id']}/entries",
            destination=destination,
            next_hop="router_interface",
            next_hop_id=near["id"],
        )
    return site.tenant.settled(f"/router-interfaces/{far['id']}", "active")


def two_lines(
    cloud: Cloud, owner: Tenant, office: Office, region: str, weights: tuple[int, int]
) -> tuple[Site, list[dict[str, Any]], list[dict[str, Any]]]:
    """A VPC that reaches the office by two lines: the VPC, its interfaces, the border routers; all checks have succeeded."""
    site = make_site(owner, region, "10.1.0.0/16", "10.1.1.0/24")
    vbrs = [
        make_vbr(owner, make_line(cloud, owner, office.port, point), number)
        for number, point in enumerate(POINTS)
    ]
    sides = [join_vbr(owner, vbr, site) for vbr in vbrs]
    owner.post(
        f"/route-tables/{site.table_id}/entries",
        destination=RANGE,
        next_hop="router_interface",
        paths=[
            {"interface_id": side["id"], "weight": weight}
            for side, weight in zip(sides, weights, strict=True)
        ],
    )
    for number, vbr in enumerate(vbrs):
        office.learn(vbr, "10.1.0.0/16", metric=10 + number)
    for side in sides:
        healthy(owner, side, "normal")
    return site, sides, vbrs


def healthy(owner: Tenant, side: dict[str, Any], verdict: str) -> None:
    """Wait for the health check's verdict."""
    path = f"/router-interfaces/{side['id']}"
    eventually(f"{path} is {verdict}", lambda: owner.get(path)["health"] == verdict)


def asked(cloud: Cloud, office: Office, vbr: dict[str, Any], target: str) -> bool:
    """Whether the target answers the office, over that border router; packets and the compiled network must agree."""
    cloud.synced()
    source = HOST6 if ":" in target else HOST
    packet = Packet(ip_address(source), ip_address(target), 58 if ":" in target else 1, 0, vbr["id"])
    predicted = foretold(cloud.network(), packet)
    answered = office.pings(target)
    assert answered == predicted, f"packets say {answered}, the compiled network says {predicted}: {target}"
    return answered
