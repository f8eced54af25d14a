"""What the kernel offers that the driver can do without, asked once when it starts.

Owns the asking; what follows from an answer is decided where it matters. Runs in the visiting thread.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from peerway.adapters.dataplane.kernel import codec, syscalls
from peerway.adapters.dataplane.kernel.netlink import Netlink
from peerway.adapters.dataplane.kernel.nft_client import FilterLoader
from peerway.adapters.dataplane.kernel.sysctls import FLOWING, write_settings
from peerway.domain.errors import Unavailable

#: A flowtable and its use, as nftables text.
FLOWTABLE_TRIAL = (
    "table inet trial { flowtable f { hook ingress priority filter; }; "
    "chain c { type filter hook forward priority filter; ct state established flow add @f; }; }"
)


class Features(NamedTuple):
    """What is used where it is there."""

    #: 802.1Q interfaces, so that leased lines share an interface of the host.
    vlans: bool = False
    #: nftables flowtables, so that established flows take the short way.
    flowtables: bool = False


def find_features(loader: FilterLoader, *, flowtables: bool) -> Features:
    """Ask the kernel, for flowtables only if they are wanted; leaves the calling thread in a new, empty namespace."""
    syscalls.unshare(syscalls.CLONE_NEWNET)
    return Features(knows_kind("vlan"), flowtables and _has_flowtables(loader))


def knows_kind(kind: str) -> bool:
    """Whether the kernel has interfaces of a kind, asked in the calling thread's namespace, where nothing is made."""
    with Netlink() as netlink:
        return all(codec.knows_kind(one.number) for one in netlink.execute([codec.kind_request(kind)]))


def _has_flowtables(loader: FilterLoader) -> bool:
    own = syscalls.open_own_network()
    try:
        loader.load(own, FLOWTABLE_TRIAL)
        write_settings(FLOWING)
    except (Unavailable, OSError):
        return False
    finally:
        loader.close()  # so that nothing stays in the namespace
        os.close(own)
    return True
