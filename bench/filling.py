"""Fills a store before its server starts: accounts, VPCs, connections, by the use cases and the store's port, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from peerway.adapters.store import SqlStore
from peerway.app.store import Writer
from peerway.app.usecases.accounts import CreateAccount, NewAccount, create_account, ensure_operator
from peerway.app.usecases.settle import settle_vpc
from peerway.app.usecases.vpcs import CreateVpc, create_vpc
from peerway.app.world import World
from peerway.bootstrap.parts import make_store, make_world
from peerway.domain.account import Caller, Role
from peerway.domain.offer import PeeringOffer
from peerway.domain.peering import Peering, PeeringSide, PeeringState
from peerway.settings import Common

T = TypeVar("T")

#: Where all VPCs are; every cloud has a place there.
REGION: Final = "cn-shanghai"

#: Resources stored in one transaction.
TOGETHER: Final = 2000


@dataclass(frozen=True, slots=True)
class Filled:
    """What is in a store before its server starts."""

    #: Who asks, with half of the VPCs.
    requester: NewAccount
    #: Who accepts, with the other half.
    accepter: NewAccount
    #: VPCs of the one and of the other.
    vpcs: tuple[tuple[str, ...], tuple[str, ...]]
    #: Active connections.
    peerings: tuple[str, ...]


def cidrs() -> Iterator[str]:
    """/24s of 10.0.0.0/8, each once."""
    return (f"10.{number >> 8}.{number & 255}.0/24" for number in range(1 << 16))


def pairs(requesters: Sequence[str], accepters: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every pair of the two halves once: the same VPC comes again only after all the others."""
    for shift in range(len(accepters)):
        for index, requester in enumerate(requesters):
            yield requester, accepters[(index + shift) % len(accepters)]


def fill(data: Path, vpcs: int, peerings: int) -> Filled:
    """Accounts, VPCs and active connections in a new installation's store."""
    options = Common(data=data)
    world, store = make_world(options), make_store(options)
    try:
        operator = store.write(lambda tx: ensure_operator(tx, world)).account.uid
        requester = make_account(store, world, operator, "requester")
        accepter = make_account(store, world, operator, "accepter")
        ranges = cidrs()
        halves = (
            make_vpcs(store, world, requester.account.uid, list(islice(ranges, vpcs // 2))),
            make_vpcs(store, world, accepter.account.uid, list(islice(ranges, vpcs - vpcs // 2))),
        )
        sides = (requester.account.uid, accepter.account.uid)
        links = make_peerings(store, world, sides, islice(pairs(*halves), peerings))
        return Filled(requester, accepter, halves, links)
    finally:
        store.close()


def make_account(store: SqlStore, world: World, operator_uid: str, name: str) -> NewAccount:
    """A tenant."""
    caller = Caller(uid=operator_uid, role=Role.OPERATOR, key_id="bench")
    return store.write(lambda tx: create_account(tx, world, caller, CreateAccount(name=name)))


def make_vpcs(store: SqlStore, world: World, uid: str, ranges: Sequence[str]) -> tuple[str, ...]:
    """VPCs of one account, as if the data plane had made them."""
    caller = Caller(uid=uid, role=Role.MEMBER, key_id="bench")

    def make(tx: Writer, cidr: str) -> str:
        id = create_vpc(tx, world, caller, CreateVpc(region_id=REGION, cidr=cidr)).id
        settle_vpc(tx, world, id)
        return id

    return in_batches(store, ranges, make)


def make_peerings(
    store: SqlStore,
    world: World,
    uids: tuple[str, str],
    wanted: Iterable[tuple[str, str]],
    profile: str = "native",
) -> tuple[str, ...]:
    """Active connections between VPCs of two accounts, by the rules of a product."""

    def make(tx: Writer, pair: tuple[str, str]) -> str:
        requester, accepter = (PeeringSide(uid, REGION, vpc) for uid, vpc in zip(uids, pair, strict=True))
        peering = Peering(
            id=world.entropy.new_id(world.require_profile(profile).id_prefix),
            owner_uid=requester.uid,
            created_at=tx.now,
            name="link",
            profile=profile,
            requester=requester,
            accepter=accepter,
            state=PeeringState.ACTIVE,
            state_since=tx.now,
            generation=2,
            observed_generation=2,
        )
        return tx.insert(peering).id

    return in_batches(store, list(wanted), make)


def make_halves(
    store: SqlStore, world: World, uid: str, wanted: Iterable[tuple[str, str]]
) -> tuple[str, ...]:
    """One account's halves of connections that nobody has met yet."""

    def make(tx: Writer, pair: tuple[str, str]) -> str:
        vpc_id, remote_vpc_id = pair
        half = PeeringOffer(
            id=world.entropy.new_id("vpcpr"),
            owner_uid=uid,
            created_at=tx.now,
            name=vpc_id.replace("-", "_"),
            region_id=REGION,
            vpc_id=vpc_id,
            remote_vpc_id=remote_vpc_id,
        )
        return tx.insert(half).id

    return in_batches(store, list(wanted), make)


def in_batches(store: SqlStore, items: Sequence[T], make: Callable[[Writer, T], str]) -> tuple[str, ...]:
    """Ids of what was made of the items, `TOGETHER` in a transaction."""
    made: list[str] = []
    for start in range(0, len(items), TOGETHER):
        made += store.write(partial(make_all, make=make, items=items[start : start + TOGETHER]))
    return tuple(made)


def make_all(tx: Writer, *, make: Callable[[Writer, T], str], items: Sequence[T]) -> list[str]:
    """Ids of what was made of the items."""
    return [make(tx, item) for item in items]
