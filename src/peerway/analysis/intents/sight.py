"""A network that is looked at, and what of it was looked at: whoever saw the same will answer the same.

Owns what there is to be seen. Answers that rest on something else may not be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple, TypeVar, cast

from peerway.analysis.intents.followed import Followed
from peerway.analysis.intents.holdings import Holdings
from peerway.analysis.network import Network
from peerway.domain.service import LoadBalancer
from peerway.fabric.model import Link, Router
from peerway.fabric.outcomes import Check, Exchange

T = TypeVar("T")


class Sort(Enum):
    """What sort of thing is seen."""

    #: A router, with all that hangs on it.
    ROUTER = "router"
    #: A link.
    LINK = "link"
    #: At which router something stands.
    HOME = "home"
    #: Whose VPC it is.
    OWNER = "owner"
    #: A load balancer.
    BALANCER = "balancer"
    #: Where an account has guests.
    HOLDINGS = "holdings"


class Thing(NamedTuple):
    """Something that can be seen."""

    #: Of which sort.
    sort: Sort
    #: Its id.
    id: str


#: What was seen, and what it was; None for what was not there.
Seen = Mapping[Thing, object]


#: Most packets that are followed for one answer, unless somebody has less patience.
MOST_FOLLOWED: Final = 50_000


@dataclass(slots=True)
class Patience:
    """How many packets may still be followed."""

    #: The number; below 0 once there were too many.
    left: int = MOST_FOLLOWED

    @property
    def is_over(self) -> bool:
        """Whether an answer would have needed more."""
        return self.left < 0


@dataclass(slots=True)
class Shared:
    """What looks at one and the same network have found out for each other."""

    #: By what was looked for: what was found, and what that rests on.
    found: dict[Hashable, tuple[object, Seen]] = field(default_factory=dict)
    #: Packets that were followed, and which others are like them.
    followed: Followed = field(default_factory=Followed)


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at a network."""

    #: The network.
    network: Network
    #: Where accounts have guests in it; None to find out when it is asked for.
    holdings: Holdings | None
    #: What was seen so far.
    seen: dict[Thing, object] = field(default_factory=dict)
    #: How long to look.
    patience: Patience = field(default_factory=Patience)
    #: What other looks at this network have found out, and this one.
    shared: Shared = field(default_factory=Shared)

    def anew(self) -> Sight:
        """Another look at the same network, nothing seen yet."""
        return Sight(self.network, self.holdings, patience=self.patience, shared=self.shared)

    def once(self, key: Hashable, find: Callable[[Sight], T]) -> T:
        """What `find` finds, looked for once by all looks that share; what it rests on is seen by each of them."""
        known = self.shared.found.get(key)
        if known is None:
            sight = self.anew()
            known = find(sight), sight.seen
            if not self.patience.is_over:
                self.shared.found[key] = known
        found, seen = known
        self.seen.update(seen)
        return cast("T", found)

    def router(self, id: str) -> Router | None:
        """A router."""
        found = self.network.fabric.routers.get(id)
        self.seen[Thing(Sort.ROUTER, id)] = found
        return found

    def link(self, id: str) -> Link | None:
        """A link."""
        found = self.network.fabric.links.get(id)
        self.seen[Thing(Sort.LINK, id)] = found
        return found

    def home(self, id: str) -> str:
        """The router at which something stands; empty for none."""
        found = self.network.snapshot.homes.get(id, "")
        self.seen[Thing(Sort.HOME, id)] = found
        return found

    def owner(self, vpc_id: str) -> str:
        """Whose VPC it is; empty for none."""
        found = _owner(self, vpc_id)
        self.seen[Thing(Sort.OWNER, vpc_id)] = found
        return found

    def balancer(self, id: str) -> LoadBalancer | None:
        """A load balancer."""
        found = self.network.snapshot.site(self.home(id)).load_balancers.get(id)
        self.seen[Thing(Sort.BALANCER, id)] = found
        return found

    def vpcs_of(self, uid: str) -> frozenset[str]:
        """VPCs in which an account has guests."""
        found = _vpcs_of(self, uid)
        self.seen[Thing(Sort.HOLDINGS, uid)] = found
        return found

    def note(self, exchange: Exchange) -> None:
        """See what decided an exchange: each router that it came to, and each link."""
        for walk in (exchange.request, exchange.reply):
            last = ""
            for step in walk.steps if walk is not None else ():
                if step.router_id != last:
                    last = step.router_id
                    self.router(last)
                if step.check is Check.LINK:
                    for id in step.subject.split("+"):
                        self.link(id)


def look(sight: Sight, thing: Thing) -> object:
    """What it is in that network; nothing is noted."""
    network, id = sight.network, thing.id
    match thing.sort:
        case Sort.ROUTER:
            return network.fabric.routers.get(id)
        case Sort.LINK:
            return network.fabric.links.get(id)
        case Sort.HOME:
            return network.snapshot.homes.get(id, "")
        case Sort.OWNER:
            return _owner(sight, id)
        case Sort.BALANCER:
            home = network.snapshot.homes.get(id)
            return network.snapshot.site(home).load_balancers.get(id)
        case Sort.HOLDINGS:
            return _vpcs_of(sight, id)


def is_same(thing: Thing, before: object, after: object) -> bool:
    """Whether it is what it was; routers and links that did not change are the identical object."""
    if before is after:
        return True
    return thing.sort not in {Sort.ROUTER, Sort.LINK} and before == after


def _vpcs_of(sight: Sight, uid: str) -> frozenset[str]:
    holdings = sight.holdings if sight.holdings is not None else Holdings.of(sight.network)
    return holdings.of_account(uid)


def _owner(sight: Sight, vpc_id: str) -> str:
    router = sight.network.snapshot.site(vpc_id).router
    return router.owner_uid if router is not None else ""


def differing(before: Sight, after: Sight, sort: Sort, things: Mapping[str, object]) -> list[str]:
    """Which of many things of a sort, which were seen in one network, are not the same in another."""
    old, new = before.network, after.network
    match sort:
        case Sort.ROUTER:
            return _others(old.fabric.routers, new.fabric.routers, things)
        case Sort.LINK:
            return _others(old.fabric.links, new.fabric.links, things)
        case Sort.HOME:
            candidates = set(new.snapshot.homes.differing(old.snapshot.homes))
        case Sort.OWNER:
            candidates = set(new.snapshot.sites.differing(old.snapshot.sites))
        case _:
            candidates = set(things)
    found = candidates & things.keys()
    return [id for id in found if look(after, Thing(sort, id)) != things[id]]


def _others(old: Mapping[str, object], new: Mapping[str, object], things: Mapping[str, object]) -> list[str]:
    if old is new:
        return []
    return [id for id, seen in things.items() if new.get(id) is not seen]
