"""Settings of a new network namespace, written from inside it.

Owns which kernel settings routers and instances have; a namespace may inherit other ones from the host.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct

from peerway.adapters.dataplane.kernel.protocol import ROUTER

_IPV4, _IPV6 = "/proc/sys/net/ipv4/", "/proc/sys/net/ipv6/"

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

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1


def write_sysctl(path: str, value: str) -> None:
    """Write one setting of the calling thread's namespace; `OSError` names the setting."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def raise_loopback() -> None:
    """Switch `lo` on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _GET_FLAGS, request))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))
