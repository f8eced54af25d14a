"""Figures of the kernel data plane, made of the measurements in `kernel_paths`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from bench import bare_kernel, kernel_paths
from bench.stats import Figure, Goal

#: Caps that are measured, Mbit/s.
CAPS: Final = (100, 1000)

#: VPCs of the two bring-ups.
SMALL: Final = 500
LARGE: Final = 1000


def measure(*, quick: bool) -> list[Figure]:
    """All figures of the kernel data plane."""
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    found = kernel_paths.paths()
    return [
        *speed_figures(found),
        *cap_figures(kernel_paths.caps()),
        *scale_figures(rounds=1 if quick else 5),
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


def cap_figures(found: Mapping[str, Any]) -> list[Figure]:
    """How far a capped link is from its cap."""
    return [
        Figure(
            name=f"link capped at {cap:,} Mbit/s: error",
            unit="%",
            samples=tuple(found[f"{cap}_mbps_error_percent"]["all"]),
            goal=Goal(least=-1, most=1),
            note="one TCP flow, layer 2, as the shaper counts",
        )
        for cap in CAPS
    ]


def scale_figures(*, rounds: int) -> list[Figure]:
    """Bring-up, a pass and memory."""
    # In turns, so that what else the machine does meets all alike.
    rows = [
        (_bare(SMALL), kernel_paths.scale(SMALL), _bare(LARGE), kernel_paths.scale(LARGE))
        for _ in range(rounds)
    ]
    small, large = [row[1] for row in rows], [row[3] for row in rows]
    grown = tuple(two["bring_up_s"] / one["bring_up_s"] for one, two in zip(small, large, strict=True))
    bare_grown = tuple(bare_large / bare_small for bare_small, _, bare_large, _ in rows)
    passes = tuple(one["observe_s"] + one["repair_s"] for one in small)
    size = f"{SMALL} VPCs with an instance each, {SMALL} links"
    return [
        Figure(
            name=f"bring-up of {size}",
            unit="s",
            samples=tuple(one["bring_up_s"] for one in small),
            goal=Goal(most=6),
        ),
        Figure(
            name=f"bring-up of {LARGE:,} with as many links",
            unit="s",
            samples=tuple(one["bring_up_s"] for one in large),
            goal=Goal(most=12),
        ),
        Figure(
            name=f"bring-up of {LARGE:,}, times that of {SMALL}",
            samples=grown,
            goal=Goal(most=LARGE / SMALL * 1.1),
            note="linear is 2; a tenth is allowed for noise",
        ),
        Figure(
            name="beside it: the same namespaces and wires by the bare kernel, times",
            samples=bare_grown,
            note="what the kernel's own growth is, without anything of Peerway's",
        ),
        Figure(name=f"observe and repair {size}", unit="s", samples=passes, goal=Goal(most=1)),
        Figure(
            name="memory a VPC with one instance and one link",
            unit="KiB",
            # Later rounds take what the kernel kept of the round before, so only the first shows what a VPC needs.
            samples=(float(large[0]["kb_a_vpc"]),),
        ),
    ]


def _bare(size: int) -> float:
    kernel_paths.settle()
    return bare_kernel.measure(size)
