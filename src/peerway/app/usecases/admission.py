"""Whether a new connection is allowed, and with which settings: the checks of PEER-1, 6, 9, 10, 11 and 12, in that order.

Reads only. A refused request has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from peerway.app.store import Reader
from peerway.app.usecases.access import existing, own, require_staying
from peerway.app.usecases.links import live_between, peer_prefixes
from peerway.app.usecases.quotas import bandwidth_limit, check_peering_quotas
from peerway.app.world import World
from peerway.domain.account import Account, Caller
from peerway.domain.errors import AlreadyExists, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.peering import LinkType, Peering, PeeringSide, check_accounts, check_pair
from peerway.domain.prefixes import Prefix, first_overlap
from peerway.domain.vpc import Vpc
from peerway.profiles.model import OverlapRule, Profile
from peerway.profiles.rules import (
    among_peers_rule,
    bandwidth_scopes,
    check_bandwidth,
    choose_auto_routes,
    choose_link_type,
)


class Asked(Protocol):
    """The part of a request that names the two sides and the settings."""

    @property
    def vpc_id(self) -> str:
        """Own VPC."""

    @property
    def peer_vpc_id(self) -> str:
        """Other VPC."""

    @property
    def peer_uid(self) -> str | None:
        """Other account."""

    @property
    def peer_region_id(self) -> str | None:
        """Other region."""

    @property
    def profile(self) -> str:
        """Product."""

    @property
    def bandwidth_mbps(self) -> int | None:
        """Cap."""

    @property
    def link_type(self) -> str | None:
        """Quality class."""

    @property
    def auto_routes(self) -> bool | None:
        """Whether the system writes routes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A connection that may be made."""

    #: Rules that hold.
    profile: Profile
    #: Who asks.
    requester: PeeringSide
    #: Who is asked.
    accepter: PeeringSide
    #: Cap each way.
    bandwidth_mbps: int | None
    #: Quality class.
    link_type: LinkType | None
    #: Whether the system writes routes.
    auto_routes: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """The two VPCs of a request, loaded, under one product's rules."""

    #: Rules that hold.
    profile: Profile
    #: Requester's VPC.
    vpc: Vpc
    #: Accepter's VPC.
    peer: Vpc
    #: The connection that the two have already, if there is one that counts.
    present: Peering | None

    @property
    def same_region(self) -> bool:
        """Whether both are in one region."""
        return self.vpc.region_id == self.peer.region_id

    @property
    def same_account(self) -> bool:
        """Whether both are one account's."""
        return self.vpc.owner_uid == self.peer.owner_uid


def load_pair(tx: Reader, world: World, caller: Caller, asked: Asked) -> Pair:
    """The two VPCs that the request names, one the caller's own; `NotFound` alike for whatever is wrong with the other."""
    profile = world.require_profile(asked.profile)
    vpc = own(tx, caller, Vpc, asked.vpc_id, "vpc_id")
    peer_region = asked.peer_region_id or vpc.region_id
    world.regions.require(peer_region, "peer_region_id")
    check_pair(vpc.id, asked.peer_vpc_id)
    peer = tx.get(Vpc, asked.peer_vpc_id)
    expected = (asked.peer_uid or caller.uid, peer_region)
    if peer is None or (peer.owner_uid, peer.region_id) != expected:
        raise NotFound("vpc", asked.peer_vpc_id[:64], field="peer_vpc_id")
    return Pair(profile, vpc, peer, live_between(tx, vpc.id, peer.id))


def load_sides(tx: Reader, world: World, peering: Peering) -> Pair:
    """The two VPCs of a connection that is there; `NotFound` when one of them is gone."""
    vpc, peer = (tx.get(Vpc, side.vpc_id) for side in peering.sides)
    if vpc is None or peer is None:
        raise NotFound("vpc", (peering.requester if vpc is None else peering.accepter).vpc_id)
    return Pair(world.require_profile(peering.profile), vpc, peer, live_between(tx, vpc.id, peer.id))


def admit(tx: Reader, world: World, pair: Pair, asked: Asked) -> Plan:
    """The connection that the request leads to, or the error of the first rule it breaks."""
    auto_routes = choose_auto_routes(pair.profile, asked.auto_routes, same_account=pair.same_account)
    link_type = choose_link_type(pair.profile, asked.link_type, same_region=pair.same_region)
    check_bandwidth(asked.bandwidth_mbps, same_region=pair.same_region)
    _check_pair_allowed(tx, world, pair)
    plan = Plan(
        profile=pair.profile,
        requester=_side(pair.vpc),
        accepter=_side(pair.peer),
        bandwidth_mbps=None,
        link_type=link_type,
        auto_routes=auto_routes,
    )
    cap = choose_bandwidth(tx, world, pair.profile, plan.requester, plan.accepter, asked.bandwidth_mbps)
    return replace(plan, bandwidth_mbps=cap)


def admit_again(tx: Reader, world: World, pair: Pair) -> None:
    """The same checks for an expired request that is asked again: the world may have changed since."""
    _check_pair_allowed(tx, world, pair)


def choose_bandwidth(
    tx: Reader, world: World, profile: Profile, requester: PeeringSide, accepter: PeeringSide, asked: object
) -> int | None:
    """The cap of a connection: what is asked within the requester's quotas, else the product's default (PEER-9)."""
    same_region = requester.region_id == accepter.region_id
    wanted = check_bandwidth(asked, same_region=same_region)
    if same_region:
        return None
    border = world.regions.crosses_border(requester.region_id, accepter.region_id)
    name, limit = bandwidth_limit(tx, profile, requester.uid, bandwidth_scopes(crosses_border=border))
    if wanted is not None and wanted > limit:
        raise QuotaExceeded(name, limit, wanted, scope="one connection", field="bandwidth_mbps")
    return wanted or min(profile.default_bandwidth_mbps, limit)


def _check_pair_allowed(tx: Reader, world: World, pair: Pair) -> None:
    for check in CHECKS:
        check(tx, world, pair)


def _check_states(tx: Reader, world: World, pair: Pair) -> None:
    require_staying(pair.vpc, "peer", "vpc_id")
    require_staying(pair.peer, "peer", "peer_vpc_id")


def _check_kinds(tx: Reader, world: World, pair: Pair) -> None:
    if pair.vpc.kind is not pair.peer.kind:
        rule = f"must be of the same kind as the own VPC: {pair.vpc.kind.value}"
        raise InvalidInput("peer_vpc_id", rule, pair.peer.id, code="kinds_differ")
    if pair.vpc.kind not in pair.profile.vpc_kinds:
        rule = (
            f"must be of a kind that {pair.profile.title} peers: {', '.join(sorted(pair.profile.vpc_kinds))}"
        )
        raise InvalidInput("vpc_id", rule, pair.vpc.id, code="kind_not_peered")


def _check_accounts(tx: Reader, world: World, pair: Pair) -> None:
    border = world.regions.crosses_border(pair.vpc.region_id, pair.peer.region_id)
    sites = pair.profile.same_site_only and not pair.same_account
    real_name = pair.profile.cross_border_needs_real_name and border
    if not (sites or real_name):
        return
    requester = existing(tx, Account, pair.vpc.owner_uid)
    accepter = requester if pair.same_account else existing(tx, Account, pair.peer.owner_uid)
    check_accounts(requester, accepter, same_site=sites, real_name=real_name)


def _check_overlap(tx: Reader, world: World, pair: Pair) -> None:
    if pair.profile.overlap is OverlapRule.REFUSE:
        _refuse_overlap(pair.vpc.prefixes, pair.peer.prefixes, "the other VPC")


def _check_overlap_among_peers(tx: Reader, world: World, pair: Pair) -> None:
    if among_peers_rule(pair.profile, same_region=pair.same_region) is not OverlapRule.REFUSE:
        return
    for vpc, other in ((pair.vpc, pair.peer), (pair.peer, pair.vpc)):
        present = peer_prefixes(tx, vpc.id, same_region=pair.same_region, besides=other.id)
        _refuse_overlap(other.prefixes, present, f"another peer of {vpc.id}")


def _check_not_connected(tx: Reader, world: World, pair: Pair) -> None:
    if pair.present:
        text = f"the two VPCs have connection {pair.present.id} already"
        raise AlreadyExists(text, code="peering_exists", field="peer_vpc_id", id=pair.present.id)


def _check_quotas(tx: Reader, world: World, pair: Pair) -> None:
    sides = ((pair.vpc, True, "vpc_id"), (pair.peer, pair.same_account, "peer_vpc_id"))
    for vpc, callers, field in sides:
        check_peering_quotas(
            tx, pair.profile, _side(vpc), same_region=pair.same_region, adding=1, own=callers, field=field
        )


#: The checks in the order in which a user would like to hear of them.
CHECKS: Sequence[Callable[[Reader, World, Pair], None]] = (
    _check_states,
    _check_kinds,
    _check_accounts,
    _check_overlap,
    _check_overlap_among_peers,
    _check_not_connected,
    _check_quotas,
)


def _refuse_overlap(ones: Sequence[Prefix], others: Sequence[Prefix], whose: str) -> None:
    """Names the first side's range only: the other may be that of an account that has nothing to do with the caller."""
    found = first_overlap(ones, others)
    if found:
        raise InvalidInput(
            "peer_vpc_id", f"can't be joined: {found[0]} overlaps a range of {whose}", code="overlap"
        )


def _side(vpc: Vpc) -> PeeringSide:
    return PeeringSide(vpc.owner_uid, vpc.region_id, vpc.id)
