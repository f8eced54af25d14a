"""One walk of everything that is asked: what it knows as it goes on, and the ends of its parts.

Owns how parts come to a router and go on from it, with what routers remember of connections. What they meet there is owned by
`ways`, `filters` and `translation`.
"""

from __future__ import annotations

from collections.abc import Iterator

from peerway.analysis.symbolic.grounds import Atlas, Ground
from peerway.analysis.symbolic.notes import Notes
from peerway.analysis.symbolic.parts import End, Flow, Memory, Part
from peerway.analysis.symbolic.spaces import Space
from peerway.fabric.outcomes import Check, Outcome, Step


class Trip:
    """One walk of everything that is asked; parts end one by one."""

    def __init__(self, atlas: Atlas, notes: Notes, sender_id: str, memories: tuple[Memory, ...]) -> None:
        self.atlas = atlas
        self.notes = notes
        self.links = atlas.network.fabric.links
        self.sender_id = sender_id
        #: What routers remember of the connections that the packets may belong to.
        self.memories = memories
        #: The ends so far.
        self.ends: list[End] = []

    def enter(self, ground: Ground, asked: Space, flow: Flow, passed: tuple[Memory, ...]) -> Iterator[Part]:
        """Come to a router, which may remember some of it."""
        for memory in self.memories:
            if memory.router_id != ground.router.id:
                continue
            for known, onward in ((memory.came, memory.went), (memory.went.reversed, memory.came.reversed)):
                held = self.notes.agreed(asked, flow, known)
                if held:
                    yield Part(held, flow, flow, onward, passed)
                    asked = asked - held
        if asked:
            yield Part(asked, flow, flow, None, passed)

    def depart(self, ground: Ground, part: Part) -> Part:
        """Go on from a router, which remembers."""
        flow = part.onward or part.flow
        if part.onward is not None:
            return Part(part.asked, flow, part.came, flow, part.memories)
        memory = Memory(ground.router.id, part.came, flow)
        return Part(part.asked, flow, part.came, None, (*part.memories, memory))

    def end(
        self,
        ground: Ground,
        part: Part,
        check: Check,
        subject: str,
        source: str | None,
        outcome: Outcome,
    ) -> None:
        """A part's walk ends."""
        self.ends.append(End(part, Step(ground.router.id, check, subject, source, outcome), ground))
