"""How soon packets cross once an accept is answered, and how long after a delete is: all of Peerway, real packets."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from tests.support.live import Cloud, Tenant
from tests.support.sites import Site, make_site

from bench.client import Asker
from bench.dialects import Native, Server
from bench.events import Events
from bench.guests import running
from bench.peerway_peer import disk_folder, started
from bench.stats import Figure, Goal, p99

#: Regions of the requester and of its two peers: one in the same region, one in another.
HERE: Final = "cn-hangzhou"
THERE: Final = "cn-shanghai"

#: Other links that are in place meanwhile.
OTHER_LINKS: Final = 100

#: VPCs that those join, each with an instance; each has a link to the next four.
OTHER_VPCS: Final = 25

#: Time between two probes, µs.
STEP_US: Final = 200

#: Silence that counts as the end, ms; longer than any pause of the scheduler that is usual here.
QUIET_MS: Final = 100

#: Where the echo server listens.
PORT: Final = 7007


def measure(*, quick: bool) -> list[Figure]:
    """The figures; 60 rounds a peer, or 10."""
    with disk_folder() as folder, ExitStack() as stack:
        process, ready = stack.enter_context(started(folder, "kernel"))
        operator = stack.enter_context(closing(Tenant(ready["url"], ready["uid"], ready["token"])))
        cloud = Cloud(folder, ready, process, operator)
        tenants = [stack.enter_context(closing(cloud.tenant(name))) for name in ("other", "one", "two")]
        make_other_links(tenants[0])
        source = make_site(tenants[1], HERE, "10.200.0.0/16", "10.200.0.0/24")
        targets = [
            make_site(tenants[2], region, f"10.{number}.0.0/16", f"10.{number}.0.0/24")
            for number, region in ((201, HERE), (202, THERE))
        ]
        pairs = [probing(stack, cloud, source, target) for target in targets]
        samples = [pair.round() for _ in range(10 if quick else 60) for pair in pairs]
        return figures(samples)


def make_other_links(tenant: Tenant) -> None:
    """Links of one account between VPCs with an instance each, with routes both ways."""
    sites = [
        make_site(tenant, HERE, f"10.{number}.0.0/16", f"10.{number}.0.0/24") for number in range(OTHER_VPCS)
    ]
    made = [
        tenant.post(
            "/peerings",
            name="other",
            vpc_id=site.vpc_id,
            peer_vpc_id=sites[(number + step) % OTHER_VPCS].vpc_id,
            auto_routes=True,
        )
        for number, site in enumerate(sites)
        for step in range(1, OTHER_LINKS // OTHER_VPCS + 1)
    ]
    for peering in made:
        tenant.settled(f"/peerings/{peering['id']}", "active")


@dataclass(frozen=True, slots=True)
class Sample:
    """One round, ms."""

    #: From the answer to the accept to the first answer of the echo server.
    up: float
    #: From the answer to the delete to the last one; below 0 when it came before.
    down: float
    #: How long the accept took.
    accept: float
    #: How long the delete took.
    delete: float


def figures(samples: list[Sample]) -> list[Figure]:
    """What the rounds come to."""
    up, down = tuple(sample.up for sample in samples), tuple(sample.down for sample in samples)
    note = f"{OTHER_LINKS} other links; probe every {STEP_US / 1000} ms, there and back; half of the rounds cross-region"
    name = "accept returned → first packet across"
    return [
        Figure(name=f"{name}, median", unit="ms", samples=up, goal=Goal(most=20), note=note),
        Figure(name=f"{name}, p99", unit="ms", samples=up, goal=Goal(most=100), statistic=p99, note=note),
        Figure(name="delete returned → last packet across, median", unit="ms", samples=down, note=note),
        Figure(
            name="delete returned → last packet across, p99",
            unit="ms",
            samples=down,
            statistic=p99,
            note=note,
        ),
        Figure(name="the accept itself, at the client", unit="ms", samples=tuple(s.accept for s in samples)),
        Figure(name="the delete itself, at the client", unit="ms", samples=tuple(s.delete for s in samples)),
    ]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sites that are joined and parted again and again while a prober runs."""

    source: Site
    target: Site
    #: How both accounts' requests are put.
    native: Native
    asker: Asker
    events: Events

    def round(self) -> Sample:
        """Join, see the first packet, part, see the last."""
        requester, accepter = self.native.requester_token, self.native.accepter_token
        asked, _ = self.asker.ask(self.native.say("POST", "/peerings", requester, self._request()))
        id = self.native.id_of(asked)
        begun = time.monotonic_ns()
        _, accepted = self.asker.ask(self.native.say("POST", f"/peerings/{id}/accept", accepter))
        first = self.events.expect("up", begun)
        self.source.tenant.settled(f"/peerings/{id}", "active")
        ending = time.monotonic_ns()
        _, deleted = self.asker.ask(self.native.say("DELETE", f"/peerings/{id}", requester))
        last = self.events.final("down", QUIET_MS / 1000)
        self.source.tenant.gone(f"/peerings/{id}")
        return Sample(
            up=(first - accepted) / 1e6,
            down=(last - deleted) / 1e6,
            accept=(accepted - begun) / 1e6,
            delete=(deleted - ending) / 1e6,
        )

    def _request(self) -> dict[str, Any]:
        return {
            "name": "link",
            "vpc_id": self.source.vpc_id,
            "peer_uid": self.target.tenant.uid,
            "peer_region_id": self.target.region_id,
            "peer_vpc_id": self.target.vpc_id,
            "auto_routes": True,
        }


def probing(stack: ExitStack, cloud: Cloud, source: Site, target: Site) -> Pair:
    """A prober in the source's instance and an echo server in the target's, until the stack unwinds."""
    agent = Path(source.tenant.get(f"/instances/{source.instance['id']}/shell")["socket"])
    echo = Events(stack.enter_context(running(agent, target.instance["id"], ("echo", str(PORT)))))
    echo.expect("ready")
    words = ("probe", target.address, str(PORT), str(STEP_US), str(QUIET_MS))
    events = Events(stack.enter_context(running(agent, source.instance["id"], words)))
    events.expect("ready")
    url = httpx.URL(cloud.ready["url"])
    server = Server(
        kind="native", host=url.host, port=url.port or 80, tokens=(token_of(source), token_of(target))
    )
    native = server.dialect()
    assert isinstance(native, Native)
    return Pair(source, target, native, stack.enter_context(closing(Asker(server))), events)


def token_of(site: Site) -> str:
    """A fresh token of the site's account."""
    made: dict[str, str] = site.tenant.post(f"/accounts/{site.tenant.uid}/credentials", role="member")
    return made["token"]
