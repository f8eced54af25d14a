"""A Peerway for an example: its own, started as its users start it, asked over HTTP and removed without a trace; or a given one."""

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from story import Failed

from peerway.cli.client import Client
from peerway.cli.profile import Profile
from peerway.cli.waiting import wait_until_gone, wait_until_settled

PEERWAY = (sys.executable, "-m", "peerway.cli")
TRAFFIC = Path(__file__).with_name("traffic.py")
#: How long anything here may take, seconds.
PATIENCE_S = 60.0

Item = dict[str, Any]


class Program:
    """A program that runs inside an instance by `peerway exec` and prints JSON lines."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self._name = name
        self._process = process
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def next(self, timeout_s: float = PATIENCE_S) -> Item:
        """The next line; `Failed` when it does not come."""
        try:
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            raise Failed(f"nothing came from {self._name}") from None
        if line is None:
            raise Failed(f"{self._name} ended with status {self._process.wait()}")
        found: Item = json.loads(line)
        return found

    def finish(self) -> Item:
        """End its input and give its last line."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        last = self.next()
        while True:
            try:
                last = self.next()
            except Failed:
                return last

    def stop(self) -> None:
        """End it, as Ctrl-C would."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


class Account:
    """One account's way to the API."""

    def __init__(self, name: str, url: str, credentials: Item, programs: list[Program]) -> None:
        self.name = name
        self.uid = str(credentials["uid"])
        self.client = Client(Profile(url, credentials["token"]))
        #: Its access key, for the clouds' APIs.
        self.key_id = str(credentials.get("access_key_id", ""))
        self.secret = str(credentials.get("access_key_secret", ""))
        self._environ = {**os.environ, "PEERWAY_URL": url, "PEERWAY_TOKEN": credentials["token"]}
        self._environ.pop("PEERWAY_PROFILE", None)
        self._programs = programs

    def make(self, path: str, **body: object) -> Item:
        """Make a resource."""
        made: Item = self.client.create(path, body)
        return made

    def settled(self, path: str) -> Item:
        """A resource once it is in a state that lasts."""
        return wait_until_settled(self.client, path, PATIENCE_S)

    def gone(self, path: str) -> None:
        """Wait until a resource is gone."""
        wait_until_gone(self.client, path, PATIENCE_S)

    def probe(self, instance: Item, target: str, **options: object) -> Item:
        """Have packets sent from an instance."""
        body = {"target": target, "timeout_ms": 500, **options}
        answer: Item = self.client.act(f"/instances/{instance['id']}/probe", body)
        return answer

    def command(self, instance: Item, *argv: str) -> str:
        """Run a command inside an instance; what it printed. `Failed` when it fails."""
        done = subprocess.run(
            [*PEERWAY, "exec", instance["id"], "--", *argv],
            env=self._environ,
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode:
            raise Failed(f"{' '.join(argv)} failed: {done.stderr.strip()}")
        return done.stdout

    def run(self, instance: Item, *arguments: str) -> Program:
        """Start one of the programs of `traffic.py` inside an instance."""
        argv = [*PEERWAY, "exec", instance["id"], "--", sys.executable, str(TRAFFIC), *arguments]
        process = subprocess.Popen(
            argv,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._programs.append(program := Program(" ".join(arguments), process))
        return program


class Installation:
    """A running Peerway."""

    def __init__(self, ready: Item, mark: str = "") -> None:
        self.url = str(ready["url"])
        self.dataplane = str(ready["dataplane"])
        #: Ends the names of accounts where others have accounts, too.
        self._mark = mark
        self.programs: list[Program] = []
        self.operator = Account("operator", self.url, ready, self.programs)

    @property
    def given(self) -> bool:
        """Whether it was there before, and stays."""
        return bool(self._mark)

    @property
    def real(self) -> bool:
        """Whether it carries packets."""
        return self.dataplane != "memory"

    @property
    def endpoint(self) -> str:
        """Where the clouds' APIs are: HOST:PORT."""
        return self.url.partition("://")[2]

    def account(self, name: str) -> Account:
        """A new account."""
        made = self.operator.make("/accounts", name=f"{name}{self._mark}")
        return Account(name, self.url, made, self.programs)

    def sync(self) -> None:
        """Wait until the data plane is where the store is."""

        def reached() -> bool:
            status = self.operator.client.get("/status")
            return bool(status["applied_revision"] >= status["revision"])

        wait_for("the data plane to catch up", reached)


def wait_for(what: str, reached: Callable[[], bool]) -> None:
    """Look again until it is so; `Failed` when that takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        if time.monotonic() > deadline:
            raise Failed(f"waited too long for {what}")
        time.sleep(0.005)


@contextmanager
def given_installation(url: str, token: str) -> Iterator[Installation]:
    """A Peerway that runs already, by its operator's token; what an example makes there stays."""
    client = Client(Profile(url.rstrip("/"), token))
    ready = {**client.get("/whoami"), **client.get("/status"), "url": url.rstrip("/"), "token": token}
    running = Installation(ready, mark=f"-{secrets.token_hex(3)}")
    try:
        yield running
    finally:
        for program in running.programs:
            program.stop()


@contextmanager
def installation(folder: Path, dataplane: str) -> Iterator[Installation]:
    """Start Peerway in a folder, and stop it with all that it made."""
    ready_file, log_file = folder / "ready.json", folder / "peerway.log"
    argv = [
        *PEERWAY,
        "up",
        "--data",
        str(folder / "data"),
        "--listen",
        "127.0.0.1:0",
        "--dataplane",
        dataplane,
    ]
    argv += ["--dev-account", "--ready-file", str(ready_file), "--cleanup"]
    with log_file.open("w") as log:
        # A session of its own: Ctrl-C reaches this program alone, which then stops the other in order.
        process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
    running: Installation | None = None
    try:
        wait_for("Peerway to start", lambda: ready_file.exists() or process.poll() is not None)
        if process.poll() is not None:
            raise Failed(
                f"peerway up ended with status {process.returncode}:\n{log_file.read_text()[-2000:]}"
            )
        running = Installation(json.loads(ready_file.read_text()))
        yield running
    finally:
        for program in running.programs if running is not None else ():
            program.stop()
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
