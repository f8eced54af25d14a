"""The holder: a tiny process that keeps the network namespaces, so that an agent may end and another carry on.

Started by `holder_client`; single-threaded; knows names and file descriptors and nothing of VPCs. It makes namespaces, hands their
file descriptors to whoever connects to its socket, and starts commands in them. It is the first process of its own process
namespace: when it ends, every process it started ends, and the namespaces with all that is in them vanish.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.guest import Guests
from peerway.adapters.dataplane.kernel.protocol import ROUTER, pack, receive, unpack
from peerway.adapters.dataplane.kernel.sysctls import COMMON, SYSCTLS, Settings, raise_loopback


class Holder:
    """The namespaces by name, and the requests of those who use them."""

    def __init__(self, listener: socket.socket, *, pid: int, user_fd: int | None) -> None:
        self._listener = listener
        self._pid = pid
        self._user_fd = user_fd
        self._home = syscalls.open_own_network()
        self._namespaces: dict[str, int] = {}
        self._spare: list[int] = []
        self._wanted_spare = 0
        self._settings = Settings()
        self._guests = Guests()
        self._selector = selectors.DefaultSelector()
        self._running = True

    def serve(self) -> None:
        """Answer requests until told to end."""
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._guests.wakeup, selectors.EVENT_READ, self._reap)
        while self._running:
            idle = len(self._spare) >= self._wanted_spare
            for key, _ in self._selector.select(None if idle else 0):
                key.data(key.fileobj)
            if not idle and len(self._spare) < self._wanted_spare:
                self._spare.append(self._make())

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self._selector.register(connection, selectors.EVENT_READ, self._answer)

    def _answer(self, connection: socket.socket) -> None:
        try:
            data, fds = receive(connection, 8)
        except OSError:
            data, fds = b"", []
        if not data:
            self._forget(connection)
            return
        try:
            reply, sent = self._handle(unpack(data), fds, connection)
        except (OSError, LookupError, ValueError) as error:
            reply, sent = {"error": f"{type(error).__name__}: {error}"}, []
        finally:
            for fd in fds:
                os.close(fd)
        with contextlib.suppress(OSError):
            socket.send_fds(connection, [pack(reply)], sent)

    def _handle(
        self, request: dict[str, Any], fds: list[int], connection: socket.socket
    ) -> tuple[dict[str, Any], list[int]]:
        match request["op"]:
            case "hello":
                return {"pid": self._pid}, [] if self._user_fd is None else [self._user_fd]
            case "make":
                return {}, [self._open(name, kind) for name, kind in request["names"]]
            case "names":
                return {"names": list(self._namespaces)}, []
            case "get":
                return {}, [self._namespaces[name] for name in request["names"]]
            case "drop":
                self._drop(request["names"])
            case "warm":
                self._wanted_spare = request["count"]
            case "spawn":
                name = request["name"]
                return {"pid": self._guests.spawn(name, self._namespaces[name], request, fds, connection)}, []
            case "signal":
                self._guests.signal(connection, request["signal"])
            case "end":
                self._running = False
        return {}, []

    def _forget(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        self._guests.hang_up(connection)
        connection.close()

    def _reap(self, wakeup: socket.socket) -> None:
        wakeup.recv(4096)
        for connection, status in self._guests.reap():
            with contextlib.suppress(OSError):
                connection.send(pack({"exit": status}))

    def _open(self, name: str, kind: str) -> int:
        if name not in self._namespaces:
            fd = self._spare.pop() if self._spare else self._make()
            self._namespaces[name] = fd
            self._inside(fd, kind)
        return self._namespaces[name]

    def _make(self) -> int:
        syscalls.unshare(syscalls.CLONE_NEWNET)
        try:
            raise_loopback()
            self._settings.write(COMMON)
            return syscalls.open_own_network()
        finally:
            syscalls.setns(self._home, syscalls.CLONE_NEWNET)

    def _inside(self, fd: int, kind: str) -> None:
        if kind != ROUTER:
            return
        syscalls.setns(fd, syscalls.CLONE_NEWNET)
        try:
            self._settings.write(SYSCTLS[kind])
        finally:
            syscalls.setns(self._home, syscalls.CLONE_NEWNET)

    def _drop(self, names: list[str]) -> None:
        for name in names:
            self._guests.kill(name)
            fd = self._namespaces.pop(name, None)
            if fd is not None:
                os.close(fd)


def enter_namespaces() -> int | None:
    """Leave the host's namespaces; returns the new user namespace when the rights for it had to come from one."""
    uid, gid = os.geteuid(), os.getegid()
    flags = syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID | syscalls.CLONE_NEWNET
    try:
        syscalls.unshare(flags)
    except PermissionError:
        syscalls.unshare(flags | syscalls.CLONE_NEWUSER)
    else:
        return None
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")
    return os.open("/proc/self/ns/user", os.O_RDONLY | os.O_CLOEXEC)


def main(listener_fd: int) -> None:
    """Become the holder: enter new namespaces, leave a child as their first process, and serve on the listening socket."""
    user_fd = enter_namespaces()
    if os.fork():
        os._exit(0)
    pid = int(Path("/proc/self").readlink().name)
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    syscalls.mount("none", "/", "none", syscalls.MS_REC | syscalls.MS_PRIVATE)
    with contextlib.suppress(
        OSError
    ):  # some containers forbid a fresh /proc; the old one serves, it only shows other processes
        syscalls.mount("proc", "/proc", "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    os.set_inheritable(listener_fd, False)  # noqa: FBT003 - it takes it so
    Holder(socket.socket(fileno=listener_fd), pid=pid, user_fd=user_fd).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
