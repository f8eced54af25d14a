"""Commands that run inside instances and databases' guests of a running installation, and their output."""

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.live import PATIENCE_S, Tenant

from peerway.adapters.agent.address import connect


def guest_path(id: str) -> str:
    """Where the API has an instance, or a database."""
    return f"/databases/{id}" if id.startswith("rds-") else f"/instances/{id}"


def shell_socket(tenant: Tenant, id: str) -> Path:
    """Where the agent runs commands in an instance of the tenant's, or in a database's guest."""
    return Path(tenant.get(f"{guest_path(id)}/shell")["socket"])


def run_in(tenant: Tenant, instance_id: str, *argv: str) -> tuple[int, str]:
    """Run a command in an instance of the tenant's; its exit status and what it printed."""
    agent = shell_socket(tenant, instance_id)
    env = {"PATH": os.environ.get("PATH", os.defpath)}
    request = {"op": "exec", "instance": instance_id, "argv": list(argv), "env": env, "tty": False}
    reading, writing = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    with os.fdopen(reading, "rb") as output, connect(agent) as connection:
        connection.settimeout(PATIENCE_S)
        socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], [nothing, writing, writing])
        os.close(writing)
        os.close(nothing)
        printed = output.read().decode()
        with connection.makefile("rb") as answers:
            answer = json.loads(answers.readline())
    assert "status" in answer, answer
    return answer["status"], printed


def python_in(tenant: Tenant, instance_id: str, program: str, *arguments: str) -> str:
    """Run a Python program in an instance; what it printed. Fails when the program does."""
    argv = [sys.executable, "-S", "-E", "-c", program, *arguments]
    status, printed = run_in(tenant, instance_id, *argv)
    assert status == 0, printed
    return printed


@contextlib.contextmanager
def running_in(tenant: Tenant, instance_id: str, program: str, *arguments: str) -> Iterator[None]:
    """A Python program in an instance that says a line once it is ready, and ends with the block."""
    agent = shell_socket(tenant, instance_id)
    argv = [sys.executable, "-S", "-E", "-c", program, *arguments]
    request = {"op": "exec", "instance": instance_id, "argv": argv, "env": {}, "tty": False}
    reading, writing = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    with os.fdopen(reading, "rb") as output, connect(agent) as connection:
        line = json.dumps(request).encode() + b"\n"
        socket.send_fds(connection, [line], [nothing, writing, sys.stderr.fileno()])
        os.close(writing)
        os.close(nothing)
        assert output.readline(), "the program did not start"
        yield
