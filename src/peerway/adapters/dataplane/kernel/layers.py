"""Ordered rules, the first match decides, as layers of rules that don't overlap; pure.

Owns the one idea that makes long rule lists fast: the kernel looks a packet up in a map of any size in about the same time,
but its maps hold no overlapping ranges and no order. So a rule goes one layer below the deepest earlier rule that it
overlaps; rules of one layer are disjoint, and asking the layers in turn finds the first match. Common lists need one or two
layers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Box(NamedTuple):
    """What a rule matches, as ranges, with its verdict. Prefixes, so two boxes' addresses are nested or disjoint."""

    #: Network as a number.
    network: int
    #: How many low bits of an address are free.
    free: int
    #: Lowest and highest protocol.
    protocols: tuple[int, int]
    #: Lowest and highest destination port.
    ports: tuple[int, int]
    #: True to accept.
    accept: bool


def layers(boxes: Iterable[Box]) -> list[list[Box]]:
    """The boxes in disjoint layers, in the order they must be asked. A box that an earlier one covers is left out."""
    exact: dict[tuple[int, int], list[int]] = {}
    below: dict[tuple[int, int], list[int]] = {}
    kept: list[Box] = []
    depth: list[int] = []
    result: list[list[Box]] = []
    widths: set[int] = set()
    for box in boxes:
        if box.free not in widths:
            _open_width(box.free, exact, below)
            widths.add(box.free)
        earlier = _related(box, exact, below, widths)
        if any(_covers(kept[other], box) for other in earlier):
            continue
        layer = max((depth[other] + 1 for other in earlier if _meet(kept[other], box)), default=0)
        if layer == len(result):
            result.append([])
        result[layer].append(box)
        _remember(box, len(kept), exact, below, widths)
        kept.append(box)
        depth.append(layer)
    return result


def _related(
    box: Box,
    exact: dict[tuple[int, int], list[int]],
    below: dict[tuple[int, int], list[int]],
    widths: set[int],
) -> list[int]:
    """Earlier boxes whose network contains this one's or lies in it."""
    found = list(below.get((box.free, box.network), ()))
    for free in widths:
        if free >= box.free:
            found += exact.get((free, box.network >> free << free), ())
    return found


def _remember(
    box: Box,
    number: int,
    exact: dict[tuple[int, int], list[int]],
    below: dict[tuple[int, int], list[int]],
    widths: set[int],
) -> None:
    exact.setdefault((box.free, box.network), []).append(number)
    for free in widths:
        if free > box.free:
            below.setdefault((free, box.network >> free << free), []).append(number)


def _open_width(
    free: int, exact: dict[tuple[int, int], list[int]], below: dict[tuple[int, int], list[int]]
) -> None:
    for (width, network), others in exact.items():
        if width < free:
            below.setdefault((free, network >> free << free), []).extend(others)


def _meet(one: Box, other: Box) -> bool:
    return (
        one.protocols[0] <= other.protocols[1]
        and other.protocols[0] <= one.protocols[1]
        and one.ports[0] <= other.ports[1]
        and other.ports[0] <= one.ports[1]
    )


def _covers(outer: Box, inner: Box) -> bool:
    return (
        outer.free >= inner.free
        and outer.protocols[0] <= inner.protocols[0]
        and inner.protocols[1] <= outer.protocols[1]
        and outer.ports[0] <= inner.ports[0]
        and inner.ports[1] <= outer.ports[1]
    )
