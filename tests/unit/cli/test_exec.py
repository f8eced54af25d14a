"""The shell protocol, against a small agent that gets real descriptors."""

import array
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading

import pytest

from peerway.cli.errors import CommandError, WrongUsage
from peerway.cli.exec import connect, environment

#: Runs `run_in` in a process of its own, so that it has standard streams of its own.
PROGRAM = """
import pathlib, sys
from peerway.cli.exec import connect, run_in
with connect(pathlib.Path(sys.argv[1])) as agent:
    sys.exit(run_in(agent, "i-1", sys.argv[2:], {"A": "b"}))
"""


class SmallAgent:
    """Serves one `exec`: starts the command on the descriptors it was sent, as the agent's socket does."""

    def __init__(self, path, terminal=False):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._terminal = terminal
        self.request = None
        self.killed = threading.Event()
        self.started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._listener.accept()
        with connection:
            line, control, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(12))
            fds = array.array("i", control[0][2])
            self.request = json.loads(line)
            become = (lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if self._terminal else None
            child = subprocess.Popen(
                self.request["argv"],
                stdin=fds[0],
                stdout=fds[1],
                stderr=fds[2],
                start_new_session=True,
                preexec_fn=become,  # noqa: PLW1509 - the one way to a controlling terminal
            )
            for fd in fds:
                os.close(fd)
            self.started.set()
            ended = os.pidfd_open(child.pid)
            ready, _, _ = select.select([ended, connection], [], [])
            os.close(ended)
            if connection in ready:
                child.kill()
                child.wait()
                self.killed.set()
                return
            connection.sendall(json.dumps({"status": child.wait()}).encode() + b"\n")

    def close(self):
        self._thread.join()
        self._listener.close()


@pytest.fixture
def agent(tmp_path):
    """A small agent, and the path of its socket."""
    made = SmallAgent(tmp_path / "agent.sock")
    yield made, tmp_path / "agent.sock"
    made.close()


def start(path, *argv, **streams):
    """Run a command in the instance behind a socket."""
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(path), *argv], **streams)


def test_exec_lends_the_command_its_own_streams(agent):
    """The command reads the caller's stdin and writes the caller's stdout: no copy stands between them."""
    small, path = agent
    child = start(path, "tr", "a-z", "A-Z", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = child.communicate(b"through the socket\n", timeout=20)
    assert out == b"THROUGH THE SOCKET\n"
    assert small.request == {
        "op": "exec",
        "instance": "i-1",
        "argv": ["tr", "a-z", "A-Z"],
        "env": {"A": "b"},
        "tty": False,
    }


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -TERM $$", 143)])
def test_exec_passes_the_exit_status_on(agent, script, status):
    """The caller ends as the command ended; a signal's number is added to 128, as shells do."""
    _, path = agent
    assert start(path, "sh", "-c", script).wait(20) == status


def test_exec_ends_the_command_on_interrupt(agent):
    """Ctrl-C closes the connection, which ends the command; the caller returns 130."""
    small, path = agent
    child = start(path, "sleep", "1000")
    assert small.started.wait(20)
    child.send_signal(signal.SIGINT)
    assert child.wait(20) == 130
    assert small.killed.wait(20)


def test_exec_gives_the_command_a_terminal_of_its_own(tmp_path):
    """At a terminal the command has one, too, as large as the user's; a key like Ctrl-C goes to the command."""
    small = SmallAgent(tmp_path / "agent.sock", terminal=True)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    script = "stty size; trap 'echo got it; exit 5' INT; echo ready; while :; do read -r _; done"
    child = start(tmp_path / "agent.sock", "sh", "-c", script, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    assert "33 77" in read_until(ours, "ready")
    os.write(ours, b"\x03")
    assert "got it" in read_until(ours, "got it")
    assert child.wait(20) == 5
    assert small.request["tty"]
    small.close()
    os.close(ours)


def read_until(fd, text):
    """What came from a descriptor up to a text."""
    data = b""
    while text.encode() not in data:
        ready, _, _ = select.select([fd], [], [], 20)
        assert ready, f"{text!r} never came: {data!r}"
        data += os.read(fd, 4096)
    return data.decode()


def test_exec_reaches_a_socket_at_a_long_path(tmp_path):
    """A data folder may lie deeper than the 107 bytes of a socket's path."""
    folder = tmp_path / ("deep" * 30)
    folder.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    here = os.open(folder, os.O_PATH)
    listener.bind(f"/proc/self/fd/{here}/agent.sock")
    listener.listen()
    connect(folder / "agent.sock").close()
    listener.close()
    os.close(here)


def test_exec_says_where_it_works(tmp_path):
    """Without the socket the user learns that exec works on the host of the instance."""
    with pytest.raises(CommandError, match="on the host that carries the instance"):
        connect(tmp_path / "missing.sock")


def test_command_gets_a_small_environment():
    """Secrets of the caller's environment stay with the caller."""
    own = {"PATH": "/bin", "LC_ALL": "C", "PEERWAY_TOKEN": "hush"}
    assert environment(own, ["A=b=c"]) == {"PATH": "/bin", "LC_ALL": "C", "A": "b=c"}


@pytest.mark.parametrize("text", ["A", "=b"])
def test_environment_option_needs_name_and_value(text):
    """A slip is refused instead of being passed on."""
    with pytest.raises(WrongUsage, match="NAME=VALUE"):
        environment({}, [text])
