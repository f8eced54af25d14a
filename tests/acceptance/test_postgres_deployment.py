"""API, worker and agent as processes of their own on one PostgreSQL: what one writes, all of them act on."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.support.live import PATIENCE_S, Refused, Tenant, answered, eventually
from tests.support.postgres_server import postgres_server
from tests.support.sites import Site, make_site

from peerway.adapters.entropy import SystemEntropy
from peerway.adapters.sealer import FernetSealer
from peerway.adapters.store import open_store
from peerway.app.usecases.accounts import ensure_operator
from peerway.app.world import World
from peerway.profiles.model import load_access_points, load_limits, load_profiles, load_regions
from peerway.profiles.prices import load_price_books

pytestmark = [pytest.mark.kernel, pytest.mark.postgres]

HERE = "cn-hangzhou"

#: Longer than any request waits for an answer, in the store's microseconds.
EIGHT_DAYS_US = 8 * 86_400 * 1_000_000


@dataclass
class Deployment:
    """One database, one data folder a host, and the processes on them."""

    database: str
    #: The host with the agent, and one that has only an API.
    near: Path
    far: Path
    processes: list[subprocess.Popen[bytes]]
    clients: list[Tenant]

    def start(self, part: str, data: Path, *options: str) -> subprocess.Popen[bytes]:
        """Start a part of Peerway."""
        argv = [sys.executable, "-m", "peerway.cli.main", part, "--data", str(data)]
        argv += ["--database", self.database, *options]
        self.processes.append(subprocess.Popen(argv))
        return self.processes[-1]

    def api(self, data: Path) -> str:
        """Start an API; its address once it takes requests."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"127.0.0.1:{listener.getsockname()[1]}"
        process = self.start("api", data, "--listen", address, "--dataplane", "kernel")

        def is_up() -> bool:
            assert process.poll() is None, "the API ended instead of starting"
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"http://{address}/healthz").is_success
            return False

        eventually("the API is up", is_up)
        return f"http://{address}"

    def client(self, url: str, uid: str, token: str) -> Tenant:
        """An account's way to one of the APIs."""
        self.clients.append(Tenant(url, uid, token))
        return self.clients[-1]

    def stop(self) -> None:
        """End everything; all parts stop in order when they are told to."""
        for client in self.clients:
            client.close()
        for process in reversed(self.processes):
            process.terminate()
        assert [process.wait(PATIENCE_S) for process in self.processes] == [0] * len(self.processes)


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """An empty database, and nothing running yet."""
    near, far = tmp_path / "near", tmp_path / "far"
    near.mkdir()
    far.mkdir()
    with postgres_server() as url:
        made = Deployment(url, near, far, [], [])
        try:
            yield made
        finally:
            made.stop()


def make_operator(deployment: Deployment) -> tuple[str, str]:
    """The first operator's uid and token; the key goes to both hosts, as an installation's key must."""
    key = deployment.near / "secret.key"
    world = World(
        regions=load_regions(),
        profiles=load_profiles(),
        limits=load_limits(),
        entropy=SystemEntropy(),
        sealer=FernetSealer(key),
        access_points=load_access_points(),
        prices=load_price_books(),
    )
    store = open_store(deployment.database)
    try:
        fresh = store.write(lambda tx: ensure_operator(tx, world))
    finally:
        store.close()
    (deployment.far / "secret.key").write_bytes(key.read_bytes())
    return fresh.account.uid, fresh.token


def reaches(source: Site, target: str) -> bool:
    """Whether one ping is answered right now."""
    result = source.tenant.post(
        f"/instances/{source.instance['id']}/probe", target=target, count=1, timeout_ms=200
    )
    return answered(result["results"][0]["verdict"])


def overdue(deployment: Deployment, peering_id: str) -> None:
    """Put a request's deadline into the past, as no clock of another process can be moved."""
    with psycopg.connect(deployment.database, autocommit=True) as connection:
        changed = connection.execute(
            "UPDATE peering SET expires_at = expires_at - %s WHERE id = %s", (EIGHT_DAYS_US, peering_id)
        )
        assert changed.rowcount == 1


def request(one: Site, other: Site) -> dict[str, Any]:
    """A request for a connection between sites of two accounts."""
    made: dict[str, Any] = one.tenant.post(
        "/peerings",
        name="link",
        vpc_id=one.vpc_id,
        peer_uid=other.tenant.uid,
        peer_vpc_id=other.vpc_id,
        auto_routes=True,
    )
    return made


def outcome(call: Callable[[], Any]) -> str:
    """What a call came to: `ok`, or the problem's code."""
    try:
        call()
    except Refused as refused:
        return str(refused.problem["code"])
    return "ok"


def test_two_apis_two_workers_and_an_agent_share_one_database(deployment: Deployment) -> None:
    """Create by one API, accept and delete by the other, which has no agent beside it: the agent sees it in the database.

    A credential that one API deletes is dead at the other, and of two workers only one expires a request (PEER-3).
    """
    uid, token = make_operator(deployment)
    deployment.start("agent", deployment.near, "--cleanup")
    for data in (deployment.near, deployment.far):
        deployment.start("worker", data)
    near, far = deployment.api(deployment.near), deployment.api(deployment.far)
    operator = deployment.client(near, uid, token)
    accounts = [operator.post("/accounts", name=name) for name in ("asker", "answerer")]
    asker = deployment.client(near, accounts[0]["uid"], accounts[0]["token"])
    answerer = deployment.client(near, accounts[1]["uid"], accounts[1]["token"])
    afar = deployment.client(far, accounts[1]["uid"], accounts[1]["token"])

    one = make_site(asker, HERE, "10.1.0.0/16", "10.1.1.0/24")
    other = make_site(afar, HERE, "10.2.0.0/16", "10.2.1.0/24")
    peering = request(one, other)
    outcomes = [
        outcome(lambda: afar.post(f"/peerings/{peering['id']}/accept")),
        outcome(lambda: answerer.post(f"/peerings/{peering['id']}/reject")),
    ]
    assert outcomes == ["ok", "illegal_state"]
    asker.settled(f"/peerings/{peering['id']}", "active")
    assert reaches(one, other.address)
    afar.delete(f"/peerings/{peering['id']}")
    asker.gone(f"/peerings/{peering['id']}")
    assert not reaches(one, other.address)

    late = request(one, other)
    overdue(deployment, late["id"])
    asker.settled(f"/peerings/{late['id']}", "expired")
    log = operator.get("/audit?limit=1000&all_accounts=true")["items"]
    done = [entry["action"] for entry in log if entry["resource_id"] == late["id"]]
    assert len(done) == 2, f"requested and expired, each once: {done}"

    spare = operator.post(f"/accounts/{asker.uid}/credentials", role="member")
    guest = deployment.client(far, asker.uid, spare["token"])
    assert guest.get("/whoami")["uid"] == asker.uid
    operator.delete(f"/credentials/{spare['credential']['id'] if 'credential' in spare else spare['id']}")
    assert outcome(lambda: guest.get("/whoami")) == "unauthenticated"
