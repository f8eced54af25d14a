"""How fast questions about paths are answered on a network as large as a cloud's region, and what it costs to have it at hand.

Owns the network and its store; each reader's figures are a function of those, in `READERS`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final

from bench.batched import batch_figures
from bench.big_network import (
    Size,
    fill_store,
    instance_address,
    instance_id,
    links,
    links_at,
    vpc_id,
)
from bench.held import crowded_figures, intent_figures
from bench.peerway_peer import disk_folder
from bench.previews import preview_figures
from bench.stats import Figure, Goal, p99
from bench.symbolic import symbolic_figures
from peerway.adapters.store import SqlStore, open_store
from peerway.analysis.network import Network
from peerway.analysis.trace import exchange
from peerway.app.following import NetworkFollower
from peerway.app.store import Writer
from peerway.bootstrap.parts import collect_rarely
from peerway.domain.peering import PeeringState
from peerway.domain.resource import Resource
from peerway.fabric.packets import Packet

#: Ports that rules are about, and one that none is.
PORTS: Final = (22, 80, 443, 3306, 5432, 9999)


@dataclass(frozen=True, slots=True)
class Ground:
    """What readers are measured on."""

    #: How large it is.
    size: Size
    #: Where it is stored.
    store: SqlStore
    #: What follows the store.
    follower: NetworkFollower
    #: What it compiles to.
    network: Network
    #: Whether few samples will do.
    quick: bool

    @property
    def scale(self) -> str:
        """The size, for people."""
        size = self.size
        entries, joins = size.vpcs * size.entries_each, size.vpcs * size.links_each
        return (
            f"{size.vpcs:,} VPCs, {size.vpcs * size.instances_each:,} instances, {joins:,} links, "
            f"{entries:,} route entries and rules"
        )


def measure(*, quick: bool) -> list[Figure]:
    # As in every process of an installation.
    collect_rarely()
    size = Size(vpcs=500 if quick else 10_000)
    with stored(size) as store:
        before, started = resident_mib(), perf_counter()
        follower = NetworkFollower()
        network = store.read(follower.at)
        compiled_s = perf_counter() - started
        ground = Ground(size, store, follower, network, quick)
        held = resident_mib() - before
        figures = [
            Figure(
                name="the network from the store",
                unit="s",
                samples=(compiled_s,),
                note=f"SQLite; {ground.scale}",
            ),
            Figure(name="memory that it takes", unit="MiB", samples=(held,), note="growth of the process"),
        ]
        for figures_of in READERS:
            figures += figures_of(ground)
        return figures


@contextmanager
def stored(size: Size) -> Iterator[SqlStore]:
    """A store on disk with the big network in it. Another process fills it, so that this one's memory is only what is read."""
    with disk_folder() as folder:
        url = f"sqlite:///{folder / 'peerway.db'}"
        filling = get_context("spawn").Process(target=_fill, args=(url, size))
        filling.start()
        filling.join()
        if filling.exitcode:
            raise RuntimeError(f"the store was not filled: status {filling.exitcode}")
        store = open_store(url)
        try:
            yield store
        finally:
            store.close()


def _fill(url: str, size: Size) -> None:
    store = open_store(url)
    try:
        fill_store(store, size)
    finally:
        store.close()


def resident_mib() -> float:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


# ---- questions ------------------------------------------------------------------------------------------------------------


def between(random: Random, size: Size, one: int, other: int) -> Packet:
    """A packet from some instance of a VPC to one of another."""
    here, there = random.randrange(size.instances_each), random.randrange(size.instances_each)
    source, destination = instance_address(one, here), instance_address(other, there)
    protocol = random.choice((6, 6, 6, 17, 1))
    return Packet(source, destination, protocol, random.choice(PORTS), instance_id(one, here))


def linked(random: Random, size: Size) -> Packet:
    """A question about two VPCs that have a link, be it down, one-way or closed by rules."""
    vpc = random.randrange(size.vpcs)
    link = random.choice(links_at(size, vpc))
    return between(random, size, vpc, link.accepter if link.requester == vpc else link.requester)


def anywhere(random: Random, size: Size) -> Packet:
    """A question about any two VPCs; hardly ever is there a link."""
    return between(random, size, random.randrange(size.vpcs), random.randrange(size.vpcs))


def inside(random: Random, size: Size) -> Packet:
    """A question inside of a VPC."""
    vpc = random.randrange(size.vpcs)
    return between(random, size, vpc, vpc)


def questions(size: Size, count: int, seed: int, *kinds: Callable[[Random, Size], Packet]) -> list[Packet]:
    """So many questions of the kinds, by turns."""
    random = Random(seed)  # noqa: S311 - for variety
    return [kinds[number % len(kinds)](random, size) for number in range(count)]


# ---- one trace ------------------------------------------------------------------------------------------------------------


def trace_figures(ground: Ground) -> list[Figure]:
    """One two-way trace: of any pair from a cold start, and of linked pairs cold and warm."""
    count = 5_000 if ground.quick else 50_000
    mixed = questions(ground.size, count, 1, linked, inside, anywhere)
    pairs = questions(ground.size, count, 2, linked)
    before = resident_mib()
    network = Network(ground.network.snapshot, ground.network.fabric)
    samples, answers = timed(network, mixed)
    _, again = timed(network, pairs)
    warm, _ = timed(network, pairs)
    grown = resident_mib() - before
    cold = [time for number in range(3) for time in _first_looks(ground, number)]
    goals = Goal(most=100), Goal(most=1000)
    kinds = "a third each linked, inside a VPC, any two VPCs; from a cold start"
    return [
        *_twice("one two-way trace", samples, goals, f"{kinds}; {_told(answers)}"),
        *_twice("of linked VPCs, met before", warm, goals, _told(again)),
        *_twice(
            "of linked VPCs, met for the first time",
            cold,
            (None, goals[1]),
            "routers are made ready on the way",
        ),
        Figure(
            name="memory of routers made ready",
            unit="MiB",
            samples=(grown,),
            note=f"after {2 * count:,} questions, which meet nearly every VPC",
        ),
    ]


def _first_looks(ground: Ground, number: int) -> list[float]:
    """Times of questions to which no router was made ready before."""
    network = Network(ground.network.snapshot, ground.network.fabric)
    apart = range(number, ground.size.vpcs, 20)
    random = Random(number)  # noqa: S311 - for variety
    asked = [
        between(random, ground.size, link.requester, link.accepter)
        for link in links(ground.size)
        if link.number % ground.size.links_each == 0 and link.requester in apart
    ]
    return timed(network, asked)[0]


def timed(network: Network, asked: Sequence[Packet]) -> tuple[list[float], Counter[str]]:
    """Microseconds of each question, and how often which answer came."""
    times, answers = [], Counter[str]()
    for packet in asked:
        started = perf_counter()
        found = exchange(network, packet)
        times.append((perf_counter() - started) * 1e6)
        answers[_answer(found.answered, found.request.outcome.value)] += 1
    return times, answers


def _answer(answered: bool, outcome: str) -> str:  # noqa: FBT001 - as an exchange says it
    return "answered" if answered else outcome


def _told(answers: Counter[str]) -> str:
    """The answers in the hundred, for people."""
    total = answers.total()
    return ", ".join(f"{count / total:.0%} {name}" for name, count in answers.most_common(4))


def _twice(name: str, samples: Sequence[float], goals: tuple[Goal | None, Goal], note: str) -> list[Figure]:
    """The median and the 99th percentile of the same microseconds."""
    times = tuple(samples)
    return [
        Figure(name=f"{name}: median", unit="µs", samples=times, goal=goals[0], note=note),
        Figure(name=f"{name}: p99", unit="µs", samples=times, goal=goals[1], statistic=p99),
    ]


# ---- one edit -------------------------------------------------------------------------------------------------------------


def edit_figures(ground: Ground) -> list[Figure]:
    """One write to the store, until the network at its revision is compiled; and asked."""
    followed, asked = [], []
    edits = _edits(ground, 40 if ground.quick else 400)
    for edit in edits:
        ground.store.write(partial(_update, resource=edit))
        started = perf_counter()
        network = ground.store.read(ground.follower.at)
        followed.append((perf_counter() - started) * 1e3)
        packet = linked(Random(network.revision), ground.size)  # noqa: S311 - for variety
        started = perf_counter()
        exchange(network, packet)
        asked.append((perf_counter() - started) * 1e6)
    note = "a connection, an instance's groups, a rule and a route entry by turns; read from the change log"
    return [
        Figure(
            name="one edit to the compiled network: median", unit="ms", samples=tuple(followed), note=note
        ),
        Figure(
            name="one edit to the compiled network: p99", unit="ms", samples=tuple(followed), statistic=p99
        ),
        Figure(name="first two-way trace after it", unit="µs", samples=tuple(asked), goal=Goal(most=1000)),
    ]


def _update(tx: Writer, *, resource: Resource) -> None:
    tx.update(resource)


def _edits(ground: Ground, count: int) -> list[Resource]:
    """Changes of different kinds all over the network, each once."""
    snapshot, made = ground.network.snapshot, []
    for number in range(count):
        site = snapshot.site(vpc_id(number * 7919 % ground.size.vpcs))
        peering, instance = next(iter(site.peerings.values())), next(iter(site.instances.values()))
        rule, route = next(iter(site.security_rules.values())), next(iter(site.route_entries.values()))
        edits = (
            replace(peering, state=PeeringState.SUSPENDED),
            replace(instance, security_group_ids=()),
            replace(rule, priority=77),
            replace(route, next_hop_id="pcc-none"),
        )
        made.append(edits[number % len(edits)])
    return made


# ---- many at once ---------------------------------------------------------------------------------------------------------


def together_figures(ground: Ground) -> list[Figure]:
    """Questions of all kinds, asked together."""
    asked = questions(ground.size, 20_000 if ground.quick else 200_000, 3, linked, inside, anywhere)
    return batch_figures(ground.network, asked, _one_after_another(ground, 20 if ground.quick else 100))


def _one_after_another(ground: Ground, count: int) -> Iterator[Network]:
    """The network after each of so many edits."""
    network = ground.network
    for edit in _edits(ground, count):
        network = network.after(network.revision + 1, [edit])
        yield network


# ---- intents --------------------------------------------------------------------------------------------------------------


def held_figures(ground: Ground) -> list[Figure]:
    """Intents all over the network, and intents that are all about what is edited."""
    few = replace(ground, size=replace(ground.size, vpcs=10))
    return [
        *intent_figures(ground.network, ground.size, _edits(ground, 100 if ground.quick else 400)),
        *crowded_figures(ground.network, ground.size, _edits(few, 20)),
    ]


# ---- sets -----------------------------------------------------------------------------------------------------------------


def set_figures(ground: Ground) -> list[Figure]:
    """All that can be asked, at once."""
    asked = questions(ground.size, 500 if ground.quick else 5_000, 9, linked)
    return symbolic_figures(ground.network, ground.size, asked, _edits(ground, 20 if ground.quick else 200))


# ---- previews -------------------------------------------------------------------------------------------------------------


def foretelling_figures(ground: Ground) -> list[Figure]:
    """Previews of changes."""
    return preview_figures(ground.store, ground.follower, ground.size, 40 if ground.quick else 400)


#: Figures of each reader, in the table's order.
READERS: Final[tuple[Callable[[Ground], list[Figure]], ...]] = (
    trace_figures,
    edit_figures,
    together_figures,
    held_figures,
    set_figures,
)
