"""Where packets are given other addresses: by remembered connections, by uplinks that translate, by services.

Owns the order in which these are asked, as `fabric.walk` has it, for sets. Translations of destinations and services split a set
into what they are for and the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from peerway.analysis.places.atoms import place
from peerway.analysis.symbolic.grounds import Ground
from peerway.analysis.symbolic.parts import ASKED, Flow, Part
from peerway.analysis.symbolic.spaces import BARE, Space, block
from peerway.analysis.symbolic.trips import Trip
from peerway.fabric.model import Uplink
from peerway.fabric.outcomes import Check, Outcome


def replace_destination(
    trip: Trip, ground: Ground, part: Part, uplink: Uplink | None = None
) -> Iterator[Part]:
    """A known connection's destination; else that of an uplink's translation, and then of a service."""
    if part.onward is not None:
        yield from _known_destination(trip, ground, part, part.onward, uplink)
    elif uplink is not None and uplink.translation is not None:
        yield from _translate_destination(trip, ground, part, uplink)
    else:
        yield from _ask_services(trip, ground, part)


def _known_destination(
    trip: Trip, ground: Ground, part: Part, onward: Flow, uplink: Uplink | None
) -> Iterator[Part]:
    """The destination that belongs to the connection; nothing gets in untranslated by an uplink that translates."""
    trip.notes.compared.update((onward.destination, part.came.destination))
    now = part.flow
    flow = Flow(now.source, now.source_port, onward.destination, onward.port)
    part = Part(part.asked, flow, part.came, onward, part.memories)
    if uplink is not None and uplink.translation is not None:
        public = ground.doorway(uplink.translation).public
        trip.notes.consulted.append((public, part.came.destination))
        stray = part.came.destination not in public.found
        if stray or flow.destination == part.came.destination:
            trip.end(ground, part, Check.DESTINATION_NAT, uplink.id, None, Outcome.NO_TRANSLATION)
            return
    yield part


def _translate_destination(trip: Trip, ground: Ground, part: Part, uplink: Uplink) -> Iterator[Part]:
    """The destination that the uplink's translation gives; the first entry that is for a packet decides."""
    assert uplink.translation is not None  # noqa: S101 - asked by the caller
    entries = ground.doorway(uplink.translation).destinations
    trip.notes.consulted.append((entries, part.flow.destination))
    rest = part.asked
    for concerned, entry in entries.found.get(part.flow.destination, ()):
        if found := rest & _at(concerned, part.flow.port):
            rest = rest - found
            port = (entry.private_port if entry.public_port else 0) or part.flow.port
            private = place(entry.private)
            trip.notes.placed.add(private)
            flow = part.flow._replace(destination=private, port=port)
            yield from _ask_services(trip, ground, part._replace(asked=found, flow=flow))
    if rest:
        stopped = part._replace(asked=rest)
        trip.end(ground, stopped, Check.DESTINATION_NAT, uplink.id, None, Outcome.NO_TRANSLATION)


def _ask_services(trip: Trip, ground: Ground, part: Part) -> Iterator[Part]:
    """A live instance of each service that something is for; what is for none goes on as it is."""
    rest = part.asked
    trip.notes.consulted.append((ground.services, part.flow.destination))
    for service in ground.services.found.get(part.flow.destination, ()):
        concerned = _at(block(service.protocol, service.port, service.port), part.flow.port) - BARE
        found = rest & concerned
        if not found:
            continue
        rest = rest - found
        live = service.live
        if not live:
            stopped = part._replace(asked=found)
            trip.end(ground, stopped, Check.SERVICE, service.id, None, Outcome.NO_BACKEND)
            continue
        backend = trip.notes.choose(live)
        address = place(backend.address)
        trip.notes.placed.add(address)
        flow = part.flow._replace(destination=address, port=backend.port)
        yield part._replace(asked=found, flow=flow)
    if rest:
        yield part if rest is part.asked else part._replace(asked=rest)


def replace_source(trip: Trip, ground: Ground, uplink: Uplink, part: Part) -> Part | None:
    """The source that it leaves with; an uplink that translates lets nothing out but its public addresses."""
    if uplink.translation is None:
        return part
    doorway = ground.doorway(uplink.translation)
    if part.onward is not None:
        trip.notes.consulted.append((doorway.public, part.onward.source))
        if part.onward.source not in doorway.public.found:
            trip.end(ground, part, Check.SOURCE_NAT, uplink.id, None, Outcome.NO_TRANSLATION)
            return None
        return part
    trip.notes.consulted.append((doorway.sources, part.flow.source))
    entry = doorway.sources.at(part.flow.source)
    if entry is None or not entry.public:
        source = entry.decided_by if entry else None
        trip.end(ground, part, Check.SOURCE_NAT, uplink.id, source, Outcome.NO_TRANSLATION)
        return None
    public = place(trip.notes.choose(entry.public))
    trip.notes.placed.add(public)
    return part._replace(flow=part.flow._replace(source=public))


def _at(concerned: Space, port: int) -> Space:
    """What is concerned, of what asks for a port; once replaced, it is the protocols that are."""
    return concerned if port == ASKED else concerned.protocols_at(port)
