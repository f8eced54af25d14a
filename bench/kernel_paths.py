"""Measurements of the kernel data plane: speed of paths, caps, bring-up, observation, memory.

Speeds are ratios within one run: each round measures every path once, one after the other, and the ratio to the reference is taken
round by round. Run as `python -m bench.kernel_paths [throughput|caps|scale|activation ...]`; prints one JSON object.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import Thread
from typing import Any

from peerway.adapters.dataplane.kernel import codec
from peerway.adapters.dataplane.kernel.codec import End
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import endpoint_namespace, router_namespace
from peerway.adapters.dataplane.kernel.protocol import GUEST
from peerway.adapters.dataplane.kernel.shell import Shell
from peerway.bootstrap.parts import collect_rarely
from peerway.fabric.model import (
    Action,
    Endpoint,
    Fabric,
    Fib,
    FibEntry,
    Filter,
    Link,
    LinkEnd,
    Match,
    Policy,
    Router,
    Rule,
    Subnet,
    ToLink,
    ToSubnet,
)

ROUNDS = 5
SECONDS = 1.0
CAPPED_SECONDS = 2.5
ROUND_TRIPS = 3000
SETTLED_SECONDS = 0.5

SINK = """
import os, socket, sys, time
server = socket.create_server((sys.argv[1], 5000))
os.write(1, b"ready")
near, _ = server.accept()
buffer, total, start = bytearray(1 << 20), 0, time.perf_counter()
while size := near.recv_into(buffer):
    total += size
os.write(1, b"%d" % (8 * total / (time.perf_counter() - start)))
"""
SOURCE = """
import socket, sys, time
near = socket.socket()
near.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
near.connect((sys.argv[1], 5000))
data, end = bytes(1 << 20), time.perf_counter() + float(sys.argv[2])
while time.perf_counter() < end:
    near.send(data)
"""
ECHO = """
import os, socket, sys
near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
near.bind((sys.argv[1], 5000))
os.write(1, b"ready")
while True:
    data, sender = near.recvfrom(100)
    near.sendto(data, sender)
"""
ASK = """
import os, socket, statistics, sys, time
near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
near.connect((sys.argv[1], 5000))
near.settimeout(5)
taken = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    near.send(b"x")
    near.recv(10)
    taken.append(time.perf_counter() - start)
os.write(1, b"%d" % (statistics.median(taken) * 1e9))
"""


@contextmanager
def running(*, flowtables: bool = True) -> Iterator[KernelDataPlane]:
    """A data plane for one measurement, in a process whose collector of cycles is set as an agent's is."""
    collect_rarely()
    with tempfile.TemporaryDirectory() as directory:
        plane = KernelDataPlane(Path(directory), flowtables=flowtables)
        try:
            yield plane
        finally:
            plane.close(destroy=True)


def ring(
    size: int, policy: Policy | None = None, acl: Policy | None = None, cap: int | None = None
) -> Fabric:
    """VPCs in a ring, one instance each, each linked to the next."""
    links = {
        f"pcc-{number}": Link(
            f"pcc-{number}", (_end(number), _end((number + 1) % size)), up=True, cap_mbps=cap
        )
        for number in range(size if size > 2 else 1)
    }
    routers = [_router(number, size, policy, acl) for number in range(size)]
    return Fabric(1, {router.id: router for router in routers}, links)


def _end(number: int) -> LinkEnd:
    return LinkEnd(f"vpc-{number}", "cn-hangzhou")


def address(number: int) -> str:
    """Of a ring's instance."""
    return f"10.{number >> 8}.{number & 255}.10"


def _router(number: int, size: int, policy: Policy | None, acl: Policy | None) -> Router:
    own = FibEntry(ip_network(f"10.{number >> 8}.{number & 255}.0/24"), ToSubnet("vsw"), "vsw")
    ways = {(number + 1) % size: f"pcc-{number}", (number - 1) % size: f"pcc-{(number - 1) % size}"}
    if size == 2:
        ways = {1 - number: "pcc-0"}
    far = [
        FibEntry(ip_network(f"10.{other >> 8}.{other & 255}.0/24"), ToLink(link), "rte")
        for other, link in sorted(ways.items())
    ]
    mac = "02:00:" + number.to_bytes(4, "big").hex(":")
    instance = Endpoint(
        f"i-{number}", "vsw", (ip_address(address(number)),), mac, policy.id if policy else None
    )
    return Router(
        f"vpc-{number}",
        "cn-hangzhou",
        {"vsw": Subnet("vsw", (own.prefix,), "vtb", acl.id if acl else None)},
        {instance.id: instance},
        {"vtb": Fib("vtb", (own, *far))},
        Fib("vtb", (own,)),
        {policy.id: policy} if policy else {},
        {acl.id: acl} if acl else {},
    )


def long_policy(id: str, size: int) -> Policy:
    """Rules for as many networks, and the one that lets the measurement through."""
    rules = [
        Rule(
            Match(ip_network(f"172.{16 + number // 250}.{number % 250}.0/24"), 6, number, number),
            Action.ACCEPT,
            "sgr",
        )
        for number in range(size - 1)
    ]
    rules.append(Rule(Match(ip_network("10.0.0.0/8")), Action.ACCEPT, "sgr"))
    return Policy(id, Filter(tuple(rules), Action.DROP), Filter(tuple(rules), Action.DROP))


def between(shell: Shell, places: tuple[str, str], server: str, client: str, *arguments: str) -> float:
    """Start the server at the second place, the client at the first; returns the number that one of them says."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fd = theirs.fileno()
        serve = [sys.executable, "-c", server, arguments[0]]
        with shell.spawn(places[1], serve, (fd, fd, 2)):
            ours.settimeout(30)
            assert ours.recv(5) == b"ready"
            with shell.spawn(places[0], [sys.executable, "-c", client, *arguments], (fd, fd, 2)) as asking:
                assert asking.wait(60) == 0
                return float(ours.recv(100))


def throughput(shell: Shell, places: tuple[str, str], target: str, seconds: float = SECONDS) -> float:
    """Bits a second of one TCP connection."""
    return between(shell, places, SINK, SOURCE, target, str(seconds))


def round_trip(shell: Shell, places: tuple[str, str], target: str) -> float:
    """Median round trip of a small datagram, ns."""
    return between(shell, places, ECHO, ASK, target, str(ROUND_TRIPS))


def _bare_pair(plane: KernelDataPlane) -> tuple[str, str]:
    """Two namespaces with nothing but a veth pair between them; gone with the next apply."""
    names = [endpoint_namespace(f"bare-{side}") for side in "ab"]
    macs = [bytes.fromhex(f"02000000ff0{side}") for side in "12"]

    def make() -> None:
        plane._namespaces.make([(name, GUEST) for name in names])
        near, far = (End(2, "eth0", mac, 0) for mac in macs)
        with plane._namespaces.opened(names[1]) as fd, plane._namespaces.netlink(names[0]) as netlink:
            assert netlink.execute([codec.new_wire(near, far, fd, "")]) == []
        for side, name in enumerate(names):
            own, other = (bytes([10, 255, 0, 1 + one]) for one in (side, 1 - side))
            with plane._namespaces.netlink(name) as netlink:
                up = codec.set_interface(2, up=True, group=0, mac=b"", checked=False, owner="")
                way = codec.route(socket.AF_INET, 254, other, 32, codec.UNICAST, "", hops=[codec.NextHop(2)])
                steps = [
                    up,
                    codec.new_address(2, own, 32, 0, connected=False, owner=""),
                    way,
                    codec.new_neighbour(2, other, macs[1 - side], ""),
                ]
                assert netlink.execute(steps) == []

    plane._visitor.run(make)
    return "bare-a", "bare-b"


def paths() -> dict[str, Any]:
    """Throughput and round trip: peered without filters and with 1,000 rules of each kind, beside a bare veth pair."""
    names = ("bare", "peered", "filtered")
    speed: dict[str, list[float]] = {name: [] for name in names}
    trips: dict[str, list[float]] = {name: [] for name in names}
    policy, acl = long_policy("sg", 1000), long_policy("acl", 1000)
    with running() as plain, running() as filtered:
        assert plain.apply(ring(2)).failures == {}
        assert filtered.apply(ring(2, policy, acl)).failures == {}
        bare = _bare_pair(plain)
        places = {
            "bare": (Shell(plain._state_dir), bare, "10.255.0.2"),
            "peered": (Shell(plain._state_dir), ("i-0", "i-1"), address(1)),
            "filtered": (Shell(filtered._state_dir), ("i-0", "i-1"), address(1)),
        }
        for _ in range(ROUNDS):
            for name in names:
                speed[name].append(throughput(*places[name]))
                trips[name].append(round_trip(*places[name]))
    return {
        "peered_to_bare_throughput": _ratio(speed["peered"], speed["bare"]),
        "filtered_to_peered_throughput": _ratio(speed["filtered"], speed["peered"]),
        "peered_to_bare_round_trip": _ratio(trips["peered"], trips["bare"]),
        "filtered_to_peered_round_trip": _ratio(trips["filtered"], trips["peered"]),
        "bare_gbit_s": round(statistics.median(speed["bare"]) / 1e9, 1),
        "bare_round_trip_us": round(statistics.median(trips["bare"]) / 1e3, 1),
    }


def caps() -> dict[str, Any]:
    """What capped links carry, from the interface counters (layer 2), against the cap."""
    result: dict[str, Any] = {}
    with running() as plane:
        for cap in (100, 1000):
            fabric = replace(ring(2, cap=cap), revision=cap)
            assert plane.apply(fabric).failures == {}
            errors = [_cap_error(plane, cap) for _ in range(ROUNDS)]
            result[f"{cap}_mbps_error_percent"] = _spread(errors)
    return result


def _cap_error(plane: KernelDataPlane, cap: int) -> float:
    """How far a busy link is from its cap, percent, over a second in the middle of a transfer."""
    sending = Thread(
        target=throughput, args=(Shell(plane._state_dir), ("i-0", "i-1"), address(1), CAPPED_SECONDS)
    )
    first, _ = _sent(plane)
    sending.start()
    while _sent(plane)[0] - first < cap * 25_000:  # a fifth of a second's worth: the queue is full
        time.sleep(0.01)
    before, start = _sent(plane)
    time.sleep(1)
    after, end = _sent(plane)
    sending.join()
    return ((after - before) * 8 / (end - start) / (cap * 1e6) - 1) * 100


def _sent(plane: KernelDataPlane) -> tuple[int, float]:
    """Bytes that the shaper let through, as it counts them: each frame of a batch with its headers."""

    def read() -> int:
        with plane._namespaces.netlink(router_namespace("vpc-0")) as netlink:
            queues = [codec.attributes(body, 20) for _, body in netlink.dump(codec.GETQDISC, bytes(20))]
        shaper = next(queue for queue in queues if queue.get(1) == b"tbf\0")
        return int.from_bytes(codec.attributes(shaper[7], 0)[1][:8], "little")

    return plane._visitor.run(read), time.perf_counter()


def scale(size: int) -> dict[str, Any]:
    """Bring-up of a ring from nothing, a pass of observation and of repair, memory."""
    settle()
    with running() as plane:
        fabric = ring(size)
        before = memory_kb("MemAvailable")
        start = time.perf_counter()
        assert plane.apply(fabric).failures == {}
        built = time.perf_counter()
        memory = before - memory_kb("MemAvailable")
        assert dict(plane.observe().drift) == {}
        seen = time.perf_counter()
        assert plane.repair().touched == 0
        mended = time.perf_counter()
        plane.counters()
        counted = time.perf_counter()
    return {
        "bring_up_s": round(built - start, 3),
        "observe_s": round(seen - built, 2),
        "repair_s": round(mended - seen, 2),
        "counters_s": round(counted - mended, 3),
        "kb_a_vpc": round(memory / size),
    }


def activation(others: int = 100, rounds: int = 30) -> dict[str, Any]:
    """One link's programming and deletion with so many others in place, ms."""
    on, off = [], []
    with running() as plane:
        fabric = ring(others)
        without = replace(fabric, links={id: link for id, link in fabric.links.items() if id != "pcc-5"})
        plane.apply(without)
        for _ in range(rounds):
            plane._reaper.settle()
            on.append(_milliseconds(lambda: plane.apply(fabric)))
            off.append(_milliseconds(lambda: plane.apply(without)))
    return {"activate_ms": _spread(on), "delete_ms": _spread(off)}


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def settle() -> None:
    """Wait until the kernel has taken down what an earlier round left: it goes on with that for a second after the holder's end.

    What each namespace has for each core tells, as nothing else of that size comes and goes.
    """
    least, since = memory_kb("Percpu"), time.perf_counter()
    while time.perf_counter() - since < SETTLED_SECONDS:
        time.sleep(0.02)
        now = memory_kb("Percpu")
        if now < least:
            least, since = now, time.perf_counter()


def memory_kb(what: str) -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(f"{what}:")).split()[1])


def _ratio(ones: list[float], others: list[float]) -> dict[str, Any]:
    return _spread([one / other for one, other in zip(ones, others, strict=True)])


def _spread(values: list[float]) -> dict[str, Any]:
    return {
        "all": values,
        "median": round(statistics.median(values), 3),
        "low": round(min(values), 3),
        "high": round(max(values), 3),
    }


#: Measurements by name.
MEASUREMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "throughput": paths,
    "caps": caps,
    "activation": activation,
    "scale": lambda: {str(size): scale(size) for size in (500, 1000)},
}


def main() -> None:
    wanted = sys.argv[1:] or list(MEASUREMENTS)
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    print(json.dumps({name: MEASUREMENTS[name]() for name in wanted}, indent=2))


if __name__ == "__main__":
    main()
