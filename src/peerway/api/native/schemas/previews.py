"""What an operation would do, as it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from peerway.analysis.difference import difference
from peerway.analysis.symbolic.grounds import Atlas
from peerway.app.usecases.foresee import Changes
from peerway.app.usecases.intents.states import IntentReason
from peerway.app.usecases.paths.reach_effects import ReachEffects, reach_effects
from peerway.app.usecases.previews.intent_effects import IntentEffect, intent_effects
from peerway.app.usecases.previews.quota_effects import QuotaEffect
from peerway.app.usecases.previews.rehearsals import Rehearsal
from peerway.domain.account import Caller
from peerway.domain.intent import IntentState
from peerway.domain.resource import Resource
from peerway.metering.charges import Charge, PriceEffect

#: Most pairs that are compared for one preview: some seconds, when all of them have to be.
MOST_COMPARED: Final = 5_000

#: Instead of an amount that no price book has.
UNPRICED: Final = "unpriced"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEffectAnswer:
    """What an account would pay for a resource, and pays now."""

    #: The resource.
    resource_id: str
    #: The account.
    uid: str
    #: What for, for people.
    what: str
    #: What the amounts are paid for: `once`, `day`, `gb`, `peak_mbps_day` or `mbps_day`.
    per: str
    #: Money of the amounts; null when there is no price.
    currency: str | None
    #: What is paid now; `0` for what is not charged, `unpriced` when no price book has a price.
    before: str
    #: What would be paid, as `before`.
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentEffectAnswer:
    """An intent that would stand otherwise."""

    #: Its id; null for an operator's, of which others are told only that it would be broken.
    id: str | None
    #: Its name; empty for an operator's.
    name: str
    #: How it stands.
    before: IntentState
    #: How it would stand.
    after: IntentState
    #: Whether the operation would be refused for it.
    refused: bool
    #: Why it would not hold; null when it would, and for an operator's.
    reason: IntentReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an operation would do. Nothing of it was done."""

    #: Revision that it is true for; later changes by others may change it.
    revision: int
    #: Status that the operation would answer with.
    status: int
    #: What it would answer; ids and secrets of what it would make are made up, and others when it is done.
    answer: Any
    #: What would differ for packets.
    reachability: ReachEffects
    #: Quotas and limits of which another amount would be used.
    quotas: list[QuotaEffect]
    #: What would be paid otherwise.
    prices: list[PriceEffectAnswer]
    #: Intents that would stand otherwise; where one is `refused`, the operation would answer with a conflict.
    intents: list[IntentEffectAnswer]
    #: What to know about this preview, for people.
    warnings: list[str]


def preview_of(caller: Caller, known: Atlas, rehearsal: Rehearsal[object], status: int) -> Preview:
    """What would be, with what it means for packets. Takes as long as that takes: not for the event loop.

    `known` is the network whose revision was named to the rehearsal.
    """
    old = known if not any(rehearsal.since[:2]) else known.after(known.network.after(*_news(rehearsal.since)))
    before = old.network
    after = before.after(*_news(rehearsal.changes))
    found = difference(old, after, most=MOST_COMPARED)
    reach = reach_effects(caller, before, after, found)
    return Preview(
        revision=rehearsal.revision,
        status=status,
        answer=rehearsal.answer,
        reachability=reach,
        quotas=rehearsal.quotas,
        prices=[price_effect_answer(effect) for effect in rehearsal.prices],
        intents=[
            intent_effect_answer(effect)
            for effect in intent_effects(caller, rehearsal.intents, before, after)
        ],
        warnings=list(_warnings(reach)),
    )


def _news(changes: Changes) -> tuple[int, list[Resource], list[tuple[str, str]]]:
    """The changes as a network takes them."""
    return changes.revision, changes.upserts, changes.removals


def _warnings(reach: ReachEffects) -> Iterator[str]:
    if not reach.complete:
        yield f"reachability was compared for {MOST_COMPARED} pairs only: more may change than is shown"
    if any(change.chosen for change in reach.changes):
        yield "where a connection's hash decides the way, the first choice's answer is shown"


def price_effect_answer(effect: PriceEffect) -> PriceEffectAnswer:
    """An effect as it is shown."""
    charge = effect.after or effect.before
    if charge is None:
        raise AssertionError("an effect has a charge before or after")
    return PriceEffectAnswer(
        resource_id=effect.resource_id,
        uid=effect.uid,
        what=charge.what,
        per=charge.per.value,
        currency=charge.currency,
        before=_amount(effect.before),
        after=_amount(effect.after),
    )


def intent_effect_answer(effect: IntentEffect) -> IntentEffectAnswer:
    """An effect as it is shown."""
    return IntentEffectAnswer(
        id=effect.id,
        name=effect.name,
        before=effect.before,
        after=effect.after,
        refused=effect.refused,
        reason=orjson.loads(effect.reason) if effect.reason else None,
    )


def _amount(charge: Charge | None) -> str:
    if charge is None:
        return "0"
    return UNPRICED if charge.amount is None else str(charge.amount)
