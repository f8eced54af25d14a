"""Figures of the kernel data plane, made of the measurements in `kernel_paths`; and what a capped link carries."""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from bench import kernel_paths
from bench.kernel_paths import SINK, SOURCE, ring, running
from bench.stats import Figure, Goal
from peerway.adapters.dataplane.kernel.codec import GETQDISC, attributes
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import router_namespace
from peerway.adapters.dataplane.kernel.shell import Shell

#: Caps that are measured, Mbit/s.
CAPS: Final = (100, 1000)

#: A flow over a capped link: left alone first, then watched, s.
RAMP_S: Final = 0.7
WATCHED_S: Final = 2.0

#: The kernel's message about queueing disciplines, and the attributes that matter here (TCA_KIND, TCA_STATS2, TCA_STATS_BASIC).
QDISC: Final = struct.Struct("<BxxxiIII")
KIND, STATISTICS, BASIC = 1, 7, 1

#: VPCs of the two bring-ups.
SMALL: Final = 500
LARGE: Final = 1000


def measure(*, quick: bool) -> list[Figure]:
    """All figures of the kernel data plane."""
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    found = kernel_paths.paths()
    return [
        *speed_figures(found),
        *cap_figures(rounds=2 if quick else 5),
        *scale_figures(rounds=1 if quick else 3),
    ]


def speed_figures(found: Mapping[str, Any]) -> list[Figure]:
    """Ratios of throughput and round trip."""
    bare = f"bare veth pair: {found['bare_gbit_s']} Gbit/s, {found['bare_round_trip_us']} µs"
    wanted = (
        (
            "peered_to_bare_throughput",
            "TCP over a peer connection, times a bare veth pair",
            Goal(least=0.75),
            bare,
        ),
        (
            "filtered_to_peered_throughput",
            "TCP with 1,000 security group rules and 1,000 ACL entries, times without filters",
            Goal(least=0.65),
            "at both ends, both ways",
        ),
        (
            "peered_to_bare_round_trip",
            "round trip over a peer connection, times a bare veth pair",
            Goal(most=1.3),
            bare,
        ),
        ("filtered_to_peered_round_trip", "round trip with those filters, times without", None, ""),
    )
    return [
        Figure(name=name, samples=tuple(found[key]["all"]), goal=goal, note=note)
        for key, name, goal, note in wanted
    ]


def cap_figures(*, rounds: int) -> list[Figure]:
    """How far a capped link is from its cap."""
    figures = []
    for cap in CAPS:
        with running() as plane:
            assert plane.apply(ring(2, cap=cap)).failures == {}
            errors = tuple((capped_mbps(plane) / cap - 1) * 100 for _ in range(rounds))
        name = f"link capped at {cap:,} Mbit/s: error"
        figures.append(
            Figure(
                name=name, unit="%", samples=errors, goal=Goal(least=-1, most=1), note="one TCP flow, layer 2"
            )
        )
    return figures


def capped_mbps(plane: KernelDataPlane) -> float:
    """What a TCP flow sends over the link in its steady part, layer 2, Mbit/s."""
    words = ("10.0.1.10", str(RAMP_S + WATCHED_S + 0.5))
    places = ("i-0", "i-1")
    flow = threading.Thread(
        target=kernel_paths._run, args=(Shell(plane._state_dir), places, SINK, SOURCE, *words)
    )
    flow.start()
    time.sleep(RAMP_S)
    before, start = shaped_bytes(plane), time.perf_counter()
    time.sleep(WATCHED_S)
    after, end = shaped_bytes(plane), time.perf_counter()
    flow.join()
    return (after - before) * 8 / (end - start) / 1e6


def shaped_bytes(plane: KernelDataPlane) -> int:
    """What the shaper of the link's first end has let through, with the headers of every packet.

    The interface's own counter sees one header for the many segments that the kernel moves as one.
    """

    def look() -> int:
        with plane._namespaces.netlink(router_namespace("vpc-0")) as netlink:
            for _, body in netlink.dump(GETQDISC, QDISC.pack(0, 0, 0, 0, 0)):
                found = attributes(body, QDISC.size)
                if found.get(KIND) == b"tbf\0":
                    return int.from_bytes(attributes(found[STATISTICS], 0)[BASIC][:8], "little")
        raise LookupError("the link has no shaper")

    return plane._visitor.run(look)


def scale_figures(*, rounds: int) -> list[Figure]:
    """Bring-up, a pass and memory."""
    small = [kernel_paths.scale(SMALL) for _ in range(rounds)]
    large = [kernel_paths.scale(LARGE) for _ in range(rounds)]
    passes = tuple(one["observe_s"] + one["repair_s"] for one in small)
    size = f"{SMALL} VPCs with an instance each, {SMALL} links"
    grown = tuple(two["bring_up_s"] / one["bring_up_s"] for one, two in zip(small, large, strict=True))
    return [
        Figure(
            name=f"bring-up of {size}",
            unit="s",
            samples=tuple(one["bring_up_s"] for one in small),
            goal=Goal(most=6),
        ),
        Figure(
            name=f"bring-up of {LARGE:,}, times that of {SMALL}",
            samples=grown,
            goal=Goal(most=LARGE / SMALL * 1.1),
            note="linear is 2; a tenth is allowed for noise",
        ),
        Figure(name=f"observe and repair {size}", unit="s", samples=passes, goal=Goal(most=1)),
        Figure(
            name="memory a VPC with one instance and one link",
            unit="KiB",
            samples=tuple(float(one["kb_a_vpc"]) for one in large),
        ),
    ]
