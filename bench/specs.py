"""What a change of a router interface's spec does to a running TCP connection: all of Peerway, real packets (EC-6)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Final

from tests.support.live import Cloud, Tenant
from tests.support.sites import Site, join, make_site
from tests.support.streams import Stream, StreamLost, stream

from bench.peerway_peer import disk_folder, started
from bench.stats import Figure, Goal
from peerway.domain.router_interface import SPECS

#: The connection begins with the first; then one after the other, up and down, by a little and by much.
ORDER: Final = (
    "Middle.1",
    "Large.1",
    "Small.5",
    "Middle.5",
    "Small.1",
    "Large.2",
    "Middle.2",
    "Small.2",
    "Middle.1",
)

#: How long after a change the rate has to be the new one, and how long it is measured, s.
SETTLING_S: Final = 2.0
WINDOW_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One change."""

    #: From the request to the interface being active again, ms.
    active_ms: float
    #: How far what passes is from the new cap, percent.
    error_percent: float


def measure(*, quick: bool) -> list[Figure]:
    """The figures; each change twice, or three changes once."""
    with disk_folder() as folder, ExitStack() as stack:
        process, ready = stack.enter_context(started(folder, "kernel"))
        operator = stack.enter_context(closing(Tenant(ready["url"], ready["uid"], ready["token"])))
        tenant = stack.enter_context(closing(Cloud(folder, ready, process, operator).tenant("one")))
        one = make_site(tenant, "cn-hangzhou", "10.1.0.0/16", "10.1.1.0/24")
        other = make_site(tenant, "cn-beijing", "10.2.0.0/16", "10.2.1.0/24")
        ours, theirs = join(one, other, ORDER[0])
        one.route("10.2.0.0/16", ours)
        other.route("10.1.0.0/16", theirs)
        flow = stack.enter_context(stream(one, other))
        samples: list[Sample] = []
        lost = 0
        for spec in ORDER[1:4] if quick else ORDER[1:] * 2:
            try:
                samples.append(change(one, ours["id"], flow, spec))
            except StreamLost:
                lost += 1
                flow = stack.enter_context(stream(one, other))
        return figures(samples, lost)


def change(site: Site, id: str, flow: Stream, spec: str) -> Sample:
    """Change the spec under the running connection, and see what passes then."""
    begun = time.monotonic()
    site.tenant.call("PATCH", f"/router-interfaces/{id}", spec=spec)
    site.tenant.settled(f"/router-interfaces/{id}", "active")
    active = time.monotonic()
    flow.after(SETTLING_S)
    rate = flow.rate_mbps(WINDOW_S)
    return Sample((active - begun) * 1e3, (rate / SPECS[spec] - 1) * 100)


def farthest(errors: Sequence[float]) -> float:
    """The error that is farthest from none."""
    return max(errors, key=abs)


def figures(samples: Sequence[Sample], lost: int) -> list[Figure]:
    """What the changes come to."""
    note = (
        f"one connection through {len(samples)} changes, {min(SPECS.values())} … {max(SPECS.values())} Mbit/s"
    )
    return [
        Figure(
            name=f"rate from {SETTLING_S:g} s after the change on: farthest from the new cap",
            unit="%",
            samples=tuple(sample.error_percent for sample in samples),
            goal=Goal(least=-3, most=3),
            statistic=farthest,
            note="what arrives, headers added",
        ),
        Figure(
            name="how far from the new cap, up or down, median",
            unit="%",
            samples=tuple(abs(sample.error_percent) for sample in samples),
        ),
        Figure(name="connections lost", samples=(float(lost),), goal=Goal(most=0), note=note),
        Figure(
            name="change asked for → active again",
            unit="ms",
            samples=tuple(sample.active_ms for sample in samples),
        ),
    ]
