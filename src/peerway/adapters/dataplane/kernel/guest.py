"""Commands that run inside instances: started by the holder, waited for, and killed with the instance.

Owns the processes, not the namespaces. Each command belongs to the connection that asked for it: it learns the exit status, and
when it goes away the command is hung up.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import socket
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerway.adapters.dataplane.kernel import syscalls

_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE)
_NOT_FOUND, _NOT_RUNNABLE = 127, 126


@dataclass(slots=True)
class _Command:
    #: Namespace it runs in.
    name: str
    #: Who asked for it.
    connection: socket.socket


class Guests:
    """The running commands by process id."""

    def __init__(self) -> None:
        self._commands: dict[int, _Command] = {}
        self.wakeup, wake = socket.socketpair()
        wake.settimeout(0)
        self._wake = wake
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)

    def spawn(
        self, name: str, network: int, request: dict[str, Any], stdio: list[int], connection: socket.socket
    ) -> int:
        """Start a command in the namespace with the three file descriptors as its stdio; returns its process id."""
        if len(stdio) != 3:
            raise ValueError("a command needs three file descriptors")
        signal.pthread_sigmask(
            signal.SIG_BLOCK, _HANDLED
        )  # a signal for the child must not meet the holder's handlers
        pid = os.fork()
        if pid == 0:
            _become(network, request, stdio)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        self._commands[pid] = _Command(name, connection)
        return pid

    def reap(self) -> list[tuple[socket.socket, int]]:
        """Collect what ended: (who asked, exit status as a shell says it)."""
        ended: list[tuple[socket.socket, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            command = self._commands.pop(pid, None)
            if command is not None:
                code = os.waitstatus_to_exitcode(status)
                ended.append((command.connection, code if code >= 0 else 128 - code))

    def signal(self, connection: socket.socket, number: int) -> None:
        """Pass a signal on to the command of a connection."""
        for pid, command in self._commands.items():
            if command.connection is connection:
                _kill(pid, number)

    def hang_up(self, connection: socket.socket) -> None:
        """The one who asked is gone: so goes the command."""
        for pid, command in self._commands.items():
            if command.connection is connection:
                _kill(pid, signal.SIGHUP)
                _kill(pid, signal.SIGKILL)

    def kill(self, name: str) -> None:
        """Kill everything that was started in a namespace."""
        for pid, command in self._commands.items():
            if command.name == name:
                _kill(pid, signal.SIGKILL)


def _kill(pid: int, number: int) -> None:
    """Signal a command's process group; a command that has none yet is still only one process."""
    with contextlib.suppress(ProcessLookupError):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            os.kill(pid, number)


def _become(network: int, request: dict[str, Any], stdio: list[int]) -> None:
    """Turn the forked child into the command; never returns."""
    code = _NOT_RUNNABLE
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        syscalls.setns(network, syscalls.CLONE_NEWNET)
        syscalls.unshare(syscalls.CLONE_NEWNS)
        if request.get("names") is not None:
            with contextlib.suppress(OSError):  # containers may forbid it, hosts may lack the file
                show_names(request["names"])
        _own_sys()
        for target, fd in enumerate(stdio):
            os.dup2(fd, target)
        with contextlib.suppress(OSError):  # no terminal, or another session's
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        with contextlib.suppress(OSError):
            os.chdir(request.get("cwd") or "/")
        os.execvpe(request["argv"][0], request["argv"], request["env"])  # noqa: S606 - the command is the request
    except FileNotFoundError as error:
        code = _NOT_FOUND
        _say(request, error)
    except OSError as error:
        _say(request, error)
    finally:
        os._exit(code)


def _say(request: dict[str, Any], error: OSError) -> None:
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), f"{request['argv'][0]}: {error.strerror}\n".encode())


def show_names(resolv_conf: str) -> None:
    """Show the text as /etc/resolv.conf in the process's own view of the files; `OSError` where that can't be.

    Where programs would ask a service of the host instead, they are shown that they should not. The files stand in a file system
    of their own, which needs a place for a moment only.
    """
    shown = {"resolv.conf": resolv_conf}
    with contextlib.suppress(OSError):
        switch = Path("/etc/nsswitch.conf").read_text(encoding="ascii", errors="replace")
        if (asking := ask_name_servers(switch)) != switch:
            shown["nsswitch.conf"] = asking
    syscalls.mount("tmpfs", "/sys", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    try:
        for name, text in shown.items():
            written = Path("/sys") / name
            written.write_text(text, encoding="ascii", errors="replace")
            written.chmod(0o644)
            syscalls.mount(str(written), f"/etc/{name}", "", syscalls.MS_BIND)
    finally:
        syscalls.unmount("/sys")


def ask_name_servers(switch: str) -> str:
    """The text of /etc/nsswitch.conf with host names looked up in files and at name servers, not by systemd-resolved."""
    return re.sub(r"^hosts:.*\bresolve\b.*$", "hosts: files dns", switch, flags=re.MULTILINE)


def _own_sys() -> None:
    """Show the instance's own devices under /sys."""
    with contextlib.suppress(OSError):  # not every container lets /sys be mounted; commands rarely need it
        syscalls.mount("sysfs", "/sys", "sysfs", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
