"""Where route entries lead, as answers tell it."""

from __future__ import annotations

from typing import Any

from peerway.api.alibaba.products.vpc.product import word
from peerway.domain.route_table import TableEntry


def hops(entry: TableEntry) -> list[dict[str, Any]]:
    """The next hops of an entry; `Enabled` is whether packets can take it now."""
    common = {"NextHopType": word("next_hops", entry.next_hop), "Enabled": int(entry.available)}
    if entry.paths:
        return [{**common, "NextHopId": path.interface_id, "Weight": path.weight} for path in entry.paths]
    return [{**common, "NextHopId": entry.next_hop_id or "" if entry.id else "", "Weight": 0}]
