"""The native API served over a store in memory, with accounts to call it as."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from tests.support.stores import memory_store
from tests.support.world import make_world

from peerway.adapters.store import SqlStore
from peerway.api.app import create_app
from peerway.api.serving.services import Limits, Services
from peerway.app.clock import VirtualClock
from peerway.app.dataplane import Probe, ProbeResult, Verdict
from peerway.app.following import NetworkFollower
from peerway.app.usecases.accounts import ensure_operator
from peerway.domain.guest import GuestView


@dataclass
class MemoryAgent:
    """An agent whose data plane is always as far as it is told."""

    dataplane_name: str = "memory"
    #: What it answers as its revision.
    revision: int = 0
    #: How often it was woken.
    nudges: int = 0
    #: What it was asked to send.
    probes: list[Probe] = field(default_factory=list)
    #: What it finds in instances.
    guests: dict[str, GuestView] = field(default_factory=dict)
    #: Where it says that shells are.
    socket: str | None = None

    def nudge(self) -> None:
        self.nudges += 1

    def applied_revision(self) -> int:
        return self.revision

    def probe(self, probe: Probe) -> ProbeResult:
        self.probes.append(probe)
        return ProbeResult(Verdict.ANSWERED, 0.5)

    def guest_addresses(self, endpoint_id: str) -> GuestView | None:
        return self.guests.get(endpoint_id)

    def link_counters(self) -> None:
        return None

    def shell_socket(self) -> str | None:
        return self.socket


@dataclass
class Account:
    """One account's way to the API."""

    client: httpx.Client
    uid: str
    token: str
    #: Its access key, for the clouds' doors.
    key_id: str = ""
    secret: str = ""

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One request as this account."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        content = {} if body is None else {"json": body}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **content, **options)

    def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The answer of a request that succeeds."""
        response = self.call(method, path, body, **options)
        assert response.is_success, response.text
        return response.json()

    def vpc(self, cidr: str = "10.0.0.0/16", region_id: str = "cn-hangzhou", **fields: Any) -> Any:
        """A new VPC."""
        return self.ok("POST", "/vpcs", {"region_id": region_id, "cidr": cidr, **fields})

    def vswitch(self, vpc: Any, cidr: str = "10.0.1.0/24", **fields: Any) -> Any:
        """A new VSwitch in the VPC."""
        zone = f"{vpc['region_id']}-h"
        return self.ok("POST", "/vswitches", {"vpc_id": vpc["id"], "zone_id": zone, "cidr": cidr, **fields})

    def instance(self, vswitch: Any, **fields: Any) -> Any:
        """A new instance in the VSwitch."""
        return self.ok("POST", "/instances", {"vswitch_id": vswitch["id"], **fields})

    def peering(self, vpc: Any, peer: Any, **fields: Any) -> Any:
        """A new connection between the VPCs."""
        body = {
            "vpc_id": vpc["id"],
            "peer_uid": peer["owner_uid"],
            "peer_region_id": peer["region_id"],
            "peer_vpc_id": peer["id"],
        }
        return self.ok("POST", "/peerings", {**body, **fields})

    def interface(self, vpc: Any, role: str, **fields: Any) -> Any:
        """A new router interface of the VPC's router."""
        return self.ok("POST", "/router-interfaces", {"router_id": vpc["id"], "role": role, **fields})


@dataclass
class Site:
    """Everything a test may need."""

    client: httpx.Client
    services: Services
    store: SqlStore
    clock: VirtualClock
    agent: MemoryAgent
    operator: Account
    names: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def account(self, **fields: Any) -> Account:
        """A new tenant with a member's credential."""
        made = self.operator.ok("POST", "/accounts", {"name": f"tenant-{next(self.names)}", **fields})
        return Account(
            self.client, made["uid"], made["token"], made["access_key_id"], made["access_key_secret"]
        )

    def credential(self, account: Account, role: str) -> Account:
        """The account again, with a credential of that role."""
        made = account.ok("POST", f"/accounts/{account.uid}/credentials", {"role": role})
        return Account(self.client, account.uid, made["token"])

    def anonymous(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request without a token."""
        return self.client.request(method, path, **options)


def make_site(
    limits: Limits,
    wrap: Callable[[SqlStore], Any] = lambda store: store,
    *,
    inline_reads: bool = True,
    open_store: Callable[[VirtualClock], SqlStore] = memory_store,
) -> Iterator[Site]:
    """A fresh API on a port of its own; `wrap` may put something in front of its store."""
    clock, agent = VirtualClock(), MemoryAgent()
    store = open_store(clock)
    world = make_world()
    fresh = store.write(lambda tx: ensure_operator(tx, world))
    services = Services(
        store=wrap(store),
        world=world,
        agent=agent,
        networks=NetworkFollower(),
        limits=limits,
        inline_reads=inline_reads,
    )
    with serving(services) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        operator = Account(client, fresh.account.uid, fresh.token)
        yield Site(client, services, store, clock, agent, operator)
    store.close()


#: A border router as most tests need one; the line is missing.
VBR = {"vlan": 100, "local_gateway": "10.255.0.1/30", "peer_gateway": "10.255.0.2"}


def enabled_line(site: Site, account: Account, access_point_id: str = "ap-cn-hangzhou-yh-ts-A") -> Any:
    """A leased line of the account that was taken through all its steps; each has a port of its own."""
    body = {"access_point_id": access_point_id, "line_operator": "CT"}
    path = f"/physical-connections/{account.ok('POST', '/physical-connections', body)['id']}"
    site.operator.ok("POST", f"{path}/approve", {"room": "room 1", "contact": "Li"})
    site.operator.ok("POST", f"{path}/allocate", {"port": f"interface:eth{next(site.names)}"})
    account.ok("POST", f"{path}/confirm")
    return site.operator.ok("POST", f"{path}/enable")


class Server(uvicorn.Server):
    """Tells when it takes requests, and ends the watch streams when it stops."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop()
        await super().shutdown(sockets)


@contextlib.contextmanager
def serving(services: Services) -> Iterator[str]:
    """Serve in a thread; the address."""
    app = create_app(services)
    server = Server(uvicorn.Config(app, log_level="error", access_log=False), app.state.stop)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert server.ready.wait(20)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
