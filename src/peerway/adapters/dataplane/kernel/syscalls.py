"""The few system calls that Python 3.11 lacks: namespaces and mounts.

Owns the calls only; who enters what and when is decided by the callers.
"""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
MNT_DETACH = 2

#: System calls that many a C library has no function for; the numbers are those of every architecture.
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_FSOPEN_CLOEXEC, _FSMOUNT_CLOEXEC, _FSCONFIG_CMD_CREATE = 1, 1, 6

_LIBC = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Leave namespaces for new ones."""
    _check(_LIBC.unshare(flags))


def setns(fd: int, flags: int) -> None:
    """Enter the namespace behind a file descriptor, for the calling thread only (user namespaces: a single-threaded process)."""
    _check(_LIBC.setns(fd, flags))


def mount(source: str, target: str, kind: str, flags: int) -> None:
    """Mount a file system."""
    _check(_LIBC.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), None))


def unmount(target: str) -> None:
    """Take a mount away; what is still in use of it lives on."""
    _check(_LIBC.umount2(target.encode(), MNT_DETACH))


def new_proc() -> int:
    """A file descriptor of a new instance of /proc, for the process namespace of the caller, that is mounted nowhere."""
    context = _check(_LIBC.syscall(_FSOPEN, b"proc", _FSOPEN_CLOEXEC))
    try:
        _check(_LIBC.syscall(_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0))
        return _check(_LIBC.syscall(_FSMOUNT, context, _FSMOUNT_CLOEXEC, 0))
    finally:
        os.close(context)


def open_own_network() -> int:
    """A file descriptor of the calling thread's network namespace."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
