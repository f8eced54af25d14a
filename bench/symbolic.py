"""How fast all that can be asked is answered at once: of pairs, of a VPC, and of two networks held against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TypeVar

from bench.big_network import Size, vpc_id
from bench.stats import Figure
from peerway.analysis.difference import difference
from peerway.analysis.network import Network
from peerway.analysis.pairs import at_router
from peerway.analysis.symbolic import reach
from peerway.analysis.symbolic.grounds import Atlas
from peerway.domain.resource import Resource
from peerway.fabric.packets import Packet

T = TypeVar("T")


def symbolic_figures(
    network: Network, size: Size, asked: Sequence[Packet], edits: Sequence[Resource]
) -> list[Figure]:
    """Exact sets for the pairs that are asked about, maps of VPCs, and the difference that each edit makes."""
    atlas = Atlas(network)
    pairs = [(each.sender, each.source, each.destination) for each in asked]
    first = [_timed(lambda pair=pair: reach(atlas, *pair))[0] for pair in pairs]  # type: ignore[misc]
    again = [_timed(lambda pair=pair: reach(atlas, *pair))[0] for pair in pairs]  # type: ignore[misc]
    maps, lines = _maps(atlas, size)
    differences, compared = _differences(atlas, edits)
    return [
        Figure(
            name="all that a pair can ask, routers not met before",
            unit="ms",
            samples=first,
            note=f"{len(pairs):,} pairs of neighbours, both ways",
        ),
        Figure(
            name="all that a pair can ask, again",
            unit="ms",
            samples=again,
            note=f"{1000 * len(again) / sum(again):,.0f} a second",
        ),
        Figure(
            name="who can reach what at a VPC", unit="ms", samples=maps, note=f"{lines:,} lines in the last"
        ),
        Figure(
            name="difference that one edit makes",
            unit="ms",
            samples=differences,
            note=f"{compared:,} comparisons in all",
        ),
    ]


def _maps(atlas: Atlas, size: Size) -> tuple[list[float], int]:
    """Times of the maps of some VPCs, and how many lines the last one has."""
    samples, lines = [], 0
    for number in range(0, size.vpcs, size.vpcs // 20):
        spent, found = _timed(lambda number=number: list(at_router(atlas, vpc_id(number))))  # type: ignore[misc]
        samples.append(spent)
        lines = len(found)
    return samples, lines


def _differences(atlas: Atlas, edits: Sequence[Resource]) -> tuple[list[float], int]:
    """Times of the differences, each of one edit alone, and how many pairs were compared."""
    samples, compared = [], 0
    network = atlas.network
    for edit in edits:
        after = network.after(network.revision + 1, [edit])
        spent, found = _timed(lambda after=after: difference(atlas, after))  # type: ignore[misc]
        samples.append(spent)
        compared += found.compared
    return samples, compared


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """How long some work takes, in milliseconds, and what comes of it."""
    started = perf_counter()
    found = work()
    return 1000 * (perf_counter() - started), found
