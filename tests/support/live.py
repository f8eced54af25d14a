"""A whole Peerway as its users run it, and a small client; the tests' own, so that they don't lean on the CLI's."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from peerway.adapters.store import open_store
from peerway.analysis.network import Network
from peerway.app.dataplane import Verdict
from peerway.app.following import NetworkFollower

#: How long anything may take that a test waits for, s.
PATIENCE_S = 20.0


def eventually(what: str, look: Callable[[], Any]) -> Any:
    """The first true answer of `look`; it is asked again until then. Fails after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    pace = threading.Event()
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        pace.wait(0.005)


class Refused(AssertionError):
    """The API answered with a problem."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(
            f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}"
        )
        self.status = response.status_code
        self.problem = response.json() if response.content else {}


class Tenant:
    """One account's way to the API."""

    def __init__(self, url: str, uid: str, token: str, key_id: str = "", secret: str = "") -> None:
        self.uid = uid
        #: Its access key, for the clouds' doors; empty for one that logged in by its token.
        self.key_id, self.secret = key_id, secret
        #: Where the doors are: `HOST:PORT`.
        self.endpoint = url.partition("://")[2]
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S
        )

    def call(self, method: str, path: str, **body: Any) -> Any:
        """One request with a JSON body; `Refused` when the answer is a problem."""
        response = self._http.request(method, path, json=body or None)
        if response.is_error:
            raise Refused(response)
        return response.json() if response.content else None

    def get(self, path: str) -> Any:
        """Read one thing."""
        return self.call("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        """Make one thing."""
        return self.call("POST", path, **body)

    def delete(self, path: str) -> Any:
        """Remove one thing."""
        return self.call("DELETE", path)

    def settled(self, path: str, state: str) -> dict[str, Any]:
        """The resource once it is in that state."""

        def look() -> dict[str, Any] | None:
            resource: dict[str, Any] = self.get(path)
            return resource if resource["state"] == state else None

        return eventually(f"{path} is {state}", look)

    def gone(self, path: str) -> None:
        """Wait until the resource is not there any more."""

        def look() -> bool:
            try:
                self.get(path)
            except Refused as refused:
                return refused.status == 404
            return False

        eventually(f"{path} is gone", look)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()


@dataclass(slots=True)
class Cloud:
    """A running installation."""

    data: Path
    ready: dict[str, str]
    process: subprocess.Popen[bytes]
    operator: Tenant
    #: Accounts that were made, and let go of with the installation.
    tenants: list[Tenant] = field(default_factory=list)

    def tenant(self, name: str, **fields: Any) -> Tenant:
        """A new account."""
        made = self.operator.post("/accounts", name=name, **fields)
        return self.log_in(made["uid"], made["token"], made["access_key_id"], made["access_key_secret"])

    def log_in(self, uid: str, token: str, key_id: str = "", secret: str = "") -> Tenant:
        """An account by its token, and its access key if that is known."""
        self.tenants.append(Tenant(self.ready["url"], uid, token, key_id, secret))
        return self.tenants[-1]

    def close(self) -> None:
        """Let go of all connections; the process goes on."""
        for tenant in (self.operator, *self.tenants):
            tenant.close()

    def stop(self) -> None:
        """End it."""
        self.close()
        self.process.terminate()
        assert self.process.wait(60) == 0, "SIGTERM must stop it cleanly"

    def network(self) -> Network:
        """The stored and the compiled network, made afresh from the store's file."""
        store = open_store(f"sqlite:///{self.data / 'peerway.db'}")
        try:
            return store.read(NetworkFollower().at)
        finally:
            store.close()

    def synced(self) -> None:
        """Wait until the data plane is where the store is."""

        def look() -> bool:
            status = self.operator.get("/status")
            return bool(status["applied_revision"] >= status["revision"])

        eventually("the data plane has caught up", look)


def start_cloud(data: Path, dataplane: str, *options: str, log: BinaryIO | None = None) -> Cloud:
    """Start `peerway up` on a data folder; the same folder may be started on again after the process has ended."""
    ready_file = data / "ready.json"
    ready_file.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "peerway.cli.main", "up", "--data", str(data), "--listen", "127.0.0.1:0"]
    argv += ["--dataplane", dataplane, "--dev-account", "--ready-file", str(ready_file), *options]
    process = subprocess.Popen(argv, stderr=log)
    try:
        eventually("peerway is up", lambda: ready_file.exists() or process.poll() is not None)
    except AssertionError:
        process.terminate()
        process.wait()
        raise
    assert process.poll() is None, "peerway ended instead of starting"
    ready = json.loads(ready_file.read_text())
    return Cloud(data, ready, process, Tenant(ready["url"], ready["uid"], ready["token"]))


@contextlib.contextmanager
def running_cloud(data: Path, dataplane: str, *options: str) -> Iterator[Cloud]:
    """Start `peerway up` and stop it again, with everything that it made."""
    cloud = start_cloud(data, dataplane, "--cleanup", *options)
    try:
        yield cloud
    finally:
        cloud.stop()


def child_processes(pid: int, word: str) -> list[int]:
    """Process ids of the children of a process whose command line has the word."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            with contextlib.suppress(OSError):
                if word in Path(f"/proc/{child}/cmdline").read_text():
                    found.append(int(child))
    return found


def answered(verdict: str) -> bool:
    """Whether a probe's verdict in JSON means that the answer came back."""
    return verdict in {Verdict.ANSWERED, Verdict.PREDICTED}
