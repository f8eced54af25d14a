"""Settings of a new network namespace, written from inside it.

Owns which kernel settings routers and instances have, and the way to them; a namespace may inherit other ones from the host.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from collections.abc import Iterable

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.protocol import ROUTER

_IPV4, _IPV6 = "ipv4/", "ipv6/"

#: In every namespace: no surprises from the network (autoconfiguration, address detection), IPv6 on, and
#: every probe of a closed port answered.
COMMON: tuple[tuple[str, str], ...] = (
    (_IPV4 + "conf/all/rp_filter", "0"),
    (_IPV4 + "conf/default/rp_filter", "0"),
    (_IPV6 + "conf/all/disable_ipv6", "0"),
    (_IPV6 + "conf/default/disable_ipv6", "0"),
    (_IPV6 + "conf/default/accept_dad", "0"),
    (_IPV6 + "conf/default/accept_ra", "0"),
    (_IPV6 + "conf/default/addr_gen_mode", "1"),
    (_IPV4 + "icmp_ratelimit", "0"),
    (_IPV6 + "icmp/ratelimit", "0"),
)

#: By kind of namespace, beyond the common ones. A router checks sources on every new interface; links are
#: exempted one by one. Several paths share connections, told apart by addresses and ports.
SYSCTLS: dict[str, tuple[tuple[str, str], ...]] = {
    ROUTER: (
        (_IPV4 + "conf/default/rp_filter", "1"),
        (_IPV4 + "conf/all/send_redirects", "0"),
        (_IPV4 + "conf/default/send_redirects", "0"),
        (_IPV4 + "ip_forward", "1"),
        (_IPV4 + "fib_multipath_hash_policy", "1"),
        (_IPV6 + "fib_multipath_hash_policy", "1"),
        (_IPV6 + "conf/all/forwarding", "1"),
    ),
}

#: Of a router where flows take the short way; the kernel has it only once it tracks connections. How far a flow has come there
#: tracking does not see, and would take the reset that ends it for a forged one after two gigabytes.
FLOWING: tuple[tuple[str, str], ...] = (("netfilter/nf_conntrack_tcp_ignore_invalid_rst", "1"),)

#: Namespaces whose settings are written by one view of /proc. A view costs as much as a few files.
_A_VIEW = 32

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1


class Settings:
    """The settings of whatever namespace the calling thread is in; not to be shared between threads.

    One name in /proc/sys/net stands for another file in each namespace, and the kernel keeps all of these in one list that it
    walks from end to end for each namespace it has not seen there. In the common /proc that list has a place for each namespace,
    and making a thousand would take the square of the time; so a few namespaces at a time have a view of /proc of their own.
    """

    def __init__(self) -> None:
        self._directory = _open_settings()
        self._left = _A_VIEW

    def write(self, settings: Iterable[tuple[str, str]]) -> None:
        """Write (name, value) pairs of one namespace; `OSError` names the setting."""
        if not self._left:
            old, self._directory, self._left = self._directory, _open_settings(), _A_VIEW
            os.close(old)
        self._left -= 1
        _write(self._directory, settings)


def write_settings(settings: Iterable[tuple[str, str]]) -> None:
    """Write (name, value) pairs of the calling thread's namespace, this once; `OSError` names the setting."""
    directory = _open_settings()
    try:
        _write(directory, settings)
    finally:
        os.close(directory)


def _write(directory: int, settings: Iterable[tuple[str, str]]) -> None:
    for path, value in settings:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=directory)
        try:
            os.write(fd, value.encode())
        finally:
            os.close(fd)


def _open_settings() -> int:
    """The directory that names the settings, in a view of its own where the kernel allows one."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        proc = syscalls.new_proc()
    except OSError:  # before Linux 5.2, and in some containers
        return os.open("/proc/sys/net", flags)
    try:
        return os.open("sys/net", flags, dir_fd=proc)
    finally:
        os.close(proc)


def raise_loopback() -> None:
    """Switch `lo` on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _GET_FLAGS, request))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))
