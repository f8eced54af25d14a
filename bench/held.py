"""How long it takes after an edit until it is known which intents it breaks.

Intents are of the kinds that people keep: between instances, VPCs and accounts, most about VPCs that have a link.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from time import perf_counter
from typing import Final

from tests.builders.borders import MADE_AT

from bench.big_network import Size, instance_id, links_at, vpc_id
from bench.stats import Figure, Goal, p99
from peerway.analysis.intents.watching import Watch
from peerway.analysis.network import Network
from peerway.domain.intent import Expectation, Intent, Party, PartyKind
from peerway.domain.resource import Resource
from peerway.domain.security import Protocol

#: Intents that are held.
COUNT: Final = 1000

GOAL: Final = Goal(most=20)


def intent_figures(network: Network, size: Size, edits: Iterable[Resource]) -> list[Figure]:
    """Each edit is made on top of the ones before it."""
    return _figures("all over the network", GOAL, network, intents(size, size.vpcs), list(edits))


def crowded_figures(network: Network, size: Size, edits: Iterable[Resource]) -> list[Figure]:
    """All intents about the VPCs that are edited, ten of them."""
    return _figures("all about ten VPCs that are edited", None, network, intents(size, 10), list(edits))


def _figures(
    where: str, goal: Goal | None, network: Network, held: list[Intent], edits: list[Resource]
) -> list[Figure]:
    watch = Watch()
    for intent in held:
        watch.put(intent)
    started = perf_counter()
    watch.move(network)
    first_s = perf_counter() - started
    states = Counter(answer.state.value for answer in watch.answers.values())
    times, again = [], 0
    for edit in edits:
        started = perf_counter()
        network = network.after(network.revision + 1, [edit])
        again += len(watch.move(network))
        times.append((perf_counter() - started) * 1e3)
    told = ", ".join(f"{count} {state}" for state, count in states.most_common())
    note = f"{again / len(edits):.1f} examined an edit; at first {told}"
    return [
        Figure(name=f"{len(held):,} intents {where}: first look", unit="s", samples=(first_s,)),
        Figure(name="one edit compiled and looked at: median", unit="ms", samples=tuple(times), note=note),
        Figure(name="the same: p99", unit="ms", samples=tuple(times), statistic=p99, goal=goal),
    ]


def intents(size: Size, vpcs: int) -> list[Intent]:
    """So many kinds of intents by turns, about the first so many VPCs and those that they have links to."""
    random = Random(4)  # noqa: S311 - for variety
    return [
        KINDS[number % len(KINDS)](random, size, random.randrange(vpcs), number) for number in range(COUNT)
    ]


def _other(random: Random, size: Size, vpc: int) -> int:
    """A VPC that it has a link to."""
    link = random.choice(links_at(size, vpc))
    return link.accepter if link.requester == vpc else link.requester


def _intent(number: int, source: Party, target: Party, expectation: Expectation, port: int) -> Intent:
    return Intent(
        id=f"in-{number:020d}",
        owner_uid="1000000000000001",
        created_at=MADE_AT,
        name="",
        source=source,
        target=target,
        expectation=expectation,
        protocol=Protocol.TCP,
        port_low=port,
        port_high=port,
        of_operator=True,
    )


def _instances_reach(random: Random, size: Size, vpc: int, number: int) -> Intent:
    here, there = random.randrange(size.instances_each), random.randrange(size.instances_each)
    source = Party(PartyKind.INSTANCE, instance_id(vpc, here))
    target = Party(PartyKind.INSTANCE, instance_id(_other(random, size, vpc), there))
    return _intent(number, source, target, Expectation.REACH, 443)


def _vpc_reaches(random: Random, size: Size, vpc: int, number: int) -> Intent:
    here = random.randrange(size.instances_each)
    target = Party(PartyKind.INSTANCE, instance_id(_other(random, size, vpc), here))
    return _intent(number, Party(PartyKind.VPC, vpc_id(vpc)), target, Expectation.REACH, 80)


def _vpcs_apart(random: Random, size: Size, vpc: int, number: int) -> Intent:
    target = Party(PartyKind.VPC, vpc_id(_other(random, size, vpc)))
    return _intent(number, Party(PartyKind.VPC, vpc_id(vpc)), target, Expectation.ISOLATE, 9999)


def _far_apart(random: Random, size: Size, vpc: int, number: int) -> Intent:
    target = Party(PartyKind.VPC, vpc_id(random.randrange(size.vpcs)))
    intent = _intent(number, Party(PartyKind.VPC, vpc_id(vpc)), target, Expectation.ISOLATE, 0)
    return replace(intent, protocol=Protocol.ALL, port_high=65535)


#: Kinds of intents.
KINDS: Final[tuple[Callable[[Random, Size, int, int], Intent], ...]] = (
    _instances_reach,
    _vpc_reaches,
    _vpcs_apart,
    _far_apart,
)
