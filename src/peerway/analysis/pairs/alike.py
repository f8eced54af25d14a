"""Who gets the same answers as one that was asked about, without being asked about: alike senders, and alike targets.

Owns what makes two instances alike to what was consulted. Two senders are alike when everything that was asked about the one's
address says the same of the other's; two targets, too, but that somebody else gets what is sent there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from peerway.analysis.places.atoms import Answers, Points
from peerway.analysis.places.spans import Spans
from peerway.analysis.symbolic import Asking
from peerway.analysis.symbolic.notes import Notes
from peerway.fabric.model import Endpoint, FibEntry, ToEndpoint

#: A sender: an instance or database, and the place of its address.
Member = tuple[str, int]


class Twin(NamedTuple):
    """A target with the same answers, got by others."""

    #: Its place.
    number: int
    #: Who gets what in the place of whom.
    names: Mapping[str, str]


class Likeness:
    """Networks that are asked side by side: alike is what is alike in all of them."""

    def __init__(self, sides: Sequence[Asking]) -> None:
        self.sides = tuple(sides)
        #: What was consulted about senders so far, which is kept as its identity is the key; and what that says of each.
        self._said: dict[tuple[int, ...], tuple[list[Answers], dict[Member, tuple[int, ...]]]] = {}

    def senders(self, router_id: str, members: Sequence[Member], targets: tuple[int, int]) -> list[Member]:
        """The first of the members of a router, which asked the last question, and those that get its answers."""
        number, (first, last) = members[0][1], targets
        if first <= number <= last:
            return [members[0]]
        found = [member for member in members[1:] if not first <= member[1] <= last]
        for asking in self.sides:
            notes = asking.notes
            if not notes.consulted or not found:
                continue
            consulted = _consulted(notes, number)
            if number in notes.placed or any(_hands_over(answers.at(number)) for answers in consulted):
                return [members[0]]
            apart = notes.placed | notes.compared
            owners = asking.atlas.ground(router_id).owners
            says = self._saying(owners, consulted)
            wanted = tuple(int(answers is owners) or id(answers.at(number)) for answers in consulted)
            found = [member for member in found if member[1] not in apart and says(member) == wanted]
        return [members[0], *found]

    def _saying(
        self, owners: Points[Endpoint], consulted: list[Answers]
    ) -> Callable[[Member], tuple[int, ...]]:
        """What tells what was consulted says of a member: equal numbers for those of whom it says the same."""
        _, known = self._said.setdefault(tuple(map(id, consulted)), (consulted, {}))

        def says(member: Member) -> tuple[int, ...]:
            found = known.get(member)
            if found is None:
                found = known[member] = tuple(
                    int(_is(owners.at(member[1]), member[0]))
                    if answers is owners
                    else id(answers.at(member[1]))
                    for answers in consulted
                )
            return found

        return says

    def targets(self, number: int, within: Spans, members: Collection[Member]) -> list[Twin]:
        """Other targets that the members get the last answers about, as they did for the one at `number`."""
        noted = (asking.notes for asking in self.sides)
        consulted = [(notes, _consulted(notes, number)) for notes in noted if notes.consulted]
        if any(
            number in notes.placed or any(_hands_over(answers.at(number)) for answers in all_said)
            for notes, all_said in consulted
        ):
            return []
        pools = [
            answers
            for _, all_said in consulted
            for answers in all_said
            if isinstance(answers, Points) and isinstance(answers.at(number), Endpoint)
        ]
        apart = {at for _, at in members}.union(*(notes.placed | notes.compared for notes, _ in consulted))
        senders = {id for id, _ in members}
        return [
            Twin(other, names)
            for other in (_places(pools[0], within) if pools else ())
            if other not in apart and (names := self._names(consulted, number, other, senders))
        ]

    def _names(
        self,
        consulted: list[tuple[Notes, list[Answers]]],
        number: int,
        other: int,
        senders: AbstractSet[str],
    ) -> Mapping[str, str]:
        """Who is in whose place at an alike target; nobody when it is not alike."""
        names: dict[str, str] = {}
        for _, all_said in consulted:
            for answers in all_said:
                was, now = answers.at(number), answers.at(other)
                if isinstance(was, Endpoint) and isinstance(now, Endpoint):
                    if not _alike(was, now) or names.setdefault(was.id, now.id) != now.id:
                        return {}
                elif was is not now:
                    return {}
        apart = len({*names.values()}) == len(names) and senders.isdisjoint((*names, *names.values()))
        return names if apart else {}


def _consulted(notes: Notes, number: int) -> list[Answers]:
    """What was asked about a place, each once."""
    return list({id(answers): answers for answers, at in notes.consulted if at == number}.values())


def _hands_over(said: object) -> bool:
    """Whether packets are handed to one instance whatever their address: then it matters whose address it is."""
    return isinstance(said, FibEntry) and isinstance(said.hop, ToEndpoint)


def _is(owner: Endpoint | None, id: str) -> bool:
    return owner is not None and owner.id == id


def _alike(one: Endpoint, other: Endpoint) -> bool:
    """Whether packets see nothing but the address to tell two interfaces by."""
    single = one.public is not None or other.public is not None or one.forwards or other.forwards
    return not single and (one.subnet_id, one.policy_id) == (other.subnet_id, other.policy_id)


def _places(pool: Points[Endpoint], within: Spans) -> Iterator[int]:
    """The places of the pool in the set."""
    for first, last in within:
        yield from pool.order[bisect_left(pool.order, first) : bisect_right(pool.order, last)]
