"""How long a connection is silent when its line is cut until the other carries it: all of Peerway, real packets (EC-11)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support import offices
from tests.support.live import Cloud, Tenant
from tests.support.offices import HOST, Office, an_office, healthy, two_lines
from tests.support.sites import Site

from bench.events import Events
from bench.guests import running
from bench.peerway_peer import disk_folder, started
from bench.stats import Figure, Goal
from peerway.adapters.dataplane.kernel.names import outside_interface
from peerway.domain.router_interface import CHECK_INTERVAL_MS, CHECK_THRESHOLD

#: Region of the VPC; the lines end in another.
REGION: Final = "cn-beijing"

#: How the two lines share what goes to the office, by name: weights of the paths.
MODES: Final = {"primary and backup": (100, 0), "equal lines": (100, 100)}

#: Time between two probes, µs.
STEP_US: Final = 1000

#: Cuts with each way to share, and with --quick; every second one is silent.
CUTS: Final = 20
FEW_CUTS: Final = 4

#: Probes that show which line carries them.
SHOWING: Final = 100

#: Nothing new for so long means that it is over, s.
QUIET_S: Final = 0.4

#: What a cut may cost, ms.
MOST_MS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One cut, and the line's return."""

    #: From the last answer by the line that is cut to the first by the other, ms.
    silent_ms: float
    #: Probes that stayed unanswered when the line was back.
    lost_on_return: int


def measure(*, quick: bool) -> list[Figure]:
    """The figures; nothing is measured for ordinary users, whose agents reach no namespace of the host's."""
    if os.geteuid() != 0:
        return figures({mode: [] for mode in MODES})
    with disk_folder() as folder, ExitStack() as stack:
        process, ready = stack.enter_context(started(folder, "kernel"))
        operator = stack.enter_context(closing(Tenant(ready["url"], ready["uid"], ready["token"])))
        cloud = Cloud(folder, ready, process, operator)
        count = FEW_CUTS if quick else CUTS
        return figures({mode: cuts(cloud, mode, count) for mode in MODES})


def cuts(cloud: Cloud, mode: str, count: int) -> list[Sample]:
    """Cut the line that carries the probes again and again, in a network of its own."""
    with closing(cloud.tenant(mode)) as owner, an_office() as office:
        site, sides, vbrs = two_lines(cloud, owner, office, REGION, MODES[mode])
        cloud.synced()
        with office.echo(), probing(site) as events:
            lines = Lines(cloud, owner, office, sides, vbrs, events)
            return [lines.cut(number / count, silently=bool(number % 2)) for number in range(count)]


@contextmanager
def probing(site: Site) -> Iterator[Events]:
    """A prober in the site's instance that asks the office."""
    agent = Path(site.tenant.get(f"/instances/{site.instance['id']}/shell")["socket"])
    words = ("count", HOST, str(offices.PORT), str(STEP_US))
    with running(agent, site.instance["id"], words) as output:
        events = Events(output)
        events.expect("up")
        yield events


@dataclass(frozen=True, slots=True)
class Lines:
    """Two lines with probes on their way to the office and back."""

    cloud: Cloud
    owner: Tenant
    office: Office
    sides: Sequence[dict[str, Any]]
    vbrs: Sequence[dict[str, Any]]
    events: Events

    def cut(self, share: float, *, silently: bool) -> Sample:
        """Cut the line in use, so much of a check's interval later, wait for the other, and bring it back."""
        used = self.in_use()
        time.sleep(share * CHECK_INTERVAL_MS / 1000)
        vbr, side = self.vbrs[used], self.sides[used]
        device = outside_interface(vbr["id"])
        # Packets are dropped in any case: the agent may find the interface switched off, and switch it on again.
        self.office.cut(vbr)
        if not silently:
            self.office.run(f"ip link set {device} down")
        healthy(self.owner, side, "abnormal")
        silent_ms = self.outage_ms()
        assert self.in_use() != used, "the other line carries the probes"
        self.office.mend()
        self.office.run(f"ip link set {device} up")
        self.office.learn(vbr, "10.1.0.0/16", metric=10 + used)
        healthy(self.owner, side, "normal")
        self.cloud.synced()
        return Sample(silent_ms, self.lost())

    def in_use(self) -> int:
        """Number of the line that the probes take; checks go by both."""
        before = [self.office.received(vbr) for vbr in self.vbrs]
        time.sleep(SHOWING * STEP_US / 1e6)
        carried = [self.office.received(vbr) - first for vbr, first in zip(self.vbrs, before, strict=True)]
        return carried.index(max(carried))

    def outage_ms(self) -> float:
        """From the last answer before the first probe that was lost to the first one after the last that was."""
        begun = self.events.expect("silent")
        return (self.events.final("back", QUIET_S) - begun) / 1e6

    def lost(self) -> int:
        """Probes that are unanswered, once no more are."""
        lost = 0
        while (event := self.events.next(QUIET_S)) is not None:
            lost += {"lost": event[1], "late": -event[1]}.get(event[0], 0)
        return lost


def figures(found: dict[str, list[Sample]]) -> list[Figure]:
    """What the cuts come to."""
    made = []
    note = (
        f"a probe every {STEP_US / 1000:g} ms, there and back; every second cut leaves the line's carrier on"
    )
    for mode, samples in found.items():
        silent = tuple(sample.silent_ms for sample in samples)
        name, goal = f"{mode}: line cut → first answer by the other", Goal(most=MOST_MS)
        made += [
            Figure(name=f"{name}, median", unit="ms", samples=silent, goal=goal, note=note),
            Figure(name=f"{name}, worst", unit="ms", samples=silent, goal=goal, statistic=max, note=note),
            Figure(
                name=f"{mode}: probes lost as the line comes back, worst",
                samples=tuple(float(sample.lost_on_return) for sample in samples),
                statistic=max,
                note=f"one probe is {STEP_US / 1000:g} ms",
            ),
        ]
    detection = float(CHECK_INTERVAL_MS * CHECK_THRESHOLD)
    limit = Figure(
        name="beside it: noticing alone, interval times threshold",
        unit="ms",
        samples=(detection,),
        note=f"{CHECK_THRESHOLD} checks in a row, one every {CHECK_INTERVAL_MS} ms; Alibaba documents 2 s and 8 checks, about 16 s",
    )
    return [*made, limit]
