"""A piece of work tried for its effects: the network's, those on quotas, those on what is paid, and whose intents it concerns.

Owns what of them a caller may see. What the network's change means for packets takes longer and is worked out afterwards, outside
of the transaction, from the values given here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from peerway.app.store import Writer
from peerway.app.usecases.foresee import Changes, changed_since, foresee
from peerway.app.usecases.previews.intent_effects import concerned_intents
from peerway.app.usecases.previews.quota_effects import QuotaEffect, quota_effects
from peerway.app.world import World
from peerway.domain.account import Caller, Role
from peerway.domain.intent import Intent
from peerway.metering.charges import PriceEffect, price_effects
from peerway.profiles.prices import book_at

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rehearsal(Generic[T]):
    """What a piece of work would give and do, as far as its transaction tells."""

    #: What it gave.
    answer: T
    #: What became of the network between the revision that the caller knows and the one that it was tried on.
    since: Changes
    #: What the work would do to the network, settled.
    changes: Changes
    #: Quotas that would be used otherwise; a tenant sees its own.
    quotas: list[QuotaEffect]
    #: What would be paid otherwise; a tenant sees what it pays itself.
    prices: list[PriceEffect]
    #: Intents that it may concern and leaves as they are.
    intents: list[Intent]
    #: Revision that it was tried on.
    revision: int


def rehearse(
    tx: Writer, world: World, caller: Caller, work: Callable[[Writer], T], known: int
) -> Rehearsal[T]:
    """Try `work` and undo it. `known` is the revision of the network that the caller has; raises what `work` raises.

    A writer is held up for about twice as long as by the work itself.
    """
    since = changed_since(tx, known)
    foreseen = foresee(tx, world, work)
    quotas = quota_effects(tx, world, foreseen.altered)
    book = book_at(world.prices, tx.now.date())
    prices = [effect for change in foreseen.altered if book for effect in price_effects(*change, book)]
    rewritten = {each.before.id for each in foreseen.altered if isinstance(each.before, Intent)}
    everybody = caller.role.may(Role.OPERATOR)
    return Rehearsal(
        answer=foreseen.answer,
        since=since,
        changes=Changes(foreseen.upserts, foreseen.removals, foreseen.revision + 1),
        quotas=[effect for effect in quotas if everybody or effect.uid == caller.uid],
        prices=[effect for effect in prices if everybody or effect.uid == caller.uid],
        intents=[intent for intent in concerned_intents(tx, caller) if intent.id not in rewritten],
        revision=foreseen.revision,
    )
