"""Many two-way questions at once, and what comes of each: `exchange` for columns.

Owns putting the way there and the way back together, and handing what columns can't follow to the reader of one packet, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peerway.analysis.batch.prepared import Prepared
from peerway.analysis.batch.ways import ODD, OUTCOMES, Ways, code_of
from peerway.analysis.network import Network
from peerway.analysis.trace import exchange
from peerway.fabric.outcomes import Exchange, Outcome
from peerway.fabric.packets import CLIENT_PORT, PORTED, Packet

#: Questions followed together: few enough that their columns stay in the processor's cache.
TOGETHER: Final = 65_536

#: Code of a reply that there is none of.
NO_REPLY: Final = ODD

_PORTED: Final = np.array(sorted(PORTED), np.uint32)
#: Outcomes of replies by code.
_REPLIES: Final[dict[int, Outcome | None]] = dict(enumerate(OUTCOMES)) | {NO_REPLY: None}


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions as columns, one row each: requests over IPv4 from interfaces."""

    #: Who sends, as numbered by `Prepared.endpoint`.
    sender: NDArray[np.int64]
    #: Source address.
    source: NDArray[np.uint32]
    #: Destination address.
    destination: NDArray[np.uint32]
    #: IP protocol number.
    protocol: NDArray[np.uint32]
    #: Destination port; not looked at where the protocol has none.
    port: NDArray[np.uint32]
    #: Port that replies go to; not looked at where the protocol has none.
    client_port: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.sender)

    def part(self, places: NDArray[np.int64]) -> Questions:
        """Some of them."""
        return Questions(
            self.sender[places],
            self.source[places],
            self.destination[places],
            self.protocol[places],
            self.port[places],
            self.client_port[places],
        )


class Answer(NamedTuple):
    """What comes of one question; the same as an `Exchange` says, without the steps."""

    #: How the request ends.
    request: Outcome
    #: The instance that got the request, if one did.
    receiver: str | None
    #: How the reply ends; None without one.
    reply: Outcome | None
    #: Whether the reply reaches the one that asked.
    answered: bool
    #: Source of the step that ends the reply or, without one, the request; None when a default decides, or a state.
    decided_by: str | None

    @classmethod
    def of(cls, exchanged: Exchange) -> Answer:
        """What an exchange says."""
        request, reply = exchanged.request, exchanged.reply
        outcome = None if reply is None else reply.outcome
        return cls(
            request.outcome,
            request.receiver,
            outcome,
            exchanged.answered,
            (reply or request).steps[-1].source,
        )


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers as columns, in the questions' order."""

    #: What was asked.
    prepared: Prepared
    #: Code of the request's outcome, a place in `OUTCOMES`.
    request: NDArray[np.uint8]
    #: Number of the interface that got the request; -1 for none, and for questions that were followed alone.
    receiver: NDArray[np.int64]
    #: Code of the reply's outcome, `NO_REPLY` without one.
    reply: NDArray[np.uint8]
    #: Whether the reply reaches the one that asked.
    answered: NDArray[np.bool_]
    #: Row that decided, for `Prepared.sources`; -1 for none, and for questions that were followed alone.
    decided_by: NDArray[np.int64]
    #: The answers that were found alone, by place.
    alone: Mapping[int, Answer]

    def values(self) -> list[Answer]:
        """One value for each."""
        columns = (
            map(OUTCOMES.__getitem__, self.request.tolist()),
            self.prepared.endpoint_ids(self.receiver),
            map(_REPLIES.__getitem__, self.reply.tolist()),
            self.answered.tolist(),
            self.prepared.sources(self.decided_by),
        )
        # As `Answer._make` does it, without a call of Python for each.
        values = list(map(tuple.__new__, repeat(Answer), zip(*columns, strict=True)))
        for place, value in self.alone.items():
            values[place] = value
        return values


def ask(prepared: Prepared, questions: Questions) -> Answers:
    """What comes of each question; equal to `exchange` in what an answer has. Safe to be called by several threads.

    Those of neighbours are followed one after the other: what they meet lies together in memory.
    """
    answers = _unanswered(prepared, len(questions))
    order = np.argsort(questions.sender, kind="stable")
    for first in range(0, len(questions), TOGETHER):
        chosen = order[first : first + TOGETHER]
        _exchange(prepared, questions.part(chosen), answers, chosen)
    alone = np.flatnonzero(answers.request == ODD).tolist()
    found = {place: answer_alone(prepared.network, _packet(prepared, questions, place)) for place in alone}
    return _with_alone(answers, found)


def answer(prepared: Prepared, packets: Sequence[Packet]) -> Answers:
    """The same for packets; replies go to their source port, or to `CLIENT_PORT` when they name none.

    `NotFound` when a sender is not in the network.
    """
    if _all_plain(prepared, packets):
        return ask(prepared, _questions(prepared, packets))
    plain = [place for place, packet in enumerate(packets) if _all_plain(prepared, [packet])]
    chosen = np.array(plain, np.int64)
    asked = ask(prepared, _questions(prepared, [packets[place] for place in plain]))
    answers = _unanswered(prepared, len(packets))
    for column, found in zip(_columns(answers), _columns(asked), strict=True):
        column[chosen] = found
    alone = {plain[place]: value for place, value in asked.alone.items()}
    others = set(range(len(packets))).difference(plain)
    alone |= {place: answer_alone(prepared.network, packets[place]) for place in sorted(others)}
    return _with_alone(answers, alone)


def answer_alone(network: Network, packet: Packet) -> Answer:
    """The same for one packet, without anything prepared."""
    return Answer.of(exchange(network, packet, packet.source_port or CLIENT_PORT))


def _exchange(prepared: Prepared, questions: Questions, answers: Answers, places: NDArray[np.int64]) -> None:
    """The way there, and for what was delivered the way back, into those places. What stays `ODD` is to be asked alone."""
    asks = _service(questions.protocol, questions.port)
    there = Ways(prepared, questions.sender, questions.source, questions.destination, asks)
    there.follow()
    got = np.flatnonzero(there.outcome == code_of(Outcome.DELIVERED))
    replies = _service(questions.protocol[got], questions.client_port[got])
    replier, sender = there.receiver[got], questions.sender[got]
    known = prepared.homes[sender], prepared.homes[replier]
    back = Ways(prepared, replier, questions.destination[got], questions.source[got], replies, known)
    back.follow()
    there.outcome[got[back.outcome == ODD]] = ODD
    there.decided_by[got] = back.decided_by
    answers.request[places], answers.decided_by[places] = there.outcome, there.decided_by
    got = places[got]
    answers.receiver[got], answers.reply[got] = replier, back.outcome
    answers.answered[got] = (back.outcome == code_of(Outcome.DELIVERED)) & (back.receiver == sender)


def _all_plain(prepared: Prepared, packets: Sequence[Packet]) -> bool:
    """Whether all are over IPv4 and from interfaces that are there; without a call of Python for each."""
    types = {*map(type, [packet.source for packet in packets])}
    types |= {*map(type, [packet.destination for packet in packets])}
    return types <= {IPv4Address} and all(
        map(prepared.places.__contains__, [packet.sender for packet in packets])
    )


def _questions(prepared: Prepared, packets: Sequence[Packet]) -> Questions:
    """Packets over IPv4 from interfaces that are there, as columns; one pass over them for each is faster than rows."""
    count = len(packets)
    client_port = _column([packet.source_port for packet in packets])
    client_port[client_port == 0] = CLIENT_PORT
    places = map(prepared.places.__getitem__, [packet.sender for packet in packets])
    return Questions(
        prepared.endpoints_at(np.fromiter(places, np.int64, count)),
        np.fromiter(map(int, [packet.source for packet in packets]), np.uint32, count),
        np.fromiter(map(int, [packet.destination for packet in packets]), np.uint32, count),
        _column([packet.protocol for packet in packets]),
        _column([packet.port for packet in packets]),
        client_port,
    )


def _column(values: list[int]) -> NDArray[np.uint32]:
    return np.array(values, np.uint32)


def _packet(prepared: Prepared, questions: Questions, number: int) -> Packet:
    """One question as a packet."""
    return Packet(
        IPv4Address(int(questions.source[number])),
        IPv4Address(int(questions.destination[number])),
        int(questions.protocol[number]),
        int(questions.port[number]),
        prepared.endpoint_ids(questions.sender[number : number + 1])[0] or "",
        int(questions.client_port[number]),
    )


def _service(protocol: NDArray[np.uint32], port: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """`rules.service` for columns."""
    return protocol << np.uint32(16) | np.where(np.isin(protocol, _PORTED), port, np.uint32(0))


def _unanswered(prepared: Prepared, count: int) -> Answers:
    codes, numbers = np.full(count, NO_REPLY, np.uint8), np.full(count, -1, np.int64)
    return Answers(prepared, codes, numbers, codes.copy(), np.zeros(count, np.bool_), numbers.copy(), {})


def _columns(answers: Answers) -> tuple[NDArray[Any], ...]:
    return answers.request, answers.receiver, answers.reply, answers.answered, answers.decided_by


def _with_alone(answers: Answers, alone: Mapping[int, Answer]) -> Answers:
    """The answers with those that were found alone; nothing in their rows is of the columns' making."""
    for place, value in alone.items():
        answers.request[place] = code_of(value.request)
        answers.reply[place] = NO_REPLY if value.reply is None else code_of(value.reply)
        answers.answered[place] = value.answered
        answers.receiver[place] = answers.decided_by[place] = -1
    return replace(answers, alone=alone)
