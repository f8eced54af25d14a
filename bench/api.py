"""The native API beside moto's server: creating and accepting connections durably, and describing one among many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import Final

from bench.client import Job, Outcome, run
from bench.dialects import Server
from bench.filling import pairs
from bench.moto_peer import Moto, running_moto
from bench.peerway_peer import Peerway, running_peerway
from bench.processes import cpu_seconds
from bench.stats import Figure, Goal, number, ratios

#: Connections that are used at once.
LANES: Final = (1, 16)

#: Most pairs that a client gets for one round; more than any server does in that time.
MOST_PAIRS: Final = 20_000

#: Ids that are described in turns.
DESCRIBED: Final = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    #: VPCs of each server.
    vpcs: int
    #: Connections of the large installation, the small one, and moto's.
    many: int
    few: int
    moto_peerings: int
    #: Rounds, and how long one server is asked in each, s.
    rounds: int
    seconds: float


FULL: Final = Plan(vpcs=10_000, many=100_000, few=1_000, moto_peerings=1_000, rounds=7, seconds=3.0)
QUICK: Final = Plan(vpcs=1_000, many=10_000, few=1_000, moto_peerings=1_000, rounds=3, seconds=1.0)


def measure(*, quick: bool) -> list[Figure]:
    """All figures of the API."""
    plan = QUICK if quick else FULL
    return [*measure_pairs(plan), *measure_describe(plan)]


@dataclass(slots=True)
class Asked:
    """A server, what it is asked for, and what came of it."""

    server: Server
    pid: int
    items: Iterator[tuple[str, ...]]
    outcomes: list[Outcome] = field(default_factory=list)
    #: Processor time of the server a request, ms, round by round.
    cpu_ms: list[float] = field(default_factory=list)

    def round(self, flow: str, lanes: int, seconds: float, most: int) -> None:
        """Ask for some time."""
        items = tuple(islice(self.items, most))
        before = cpu_seconds(self.pid)
        outcome = run(Job(server=self.server, flow=flow, connections=lanes, seconds=seconds, items=items))
        self.outcomes.append(outcome)
        self.cpu_ms.append((cpu_seconds(self.pid) - before) * 1000 / len(outcome.latencies_ms))

    @property
    def rates(self) -> list[float]:
        """Items a second, round by round."""
        return [outcome.rate for outcome in self.outcomes]

    @property
    def p50s(self) -> list[float]:
        """Median time of a request, ms, round by round."""
        return [median(outcome.latencies_ms) for outcome in self.outcomes]


def measure_pairs(plan: Plan) -> Iterator[Figure]:
    """Create and accept, both servers in turns."""
    with running_moto(plan.vpcs) as moto, running_peerway(plan.vpcs) as peerway:
        half = len(moto.vpcs) // 2
        theirs = pairs(moto.vpcs[:half], moto.vpcs[half:])
        ours = pairs(*peerway.filled.vpcs)
        for lanes in LANES:
            one = Asked(peerway.server, peerway.pid, ours)
            other = Asked(moto.server, moto.pid, theirs)
            for _ in range(plan.rounds):
                other.round("pairs", lanes, plan.seconds, MOST_PAIRS)
                one.round("pairs", lanes, plan.seconds, MOST_PAIRS)
                peerway.settle()
            yield from pair_figures(plan, lanes, one, other)


def pair_figures(plan: Plan, lanes: int, one: Asked, other: Asked) -> Iterator[Figure]:
    """What the rounds come to."""
    clients = f"{lanes} connection{'s' if lanes > 1 else ''}, {number(plan.vpcs)} VPCs"
    yield Figure(
        name=f"create + accept, durable: times moto's rate, {clients}",
        samples=ratios(one.rates, other.rates),
        goal=Goal(least=5),
        note=f"moto {number(median(other.rates))}/s, in memory",
    )
    yield Figure(name=f"create + accept, durable, {clients}", unit="pairs/s", samples=tuple(one.rates))
    yield Figure(
        name=f"server's processor time a request, {clients}",
        unit="ms",
        samples=tuple(one.cpu_ms),
        note=f"moto {number(median(other.cpu_ms))} ms; ours includes compiling and settling every connection",
    )


def measure_describe(plan: Plan) -> Iterator[Figure]:
    """Describe one connection among many, among few, and moto's."""
    with ExitStack() as stack:
        many = described(stack.enter_context(running_peerway(plan.vpcs, plan.many)))
        few = described(stack.enter_context(running_peerway(plan.vpcs, plan.few)))
        moto = described_by_moto(stack.enter_context(running_moto(min(plan.vpcs, 100))), plan.moto_peerings)
        for _ in range(plan.rounds):
            for asked in (many, few, moto):
                asked.round("describe", 1, plan.seconds / 2, DESCRIBED)
    yield Figure(
        name=f"describe one among {number(plan.many)} connections, p50: times that among {number(plan.few)}",
        samples=ratios(many.p50s, few.p50s),
        goal=Goal(most=1.3),
        note="1 connection",
    )
    yield Figure(
        name="describe one: moto's p50 in times of ours",
        samples=ratios(moto.p50s, many.p50s),
        goal=Goal(least=5),
        note=f"ours among {number(plan.many)}, moto's among {number(plan.moto_peerings)}: {number(median(moto.p50s))} ms",
    )
    yield Figure(
        name=f"describe one among {number(plan.many)} connections, p50", unit="ms", samples=tuple(many.p50s)
    )


def described(peerway: Peerway) -> Asked:
    """An installation that is asked for some of its connections, far apart, again and again."""
    ids = peerway.filled.peerings
    return Asked(peerway.server, peerway.pid, again([(id,) for id in ids[:: max(1, len(ids) // DESCRIBED)]]))


def described_by_moto(moto: Moto, peerings: int) -> Asked:
    """Moto with that many connections, asked for some of them."""
    half = len(moto.vpcs) // 2
    wanted = tuple(islice(pairs(moto.vpcs[:half], moto.vpcs[half:]), peerings))
    made = run(Job(server=moto.server, flow="pairs", connections=1, seconds=None, items=wanted)).ids
    return Asked(moto.server, moto.pid, again([(id,) for id in made[:: max(1, len(made) // DESCRIBED)]]))


def again(items: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """The items, for ever."""
    while True:
        yield from items
