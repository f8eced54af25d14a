"""`peerway exec`: a command inside an instance, with this process's own standard streams.

The agent's socket takes one line with the three descriptors beside it and answers one line with the exit status; a connection that
closes ends the command. With a terminal on both sides the command gets a pseudo-terminal of its own, so that Ctrl-C, job
control and the window's size are the command's.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import selectors
import signal
import socket
import sys
import termios
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from peerway.cli.errors import CommandError, WrongUsage
from peerway.cli.options import GuestArgument, guest_path
from peerway.cli.session import session_of

app = typer.Typer(add_completion=False)

#: What of the caller's environment the command gets; the rest stays here, as secrets do.
PASSED_ON = frozenset({"COLORTERM", "HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TZ", "USER"})
#: What a shell returns for a command that Ctrl-C ended.
INTERRUPTED = 130


@app.command("exec", context_settings={"allow_interspersed_args": False})
def execute(
    ctx: typer.Context,
    instance: GuestArgument,
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help="The command and its arguments.")],
    env: Annotated[
        list[str] | None,
        typer.Option("--env", help="NAME=VALUE for the command; may be repeated.", show_default=False),
    ] = None,
) -> None:
    """Run a command inside an instance, on the host that carries it.

    It has the host's files and the instance's network; of a database, its guest's. Its exit status is passed on.
    """
    argv = command[1:] if command[0] == "--" else command
    if not argv:
        raise WrongUsage("give a command after --")
    answer = session_of(ctx).client.get(f"{guest_path(instance)}/shell")
    if not answer.get("socket"):
        raise CommandError("the data plane has no instances to run a command in (it is `memory`)")
    with connect(Path(answer["socket"])) as agent:
        raise typer.Exit(run_in(agent, instance, argv, environment(os.environ, env or ())))


def environment(own: Mapping[str, str], extra: Sequence[str]) -> dict[str, str]:
    """The command's environment; `WrongUsage` when an extra is not NAME=VALUE."""
    chosen = {name: value for name, value in own.items() if name in PASSED_ON or name.startswith("LC_")}
    for text in extra:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise WrongUsage(f"--env takes NAME=VALUE, not {text!r}")
        chosen[name] = value
    return chosen


def connect(path: Path) -> socket.socket:
    """A connection to the agent's socket; through the folder's descriptor, because a socket's path may have 107 bytes only."""
    agent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            agent.connect(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
    except OSError as error:
        agent.close()
        raise CommandError(
            f"can't reach the agent at {path}: {error.strerror}"
            " (exec works on the host that carries the instance, as the user who runs the agent)"
        ) from None
    return agent


def run_in(agent: socket.socket, instance: str, argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Run the command with this process's standard streams and return its exit status."""
    request = {"op": "exec", "instance": instance, "argv": list(argv), "env": dict(env), "tty": False}
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            return _run_at_terminal(agent, request)
        _send(agent, request, (0, 1, 2))
        return _status(_read_line(agent))
    except KeyboardInterrupt:
        # Closing the connection, which the caller does, ends the command.
        return INTERRUPTED


def _run_at_terminal(agent: socket.socket, request: dict[str, Any]) -> int:
    ours, theirs = pty.openpty()
    try:
        with _raw_terminal(ours):
            try:
                _send(agent, {**request, "tty": True}, (theirs, theirs, theirs))
            finally:
                os.close(theirs)
            return _status(_relay(agent, ours))
    finally:
        os.close(ours)


def _relay(agent: socket.socket, ours: int) -> bytes:
    """Carry bytes between the user's terminal and the command's until the agent answers; its line."""
    answer = bytearray()
    with selectors.DefaultSelector() as selector:
        for source in (0, ours, agent):
            selector.register(source, selectors.EVENT_READ)
        while not answer.endswith(b"\n"):
            for key, _ in selector.select():
                if key.fileobj is agent:
                    if not (part := agent.recv(65536)):
                        raise CommandError("the agent went away")
                    answer += part
                elif not _copy(key.fd, ours if key.fd == 0 else 1):
                    selector.unregister(key.fileobj)
        _drain(ours)
    return bytes(answer)


def _copy(source: int, target: int) -> bool:
    """Carry what is there; False at the end of the source."""
    try:
        data = os.read(source, 65536)
    except OSError:
        # A pseudo-terminal whose other side is closed reads as an error.
        return False
    while data:
        data = data[os.write(target, data) :] or b""
        if not data:
            return True
    return False


def _drain(ours: int) -> None:
    """Print what the command wrote before it ended."""
    os.set_blocking(ours, False)
    while _copy(ours, 1):
        continue


@contextmanager
def _raw_terminal(ours: int) -> Iterator[None]:
    """Hand each key to the command as it is pressed, and keep its window as large as the user's."""

    def resize(*_: object) -> None:
        fcntl.ioctl(ours, termios.TIOCSWINSZ, fcntl.ioctl(1, termios.TIOCGWINSZ, bytes(8)))

    before = termios.tcgetattr(0)
    resized = signal.signal(signal.SIGWINCH, resize)
    resize()
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, resized)


def _send(agent: socket.socket, request: Mapping[str, Any], fds: Sequence[int]) -> None:
    line = json.dumps(request).encode() + b"\n"
    sent = socket.send_fds(agent, [line], fds)
    if rest := line[sent:]:  # a short command may have ended by now, and nobody be there to send nothing to
        agent.sendall(rest)


def _read_line(agent: socket.socket) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        if not (part := agent.recv(65536)):
            raise CommandError("the agent went away")
        line += part
    return bytes(line)


def _status(line: bytes) -> int:
    answer = json.loads(line)
    if "status" not in answer:
        raise CommandError(str(answer.get("error", "the agent gave no status")))
    status = int(answer["status"])
    return status if status >= 0 else 128 - status
