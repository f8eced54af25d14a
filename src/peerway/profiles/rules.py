"""Decisions that read a profile: who sees a connection, who may do what, and which settings a new one gets.

Pure: values in, a value or an error out. No rule may branch on a profile's name.
"""

from __future__ import annotations

from collections.abc import Iterable

from peerway.domain.errors import Forbidden, IllegalState, InvalidInput, NotFound
from peerway.domain.lifecycle.peering import PeeringEvent
from peerway.domain.peering import LinkType, Peering, PeeringState
from peerway.domain.text import check_flag, check_number
from peerway.profiles.model import AutoRoutes, Onlooker, OverlapRule, Profile, QuotaScope

#: Most Mbit/s that a connection can be given, whatever the quota.
BANDWIDTH_CEILING = 10_000_000


def onlookers(profile: Profile, state: PeeringState) -> Onlooker:
    """Who sees a connection in that state (PEER-5)."""
    return {
        PeeringState.REJECTED: profile.rejected_seen_by,
        PeeringState.EXPIRED: profile.expired_seen_by,
        PeeringState.DELETED: profile.deleted_seen_by,
    }.get(state, Onlooker.BOTH)


def shown_states(profiles: Iterable[Profile]) -> tuple[PeeringState, ...]:
    """States in which one of the products shows a connection to somebody."""
    known = tuple(profiles)
    return tuple(s for s in PeeringState if any(onlookers(p, s) is not Onlooker.NOBODY for p in known))


def includes(sides: Onlooker, peering: Peering, uid: str) -> bool:
    """Whether the account is one of the named sides."""
    match sides:
        case Onlooker.NOBODY:
            return False
        case Onlooker.REQUESTER:
            return uid == peering.requester.uid
        case Onlooker.BOTH:
            return uid in {peering.requester.uid, peering.accepter.uid}


def sees(profile: Profile, peering: Peering, uid: str) -> bool:
    """Whether the account sees the connection."""
    return includes(onlookers(profile, peering.state), peering, uid)


def actor_of(profile: Profile, event: PeeringEvent) -> str:
    """Who may raise the event: `accepter`, `requester` or `either` side (PEER-13)."""
    if event in {PeeringEvent.ACCEPT, PeeringEvent.REJECT}:
        return "accepter"
    if event is PeeringEvent.ENABLE:
        return "requester"
    if event is PeeringEvent.MODIFY and profile.modified_by is Onlooker.REQUESTER:
        return "requester"
    return "either"


def may_raise(profile: Profile, peering: Peering, event: PeeringEvent, uid: str) -> bool:
    """Whether the account may raise the event, as far as the product and its side go; the state decides the rest."""
    allowed = {
        "accepter": {peering.accepter.uid},
        "requester": {peering.requester.uid},
        "either": {peering.requester.uid, peering.accepter.uid},
    }
    return event in profile.events and uid in allowed[actor_of(profile, event)]


def check_may_raise(profile: Profile, peering: Peering, event: PeeringEvent, uid: str) -> None:
    """`NotFound` for who does not see it, `Forbidden` for the wrong side or an event that the product lacks."""
    if not sees(profile, peering, uid):
        raise NotFound("peering", peering.id)
    if event not in profile.events:
        text = f"{profile.title} has no {event.value}"
        raise Forbidden(text, code="not_in_product", event=event.value, id=peering.id)
    if not may_raise(profile, peering, event, uid):
        actor = actor_of(profile, event)
        text = f"only the {actor} may {event.value} connection {peering.id}"
        raise Forbidden(text, code=f"not_{actor}", event=event.value, id=peering.id)


def check_can_change(peering: Peering) -> None:
    """`IllegalState` when the connection is on its way out."""
    if peering.state in {PeeringState.DELETING, PeeringState.DELETED}:
        raise IllegalState("peering", peering.id, peering.state.value, PeeringEvent.MODIFY.value)


def choose_auto_routes(profile: Profile, asked: object, *, same_account: bool) -> bool:
    """Whether the system writes the routes (PEER-8); `InvalidInput` when the product does not do what is asked."""
    wanted = None if asked is None else check_flag(asked, "auto_routes")
    match profile.auto_routes:
        case AutoRoutes.ALWAYS:
            if wanted is False:
                raise InvalidInput("auto_routes", f"can't be turned off for {profile.title}", wanted)
            return True
        case AutoRoutes.NEVER:
            allowed = False
        case AutoRoutes.SAME_ACCOUNT:
            allowed = same_account
        case AutoRoutes.OPTIONAL:
            allowed = True
    if wanted and not allowed:
        raise InvalidInput("auto_routes", f"is not possible here for {profile.title}", wanted)
    return bool(wanted)


def bandwidth_scopes(*, crosses_border: bool) -> tuple[QuotaScope, ...]:
    """Quotas that limit the cap of a cross-region connection (PEER-9)."""
    if crosses_border:
        return QuotaScope.BANDWIDTH_CROSS_REGION, QuotaScope.BANDWIDTH_CROSS_BORDER
    return (QuotaScope.BANDWIDTH_CROSS_REGION,)


def check_bandwidth(asked: object, *, same_region: bool) -> int | None:
    """The cap asked for; `InvalidInput` inside one region, where there is none (PEER-9)."""
    if asked is None:
        return None
    if same_region:
        rule = "must not be given for a connection inside one region"
        raise InvalidInput("bandwidth_mbps", rule, asked, code="same_region")
    return check_number(asked, "bandwidth_mbps", 1, BANDWIDTH_CEILING)


def choose_link_type(profile: Profile, asked: object, *, same_region: bool) -> LinkType | None:
    """The quality class (PEER-10): gold unless asked; none inside one region or where the product has none."""
    if asked is None:
        return LinkType.GOLD if profile.link_types and not same_region else None
    if not profile.link_types:
        raise InvalidInput("link_type", f"is not known to {profile.title}", asked)
    if same_region:
        rule = "must not be given for a connection inside one region"
        raise InvalidInput("link_type", rule, asked, code="same_region")
    if asked not in list(LinkType):
        raise InvalidInput("link_type", f"must be one of {', '.join(LinkType)}", asked)
    return LinkType(str(asked))


def among_peers_rule(profile: Profile, *, same_region: bool) -> OverlapRule:
    """The product's rule on overlap among the peers of one VPC, over connections of that kind (PEER-6)."""
    if same_region:
        return profile.overlap_among_same_region_peers
    return profile.overlap_among_cross_region_peers
