"""Link counters, read from the kernel.

Owns the decoding of interface and shaper statistics.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from peerway.adapters.dataplane.kernel.codec import GETQDISC, GETSTATS, attributes
from peerway.adapters.dataplane.kernel.netlink import Netlink
from peerway.app.dataplane import LinkCounters

_STATS = struct.Struct("<BxHII")
_LINK_64 = 1
_QDISC = struct.Struct("<BxxxiIII")


def read_counters(netlink: Netlink, links: Mapping[int, str], *, capped: bool) -> dict[str, LinkCounters]:
    """Counters of a router's link ends: interface index → link id in, link id → counters out. Missing interfaces are left out."""
    drops = _drops(netlink) if capped else {}
    answers = netlink.get([(GETSTATS, _STATS.pack(0, 0, index, _LINK_64)) for index in links])
    result: dict[str, LinkCounters] = {}
    for (index, link_id), answer in zip(links.items(), answers, strict=True):
        if answer is not None:
            rx_packets, tx_packets, rx_bytes, tx_bytes = struct.unpack_from(
                "<4Q", attributes(answer, 12)[_LINK_64]
            )
            result[link_id] = LinkCounters(tx_bytes, tx_packets, rx_bytes, rx_packets, drops.get(index, 0))
    return result


def _drops(netlink: Netlink) -> dict[int, int]:
    result: dict[int, int] = {}
    for _, body in netlink.dump(GETQDISC, _QDISC.pack(0, 0, 0, 0, 0)):
        found = attributes(body, 20)
        if found.get(1) == b"tbf\0":
            queue = attributes(found[7], 0)[3]
            result[_QDISC.unpack_from(body)[1]] = struct.unpack_from("<3I", queue)[2]
    return result
