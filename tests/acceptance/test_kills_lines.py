"""The agent killed before, beside and after each step of a border router's life: every passing state ends, packets agree."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.acceptance.test_kills import agent_of, kill, start
from tests.support.kept import kept
from tests.support.live import Cloud, Tenant, eventually
from tests.support.offices import (
    HOST,
    RANGE,
    Office,
    an_office,
    asked,
    healthy,
    join_vbr,
    make_line,
    make_vbr,
    two_lines,
)
from tests.support.sites import Oracles, Site, make_site

from peerway.adapters.dataplane.kernel.names import outside_interface

pytestmark = pytest.mark.kernel

__all__ = ["start"]

HERE = "cn-hangzhou"
#: About when the checks of a line that was cut turn to abnormal, with the default settings, s.
VERDICT_S = 0.3


@pytest.fixture
def office() -> Iterator[Office]:
    """A site of the customer's."""
    with an_office() as made:
        yield made


def test_kills_of_the_agent_in_the_middle_of_a_border_routers_life(
    start: Callable[..., Cloud], office: Office
) -> None:
    """EC-8, EC-9: made, switched off, on, changed, led over by routes and removed; nothing is left over."""
    cloud = start()
    owner, chance, oracles = cloud.tenant("tenant"), random.Random(5), Oracles(cloud)
    site = make_site(owner, HERE, "10.1.0.0/16", "10.1.1.0/24")
    line = make_line(cloud, owner, office.port)
    cloud.synced()
    before = kept(cloud)

    def step(act: Callable[[], Any]) -> Any:
        """Ask for a change with the agent's end before or after it."""
        early = chance.random() < 0.5
        if early:
            kill(agent_of(cloud))
        answer = act()
        if not early:
            kill(agent_of(cloud))
        return answer

    vbr = step(lambda: make_vbr(owner, line))
    path = f"/vbrs/{vbr['id']}"
    side = join_vbr(owner, vbr, site)
    entry = step(lambda: site.route(RANGE, side))
    office.learn(vbr, "10.1.0.0/16")
    assert both_ways(cloud, oracles, office, site, vbr) == (True, True)
    step(lambda: owner.post(f"{path}/terminate"))
    owner.settled(path, "terminated")
    assert not oracles.reach(site, HOST)
    step(lambda: owner.post(f"{path}/recover"))
    owner.settled(path, "active")
    gateways = {"local_gateway": "10.254.0.1/30", "peer_gateway": "10.254.0.2"}
    changed = step(lambda: owner.call("PATCH", path, **gateways))
    eventually("the data plane has followed", lambda: owner.get(path)["settled"])
    office.learn(changed, "10.1.0.0/16")
    assert both_ways(cloud, oracles, office, site, changed) == (True, True)
    step(lambda: owner.delete(f"/route-entries/{entry['id']}"))
    clear(owner, vbr)
    step(lambda: owner.delete(path))
    owner.gone(path)
    assert not oracles.reach(site, HOST)
    cable = outside_interface(vbr["id"])
    eventually("its cable is out of the site", lambda: cable not in office.run("ip -brief link"))
    eventually("every namespace has what it had before", lambda: kept(cloud) == before)
    owner.post(f"/physical-connections/{line['id']}/terminate")
    assert owner.get("/vbrs")["items"] == []


def test_lines_stand_in_for_each_other_while_agents_come_and_go(
    start: Callable[..., Cloud], office: Office
) -> None:
    """EC-11: a line cut while no agent is there is noticed by the next one; a verdict outlives the agent that came to it."""
    cloud = start()
    owner, oracles = cloud.tenant("tenant"), Oracles(cloud)
    site, sides, vbrs = two_lines(cloud, owner, office, "cn-beijing", (100, 0))

    def passes(line: int) -> bool:
        """Whether the office, which knows one line only, and the site reach each other."""
        return asked(cloud, office, vbrs[line], site.address) and oracles.reach(site, HOST)

    assert passes(0)
    kill(agent_of(cloud))
    assert office.pings(site.address), "packets need no agent"
    office.cut(vbrs[0])
    healthy(owner, sides[0], "abnormal")
    assert passes(1)
    kill(agent_of(cloud))
    assert office.pings(site.address), "the other line goes on"
    assert owner.get(f"/router-interfaces/{sides[0]['id']}")["health"] == "abnormal"
    eventually("an agent is back", lambda: oracles.reach_once(site, HOST))
    assert passes(1)
    office.mend()
    office.learn(vbrs[0], "10.1.0.0/16", metric=10)
    healthy(owner, sides[0], "normal")
    assert passes(0)
    office.cut(vbrs[0])
    time.sleep(VERDICT_S)
    kill(agent_of(cloud))
    healthy(owner, sides[0], "abnormal")
    assert passes(1)


def both_ways(
    cloud: Cloud, oracles: Oracles, office: Office, site: Site, vbr: dict[str, Any]
) -> tuple[bool, bool]:
    """Whether VPC and office reach each other."""
    return oracles.reach(site, HOST), asked(cloud, office, vbr, site.address)


def clear(owner: Tenant, vbr: dict[str, Any]) -> None:
    """Take the interfaces of the border router away, both sides, and what leads to them."""
    sides = owner.get("/router-interfaces")["items"]
    for entry in owner.get(f"/route-tables/{vbr['route_table_id']}/entries")["items"]:
        if entry["next_hop"] == "router_interface":
            owner.delete(f"/route-entries/{entry['id']}")
    for side in sides:
        path = f"/router-interfaces/{side['id']}"
        owner.post(f"{path}/deactivate")
        owner.settled(path, "inactive")
        owner.delete(path)
        owner.gone(path)
