"""One router as columns: all that packets meet there.

Owns what is numbered how, and which routers are too odd to be flattened. Only IPv4 is flattened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from typing import NamedTuple

import numpy as np

from peerway.analysis.batch.columns import (
    LOCAL_BITS,
    LOCALS,
    NONE,
    Endpoints,
    Names,
    Ranges,
    Rules,
    Segments,
    Services,
    columns,
)
from peerway.analysis.batch.ranges import Route, inbound, outbound, range_columns, route_of
from peerway.analysis.batch.rules import filter_columns
from peerway.fabric.model import Endpoint, Filter, Router

#: Filters by kind and id of their policy: the numbers of egress and ingress.
_Named = dict[tuple[str, str], tuple[int, int]]

_UNFILTERED = (NONE, NONE)


class Block(NamedTuple):
    """One router, flattened. Numbers of tables and filters hold everywhere; those of rows count from the block's first."""

    #: Its interfaces.
    endpoints: Endpoints
    #: Its forwarding tables.
    ranges: Ranges
    #: Its filters.
    segments: Segments
    #: Their rules.
    rules: Rules
    #: Its services.
    services: Services
    #: What its rows are called.
    names: Names
    #: Whether the router can't be flattened; the columns are empty then.
    odd: bool = False


def flatten(router: Router, slot: int, links: Mapping[Route, int]) -> Block:
    """The router, whose number is `slot`; `links` has the numbers of its `routes_of`."""
    subnets = {id: number for number, id in enumerate(router.subnets)}
    fibs = sorted({subnet.fib_id for subnet in router.subnets.values()})
    tables = {id: slot << LOCAL_BITS | number for number, id in enumerate(fibs, start=1)}
    filters, named = _numbered_filters(router, slot)
    held = sorted(_held(router), key=_address)
    if len(held) > len({endpoint.id for _, endpoint in held}) or max(len(fibs), len(filters)) >= LOCALS:
        return EMPTY._replace(odd=True)
    leads = [(slot << LOCAL_BITS, inbound(router, subnets))]
    leads += [(number, outbound(router.fibs[id], links, subnets)) for id, number in tables.items()]
    ranges, range_names = range_columns(leads)
    segments, rules, rule_names = filter_columns(filters)
    return Block(
        _endpoint_columns(router, slot, held, tables, named),
        ranges,
        segments,
        rules,
        _service_columns(router, slot),
        Names(tuple(endpoint.id for _, endpoint in held), range_names, rule_names),
    )


def routes_of(router: Router) -> set[Route]:
    """The links, alone and several to choose from, that the router's tables lead to."""
    routes = (route_of(entry.hop) for fib in router.fibs.values() for entry in fib.entries)
    return {route for route in routes if route is not None}


def _held(router: Router) -> list[tuple[int, Endpoint]]:
    """The router's addresses with those that have them."""
    return [
        (int(address), endpoint)
        for endpoint in router.endpoints.values()
        for address in endpoint.addresses
        if isinstance(address, IPv4Address)
    ]


def _service_columns(router: Router, slot: int) -> Services:
    addresses = sorted({int(service.address) for service in router.services.values()})
    return Services(np.array([slot << 32 | address for address in addresses], np.uint64))


def _numbered_filters(router: Router, slot: int) -> tuple[list[tuple[int, Filter]], _Named]:
    """Every filter with its number, and where to find it."""
    filters: list[tuple[int, Filter]] = []
    named: _Named = {}
    for kind, policies in (("policy", router.policies), ("acl", router.acls)):
        for id, policy in policies.items():
            first = slot << LOCAL_BITS | len(filters)
            filters += [(first, policy.egress), (first + 1, policy.ingress)]
            named[kind, id] = first, first + 1
    return filters, named


def _endpoint_columns(
    router: Router,
    slot: int,
    held: Sequence[tuple[int, Endpoint]],
    tables: Mapping[str, int],
    named: _Named,
) -> Endpoints:
    """The interfaces by address; of several with one address first the one that gets its packets."""
    numbers = {id: number for number, id in enumerate(router.subnets)}
    rows = []
    for address, endpoint in held:
        subnet = router.subnets[endpoint.subnet_id]
        acl = _UNFILTERED if subnet.acl_id is None else named["acl", subnet.acl_id]
        policy = _UNFILTERED if endpoint.policy_id is None else named["policy", endpoint.policy_id]
        exits = router.exit_id is not None and endpoint.public is not None
        key, subnet_number = slot << 32 | address, numbers[subnet.id]
        rows.append((key, tables[subnet.fib_id], *acl, *policy, subnet_number, endpoint.forwards, exits))
    return Endpoints(*columns(rows, _ENDPOINT_TYPES))


def _address(held: tuple[int, Endpoint]) -> int:
    return held[0]


_ENDPOINT_TYPES = (np.uint64, *[np.uint32] * 5, np.int32, np.bool_, np.bool_)

#: Nothing at all: what stands in a place without a router.
EMPTY = Block(
    Endpoints(*columns((), _ENDPOINT_TYPES)),
    range_columns(())[0],
    *filter_columns(())[:2],
    Services(np.empty(0, np.uint64)),
    Names((), (), ()),
)
