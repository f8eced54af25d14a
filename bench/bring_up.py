"""Figures of bringing up networks of two sizes: time, how it grows, a pass over what is there, and memory.

How it grows has three parts, which are told apart: the agent's own work, which is counted, as no clock on a busy machine is as
exact; the kernel's, measured by `bare_kernel`; and both together.
"""

from __future__ import annotations

import sys
from statistics import median
from types import FrameType
from typing import Final

from bench import bare_kernel, kernel_paths
from bench.stats import Figure, Goal, ratios

#: VPCs of the two networks.
SMALL: Final = 500
LARGE: Final = 1000


def figures(*, rounds: int) -> list[Figure]:
    """Bring-up of both sizes, a pass over the small one, and memory."""
    # Only the first shows what memory a VPC needs: later ones take what the kernel kept of it. It shows nothing else: a machine
    # that is a guest itself waits for its host at each page that it has not used for long, the more the larger the network.
    first = kernel_paths.scale(LARGE)
    # In turns, so that what else the machine does meets all alike, and neither size always comes first.
    sizes = [(SMALL, LARGE) if number % 2 else (LARGE, SMALL) for number in range(rounds)]
    rows = [{size: (kernel_paths.scale(size), _bare(size)) for size in order} for order in sizes]
    made = {size: tuple(row[size][0]["bring_up_s"] for row in rows) for size in (SMALL, LARGE)}
    bare = {size: tuple(row[size][1] for row in rows) for size in (SMALL, LARGE)}
    passes = tuple(row[SMALL][0]["observe_s"] + row[SMALL][0]["repair_s"] for row in rows)
    small = f"{SMALL} VPCs with an instance each, {SMALL} links"
    return [
        Figure(name=f"bring-up of {small}", unit="s", samples=made[SMALL], goal=Goal(most=6)),
        Figure(
            name=f"bring-up of {LARGE:,} with as many links",
            unit="s",
            samples=made[LARGE],
            goal=Goal(most=12),
        ),
        Figure(
            name=f"bring-up of {LARGE:,}, times that of {SMALL}",
            samples=ratios(made[LARGE], made[SMALL]),
            goal=Goal(most=LARGE / SMALL * 1.1),
            note="linear is 2; a tenth is allowed for noise",
        ),
        Figure(
            name=f"calls of functions at a bring-up of {LARGE:,}, times those at one of {SMALL}",
            samples=(_calls(LARGE) / _calls(SMALL),),
            goal=Goal(most=LARGE / SMALL * 1.01),
            note="the agent's own work, whatever the kernel and the machine do beside it",
        ),
        Figure(
            name="beside it: the same by the bare kernel, times",
            samples=ratios(bare[LARGE], bare[SMALL]),
            note="the same requests, ready-made, sent by nothing but a loop",
        ),
        *(
            Figure(
                name=f"bring-up of {size:,}, times the bare kernel's",
                samples=ratios(made[size], bare[size]),
                note=f"bare kernel: {median(bare[size]):.2f} s",
            )
            for size in (SMALL, LARGE)
        ),
        Figure(name=f"observe and repair {small}", unit="s", samples=passes, goal=Goal(most=1)),
        Figure(
            name="memory a VPC with one instance and one link",
            unit="KiB",
            samples=(float(first["kb_a_vpc"]),),
        ),
    ]


def _bare(size: int) -> float:
    kernel_paths.settle()
    return bare_kernel.measure(size)


def _calls(size: int) -> int:
    """Calls of functions in the agent at a bring-up: what Peerway's own work comes to, whatever else the machine does."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in {"call", "c_call"}

    with kernel_paths.running() as plane:
        fabric = kernel_paths.ring(size)
        plane._visitor.run(sys.setprofile, count)
        sys.setprofile(count)
        try:
            assert plane.apply(fabric).failures == {}
        finally:
            sys.setprofile(None)
            plane._visitor.run(sys.setprofile, None)
    return counted
