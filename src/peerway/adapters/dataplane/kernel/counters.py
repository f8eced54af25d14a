"""Link counters, read from the kernel.

Owns the decoding of interface and shaper statistics, and which of the two counts. An interface counts what the kernel hands on
in one piece: of TCP that is up to 64 KiB with one header, 4 % less than goes over a wire. A shaper counts the packets that a wire
would carry, headers and all: on capped links the shaper of the sending end says what was sent, and what the other end received.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from peerway.adapters.dataplane.kernel.codec import GETQDISC, GETSTATS, attributes
from peerway.adapters.dataplane.kernel.netlink import Netlink
from peerway.app.dataplane import LinkCounters
from peerway.fabric.model import Link

_STATS = struct.Struct("<BxHII")
_LINK_64 = 1
_QDISC = struct.Struct("<BxxxiIII")
_BASIC = struct.Struct("<QI")

#: Header of an Ethernet frame, bytes: counted by the kernel, and no part of the IP packet.
_ETHERNET: Final = 14


class Amount(NamedTuple):
    """What passed in one direction."""

    #: Bytes of IP packets.
    bytes: int
    #: Packets.
    packets: int


@dataclass(frozen=True, slots=True)
class Passed:
    """What one end of a link counts."""

    #: What its interface sent.
    sent: Amount
    #: What its interface received.
    received: Amount
    #: What its shaper let through; None without one.
    shaped: Amount | None = None
    #: Packets that its shaper dropped.
    dropped: int = 0


def read_counters(netlink: Netlink, links: Mapping[int, str], *, capped: bool) -> dict[str, Passed]:
    """What a router's ends count: interface index → link id in, link id → counters out. Missing interfaces are left out."""
    shapers = _shapers(netlink) if capped else {}
    answers = netlink.get([(GETSTATS, _STATS.pack(0, 0, index, _LINK_64)) for index in links])
    result: dict[str, Passed] = {}
    for (index, link_id), answer in zip(links.items(), answers, strict=True):
        if answer is not None:
            rx_packets, tx_packets, rx_bytes, tx_bytes = struct.unpack_from(
                "<4Q", attributes(answer, 12)[_LINK_64]
            )
            shaped, dropped = shapers.get(index, (None, 0))
            sent, received = _amount(tx_bytes, tx_packets), _amount(rx_bytes, rx_packets)
            result[link_id] = Passed(sent, received, shaped, dropped)
    return result


def join_ends(
    links: Iterable[Link], passed: Mapping[tuple[str, str], Passed]
) -> dict[tuple[str, str], LinkCounters]:
    """Counters by (link id, router id): what one end's shaper let through is what the other end received.

    An end is left out while what it takes to count there is not: totals from another place would read as traffic.
    """
    result: dict[tuple[str, str], LinkCounters] = {}
    for link in links:
        for near, far in (link.ends, link.ends[::-1]):
            here, there = passed.get((link.id, near.router_id)), passed.get((link.id, far.router_id))
            if here is None:
                continue
            if link.cap_mbps is None:
                amounts = here.sent, here.received
            elif here.shaped is not None and there is not None and there.shaped is not None:
                amounts = here.shaped, there.shaped
            else:
                continue
            result[link.id, near.router_id] = LinkCounters(*amounts[0], *amounts[1], here.dropped)
    return result


def _shapers(netlink: Netlink) -> dict[int, tuple[Amount, int]]:
    """By interface: what passed its shaper, and how many packets it dropped."""
    result: dict[int, tuple[Amount, int]] = {}
    for _, body in netlink.dump(GETQDISC, _QDISC.pack(0, 0, 0, 0, 0)):
        found = attributes(body, 20)
        if found.get(1) == b"tbf\0":
            statistics = attributes(found[7], 0)
            passed, packets = _BASIC.unpack_from(statistics[1])
            if 8 in statistics:  # only there when they are more than 32 bits hold
                packets = int.from_bytes(statistics[8], "little")
            dropped = struct.unpack_from("<3I", statistics[3])[2]
            result[_QDISC.unpack_from(body)[1]] = _amount(passed, packets), dropped
    return result


def _amount(frames: int, packets: int) -> Amount:
    """The IP packets in so many bytes of frames."""
    return Amount(frames - _ETHERNET * packets, packets)
