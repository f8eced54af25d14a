"""What has route tables: a VPC, by its VRouter, or a virtual border router.

Owns finding the router behind a table, and which ranges of it no custom entry may claim.
"""

from __future__ import annotations

from peerway.app.store import Reader
from peerway.app.usecases.links import vswitch_prefixes
from peerway.domain.errors import IllegalState
from peerway.domain.lifecycle.vbr import VBR
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.prefixes import Prefix
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import RouteTable
from peerway.domain.vpc import Vpc


def require_usable_router(tx: Reader, table: RouteTable) -> None:
    """`IllegalState` when the table's VPC or VBR takes no entries: it is not confirmed yet, or being deleted."""
    vbr = border_router(tx, table)
    if vbr is not None:
        if not VBR.states[vbr.state].live:
            raise IllegalState("vbr", vbr.id, vbr.state.value, "use")
        return
    vpc = tx.get(Vpc, table.vpc_id)
    if vpc is None or vpc.state is Provisioning.DELETING:
        raise IllegalState("vpc", table.vpc_id, Provisioning.DELETING.value, "use")


def border_router(tx: Reader, table: RouteTable) -> VirtualBorderRouter | None:
    """The VBR that the table belongs to; None when it is a VPC's."""
    return tx.get(VirtualBorderRouter, table.vpc_id)


def local_prefixes(tx: Reader, table: RouteTable) -> tuple[Prefix, ...]:
    """Ranges that the router delivers by itself: of a VPC's VSwitches, or between a VBR and the customer's router."""
    vbr = border_router(tx, table)
    return vbr.transfer_networks if vbr is not None else vswitch_prefixes(tx, table.vpc_id)
