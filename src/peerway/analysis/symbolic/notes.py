"""What an answer depends on: what was consulted about which address, and what was compared with what.

Owns how far around an address an answer holds. Whatever a walk looks up is noted here; flows are compared here, and of several
alternatives one is taken here, so that neither goes unnoticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from peerway.analysis.places.atoms import LAST, Answers
from peerway.analysis.symbolic.parts import ASKED, Flow
from peerway.analysis.symbolic.spaces import BARE, EMPTY, Space, block

T = TypeVar("T")


class Notes:
    """The notes of one question after another, kept until `fresh`."""

    def __init__(self, client_port: int) -> None:
        self.client_port = client_port
        #: Whether there were several alternatives somewhere.
        self.chosen = False
        #: Whatever was asked about an address, and the address.
        self.consulted: list[tuple[Answers, int]] = []
        #: Places that were compared with one another.
        self.compared: set[int] = set()
        #: Places that translations and services put in.
        self.placed: set[int] = set()

    def fresh(self) -> None:
        """Forget what was consulted and met."""
        self.consulted.clear()
        self.compared.clear()
        self.placed.clear()
        self.chosen = False

    def choose(self, offered: Sequence[T]) -> T:
        """The alternative that is taken where a connection's hash decides: the first, as in `fabric.walk`."""
        if len(offered) > 1:
            self.chosen = True
        return offered[0]

    def agreed(self, asked: Space, one: Flow, other: Flow) -> Space:
        """The part for which two flows are the same one; without ports, all ports are the same."""
        self.compared.update((one.source, one.destination, other.source, other.destination))
        if one == other:
            return asked
        if one.source != other.source or one.destination != other.destination:
            return EMPTY
        for port, other_port in ((one.source_port, other.source_port), (one.port, other.port)):
            if port != other_port:
                if ASKED not in {port, other_port}:
                    return EMPTY
                asked = asked & self.where_asked(max(port, other_port))
        return asked

    def where_asked(self, port: int) -> Space:
        """The part of everything that was asked at a port; what has no ports counts as asked from and at the client's."""
        both = block(None, port, port)
        return both if port == self.client_port else both - BARE

    def held(self, number: int, beside: int = -1) -> tuple[int, int]:
        """How far around an address all answers since `fresh` stay the same, for it and whatever equals it.

        As long as it does not become the one `beside` it, with which it was compared.
        """
        if number in self.placed:
            return number, number
        low, high = 0, LAST
        for answers, at in self.consulted:
            if at == number:
                first, last = answers.around(number)
                low, high = max(low, first), min(high, last)
        for other in self.compared:
            if other == beside:
                continue
            if other < number:
                low = max(low, other + 1)
            elif other > number:
                high = min(high, other - 1)
        return low, high
