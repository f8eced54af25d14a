"""Figures of one VPC with many instances, each with security group rules of its own, and of packets through it.

Speeds are ratios within one run: each round measures with and without the rules, one after the other.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Final

from bench.kernel_paths import ROUNDS, between, memory_kb, running, settle, throughput
from bench.stats import Figure, Goal, ratios
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.shell import Shell
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

#: Instances in the VPC, and rules of each, both ways.
INSTANCES: Final = 1000
RULES: Final = 100
#: Both with --quick.
FEW: Final = (100, 20)

#: How long connections are counted, s.
SECONDS: Final = 1.0
#: How often one policy among all is changed.
CHANGES: Final = 5

RANGES: Final = {"vpc-0": IPv4Network("10.0.0.0/16"), "vpc-1": IPv4Network("10.1.0.0/16")}

ANSWERING: Final = """
import os, socket, sys
server = socket.create_server((sys.argv[1], 5000), backlog=4096)
os.write(1, b"ready")
while True:
    server.accept()[0].close()
"""
#: Connects and resets, so that neither side is left with closed connections' ports.
CONNECTING: Final = """
import os, socket, struct, sys, time
here, end, count = (sys.argv[1], 5000), time.perf_counter() + float(sys.argv[2]), 0
while time.perf_counter() < end:
    near = socket.socket()
    near.connect(here)
    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    near.close()
    count += 1
os.write(1, b"%f" % (count / float(sys.argv[2])))
"""


def measure(*, quick: bool) -> list[Figure]:
    """All figures of the crowded VPC."""
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    instances, rules = FEW if quick else (INSTANCES, RULES)
    size = f"{instances:,} instances in one VPC with {rules} security group rules each"
    loaded, changed, memory = [], [], []
    with running() as plain:
        assert plain.apply(network(1, None)).failures == {}
        fabric = network(instances, rules)
        for _ in range(1 if quick else 3):
            settle()
            with running() as crowded:
                before = memory_kb("MemAvailable")
                loaded.append(_seconds(crowded, fabric))
                memory.append((before - memory_kb("MemAvailable")) / 1024)
                changed += [_seconds(crowded, with_other(fabric, n)) * 1000 for n in range(CHANGES)]
                speed, rate, counts = _speeds(plain, crowded)
    return [
        Figure(
            name=f"from nothing to {size}",
            unit="s",
            samples=tuple(loaded),
            note="every instance's rules differ from all others'",
        ),
        Figure(name="change of one instance's rules among them", unit="ms", samples=tuple(changed)),
        # what later rounds take is what the kernel kept of the first
        Figure(name="kernel and agent memory for them", unit="MB", samples=(memory[0],)),
        Figure(
            name="TCP over a peer connection from there, times without rules",
            samples=speed,
            goal=Goal(least=0.65),
        ),
        Figure(name="new TCP connections a second, times without rules", samples=rate),
        Figure(
            name="new TCP connections a second",
            unit="1/s",
            samples=counts,
            note="one client process, each connection opened and reset",
        ),
    ]


def _seconds(plane: KernelDataPlane, fabric: Fabric) -> float:
    start = time.perf_counter()
    assert plane.apply(fabric).failures == {}
    return time.perf_counter() - start


def _speeds(
    plain: KernelDataPlane, crowded: KernelDataPlane
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Throughput and connection rate with rules, times without; and the rate itself."""
    speed: dict[bool, list[float]] = {True: [], False: []}
    rate: dict[bool, list[float]] = {True: [], False: []}
    places, target = ("vpc-0-0", "vpc-1-0"), str(address("vpc-1", 0))
    for _ in range(ROUNDS):
        for filtered, plane in ((False, plain), (True, crowded)):
            shell = Shell(plane._state_dir, plane.resolv_conf)
            speed[filtered].append(throughput(shell, places, target))
            rate[filtered].append(between(shell, places, ANSWERING, CONNECTING, target, str(SECONDS)))
    return ratios(speed[True], speed[False]), ratios(rate[True], rate[False]), tuple(rate[True])


def network(instances: int, rules: int | None) -> Fabric:
    """A crowded VPC peered with one of a single instance."""
    ends = LinkEnd("vpc-0", "cn-hangzhou"), LinkEnd("vpc-1", "cn-hangzhou")
    routers = [_router("vpc-0", instances, rules), _router("vpc-1", 1, rules)]
    return Fabric(1, {one.id: one for one in routers}, {"pcc": Link("pcc", ends, up=True)})


def with_other(fabric: Fabric, change: int) -> Fabric:
    """The network with other rules for the first instance; all else stays the identical object, as compiled ones do."""
    router = fabric.routers["vpc-0"]
    new = policy((change + 1) << 16, RULES)
    first = replace(router.endpoints["vpc-0-0"], policy_id=new.id)
    router = replace(
        router,
        endpoints={**router.endpoints, first.id: first},
        policies={**router.policies, new.id: new},
    )
    return replace(fabric, revision=change + 2, routers={**fabric.routers, "vpc-0": router})


def address(vpc: str, number: int) -> IPv4Address:
    """The address of an instance."""
    return RANGES[vpc][number + 10]


def _router(id: str, instances: int, rules: int | None) -> Router:
    own = FibEntry(RANGES[id], ToSubnet("vsw"), "vsw")
    (other,) = RANGES.keys() - {id}
    entries = sorted(
        [own, FibEntry(RANGES[other], ToLink("pcc"), "rte")], key=lambda one: one.prefix.network_address
    )
    policies = [policy(n, rules) for n in range(instances) if rules]
    endpoints = [
        Endpoint(
            f"{id}-{n}",
            "vsw",
            (address(id, n),),
            "02:00:" + int(address(id, n)).to_bytes(4, "big").hex(":"),
            policies[n].id if rules else None,
        )
        for n in range(instances)
    ]
    return Router(
        id,
        "cn-hangzhou",
        {"vsw": Subnet("vsw", (own.prefix,), "vtb")},
        {one.id: one for one in endpoints},
        {"vtb": Fib("vtb", tuple(entries))},
        Fib("vtb", (own,)),
        {one.id: one for one in policies},
        {},
    )


def policy(number: int, size: int | None) -> Policy:
    """Rules that no other number has, and at their end the one that lets the measurement through."""
    rules = [
        Rule(
            Match(ip_network((0xAC100000 + (number * 131 + place * 7919) % 2**20, 32)), 6, place, place + 9),
            Action.ACCEPT,
            "sgr",
        )
        for place in range(10, (size or 1) * 10, 10)
    ]
    rules.append(Rule(Match(ip_network("10.0.0.0/8")), Action.ACCEPT, "sgr"))
    ways = (Filter(tuple(ordered), Action.DROP) for ordered in (rules, reversed(rules)))
    return Policy(f"sg-{number}", *ways)
