"""Who can ask whom what: for ranges of addresses, for all that is at one router, for everybody (PATH-1).

Owns the questions about more than one pair. Answers are exact sets; what nobody receives is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from peerway.analysis.network import Network
from peerway.analysis.pairs.blocks import Block, Blocks, Source, Span, Target
from peerway.analysis.pairs.suspects import Suspect, Visitors
from peerway.analysis.places.atoms import place, stretch
from peerway.analysis.symbolic import Asking
from peerway.analysis.symbolic.grounds import Atlas
from peerway.analysis.symbolic.spaces import Space
from peerway.domain.errors import NotFound
from peerway.domain.prefixes import Address, Prefix
from peerway.fabric.packets import CLIENT_PORT


@dataclass(frozen=True, slots=True)
class Answer:
    """What some can ask of some: the same for each of the sources with each address of the target."""

    #: Who asks.
    sources: tuple[Source, ...]
    #: Who is asked.
    target: Target
    #: What is answered.
    answered: Space
    #: What is received or leaves the network.
    arrives: Space
    #: What a guest that forwards has got hold of.
    unknown: Space
    #: Whether it is the first choice's answer where a connection's hash decides.
    chosen: bool


def across(
    network: Network | Atlas,
    sender_id: str,
    source: Address | Prefix,
    target: Prefix,
    client_port: int = CLIENT_PORT,
) -> tuple[Answer, ...]:
    """What a sender can ask of every address of a range, in order; equal neighbours with the same receivers are one.

    The source is an address, or a range of those that come by an uplink. `NotFound` when the sender is not in the network.
    """
    atlas = network if isinstance(network, Atlas) else Atlas(network)
    router_id = atlas.at(sender_id).router.id
    sources = (place(source),) * 2 if isinstance(source, IPv4Address | IPv6Address) else stretch(source)
    suspect = Suspect(router_id, (), (stretch(target),), sender_id, (sources,))
    blocks = Blocks((Asking(atlas, client_port),))
    return tuple(_merged([answer for block in blocks.of(suspect) for answer in _answers(block)]))


def at_router(network: Network | Atlas, router_id: str) -> Iterator[Answer]:
    """Who can ask what, of all that send from a VPC or VBR, or to and through it from its neighbours and uplinks.

    `NotFound` when it is not in the network. Only what somebody receives.
    """
    yield from _visits(network, router_id, near=True)


def everywhere(network: Network | Atlas) -> Iterator[Answer]:
    """Who can ask what, for all senders, router by router, made as they are taken. Only what somebody receives."""
    atlas = network if isinstance(network, Atlas) else Atlas(network)
    for id in atlas.network.fabric.routers:
        yield from _visits(atlas, id, near=False)


def _visits(network: Network | Atlas, router_id: str, *, near: bool) -> Iterator[Answer]:
    atlas = network if isinstance(network, Atlas) else Atlas(network)
    if router_id not in atlas.network.fabric.routers:
        raise NotFound("router", router_id)
    blocks = Blocks((Asking(atlas),))
    for suspect in Visitors(atlas, router_id, near=near):
        answers = [answer for block in blocks.of(suspect) for answer in _answers(block)]
        yield from _merged([answer for answer in answers if answer.arrives])


def _answers(block: Block) -> Iterator[Answer]:
    (found,) = block.reaches
    says = found.answered, found.arrives, found.unknown, found.chosen
    receivers = found.receivers
    for span, names in block.targets:
        target = Target(span, tuple(sorted(names.get(id, id) for id in receivers)))
        yield Answer(block.sources, target, *says)


def _merged(answers: list[Answer]) -> Iterator[Answer]:
    """Answers in order; neighbours that say the same are one."""
    last: Answer | None = None
    for answer in sorted(answers, key=lambda each: (str(each.sources), each.target.span)):
        if last is not None and _says(last) == _says(answer) and _touch(last.target.span, answer.target.span):
            span = last.target.span[0], answer.target.span[1]
            answer = Answer(last.sources, Target(span, last.target.ids), *_says(last)[2:])  # noqa: PLW2901 - the two as one
        elif last is not None:
            yield last
        last = answer
    if last is not None:
        yield last


def _says(answer: Answer) -> tuple[tuple[Source, ...], tuple[str, ...], Space, Space, Space, bool]:
    return (
        answer.sources,
        answer.target.ids,
        answer.answered,
        answer.arrives,
        answer.unknown,
        answer.chosen,
    )


def _touch(one: Span, other: Span) -> bool:
    return one[1] + 1 == other[0]
