"""The clouds' doors beside the native API: reading one connection through each, and the first and the last page of long lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Final

from bench.client import Asker, Job, Outcome, run
from bench.dialects import Native, Server
from bench.filling import fill, make_halves, make_peerings, pairs
from bench.peerway_peer import Peerway, disk_folder, serving
from bench.processes import cpu_seconds
from bench.signed import ALIBABA_REGION, VPC, VPC_PEER, Signer
from bench.stats import Figure, Goal, number, ratios
from peerway.bootstrap.parts import make_store, make_world
from peerway.settings import Common

#: Connections that are used at once.
LANES: Final = (1, 16)

#: Products by whose rules there are connections: each door reads those of its own.
PROFILES: Final = ("native", "alibaba", "tencent")

#: Different connections of a product that are read in turns.
READ: Final = 200

#: Items of a page, the most that most lists give, and what others give.
PAGE: Final = 100
SMALL_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    #: Items of each list.
    items: int
    #: Rounds of reads, and how often each door is asked in one.
    rounds: int
    reads: int
    #: Rounds of lists, and how often each page is asked for in one.
    list_rounds: int
    pages: int


FULL: Final = Plan(items=10_000, rounds=7, reads=2_000, list_rounds=5, pages=40)
QUICK: Final = Plan(items=1_000, rounds=3, reads=400, list_rounds=3, pages=5)


@dataclass(frozen=True, slots=True)
class Place:
    """A running installation, with what one account has in it."""

    peerway: Peerway
    signer: Signer
    #: Connections by their product; `jdcloud` has halves.
    links: Mapping[str, tuple[str, ...]]

    @property
    def native(self) -> Native:
        """The native API's requests."""
        server = self.peerway.server
        return Native(f"{server.host}:{server.port}", *server.tokens, server.accepter_uid)


#: Makes the request that reads a connection.
Reading = Callable[[Place, str], bytes]


@dataclass(slots=True)
class Door:
    """A way in, and what came of asking there."""

    name: str
    #: Product whose connections it reads.
    profile: str
    reading: Reading
    rates: list[float] = field(default_factory=list)
    #: Processor time of the server a request, ms, round by round.
    cpu_ms: list[float] = field(default_factory=list)

    def round(self, place: Place, reads: int, lanes: int) -> None:
        """Read that many connections."""
        ids = islice(cycle(place.links[self.profile][:READ]), reads)
        requests = [(self.reading(place, id), id) for id in ids]
        before = cpu_seconds(place.peerway.pid)
        self.rates.append(sent(place.peerway.server, requests, lanes).rate)
        self.cpu_ms.append((cpu_seconds(place.peerway.pid) - before) * 1000 / reads)


def doors() -> list[Door]:
    """The native API and then each door."""
    attribute, connections = "GetVpcPeerConnectionAttribute", "DescribeVpcPeeringConnections"
    return [
        Door("native", "native", lambda place, id: place.native.describe(id)),
        Door(
            "Alibaba V3",
            "alibaba",
            lambda place, id: place.signer.alibaba_v3(VPC_PEER, attribute, InstanceId=id),
        ),
        Door(
            "Alibaba RPC v1",
            "alibaba",
            lambda place, id: place.signer.alibaba_v1(VPC_PEER, attribute, InstanceId=id),
        ),
        Door(
            "Tencent TC3",
            "tencent",
            lambda place, id: place.signer.tencent_v3(connections, PeeringConnectionIds=[id]),
        ),
        Door(
            "Tencent v1",
            "tencent",
            lambda place, id: place.signer.tencent_v1(connections, **{"PeeringConnectionIds.0": id}),
        ),
        Door(
            "Tencent API v2",
            "tencent",
            lambda place, id: place.signer.tencent_v2(connections, peeringConnectionId=id),
        ),
        Door("JD JDCLOUD3", "jdcloud", lambda place, id: place.signer.jdcloud_3(f"vpcPeerings/{id}")),
        Door("JD JDCLOUD2", "jdcloud", lambda place, id: place.signer.jdcloud_2(f"vpcPeerings/{id}")),
    ]


def measure(*, quick: bool) -> list[Figure]:
    """All figures of the doors."""
    plan = QUICK if quick else FULL
    with running_place(plan) as place:
        return [*measure_reads(plan, place), *measure_lists(plan, place)]


@contextmanager
def running_place(plan: Plan) -> Iterator[Place]:
    """An installation in which one account has that many VPCs, connections and halves."""
    with disk_folder() as data:
        filled = fill(data, 2 * plan.items, 0)
        links = link(data, plan, filled.requester.account.uid, filled.accepter.account.uid, filled.vpcs)
        with serving(data, filled) as peerway:
            key = filled.requester
            host = f"{peerway.server.host}:{peerway.server.port}"
            yield Place(peerway, Signer(host, key.credential.id, key.access_key_secret), links)


def link(
    data: Path, plan: Plan, uid: str, peer_uid: str, vpcs: tuple[tuple[str, ...], tuple[str, ...]]
) -> Mapping[str, tuple[str, ...]]:
    """Connections by their product, as many of each, and as many halves as connections in all."""
    options = Common(data=data)
    world, store = make_world(options), make_store(options)
    try:
        wanted = list(islice(pairs(*vpcs), plan.items))
        made = {
            profile: make_peerings(store, world, (uid, peer_uid), wanted[place :: len(PROFILES)], profile)
            for place, profile in enumerate(PROFILES)
        }
        return {**made, "jdcloud": make_halves(store, world, uid, wanted)}
    finally:
        store.close()


def sent(server: Server, requests: list[tuple[bytes, str]], lanes: int) -> Outcome:
    """What came of sending the requests, each with a text that its answer has to have in it."""
    items = tuple((whole.decode("latin-1"), wanted) for whole, wanted in requests)
    return run(Job(server=server, flow="send", connections=lanes, seconds=None, items=items))


def measure_reads(plan: Plan, place: Place) -> Iterator[Figure]:
    """Read connections, all doors in turns."""
    for lanes in LANES:
        native, *others = ways = doors()
        for _ in range(plan.rounds):
            for way in ways:
                way.round(place, plan.reads, lanes)
        clients = f"{lanes} connection{'s' if lanes > 1 else ''}"
        for door in others:
            yield Figure(
                name=f"{door.name}: read one, times the native rate, {clients}",
                samples=ratios(door.rates, native.rates),
                goal=Goal(least=0.7),
                note=f"{number(median(door.rates))}/s, {number(median(door.cpu_ms))} ms of the server's processor time each",
            )
        yield Figure(
            name=f"native API: read one, {clients}",
            unit="/s",
            samples=tuple(native.rates),
            note=f"{number(median(native.cpu_ms))} ms of the server's processor time each",
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: how to ask for its first and its last page, and what the answers have in them."""

    name: str
    first: Callable[[], bytes]
    last: Callable[[], bytes]
    wanted: str = ""
    #: Whether a goal goes with it.
    door: bool = True


def measure_lists(plan: Plan, place: Place) -> Iterator[Figure]:
    """First and last pages of all lists, in turns."""
    lists = listings(plan, place)
    times: dict[tuple[str, bool], list[float]] = {}
    for _ in range(plan.list_rounds):
        for listing in lists:
            for at_end, ask in ((False, listing.first), (True, listing.last)):
                requests = [(ask(), listing.wanted) for _ in range(plan.pages)]
                took = sent(place.peerway.server, requests, 1).latencies_ms
                times.setdefault((listing.name, at_end), []).append(median(took))
    for listing in lists:
        first, last = times[listing.name, False], times[listing.name, True]
        yield Figure(
            name=f"{listing.name}: last page of {number(plan.items)}, times the first",
            samples=ratios(last, first),
            goal=Goal(most=1.5) if listing.door else None,
            note=f"p50 of the first {number(median(first))} ms, of the last {number(median(last))} ms",
        )


def listings(plan: Plan, place: Place) -> list[Listing]:
    """The lists of VPCs and connections, each in its cloud's own pages."""
    signer, items = place.signer, plan.items
    return [
        native_list(place),
        alibaba_list(place),
        numbered(
            "Alibaba DescribeVpcs",
            items,
            SMALL_PAGE,
            lambda number: signer.alibaba_v3(
                VPC, "DescribeVpcs", RegionId=ALIBABA_REGION, PageSize=str(SMALL_PAGE), PageNumber=str(number)
            ),
        ),
        by_offset(
            "Tencent DescribeVpcs",
            items,
            PAGE,
            lambda offset: signer.tencent_v3("DescribeVpcs", Offset=str(offset), Limit=str(PAGE)),
        ),
        by_offset(
            "Tencent DescribeVpcPeeringConnections",
            items,
            PAGE,
            lambda offset: signer.tencent_v3("DescribeVpcPeeringConnections", Offset=offset, Limit=PAGE),
        ),
        by_offset(
            "Tencent API v2 DescribeVpcEx",
            items,
            SMALL_PAGE,
            lambda offset: signer.tencent_v2("DescribeVpcEx", offset=str(offset), limit=str(SMALL_PAGE)),
        ),
        by_offset(
            "Tencent API v2 DescribeVpcPeeringConnections",
            items,
            SMALL_PAGE,
            lambda offset: signer.tencent_v2(
                "DescribeVpcPeeringConnections", offset=str(offset), limit=str(SMALL_PAGE)
            ),
        ),
        numbered(
            "JD describeVpcs",
            items,
            PAGE,
            lambda number: signer.jdcloud_3(f"vpcs/?pageNumber={number}&pageSize={PAGE}"),
        ),
        numbered(
            "JD describeVpcPeerings",
            items,
            PAGE,
            lambda number: signer.jdcloud_3(f"vpcPeerings/?pageNumber={number}&pageSize={PAGE}"),
        ),
    ]


def numbered(name: str, items: int, size: int, ask: Callable[[int], bytes]) -> Listing:
    """A list by page numbers; its answers tell how long it is."""
    return Listing(name, lambda: ask(1), lambda: ask(items // size), f":{items}")


def by_offset(name: str, items: int, size: int, ask: Callable[[int], bytes]) -> Listing:
    """A list by offsets; its answers tell how long it is."""
    return Listing(name, lambda: ask(0), lambda: ask(items - size), f":{items}")


def alibaba_list(place: Place) -> Listing:
    """A list by tokens, walked to its end for the last page's."""

    def ask(token: str) -> bytes:
        more = {"NextToken": token} if token else {}
        return place.signer.alibaba_v3(
            VPC_PEER, "ListVpcPeerConnections", RegionId=ALIBABA_REGION, MaxResults=str(PAGE), **more
        )

    last = walked(place, ask, "NextToken")
    return Listing("Alibaba ListVpcPeerConnections", lambda: ask(""), lambda: ask(last), "TotalCount")


def native_list(place: Place) -> Listing:
    """The native API's list, for comparison."""

    def ask(after: str) -> bytes:
        more = f"&after={after}" if after else ""
        return place.native.say("GET", f"/peerings?limit={PAGE}{more}", place.native.requester_token)

    last = walked(place, ask, "next")
    return Listing("native API, connections", lambda: ask(""), lambda: ask(last), "items", door=False)


def walked(place: Place, ask: Callable[[str], bytes], field: str) -> str:
    """What asks for the last page: the token that the last but one answer has in a field."""
    asker, token = Asker(place.peerway.server), ""
    try:
        while True:
            body, _ = asker.ask(ask(token))
            following = json.loads(body)[field]
            if not following:
                return token
            token = following
    finally:
        asker.close()
