"""All that one sender can ask of one address, at once: the exact sets that get there and that are answered (PATH-1).

Owns the way there and back: which ends of a request are replied to, and which replies come home. How packets go, `ways` knows.

Where a choice depends on a connection's hash, the first is taken, as `walk` does, and `Reach.chosen` says that there was one.
"""

from __future__ import annotations

from collections.abc import Iterator

from peerway.analysis.network import Network
from peerway.analysis.places.atoms import place
from peerway.analysis.symbolic.fates import Fate, Reach
from peerway.analysis.symbolic.grounds import Atlas, Ground
from peerway.analysis.symbolic.notes import Notes
from peerway.analysis.symbolic.parts import ASKED, End, Flow, Memory
from peerway.analysis.symbolic.spaces import ALL, EMPTY, Space
from peerway.analysis.symbolic.trips import Trip
from peerway.analysis.symbolic.ways import from_endpoint, from_uplink
from peerway.domain.prefixes import Address
from peerway.fabric.outcomes import GOT, Outcome
from peerway.fabric.packets import CLIENT_PORT


def reach(
    network: Network | Atlas,
    sender_id: str,
    source: Address,
    destination: Address,
    client_port: int = CLIENT_PORT,
) -> Reach:
    """What comes of everything that the sender can ask of an address; `NotFound` when the sender is not in the network.

    Equals `walk.exchange` for every single (protocol, port). Many questions to one network should share an `Atlas`.
    """
    atlas = network if isinstance(network, Atlas) else Atlas(network)
    return Asking(atlas, client_port).reach(sender_id, place(source), place(destination))


class Asking:
    """One kind of question, asked of a network; its notes are kept until they are made fresh."""

    def __init__(self, atlas: Atlas, client_port: int = CLIENT_PORT) -> None:
        self.atlas = atlas
        self.notes = Notes(client_port)

    def reach(self, sender_id: str, source: int, destination: int) -> Reach:
        """What comes of everything that the sender can ask of a place."""
        ground = self.atlas.at(sender_id)
        fates: dict[Fate, Space] = {}
        flow = Flow(source, self.notes.client_port, destination, ASKED)
        for there in self.walk(sender_id, ground, ALL, flow, ()):
            for fate, space in self.replies(sender_id, ground, flow, there):
                fates[fate] = fates[fate] | space if fate in fates else space
        return Reach(fates, self.notes.chosen)

    def replies(
        self, sender_id: str, ground: Ground, request: Flow, there: End
    ) -> Iterator[tuple[Fate, Space]]:
        """The fates of a part whose request has ended."""
        outcome, asked = there.step.outcome, there.part.asked
        if outcome is Outcome.HANDED_TO_RESOLVER:
            yield Fate(there.step, None, request.source in ground.own[sender_id]), asked
            return
        if outcome is not Outcome.DELIVERED and outcome is not Outcome.LEFT:
            yield Fate(there.step, None, answered=False), asked
            return
        flow = there.part.flow.reversed
        for back in self.walk(there.step.subject, there.ground, asked, flow, there.part.memories):
            good = EMPTY
            if self.is_home(sender_id, ground, back):
                good = self.notes.agreed(back.part.asked, back.part.flow, request.reversed)
            if good:
                yield Fate(there.step, back.step, answered=True), good
            if rest := back.part.asked - good:
                yield Fate(there.step, back.step, answered=False), rest

    def is_home(self, sender_id: str, ground: Ground, back: End) -> bool:
        """Whether a reply ended where its request came from."""
        if back.step.outcome in GOT:
            return back.step.subject == sender_id
        if back.step.outcome is not Outcome.LEFT or sender_id not in ground.router.uplinks:
            return False
        left_by = back.ground.router.uplinks[back.step.subject]
        return left_by.port == ground.router.uplinks[sender_id].port

    def walk(
        self, sender_id: str, ground: Ground, asked: Space, flow: Flow, memories: tuple[Memory, ...]
    ) -> list[End]:
        """Follow packets from a sender to their ends."""
        trip = Trip(self.atlas, self.notes, sender_id, memories)
        endpoint = ground.router.endpoints.get(sender_id)
        for part in trip.enter(ground, asked, flow, ()):
            if endpoint is not None:
                from_endpoint(trip, ground, endpoint, part)
            else:
                from_uplink(trip, ground, ground.router.uplinks[sender_id], part)
        return trip.ends
