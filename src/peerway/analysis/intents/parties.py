"""Who belongs to a side of an intent: its members, each with the addresses that it asks from or is asked at.

Whose is whose: a VPC or VSwitch of the intent's owner is all that is in it, whoever put it there; one that is only shared with
the owner is what the owner put there. An account is the instances and databases that are its own, in whosever VPC; what others put
into its VPCs is theirs. Lines, load balancers and ranges are parties only where they are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from peerway.analysis.intents.holdings import owner_of
from peerway.analysis.intents.sight import Sight
from peerway.domain.intent import Party, PartyKind
from peerway.domain.prefixes import Address, Prefix
from peerway.fabric.model import Endpoint, Router

#: Kinds of members that are an interface of their own.
GUESTS = frozenset({PartyKind.INSTANCE, PartyKind.DATABASE})


@dataclass(frozen=True, slots=True)
class Span:
    """Addresses that follow one another."""

    #: The first.
    first: Address
    #: The last; the first itself for one alone.
    last: Address

    @classmethod
    def of(cls, what: Address | Prefix) -> Span:
        """Those of a range, or one alone."""
        if isinstance(what, IPv4Address | IPv6Address):
            return cls(what, what)
        return cls(what.network_address, what.broadcast_address)


@dataclass(frozen=True, slots=True)
class Member:
    """One that asks or is asked."""

    #: Instance, database, load balancer or border router; the text of a range.
    id: str
    #: What it is; instances and databases are both `INSTANCE`.
    kind: PartyKind
    #: Router it is at; empty for a range.
    router_id: str
    #: Its addresses, IPv4 first.
    spans: tuple[Span, ...]


def members(sight: Sight, party: Party, owner_uid: str, *, for_all: bool) -> tuple[Member, ...]:
    """Everyone of the party, in a fixed order; `for_all` for an operator's intent, to which every VPC counts as an own one."""
    id = party.id or ""
    match party.kind:
        case PartyKind.ACCOUNT:
            found = [_owned(sight, vpc_id, id) for vpc_id in sorted(sight.vpcs_of(id))]
            return tuple(member for some in found for member in some)
        case PartyKind.VPC:
            return tuple(_inside(sight, id, owner_uid, None, for_all=for_all))
        case PartyKind.VSWITCH:
            return tuple(_inside(sight, sight.home(id), owner_uid, id, for_all=for_all))
        case _:
            return _single(sight, party, id)


def _single(sight: Sight, party: Party, id: str) -> tuple[Member, ...]:
    """The one member of a party that is no group."""
    match party.kind:
        case PartyKind.LOAD_BALANCER:
            balancer = sight.balancer(id)
            if balancer is None:
                return ()
            return (Member(id, party.kind, balancer.vpc_id, (Span.of(balancer.address),)),)
        case PartyKind.VBR:
            return _behind(sight.router(id), party)
        case PartyKind.RANGE:
            assert party.cidr is not None  # noqa: S101 - the use cases make it so
            return (Member(str(party.cidr), party.kind, "", (Span.of(party.cidr),)),)
        case _:
            router = sight.router(sight.home(id))
            endpoint = router.endpoints.get(id) if router is not None else None
            return _guests(router, [endpoint]) if router is not None and endpoint is not None else ()


def _owned(sight: Sight, vpc_id: str, uid: str) -> tuple[Member, ...]:
    """An account's guests in a VPC."""
    router, site = sight.router(vpc_id), sight.network.snapshot.site(vpc_id)
    if router is None:
        return ()
    return _guests(router, [one for one in router.endpoints.values() if owner_of(site, one.id) == uid])


def _inside(
    sight: Sight, vpc_id: str, owner_uid: str, vswitch_id: str | None, *, for_all: bool
) -> Iterator[Member]:
    """Guests in a VPC, or in one of its VSwitches."""
    router, site = sight.router(vpc_id), sight.network.snapshot.site(vpc_id)
    if router is None:
        return
    everyone = for_all or sight.owner(vpc_id) == owner_uid
    yield from _guests(
        router,
        [
            one
            for one in router.endpoints.values()
            if vswitch_id in {None, one.subnet_id} and (everyone or owner_of(site, one.id) == owner_uid)
        ],
    )


def _guests(router: Router, endpoints: Iterable[Endpoint]) -> tuple[Member, ...]:
    return tuple(
        Member(one.id, PartyKind.INSTANCE, router.id, tuple(map(Span.of, one.addresses)))
        for one in sorted(endpoints, key=lambda one: one.id)
    )


def _behind(router: Router | None, party: Party) -> tuple[Member, ...]:
    """What is behind a border router's line: the range that is named, or the customer's ends."""
    line = router.uplinks.get(party.id or "") if router is not None else None
    if router is None or line is None:
        return ()
    ends = (transfer.peer for transfer in line.transfers)
    spans = (Span.of(party.cidr),) if party.cidr is not None else tuple(map(Span.of, ends))
    return (Member(line.id, party.kind, router.id, spans),)
