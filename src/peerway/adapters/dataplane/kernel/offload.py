"""Which established flows take the short way through a router, as parts of its table; pure.

A packet of a flow that is in a flowtable passes neither routing tables nor filter nor connection tracking: the kernel finds the
flow, turns the packet to where the flow goes and sends it on. Owns which flows may be in it, so that what decides over packets
still decides over them:

- only flows that an instance has over a link, and only by a packet that the instance sends: its table and the filter have just
  let that one pass. The answers' way is known beforehand: in by the same link, and straight to the instance.
- none of a VSwitch with an ACL, which decides over every packet for itself, in both directions;
- none of a self-built gateway, whose packets may be anybody's, and none that is translated.

A flow is only as good as its route: when a route or rule of the router changes, its next packet goes the long way. So whatever
else is changed, such as the filter, is followed by that (`FORGET_RULE`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from peerway.adapters.dataplane.kernel.filters import Unit, declare
from peerway.adapters.dataplane.kernel.names import LINK_GROUP, endpoint_interface
from peerway.fabric.lookup import Lookup
from peerway.fabric.model import Endpoint, Router, ToEndpoint, ToLink, ToLinks, ToSubnet

#: Name of the flowtable.
FLOWTABLE: Final = "flows"
#: Name of the set of instances' interfaces whose flows may be in it.
MEMBERS: Final = "offloaded"
#: Text of a flowtable; interfaces join it when they are there.
_HOOK: Final = "hook ingress priority filter"
#: Most interfaces that the kernel takes at a time.
_AT_A_TIME: Final = 256

UNIT: Final = Unit((declare("flowtable", FLOWTABLE, [f"{_HOOK};"]),), flowtables=(FLOWTABLE,))
RULES: Final = (
    f"oifgroup {LINK_GROUP} iifname @{MEMBERS} ct state established ct status & (snat | dnat) == 0 flow add @{FLOWTABLE}",
)


def offloaded(router: Router) -> list[str]:
    """The interfaces of the instances whose flows may be in the flowtable.

    Only where connections are tracked anyway: tracking costs a router that filters nothing more than the short way brings.
    """
    if not any(
        isinstance(entry.hop, ToLink | ToLinks) for fib in router.fibs.values() for entry in fib.entries
    ):
        return []
    inbound = Lookup(router.inbound)
    return [
        endpoint_interface(endpoint.id)
        for endpoint in router.endpoints.values()
        if endpoint.policy_id is not None
        and not endpoint.forwards
        and router.subnets[endpoint.subnet_id].acl_id is None
        and _is_reached(endpoint, inbound)
    ]


def _is_reached(endpoint: Endpoint, inbound: Lookup) -> bool:
    """Whether what arrives by a link for an instance goes straight to it."""
    direct = {ToSubnet(endpoint.subnet_id), ToEndpoint(endpoint.id)}
    entries = [inbound.find(address) for address in endpoint.addresses]
    return all(entry is not None and entry.hop in direct for entry in entries)


def joining(table: str, interfaces: Collection[str]) -> Iterator[str]:
    """Texts that have interfaces look for their packets' flows, each a transaction of its own; they must be there.

    One that does already may be among them.
    """
    ordered = sorted(interfaces)
    for start in range(0, len(ordered), _AT_A_TIME):
        names = ", ".join(f'"{name}"' for name in ordered[start : start + _AT_A_TIME])
        yield f"add flowtable {table} {FLOWTABLE} {{ {_HOOK}; devices = {{ {names} }}; }}\n"
