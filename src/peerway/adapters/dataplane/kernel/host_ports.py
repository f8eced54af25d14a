"""Interfaces of the host that routers use: taking them out of the host's namespace, and giving them back.

Owns what is asked of the host itself. An interface of the host is never deleted, and never taken while the host has an address
on it. Runs in the visiting thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from peerway.adapters.dataplane.kernel import codec, syscalls
from peerway.adapters.dataplane.kernel.codec import Message
from peerway.adapters.dataplane.kernel.netlink import Netlink
from peerway.adapters.dataplane.kernel.plan import Branch
from peerway.adapters.dataplane.kernel.read import read_addresses, read_interfaces
from peerway.domain.errors import Unavailable

_NOT_OURS = "interfaces of the host can't be used by an agent that is not root; use a port of kind netns"


class HostPorts:
    """The host's network namespace, which is the process's own."""

    def __init__(self) -> None:
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def bring(self, branch: Branch, namespace: int) -> None:
        """Make an uplink's interface in the router's namespace, or move the host's there; `Unavailable` says why not."""
        with self._netlink() as netlink:
            index = _find(netlink, branch.host)
            if branch.kind:
                _check_up(netlink, index, branch.host)
                message = codec.new_branch(
                    branch.kind, branch.end, index, branch.vlan, namespace, branch.owner
                )
            else:
                _check_free(netlink, index, branch.host)
                message = codec.move_interface(
                    index, branch.end, namespace, branch.owner, port=branch.host, keep_index=False
                )
            for refusal in netlink.execute([message]):
                raise Unavailable(f"interface {branch.host} of the host can't be used: {refusal.text}")

    def home(self, index: int, name: str, owner: str) -> Message:
        """The request that gives an interface back to the host under its own name; to be sent in the router's namespace."""
        end = codec.End(index, name, b"", 0)
        return codec.move_interface(index, end, self._home, owner, port="", keep_index=True)

    @contextmanager
    def _netlink(self) -> Iterator[Netlink]:
        try:
            syscalls.setns(self._home, syscalls.CLONE_NEWNET)
        except PermissionError as error:
            raise Unavailable(_NOT_OURS) from error
        with Netlink() as netlink:
            yield netlink

    def close(self) -> None:
        """Forget the host's namespace."""
        os.close(self._home)


def _find(netlink: Netlink, name: str) -> int:
    """Index of the host's interface; one that came back by itself when its router died still has the name it had there."""
    found = netlink.get([(codec.GETLINK, codec.interface_named(name))])[0]
    if found is not None:
        return codec.interface_index(found)
    for index, interface in read_interfaces(netlink).items():
        if interface.port == name:
            return index
    raise Unavailable(f"the host has no interface {name}")


def _check_up(netlink: Netlink, index: int, name: str) -> None:
    if not read_interfaces(netlink)[index].up:
        raise Unavailable(f"interface {name} of the host is switched off")


def _check_free(netlink: Netlink, index: int, name: str) -> None:
    if any(one.interface == index and one.scope != codec.LINK_SCOPE for one in read_addresses(netlink)):
        raise Unavailable(
            f"interface {name} has an address of the host's own, so it is not taken away from it"
        )
