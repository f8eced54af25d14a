"""The agent killed amid operations on links, gateways and load balancers: packets agree, and the kernel ends as it began."""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.acceptance.test_kills import agent_of, kill, start
from tests.support.guests import python_in, running_in
from tests.support.kept import kept
from tests.support.live import Cloud, Refused, eventually
from tests.support.outsides import ASK, PORT, SERVER, TELLER, Outside, world_outside
from tests.support.sites import Oracles, Site, face, join, make_site

from peerway.adapters.dataplane.kernel.names import router_namespace
from peerway.domain.router_interface import SPECS

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the tests look into the driver's namespaces"),
]

__all__ = ["start"]

HERE, THERE = "cn-hangzhou", "cn-beijing"
#: A kill comes at most so long after the request was sent: the data plane is in the middle of it then, s.
LATEST_S = 0.02


@dataclass(slots=True)
class Kills:
    """Asks for changes, and ends the agent somewhere in the middle of each."""

    cloud: Cloud
    chance: random.Random
    #: What the kernel had to begin with.
    before: dict[str, list[str]] = field(default_factory=dict)
    site: Site | None = None

    def begin(self, site: Site) -> None:
        """Remember what the kernel has now; a site in it tells whether an agent serves."""
        self.cloud.synced()
        self.site, self.before = site, kept(self.cloud)

    def wait(self) -> None:
        """Wait until an agent has the network that it was killed in the middle of."""
        assert self.site is not None
        serving(self.cloud, self.site)
        self.cloud.synced()

    def amid(self, act: Callable[..., Any], *arguments: Any, **fields: Any) -> Any:
        """The answer to a request after which the agent is killed while it programs it, or just before or after."""
        self.wait()
        agent = agent_of(self.cloud)
        timer = threading.Timer(self.chance.uniform(0, LATEST_S), kill, [agent])
        timer.start()
        answer = act(*arguments, **fields)
        timer.join()
        return answer

    def nothing_is_left(self) -> None:
        """Wait until the kernel has what it had to begin with, and nothing else."""
        self.cloud.synced()
        seen: list[Any] = []

        def look() -> bool:
            seen[:] = [differences(self.before, kept(self.cloud))]
            return not seen[0]

        with suppress(AssertionError):
            eventually("the kernel has what it had before", look)
        assert seen == [{}]


def differences(
    before: dict[str, list[str]], now: dict[str, list[str]]
) -> dict[str, tuple[list[str], list[str]]]:
    """What each namespace has lost, and what it has in addition."""
    names = before.keys() | now.keys()
    found = {name: (Counter(before.get(name, ["?"])), Counter(now.get(name, ["?"]))) for name in names}
    return {name: (list(was - has), list(has - was)) for name, (was, has) in found.items() if was != has}


@pytest.fixture
def kills(start: Callable[..., Cloud]) -> Kills:
    """Kills of the agent of an installation."""
    return Kills(start(), random.Random(3))


@pytest.fixture
def internet(kills: Kills) -> Iterator[Outside]:
    """The world outside, connected to the region."""
    with world_outside() as world:
        kills.cloud.operator.post(
            "/external-networks", region_id=HERE, port=world.port, pools=["203.0.113.0/24"]
        )
        yield world


def asked(cloud: Cloud, site: Site, address: str, port: int = PORT) -> str:
    """Whom a teller at that address sees when the site's instance asks; empty when nobody answers."""
    cloud.synced()
    serving(cloud, site)
    return python_in(site.tenant, site.instance["id"], ASK, address, str(port), "0.7").strip()


def serving(cloud: Cloud, site: Site) -> None:
    """Wait until an agent has the site's instance."""

    def look() -> bool:
        try:
            site.tenant.post(f"/instances/{site.instance['id']}/probe", target=site.address, timeout_ms=100)
        except Refused as refused:
            if refused.status != 503:
                raise
            return False
        return True

    agent_of(cloud)
    eventually("an agent serves", look)


def test_kills_amid_a_nat_gateways_life(kills: Kills, internet: Outside) -> None:
    """NET-8: made, given an address and entries both ways, and all of it taken back."""
    cloud = kills.cloud
    site = make_site(cloud.tenant("tenant"), HERE, "10.1.0.0/16", "10.1.1.0/24")
    owner, outside = site.tenant, internet.interfaces()
    kills.begin(site)
    eip = owner.post("/eips", region_id=HERE)
    gateway = kills.amid(owner.post, "/nat-gateways", vpc_id=site.vpc_id)
    path = f"/nat-gateways/{gateway['id']}"
    owner.settled(path, "available")
    owner.post(f"/eips/{eip['id']}/associate", target="nat_gateway", target_id=gateway["id"])
    entry = owner.post(
        f"/route-tables/{site.table_id}/entries",
        destination="0.0.0.0/0",
        next_hop="nat_gateway",
        next_hop_id=gateway["id"],
    )
    leaving = kills.amid(
        owner.post, f"{path}/snat-entries", vswitch_id=site.vswitch["id"], public=[eip["address"]]
    )
    assert asked(cloud, site, SERVER) == eip["address"]
    coming = kills.amid(
        owner.post,
        f"{path}/dnat-entries",
        public=eip["address"],
        public_port=80,
        private=site.address,
        private_port=8080,
        protocol="tcp",
    )
    serving(cloud, site)
    with running_in(owner, site.instance["id"], TELLER, "8080"):
        cloud.synced()
        assert internet.ask(eip["address"], 80) == SERVER
    owner.delete(f"/dnat-entries/{coming['id']}")
    kills.amid(owner.delete, f"/snat-entries/{leaving['id']}")
    assert asked(cloud, site, SERVER) == ""
    owner.delete(f"/route-entries/{entry['id']}")
    owner.post(f"/eips/{eip['id']}/disassociate")
    kills.amid(owner.delete, path)
    owner.gone(path)
    kills.nothing_is_left()
    eventually("nothing is left outside", lambda: internet.interfaces() == outside)


def test_kills_amid_a_public_address_life(kills: Kills, internet: Outside) -> None:
    """NET-10: an instance's way out and in comes with its public address, and goes with it."""
    cloud = kills.cloud
    site = make_site(cloud.tenant("tenant"), HERE, "10.1.0.0/16", "10.1.1.0/24")
    owner, outside = site.tenant, internet.interfaces()
    kills.begin(site)
    eip = owner.post("/eips", region_id=HERE)
    for _ in range(2):
        kills.amid(
            owner.post, f"/eips/{eip['id']}/associate", target="instance", target_id=site.instance["id"]
        )
        assert asked(cloud, site, SERVER) == eip["address"]
        kills.amid(owner.post, f"/eips/{eip['id']}/disassociate")
        assert asked(cloud, site, SERVER) == ""
    kills.nothing_is_left()
    eventually("nothing is left outside", lambda: internet.interfaces() == outside)


def test_kills_amid_a_load_balancers_life(kills: Kills) -> None:
    """NET-6: made, given a listener and a backend, and all of it taken back."""
    cloud = kills.cloud
    site = make_site(cloud.tenant("tenant"), HERE, "10.1.0.0/16", "10.1.1.0/24")
    backend, owner = site.another("10.1.2.0/24"), site.tenant
    kills.begin(site)
    balancer = kills.amid(owner.post, "/load-balancers", vswitch_id=site.vswitch["id"])
    path = f"/load-balancers/{balancer['id']}"
    balancer = owner.settled(path, "available")
    listener = owner.post(f"{path}/listeners", protocol="tcp", port=80)
    behind = kills.amid(
        owner.post, f"/listeners/{listener['id']}/backends", instance_id=backend.instance["id"], port=8080
    )
    serving(cloud, backend)
    with running_in(owner, backend.instance["id"], TELLER, "8080"):
        # its check has to see that somebody answers there now
        eventually("it answers", lambda: asked(cloud, site, balancer["address"], 80) == site.address)
    kills.amid(owner.delete, f"/backends/{behind['id']}")
    assert asked(cloud, site, balancer["address"], 80) == ""
    owner.delete(f"/listeners/{listener['id']}")
    kills.amid(owner.delete, path)
    owner.gone(path)
    kills.nothing_is_left()


def test_kills_amid_the_life_of_a_pair_of_interfaces(kills: Kills) -> None:
    """EC-2, EC-4, EC-5: connected, switched off and on, and deleted; of the link nothing is left at either end."""
    cloud = kills.cloud
    owner = cloud.tenant("tenant")
    one = make_site(owner, HERE, "10.1.0.0/16", "10.1.1.0/24")
    other = make_site(owner, HERE, "10.2.0.0/16", "10.2.1.0/24")
    kills.begin(one)
    ours, theirs = face(one, other)
    paths = [f"/router-interfaces/{side['id']}" for side in (ours, theirs)]
    for verb, state in (("connect", "active"), ("deactivate", "inactive"), ("activate", "active")):
        kills.amid(owner.post, f"{paths[0]}/{verb}")
        owner.settled(paths[0], state)
    entries = one.route("10.2.0.0/16", ours), other.route("10.1.0.0/16", theirs)
    serving(cloud, one)
    assert Oracles(cloud).both(one, other) == (True, True)
    for entry in entries:
        owner.delete(f"/route-entries/{entry['id']}")
    for path in paths:
        owner.post(f"{path}/deactivate")
        owner.settled(path, "inactive")
        kills.amid(owner.delete, path)
        owner.gone(path)
    kills.nothing_is_left()


def test_kills_amid_changes_of_a_spec(kills: Kills) -> None:
    """EC-6: the interface comes back to active each time, and the shaper has the new rate."""
    cloud = kills.cloud
    owner = cloud.tenant("tenant")
    one = make_site(owner, HERE, "10.1.0.0/16", "10.1.1.0/24")
    other = make_site(owner, THERE, "10.2.0.0/16", "10.2.1.0/24")
    ours, theirs = join(one, other, "Small.1")
    one.route("10.2.0.0/16", ours)
    other.route("10.1.0.0/16", theirs)
    kills.begin(one)
    path = f"/router-interfaces/{ours['id']}"
    for spec in ("Middle.5", "Small.5", "Small.1"):
        kills.amid(owner.call, "PATCH", path, spec=spec)
        assert owner.settled(path, "active")["spec"] == spec
        cloud.synced()
        shown = kept(cloud)
        for site in (one, other):
            queues = [line for line in shown[router_namespace(site.vpc_id)] if "qdisc tbf" in line]
            assert [line.partition(" rate ")[2].split()[0] for line in queues] == [rate(spec)]
    serving(cloud, one)
    assert Oracles(cloud).both(one, other) == (True, True)
    kills.nothing_is_left()


def rate(spec: str) -> str:
    """A spec's rate as `tc` shows it."""
    return f"{SPECS[spec]}Mbit"
