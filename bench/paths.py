"""Figures of the kernel data plane, made of the measurements in `kernel_paths`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from bench import bring_up, kernel_paths
from bench.stats import Figure, Goal

#: Caps that are measured, Mbit/s.
CAPS: Final = (100, 1000)


def measure(*, quick: bool) -> list[Figure]:
    """All figures of the kernel data plane."""
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    found = kernel_paths.paths()
    return [
        *speed_figures(found),
        *cap_figures(kernel_paths.caps()),
        *bring_up.figures(rounds=1 if quick else 7),
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
