"""Anything may be killed at any time: what was acknowledged is still there, and the network comes to what was asked for."""

import contextlib
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.live import Cloud, Refused, Tenant, child_processes, eventually, start_cloud
from tests.support.sites import Oracles, Site, connect, face, make_site

pytestmark = pytest.mark.kernel

HERE = "cn-hangzhou"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Cloud]]:
    """Starts installations on one data folder; the last one running is stopped, and takes all it made with it."""
    started: list[Cloud] = []

    def begin() -> Cloud:
        started.append(start_cloud(tmp_path, "kernel", "--cleanup"))
        return started[-1]

    yield begin
    if started[-1].process.poll() is not None:
        begin()
    for cloud in started[:-1]:
        cloud.close()
    started[-1].stop()
    assert holders_of(started[-1]) == [], "nothing is left behind"


def agent_of(cloud: Cloud) -> int:
    """Process id of the agent, once there is one."""
    (pid,) = eventually("an agent runs", lambda: child_processes(cloud.process.pid, "agent_main"))
    return int(pid)


def kill(pid: int) -> None:
    """End a process without a warning."""
    os.kill(pid, signal.SIGKILL)


def two_linked_sites(tenant: Tenant) -> tuple[Site, Site, dict[str, Any]]:
    """Two sites that reach each other."""
    one = make_site(tenant, HERE, "10.1.0.0/16", "10.1.1.0/24")
    other = make_site(tenant, HERE, "10.2.0.0/16", "10.2.1.0/24")
    return one, other, connect(one, other, auto_routes=True)


def test_a_killed_agent_is_started_again_and_catches_up(start: Callable[..., Cloud]) -> None:
    """Changes made while the agent is dead reach the data plane once it is back; nothing stays half done."""
    cloud = start()
    tenant = cloud.tenant("tenant")
    one, other, peering = two_linked_sites(tenant)
    oracles = Oracles(cloud)
    assert oracles.both(one, other) == (True, True)
    kill(agent_of(cloud))
    deleted = tenant.delete(f"/peerings/{peering['id']}")
    assert deleted["state"] == "deleting"
    tenant.gone(f"/peerings/{peering['id']}")
    assert oracles.both(one, other) == (False, False)
    connect(one, other, auto_routes=True)
    assert oracles.both(one, other) == (True, True)


def test_everything_acknowledged_survives_a_kill_of_everything_but_the_holder(
    start: Callable[..., Cloud],
) -> None:
    """After kill -9 of API, worker and agent, a new start finds the store and the network as they were acknowledged."""
    cloud = start()
    tenant = cloud.tenant("tenant")
    one, other, peering = two_linked_sites(tenant)
    agent = agent_of(cloud)
    kill(cloud.process.pid)
    cloud.process.wait()
    with contextlib.suppress(ProcessLookupError):
        kill(agent)
    again = start()
    assert again.ready["uid"] == cloud.ready["uid"], "the operator's account is found again, not made anew"
    token = again.operator.post(f"/accounts/{tenant.uid}/credentials", role="member")["token"]
    back = again.log_in(tenant.uid, token)
    assert back.get(f"/peerings/{peering['id']}")["state"] == "active"
    here, there = (Site(back, site.region_id, site.vpc, site.vswitch, site.instance) for site in (one, other))
    assert Oracles(again).both(here, there) == (True, True)


def test_a_killed_holder_takes_the_network_down_and_it_is_built_anew(start: Callable[..., Cloud]) -> None:
    """When the holder ends nothing is left behind; the agent then builds everything again."""
    cloud = start()
    one, other, _ = two_linked_sites(cloud.tenant("tenant"))
    oracles = Oracles(cloud)
    assert oracles.both(one, other) == (True, True)
    holders = holders_of(cloud)
    assert holders
    for holder in holders:
        kill(holder)
    eventually("the old holder is gone", lambda: not set(holders) & set(holders_of(cloud)))
    eventually("the network is built anew", lambda: oracles.reach_once(one, other.address))
    assert oracles.both(one, other) == (True, True)


def test_kills_of_the_agent_in_the_middle_of_operations_leave_nothing_over(
    start: Callable[..., Cloud],
) -> None:
    """PEER-2: killed at random moments of creates, accepts and deletes, every state still ends, and packets agree."""
    cloud = start()
    tenant, neighbour = cloud.tenant("tenant"), cloud.tenant("neighbour")
    hub = make_site(tenant, HERE, "10.10.0.0/16", "10.10.1.0/24")
    spokes = [make_site(neighbour, HERE, f"10.{n}.0.0/16", f"10.{n}.1.0/24") for n in (11, 12, 13)]
    chance = random.Random(7)
    live: dict[int, dict[str, Any]] = {}
    for _ in range(12):
        index = chance.randrange(len(spokes))
        if index in live:
            tenant.delete(f"/peerings/{live.pop(index)['id']}")
        else:
            spoke = spokes[index]
            made = eventually("the old connection has gone", lambda spoke=spoke: ask(tenant, hub, spoke))
            neighbour.post(f"/peerings/{made['id']}/accept")
            live[index] = made
        if chance.random() < 0.5:
            kill(agent_of(cloud))
    for made in live.values():
        tenant.settled(f"/peerings/{made['id']}", "active")
    for index, spoke in enumerate(spokes):
        assert Oracles(cloud).both(hub, spoke) == (index in live, index in live)
    assert len(tenant.get("/peerings")["items"]) == len(live)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_kills_of_the_agent_in_the_middle_of_joining_switching_and_removing(
    start: Callable[..., Cloud], moment: str
) -> None:
    """EC-2, EC-4, EC-5: killed just before or after each step of a pair's life, every passing state ends, and packets agree."""
    cloud = start()
    tenant, neighbour = cloud.tenant("tenant"), cloud.tenant("neighbour")
    one = make_site(tenant, HERE, "10.1.0.0/16", "10.1.1.0/24")
    other = make_site(neighbour, HERE, "10.2.0.0/16", "10.2.1.0/24")
    oracles = Oracles(cloud)

    def step(site: Site, interface: dict[str, Any], verb: str, passing: str, state: str) -> None:
        """Ask for a change beside the agent's end, and wait for it."""
        path = f"/router-interfaces/{interface['id']}"
        if moment == "before":
            kill(agent_of(cloud))
        answer = site.tenant.delete(path) if verb == "delete" else site.tenant.post(f"{path}/{verb}")
        assert answer["state"] == passing
        if moment == "after":
            kill(agent_of(cloud))
        site.tenant.gone(path) if state == "gone" else site.tenant.settled(path, state)

    ours, theirs = face(one, other)
    step(one, ours, "connect", "connecting", "active")
    neighbour.settled(f"/router-interfaces/{theirs['id']}", "active")
    entry = one.route("10.2.0.0/16", ours)
    other.route("10.1.0.0/16", theirs)
    assert oracles.both(one, other) == (True, True)
    step(other, theirs, "deactivate", "deactivating", "inactive")
    assert oracles.both(one, other) == (False, False)
    step(other, theirs, "activate", "activating", "active")
    assert oracles.both(one, other) == (True, True)
    tenant.delete(f"/route-entries/{entry['id']}")
    step(one, ours, "deactivate", "deactivating", "inactive")
    step(one, ours, "delete", "deleting", "gone")
    assert oracles.both(one, other) == (False, False)
    assert tenant.get("/router-interfaces")["items"] == []
    assert neighbour.get(f"/router-interfaces/{theirs['id']}")["opposite"]["state"] == "deleted"


def ask(tenant: Tenant, hub: Site, spoke: Site) -> dict[str, Any] | None:
    """A new request from the hub to the spoke; None while the pair's last connection is still being removed."""
    try:
        made: dict[str, Any] = tenant.post(
            "/peerings",
            name="link",
            vpc_id=hub.vpc_id,
            peer_uid=spoke.tenant.uid,
            peer_vpc_id=spoke.vpc_id,
            auto_routes=True,
        )
    except Refused as refused:
        if refused.problem["code"] != "peering_exists":
            raise
        return None
    return made


def holders_of(cloud: Cloud) -> list[int]:
    """Process ids of the holder of the installation's data folder; it keeps its log there open."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b".kernel.holder" in (entry / "cmdline").read_bytes() and any(
                fd.readlink().is_relative_to(cloud.data) for fd in (entry / "fd").iterdir()
            ):
                found.append(int(entry.name))
    return found


def test_a_second_up_on_the_same_folder_is_refused(start: Callable[..., Cloud]) -> None:
    """Two installations never share a data folder by accident."""
    cloud = start()
    with pytest.raises(AssertionError, match="ended instead of starting"):
        start_cloud(cloud.data, "memory")
    assert httpx.get(f"{cloud.ready['url']}/healthz").is_success
