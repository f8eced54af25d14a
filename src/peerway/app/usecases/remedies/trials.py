"""Whether remedies may be made, what comes of them, and whether they open more than was asked: tried, looked at, undone (PATH-3).

Owns the trial. Nothing that it does stays. What is another account's to change is not changed in it, not even for the moment: it
is reckoned with as if its owner had done it, and told as something to ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from peerway.analysis.diagnosis import ask
from peerway.analysis.diagnosis.report import Verdict
from peerway.analysis.difference import Change, difference
from peerway.analysis.network import Network
from peerway.analysis.pairs.blocks import Source, Target
from peerway.analysis.places.atoms import place
from peerway.analysis.questions import Posed, Unposable, pose
from peerway.analysis.remedies import Remedy
from peerway.analysis.remedies.effects import remedied
from peerway.analysis.symbolic.spaces import Space, block
from peerway.app.store import Writer
from peerway.app.usecases.foresee import foresee
from peerway.app.usecases.remedies.calls import ApiCall, calls_of
from peerway.app.usecases.remedies.changes import Made, make
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.errors import Kind, PeerwayError
from peerway.domain.path import PointKind, Question
from peerway.fabric.packets import PORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A remedy that may not be made now."""

    #: The remedy.
    remedy: Remedy
    #: What its use case says.
    text: str
    #: Its code.
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What the remedies would open beyond what was asked."""

    #: Ids of those who could ask.
    sources: tuple[str, ...]
    #: Ids of those who could be asked.
    targets: tuple[str, ...]
    #: For what, such as `tcp 443`.
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What becomes of remedies."""

    #: Those that the caller has to make, in order: the fewest that do it.
    remedies: tuple[Remedy, ...]
    #: The same as calls of the API.
    calls: tuple[ApiCall, ...]
    #: Those that other accounts have to make: ask them.
    others: tuple[Remedy, ...]
    #: The caller's that can be made only once the other accounts have done their part; they are among `remedies`.
    later: tuple[Remedy, ...]
    #: The caller's that may not be made at all.
    refused: tuple[Refusal, ...]
    #: What comes of the question once all are made.
    verdict: Verdict
    #: What else they would open; such remedies are told and not proposed.
    opens: tuple[Opening, ...]
    #: Whether all that they might open was looked at.
    complete: bool

    @property
    def proposed(self) -> bool:
        """Whether to propose them: they do what was asked, and nothing more."""
        return self.verdict is Verdict.REACHABLE and self.complete and not (self.opens or self.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Remedies that were tried."""

    #: The network as it is.
    before: Network
    #: The network as it would be.
    after: Network
    #: Those that the caller has to make, in order.
    needed: tuple[Remedy, ...]
    #: Those of other accounts.
    others: tuple[Remedy, ...]
    #: Those of the caller's that were refused, and why.
    refused: tuple[Refusal, ...]


def check_remedies(
    tx: Writer, world: World, caller: Caller, network: Network, question: Question, remedies: Sequence[Remedy]
) -> Fix:
    """Try the remedies by their own use cases and tell what comes of it; nothing is stored.

    `network` is that of the transaction. The caller makes its own remedies, an operator everybody's. Who wants to hold the
    transaction no longer than it takes calls the two parts apart: `weigh` needs none.
    """
    return weigh(question, try_remedies(tx, world, caller, network, question, remedies))


def try_remedies(
    tx: Writer, world: World, caller: Caller, network: Network, question: Question, remedies: Sequence[Remedy]
) -> Tried:
    """Make the remedies and undo them; then without each of them, to be sure that none is to spare."""
    mine = [remedy for remedy in remedies if _may_make(caller, remedy)]
    others = tuple(remedy for remedy in remedies if not _may_make(caller, remedy))

    def attempt(chosen: Sequence[Remedy]) -> Tried:
        return _attempt(tx, world, caller, network, chosen, others)

    return _fewest(attempt(mine), attempt, question)


def weigh(question: Question, tried: Tried) -> Fix:
    """What comes of remedies that were tried, and what else they would open. Cost is that of comparing the two networks."""
    later = tuple(one.remedy for one in tried.refused if tried.others and one.code in _WAITING)
    refused = tuple(one for one in tried.refused if one.remedy not in later)
    unmade = {one.remedy for one in refused}
    needed = tuple(remedy for remedy in tried.needed if remedy not in unmade)
    made = difference(tried.before, tried.after)
    posed = pose(tried.before, question)
    return Fix(
        remedies=needed,
        calls=calls_of(tried.before.snapshot, needed),
        others=tried.others,
        later=later,
        refused=refused,
        verdict=ask(tried.after, question),
        opens=() if isinstance(posed, Unposable) else _openings(made.changes, tried.before, question, posed),
        complete=made.complete,
    )


#: Codes of errors that end by themselves when the other side has done its part.
_WAITING = frozenset({"next_hop_not_active", "illegal_state", "opposite_mismatch"})


def _may_make(caller: Caller, remedy: Remedy) -> bool:
    return caller.uid == remedy.owner_uid or caller.role.may(Role.OPERATOR)


def _attempt(
    tx: Writer,
    world: World,
    caller: Caller,
    network: Network,
    chosen: Sequence[Remedy],
    others: tuple[Remedy, ...],
) -> Tried:
    """The network once the chosen remedies are made and settled, and those of others reckoned with."""

    def work(inner: Writer) -> list[Refusal]:
        made: Made = {}
        refusals = (_made(inner, world, replace(caller, uid=one.owner_uid), one, made) for one in chosen)
        return [refusal for refusal in refusals if refusal is not None]

    foreseen = foresee(tx, world, work)
    after = network.after(foreseen.revision + 1, foreseen.upserts, foreseen.removals)
    waiting = [one.remedy for one in foreseen.answer if others and one.code in _WAITING]
    return Tried(
        before=network,
        after=remedied(after, [*others, *waiting]),
        needed=tuple(chosen),
        others=others,
        refused=tuple(foreseen.answer),
    )


def _made(tx: Writer, world: World, caller: Caller, remedy: Remedy, made: Made) -> Refusal | None:
    """Make one remedy; why not, if it may not be made."""
    try:
        make(tx, world, caller, remedy, made)
    except PeerwayError as error:
        if error.kind is Kind.UNAVAILABLE:
            raise
        return Refusal(remedy=remedy, text=error.text, code=error.code)
    return None


def _fewest(tried: Tried, attempt: Callable[[Sequence[Remedy]], Tried], question: Question) -> Tried:
    """What comes of the remedies without those to spare."""
    if ask(tried.after, question) is not Verdict.REACHABLE:
        return tried
    for remedy in tried.needed:
        fewer = attempt([other for other in tried.needed if other is not remedy])
        if ask(fewer.after, question) is Verdict.REACHABLE:
            tried = fewer
    return tried


# ---- what they open ------------------------------------------------------------------------------------------------------


def _openings(
    changes: Iterable[Change], network: Network, question: Question, posed: Posed
) -> tuple[Opening, ...]:
    """What is gained beyond the question itself."""
    packet = posed.packet
    low, high = (packet.port, packet.port) if packet.protocol in PORTED else (0, 0)
    wanted = block(packet.protocol, low, high)
    asking, number = _asking(network, question, posed), place(packet.destination)
    found: list[Opening] = []
    for change in changes:
        gained = change.gap.gained | change.gap.arriving
        askers = [source for source in change.sources if source.id in asking]
        others = [source for source in change.sources if source.id not in asking]
        asked = [target for target in change.targets if target.span == (number, number)]
        besides = [target for target in change.targets if target.span != (number, number)]
        found += _opening(others, change.targets, gained)
        found += _opening(askers, besides, gained)
        found += _opening(askers, asked, gained - wanted)
    return tuple(dict.fromkeys(found))


def _asking(network: Network, question: Question, posed: Posed) -> frozenset[str]:
    """Who asks: the source, or anyone of a VSwitch."""
    if question.source.kind is not PointKind.VSWITCH:
        return frozenset({posed.packet.sender})
    router = network.router_of(question.source.id or "")
    here = router.endpoints.values() if router is not None else ()
    return frozenset(one.id for one in here if one.subnet_id == question.source.id)


def _opening(sources: Sequence[Source], targets: Sequence[Target], beyond: Space) -> Iterator[Opening]:
    """What these could ask of those, if anything."""
    if sources and targets and beyond:
        yield Opening(
            sources=tuple(dict.fromkeys(source.id for source in sources)),
            targets=tuple(dict.fromkeys(id for target in targets for id in target.ids)),
            what=str(beyond),
        )
