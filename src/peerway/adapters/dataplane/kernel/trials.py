"""The trials behind `capabilities`, run as a process of its own that leaves the host's namespaces first.

Owns one small trial for each kernel feature; prints them as JSON. Fails soft: a trial that raises is a feature that is missing.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import socket
import sys
from collections.abc import Callable
from errno import EOPNOTSUPP
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from peerway.adapters.dataplane.kernel import codec, syscalls
from peerway.adapters.dataplane.kernel.checks import ByLink, Target
from peerway.adapters.dataplane.kernel.codec import End, Message
from peerway.adapters.dataplane.kernel.features import FLOWTABLE_TRIAL, knows_kind
from peerway.adapters.dataplane.kernel.guest import show_names
from peerway.adapters.dataplane.kernel.holder import enter_namespaces
from peerway.adapters.dataplane.kernel.netlink import NETFILTER_PROTOCOL, Netlink
from peerway.adapters.dataplane.kernel.nft_worker import Nftables
from peerway.adapters.dataplane.kernel.probers import from_router, on_link
from peerway.adapters.dataplane.kernel.resolver import listen
from peerway.adapters.dataplane.kernel.sysctls import (
    COMMON,
    FLOWING,
    SYSCTLS,
    Settings,
    raise_loopback,
    write_settings,
)
from peerway.adapters.dataplane.kernel.tracked import Allowed, end_others


def _execute(*messages: Message) -> str:
    with Netlink() as netlink:
        refusals = netlink.execute(messages)
    if refusals:
        raise OSError(refusals[0].number, refusals[0].text)
    return "works"


def _namespaces() -> str:
    inside = enter_namespaces()
    syscalls.unshare(syscalls.CLONE_NEWNET)
    return (
        f"as root, Linux {platform.release()}"
        if inside is None
        else f"in a user namespace, Linux {platform.release()}"
    )


def _wire() -> str:
    raise_loopback()
    own = syscalls.open_own_network()
    try:
        near, far = (
            End(10, "a", bytes.fromhex("020000000001"), 2),
            End(11, "b", bytes.fromhex("020000000002"), 2),
        )
        _execute(codec.new_wire(near, far, own, ""))
    finally:
        os.close(own)
    return _execute(
        codec.set_interface(10, up=True, group=2, mac=near.mac, checked=True, owner=""),
        codec.set_interface(11, up=True, group=2, mac=far.mac, checked=False, owner=""),
        codec.new_neighbour(10, bytes([169, 254, 1, 2]), far.mac, ""),
    )


def _sysctls() -> str:
    Settings().write([*COMMON, *(setting for settings in SYSCTLS.values() for setting in settings)])
    return "writable"


def _routes() -> str:
    hop = codec.NextHop(10, bytes([169, 254, 1, 2]))
    return _execute(
        codec.rule(socket.AF_INET, 100, "a", b"", 0, 1000, ""),
        codec.route(socket.AF_INET, 1000, bytes([10, 0, 0, 0]), 8, codec.UNICAST, "", hops=[hop]),
        codec.route(socket.AF_INET, 1000, bytes(4), 0, codec.BLACKHOLE, ""),
    )


def _ipv6() -> str:
    address = socket.inet_pton(socket.AF_INET6, "fd00::1")
    return _execute(
        codec.new_address(10, address, 128, 0, connected=False, owner=""),
        codec.rule(socket.AF_INET6, 100, "a", b"", 0, 1000, ""),
        codec.route(socket.AF_INET6, 1000, bytes(16), 0, codec.BLACKHOLE, ""),
    )


def _shaper() -> str:
    return _execute(codec.shaper(10, 12_500_000, ""))


def _spread() -> str:
    """Two next hops on one interface are as good as two interfaces here."""
    hops = [codec.NextHop(10, bytes([169, 254, 1, last])) for last in (2, 3)]
    return _execute(codec.route(socket.AF_INET, 1000, bytes([10, 1, 0, 0]), 16, codec.UNICAST, "", hops=hops))


def _kind(kind: str) -> str:
    if not knows_kind(kind):
        raise OSError(EOPNOTSUPP, "not in this kernel")
    return "works"


def _vlans() -> str:
    try:
        return _kind("vlan")
    except OSError as error:
        raise OSError(
            EOPNOTSUPP, "not in this kernel: a leased line takes a whole interface, one border router each"
        ) from error


def _macvlans() -> str:
    return _kind("macvlan")


def _filters() -> str:
    return _load(
        "table inet peerway { map m { type ipv4_addr . inet_proto . inet_service : verdict; flags interval; }; }"
    )


def _connections() -> str:
    return _load("table inet peerway { chain c { ct mark set 1; }; }")


def _translation() -> str:
    with Netlink(NETFILTER_PROTOCOL) as netlink:
        end_others(netlink, Allowed())
    return _load(
        "table inet peerway { chain t { type nat hook postrouting priority srcnat; "
        "snat ip to ip saddr map { 10.0.0.1 : 192.0.2.1 }; }; "
        "chain a { type filter hook prerouting priority raw; ct original zone set 1; }; }"
    )


def _flowtables() -> str:
    try:
        works = _load(FLOWTABLE_TRIAL)
        write_settings(FLOWING)
    except OSError as error:
        raise OSError(EOPNOTSUPP, "not in this kernel: every packet passes routes and filters") from error
    return works


def _checks() -> str:
    nobody = IPv4Address("192.0.2.1")
    way = ByLink("a", bytes(6))
    target = Target("", way, nobody, nobody, interval_s=1, threshold=1)
    on_link(target, way).close()
    from_router(target, "a").close()
    return "works"


def _name_server() -> str:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        listen(kind).close()
    return "works"


def _names_shown() -> str:
    syscalls.mount("none", "/", "none", syscalls.MS_REC | syscalls.MS_PRIVATE)
    show_names("nameserver 192.0.2.1\n")
    return "works"


def _load(text: str) -> str:
    refused = Nftables().load(text.encode())
    if refused:
        raise OSError(0, refused.splitlines()[0])
    return "works"


def _files() -> str:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2048:
        raise OSError(0, f"at most {hard} open files; a VPC needs four of them, an instance one")
    return f"up to {hard} open files"


#: Name, whether the driver can't do without, trial; in an order in which later ones can use what earlier ones made.
TRIALS: tuple[tuple[str, bool, Callable[[], str]], ...] = (
    ("network namespaces", True, _namespaces),
    ("veth pairs", True, _wire),
    ("namespace settings", True, _sysctls),
    ("policy routing", True, _routes),
    ("ipv6", True, _ipv6),
    ("several next hops", False, _spread),
    ("802.1Q interfaces", False, _vlans),
    ("macvlan interfaces", False, _macvlans),
    ("bandwidth caps (tbf)", False, _shaper),
    ("filters (libnftables)", False, _filters),
    ("connection tracking", False, _connections),
    ("address translation", False, _translation),
    ("flowtables", False, _flowtables),
    ("health checks", False, _checks),
    ("name server", False, _name_server),
    ("names in instances", False, _names_shown),
    ("open files", False, _files),
)


def main() -> None:
    """Run the trials and print what came of them."""
    found: list[dict[str, Any]] = []
    for name, needed, trial in TRIALS:
        try:
            found.append({"name": name, "ok": True, "needed": needed, "detail": trial()})
        except OSError as error:
            found.append(
                {"name": name, "ok": False, "needed": needed, "detail": error.strerror or str(error)}
            )
            if trial is _namespaces:
                found[-1]["detail"] += _hint()
                break  # what follows would touch the host
    json.dump(found, sys.stdout)


def _hint() -> str:
    """Why an ordinary user may not have namespaces, where distributions switch them off."""
    for path, off, text in (
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor forbids user namespaces"),
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone is 0"),
        ("/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces is 0"),
    ):
        if Path(path).exists() and Path(path).read_text(encoding="ascii").strip() == off:
            return f" ({text}; run as root or allow it)"
    return " (containers may forbid namespaces)"


if __name__ == "__main__":
    main()
