"""What is in the region that a request names, where the thing itself does not say so."""

from __future__ import annotations

from typing import TypeVar

from peerway.api.clouds.call import AnyCall
from peerway.api.tencent.lists import Wanted
from peerway.app.store import among, where
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.resource import Resource
from peerway.domain.vpc import Vpc

R = TypeVar("R", bound=Resource)


def in_region(call: AnyCall, wanted: Wanted[R]) -> Wanted[R]:
    """Only what is in VPCs of the region, by `vpc_id`. Accounts with all their VPCs in it pay nothing for the question."""
    mine, here = where("owner_uid", call.caller.uid), where("region_id", call.region_id)
    elsewhere = call.tx.count(Vpc, mine) - call.tx.count(Vpc, mine, here)
    if elsewhere or call.tx.count(VirtualBorderRouter, mine):
        wanted.add(among("vpc_id", (Vpc,), mine, here))
    return wanted
