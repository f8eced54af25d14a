"""Which intents would stand otherwise after a change: part of every preview.

Looks at the caller's own intents; an operator's that a change would break is told without saying which it is. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from peerway.analysis.intents import Examined, examine, still
from peerway.analysis.intents.sight import Sight
from peerway.analysis.network import Network
from peerway.app.store import Reader, where
from peerway.app.usecases.intents.states import reason_of
from peerway.domain.account import Caller
from peerway.domain.intent import Enforcement, Expectation, Intent, IntentState

#: What a search for what is so looks for.
YES: Final = (True,)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentEffect:
    """An intent that would stand otherwise."""

    #: Its id; null for an operator's, of which others are told only that it would be broken.
    id: str | None
    #: Its name; empty for an operator's.
    name: str
    #: How it stands.
    before: IntentState
    #: How it would stand.
    after: IntentState
    #: Whether the change would be refused for it.
    refused: bool
    #: Why it would not hold, as JSON of an `IntentReason`; empty when it would, and for an operator's.
    reason: str


def guarding_intents(tx: Reader, actors: Iterable[str]) -> list[Intent]:
    """The intents that may refuse what these accounts do: their own, and operators'."""
    found = {intent.id: intent for intent in tx.select(Intent, where("of_operator", *YES))}
    own = tuple(actors)
    if own:
        found |= {intent.id: intent for intent in tx.select(Intent, where("owner_uid", *own))}
    return [intent for intent in found.values() if intent.enforcement is Enforcement.REFUSE]


def may_be_guarded(tx: Reader, actors: Iterable[str]) -> bool:
    """Whether these accounts or operators have intents at all; cheap, however many there are."""
    own = tuple(actors)
    return bool(tx.select(Intent, where("of_operator", *YES), limit=1)) or bool(
        own and tx.select(Intent, where("owner_uid", *own), limit=1)
    )


def concerned_intents(tx: Reader, caller: Caller) -> list[Intent]:
    """The intents that a preview for the caller is about: all of its own, and those of operators that refuse changes."""
    own = {intent.id: intent for intent in tx.select(Intent, where("owner_uid", caller.uid))}
    return list(({intent.id: intent for intent in guarding_intents(tx, ())} | own).values())


def intent_effects(
    caller: Caller, intents: Iterable[Intent], before: Network, after: Network
) -> tuple[IntentEffect, ...]:
    """Those of the intents that would stand otherwise. Cost follows the intents, and what the change bears on of them."""
    found = (_effect(caller, intent, before, after) for intent in intents)
    return tuple(effect for effect in found if effect is not None)


def would_break(intent: Intent, before: Examined, after: Examined) -> bool:
    """Whether what held is broken: where nobody is yet, everybody is kept apart."""
    apart = before.state is IntentState.EMPTY and intent.expectation is Expectation.ISOLATE
    return after.state is IntentState.BROKEN and (apart or before.state is IntentState.HOLDING)


def _effect(caller: Caller, intent: Intent, before: Network, after: Network) -> IntentEffect | None:
    stands = examine(before, intent)
    if still(Sight(after, None), stands.seen):
        return None
    would = examine(after, intent, known=stands)
    breaks = would_break(intent, stands, would)
    mine = intent.owner_uid == caller.uid
    if stands.state is would.state or not (mine or breaks):
        return None
    return IntentEffect(
        id=intent.id if mine else None,
        name=intent.name if mine else "",
        before=stands.state,
        after=would.state,
        refused=breaks and intent.enforcement is Enforcement.REFUSE,
        reason=reason_of(after, intent, would) if mine else "",
    )
