"""Parts of what was asked, under way: what their packets are by now, and what routers remember of their connections.

Owns the values only. A port that has been replaced is a number from then on; otherwise it is the one that was asked for, whichever
that is (`ASKED`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from peerway.analysis.symbolic.grounds import Ground
from peerway.analysis.symbolic.spaces import Space
from peerway.fabric.outcomes import Step

#: Stands for the port that was asked for, whichever it is.
ASKED: Final = -1


class Flow(NamedTuple):
    """From where to where a part's packets go."""

    #: Place of the source address.
    source: int
    #: Source port, or `ASKED`.
    source_port: int
    #: Place of the destination address.
    destination: int
    #: Destination port, or `ASKED`.
    port: int

    @property
    def reversed(self) -> Flow:
        """The way back."""
        return Flow(self.destination, self.port, self.source, self.source_port)


class Memory(NamedTuple):
    """What a router remembers of a part's connections."""

    #: The router.
    router_id: str
    #: What their packets came to it as.
    came: Flow
    #: What they left it as.
    went: Flow


class Part(NamedTuple):
    """A part of what was asked, under way."""

    #: What was asked.
    asked: Space
    #: What its packets are by now.
    flow: Flow
    #: What they were when they came to the router they are at.
    came: Flow
    #: What they leave this router as, when it remembers their connections.
    onward: Flow | None
    #: What the routers that they passed remember.
    memories: tuple[Memory, ...]


class End(NamedTuple):
    """Where a part's walk ended."""

    #: The part, as it was there.
    part: Part
    #: The last step.
    step: Step
    #: The router.
    ground: Ground
