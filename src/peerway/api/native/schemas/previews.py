"""What an operation would do, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from peerway.app.usecases.quota_effects import QuotaEffect
from peerway.app.usecases.rehearsals import Rehearsal
from peerway.metering.charges import Charge, PriceEffect

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
class Preview:
    """What an operation would do. Nothing of it was done."""

    #: Revision that it is true for; later changes by others may change it.
    revision: int
    #: Status that the operation would answer with.
    status: int
    #: What it would answer; ids and secrets of what it would make are made up, and others when it is done.
    answer: Any
    #: Quotas and limits of which another amount would be used.
    quotas: list[QuotaEffect]
    #: What would be paid otherwise.
    prices: list[PriceEffectAnswer]
    #: What to know about this preview, for people.
    warnings: list[str]


def preview_of(rehearsal: Rehearsal[object], status: int) -> Preview:
    """What would be, with what it means for packets. Takes as long as that takes: not for the event loop."""
    return Preview(
        revision=rehearsal.revision,
        status=status,
        answer=rehearsal.answer,
        quotas=rehearsal.quotas,
        prices=[price_effect_answer(effect) for effect in rehearsal.prices],
        warnings=[],
    )


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


def _amount(charge: Charge | None) -> str:
    if charge is None:
        return "0"
    return UNPRICED if charge.amount is None else str(charge.amount)
