"""Many two-way questions at once, and what comes of each: `exchange` for columns.

Owns putting the way there and the way back together, and handing what columns can't follow to the reader of one packet, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from peerway.analysis.batch.columns import columns
from peerway.analysis.batch.prepared import Prepared
from peerway.analysis.batch.ways import ODD, OUTCOMES, Ways, code_of
from peerway.fabric.outcomes import Exchange, Outcome
from peerway.fabric.packets import CLIENT_PORT, PORTED, Packet
from peerway.fabric.walk import exchange

#: Questions followed together: few enough that their columns stay in the processor's cache.
TOGETHER: Final = 16_384

#: Code of a reply that there is none of.
NO_REPLY: Final = ODD

_PORTED: Final = np.array(sorted(PORTED), np.uint32)
_NONE_ALONE: Final = np.empty(0, np.int64)


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

    def part(self, first: int, end: int) -> Questions:
        """Some of them."""
        return Questions(
            self.sender[first:end],
            self.source[first:end],
            self.destination[first:end],
            self.protocol[first:end],
            self.port[first:end],
            self.client_port[first:end],
        )


@dataclass(frozen=True, slots=True)
class Answer:
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

    #: Code of the request's outcome, a place in `OUTCOMES`.
    request: NDArray[np.uint8]
    #: Id of the instance that got the request, or None.
    receiver: NDArray[np.object_]
    #: Code of the reply's outcome, `NO_REPLY` without one.
    reply: NDArray[np.uint8]
    #: Whether the reply reaches the one that asked.
    answered: NDArray[np.bool_]
    #: Source of what decided, or None.
    decided_by: NDArray[np.object_]
    #: Which of them were followed one by one.
    alone: NDArray[np.int64]

    def values(self) -> list[Answer]:
        """One value for each."""
        columns = (self.request, self.receiver, self.reply, self.answered, self.decided_by)
        return [
            Answer(OUTCOMES[request], receiver, None if reply == NO_REPLY else OUTCOMES[reply], answered, by)
            for request, receiver, reply, answered, by in zip(
                *(each.tolist() for each in columns), strict=True
            )
        ]


def ask(prepared: Prepared, questions: Questions) -> Answers:
    """What comes of each question; equal to `exchange` in what an answer has. Safe to be called by several threads."""
    answers = _unanswered(len(questions))
    for first in range(0, len(questions), TOGETHER):
        end = min(first + TOGETHER, len(questions))
        _exchange(prepared, questions.part(first, end), _part(answers, first, end))
    alone = np.flatnonzero(answers.request == ODD)
    for number in alone.tolist():
        packet = _packet(prepared, questions, number)
        _put(answers, number, _ask_alone(prepared, packet))
    return replace(answers, alone=alone)


def answer(prepared: Prepared, packets: Sequence[Packet]) -> Answers:
    """The same for packets; replies go to their source port, or to `CLIENT_PORT` when they name none.

    `NotFound` when a sender is not in the network.
    """
    numbers = [prepared.endpoint(packet.sender) for packet in packets]
    plain = [
        place
        for place, packet in enumerate(packets)
        if numbers[place] >= 0 and packet.source.version == packet.destination.version == 4
    ]
    chosen = np.array(plain, np.int64)
    answers = _unanswered(len(packets))
    asked = ask(
        prepared, _questions([packets[place] for place in plain], [numbers[place] for place in plain])
    )
    for column, found in zip(_columns(answers), _columns(asked), strict=True):
        column[chosen] = found
    others = np.setdiff1d(np.arange(len(packets)), chosen)
    for place in others.tolist():
        _put(answers, place, _ask_alone(prepared, packets[place]))
    return replace(answers, alone=np.union1d(others, chosen[asked.alone]))


def _exchange(prepared: Prepared, questions: Questions, answers: Answers) -> None:
    """The way there, and for what was delivered the way back. Answers that stay `ODD` are for the reader of one packet."""
    asks = _service(questions.protocol, questions.port)
    there = Ways(prepared, questions.sender, questions.source, questions.destination, asks)
    there.follow()
    answers.request[:], answers.decided_by[:] = there.outcome, there.decided_by
    got = np.flatnonzero(there.outcome == code_of(Outcome.DELIVERED))
    replies = _service(questions.protocol[got], questions.client_port[got])
    replier, sender = there.receiver[got], questions.sender[got]
    known = prepared.homes[sender], prepared.homes[replier]
    back = Ways(prepared, replier, questions.destination[got], questions.source[got], replies, known)
    back.follow()
    answers.receiver[got] = prepared.endpoints.columns.id[replier]
    answers.reply[got], answers.decided_by[got] = back.outcome, back.decided_by
    answers.answered[got] = (back.outcome == code_of(Outcome.DELIVERED)) & (back.receiver == sender)
    answers.request[got[back.outcome == ODD]] = ODD


def _questions(packets: Sequence[Packet], senders: Sequence[int]) -> Questions:
    fields = [
        (
            int(packet.source),
            int(packet.destination),
            packet.protocol,
            packet.port,
            packet.source_port or CLIENT_PORT,
        )
        for packet in packets
    ]
    return Questions(np.array(senders, np.int64), *columns(fields, [np.uint32] * 5))


def _packet(prepared: Prepared, questions: Questions, number: int) -> Packet:
    """One question as a packet."""
    return Packet(
        IPv4Address(int(questions.source[number])),
        IPv4Address(int(questions.destination[number])),
        int(questions.protocol[number]),
        int(questions.port[number]),
        prepared.endpoints.columns.id[questions.sender[number]],
        int(questions.client_port[number]),
    )


def _ask_alone(prepared: Prepared, packet: Packet) -> Answer:
    """What the reader of one packet says."""
    return Answer.of(exchange(prepared.network.fabric, packet, packet.source_port or CLIENT_PORT))


def _service(protocol: NDArray[np.uint32], port: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """`rules.service` for columns."""
    return protocol << np.uint32(16) | np.where(np.isin(protocol, _PORTED), port, np.uint32(0))


def _unanswered(count: int) -> Answers:
    nothing = np.full(count, None, np.object_)
    codes = np.full(count, NO_REPLY, np.uint8)
    return Answers(codes, nothing, codes.copy(), np.zeros(count, np.bool_), nothing.copy(), _NONE_ALONE)


def _columns(answers: Answers) -> tuple[NDArray[Any], ...]:
    return answers.request, answers.receiver, answers.reply, answers.answered, answers.decided_by


def _part(answers: Answers, first: int, end: int) -> Answers:
    """Some of them; what is written there is written in all."""
    request, receiver, reply, answered, decided_by = (column[first:end] for column in _columns(answers))
    return Answers(request, receiver, reply, answered, decided_by, _NONE_ALONE)


def _put(answers: Answers, number: int, value: Answer) -> None:
    """Write one answer into its row."""
    answers.request[number] = code_of(value.request)
    answers.receiver[number] = value.receiver
    answers.reply[number] = NO_REPLY if value.reply is None else code_of(value.reply)
    answers.answered[number] = value.answered
    answers.decided_by[number] = value.decided_by
