"""What comes of everything that was asked: which part of it ends how, and what can be read from that (PATH-1).

Owns the answer, not the way to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from peerway.analysis.symbolic.spaces import EMPTY, Space
from peerway.fabric.outcomes import GOT, Outcome, Step

#: Outcomes of requests that somebody got, or that left the network.
ARRIVED: Final = GOT | {Outcome.LEFT, Outcome.HANDED_TO_RESOLVER}


class Fate(NamedTuple):
    """How a part of all that can be asked ends."""

    #: Last step of the request.
    request: Step
    #: Last step of the reply; None when there is none to be followed, as in `Exchange`.
    reply: Step | None
    #: Whether the reply reaches the one that asked, as a reply to what it asked.
    answered: bool

    @property
    def unknown(self) -> bool:
        """Whether a guest that forwards has the request or the reply: what it does with it, the network doesn't know."""
        last = self.reply or self.request
        return not self.answered and last.outcome is Outcome.HANDED_TO_ENDPOINT


@dataclass(frozen=True, slots=True)
class Reach:
    """What comes of everything that a sender can ask of an address."""

    #: What ends how: the parts are disjoint, and together they are everything.
    fates: Mapping[Fate, Space]
    #: Whether a connection's hash decides something on the way; then it is the first choice's answer.
    chosen: bool

    @property
    def arrives(self) -> Space:
        """What is received by somebody or leaves the network."""
        return self._union(lambda fate: fate.request.outcome in ARRIVED)

    @property
    def answered(self) -> Space:
        """What is answered."""
        return self._union(lambda fate: fate.answered)

    @property
    def unknown(self) -> Space:
        """What a guest that forwards has got hold of, on the way there or back."""
        return self._union(lambda fate: fate.unknown)

    @property
    def receivers(self) -> dict[str, Space]:
        """What is received by whom: an instance, an uplink by which it leaves, or the router whose resolver gets it."""
        found: dict[str, Space] = {}
        for fate, space in self.fates.items():
            if fate.request.outcome in ARRIVED:
                found[fate.request.subject] = found.get(fate.request.subject, EMPTY) | space
        return found

    def answered_by(self, receiver: str | None) -> Space:
        """What is answered after it got to this receiver; to anybody when it is None."""
        return self._union(
            lambda fate: fate.answered and (receiver is None or fate.request.subject == receiver)
        )

    def _union(self, wanted: Callable[[Fate], bool]) -> Space:
        found = EMPTY
        for fate, space in self.fates.items():
            if wanted(fate):
                found = found | space
        return found
