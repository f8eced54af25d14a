"""What a resource is charged for as it stands, and what a change of it changes (BILL-1 to BILL-5).

Owns rates only. Usage, and bills of what was used, may not go in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from peerway.domain.lifecycle.line import LINE
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.line import LineState, PhysicalConnection
from peerway.domain.peering import Peering
from peerway.domain.resource import Resource
from peerway.domain.router_interface import InterfaceRole, RouterInterface
from peerway.profiles.prices import PeeringCell, Per, PriceBook
from peerway.profiles.rules import includes

#: States of a line for which its installation has been ordered. It is not paid back.
ORDERED = frozenset({LineState.APPROVED, LineState.ALLOCATED, LineState.CONFIRMED, LineState.ENABLED})


@dataclass(frozen=True, slots=True)
class Charge:
    """One thing that an account pays for a resource."""

    #: The account.
    uid: str
    #: What for, for people.
    what: str
    #: What the amount is paid for.
    per: Per
    #: Money of the amount; None when there is no price.
    currency: str | None
    #: The amount; None when the book has no price: not free, but unknown.
    amount: Decimal | None


def charges_of(resource: Resource | None, book: PriceBook) -> Iterator[Charge]:
    """What is paid for the resource in its present state."""
    match resource:
        case RouterInterface():
            yield from _of_interface(resource, book)
        case PhysicalConnection():
            yield from _of_line(resource, book)
        case Peering():
            yield from _of_peering(resource, book)


def _of_interface(interface: RouterInterface, book: PriceBook) -> Iterator[Charge]:
    """A day rate of the initiator, while joined; an acceptor is free (BILL-1)."""
    if interface.role is not InterfaceRole.INITIATOR or not ROUTER_INTERFACE.states[interface.state].billable:
        return
    here, there = interface.region_id, interface.opposite_region_id
    amount = book.interface_day(here, there, interface.spec)
    what = f"initiator {interface.spec}, {here} to {there}"
    yield _charge(interface.owner_uid, what, Per.DAY, book.interface_currency, amount)


def _of_line(line: PhysicalConnection, book: PriceBook) -> Iterator[Charge]:
    """Once for the installation, and each day for the port while it is in use (BILL-1)."""
    if line.state in ORDERED:
        amount = book.line_installation
        yield _charge(line.owner_uid, "installation", Per.ONCE, book.line_currency, amount)
    if LINE.states[line.state].billable:
        rate = book.line_ports.get(line.port_type.mbps)
        yield _charge(line.owner_uid, f"port {line.port_type}", Per.DAY, book.line_currency, rate)


def _of_peering(peering: Peering, book: PriceBook) -> Iterator[Charge]:
    """Traffic or bandwidth across regions; one region is free (BILL-2, BILL-3, BILL-4)."""
    prices = book.peerings.get(peering.profile)
    if peering.same_region or prices is None or not PEERING.states[peering.state].billable:
        return
    here, there = (side.region_id for side in peering.sides)
    cell = PeeringCell(frozenset({here, there}), peering.link_type)
    amount, quality = prices.rates.get(cell), f" {peering.link_type}" if peering.link_type else ""
    for uid in sorted({side.uid for side in peering.sides if includes(prices.paid_by, peering, side.uid)}):
        yield _charge(uid, f"link{quality}, {here} to {there}", prices.per, prices.currency, amount)


def _charge(uid: str, what: str, per: Per, currency: str | None, amount: Decimal | None) -> Charge:
    return Charge(uid, what, per, None if amount is None else currency, amount)


@dataclass(frozen=True, slots=True)
class PriceEffect:
    """What an account would pay for a resource before and after a change."""

    #: The resource.
    resource_id: str
    #: The account.
    uid: str
    #: As it is charged now; None for what is not charged.
    before: Charge | None
    #: As it would be charged.
    after: Charge | None


def price_effects(before: Resource | None, after: Resource | None, book: PriceBook) -> Iterator[PriceEffect]:
    """What a change of a resource changes about what is paid for it. What was paid once is neither paid again nor paid back."""
    subject = before or after
    if subject is None:
        return
    old = {(charge.uid, charge.per): charge for charge in charges_of(before, book)}
    new = {(charge.uid, charge.per): charge for charge in charges_of(after, book)}
    for key in dict.fromkeys((*old, *new)):
        was, will_be = old.get(key), new.get(key)
        over = key[1] is Per.ONCE and was is not None
        if was != will_be and not over:
            yield PriceEffect(subject.id, key[0], was, will_be)
