"""What resources are charged for: the seeds' tables, and nothing that they don't say."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.support.resources import peering

from peerway.domain.line import LineState, PhysicalConnection, PortType
from peerway.domain.peering import LinkType, PeeringState
from peerway.domain.router_interface import (
    NEGATIVE,
    SAME_REGION_SPEC,
    InterfaceRole,
    InterfaceState,
    RouterInterface,
    RouterType,
)
from peerway.metering.charges import charges_of, price_effects
from peerway.profiles.prices import Per, book_at, load_price_books

BOOKS = load_price_books()
BOOK = book_at(BOOKS, date(2026, 1, 1))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEIJING, HANGZHOU, SHANGHAI, SHENZHEN = "cn-beijing", "cn-hangzhou", "cn-shanghai", "cn-shenzhen"

INITIATOR = RouterInterface(
    id="ri-1",
    owner_uid="1",
    created_at=NOW,
    region_id=BEIJING,
    vpc_id="vpc-a",
    router_id="vrt-a",
    router_type=RouterType.VROUTER,
    role=InterfaceRole.INITIATOR,
    spec="Small.2",
    opposite_region_id=SHENZHEN,
    state=InterfaceState.ACTIVE,
    state_since=NOW,
)
LINE = PhysicalConnection(
    id="pc-1",
    owner_uid="1",
    created_at=NOW,
    region_id=BEIJING,
    access_point_id="ap",
    line_operator="CT",
    port_type=PortType.FIBRE_1G,
    bandwidth_mbps=1000,
    state_since=NOW,
)


def amounts(resource):
    """What is paid: amount and what it is paid for."""
    return [(charge.amount, charge.per) for charge in charges_of(resource, BOOK)]


@pytest.mark.parametrize(
    ("here", "there", "spec", "amount"),
    [
        (BEIJING, SHENZHEN, "Small.2", 270),
        (SHENZHEN, BEIJING, "Small.2", 270),
        (HANGZHOU, SHANGHAI, "Small.1", 140),
        (BEIJING, HANGZHOU, "Small.5", 420),
        (SHANGHAI, SHENZHEN, "Middle.1", 640),
        (BEIJING, BEIJING, SAME_REGION_SPEC, 30),
        (BEIJING, SHENZHEN, "Large.1", None),
        (BEIJING, "us-west-1", "Small.1", None),
    ],
)
def test_initiator_pays_the_table(here, there, spec, amount):
    """BILL-1: Beijing to Shenzhen with Small.2 is 270 a day; BILL-5: what is in no table has no price, which is not 0."""
    interface = replace(INITIATOR, region_id=here, opposite_region_id=there, spec=spec)
    assert amounts(interface) == [(None if amount is None else Decimal(amount), Per.DAY)]


def test_acceptor_and_idle_initiator_pay_nothing():
    """BILL-1: an acceptor is free; time is charged from when the two are joined."""
    assert amounts(replace(INITIATOR, role=InterfaceRole.ACCEPTOR, spec=NEGATIVE)) == []
    assert amounts(replace(INITIATOR, state=InterfaceState.IDLE)) == []


def test_line_costs_once_and_its_port_by_the_day():
    """BILL-1: 1000 once; 20 a day up to 1G, 170 a day for 10G."""
    assert amounts(LINE) == []
    assert amounts(replace(LINE, state=LineState.APPROVED)) == [(1000, Per.ONCE)]
    enabled = replace(LINE, state=LineState.ENABLED)
    assert amounts(enabled) == [(1000, Per.ONCE), (20, Per.DAY)]
    assert amounts(replace(enabled, port_type=PortType.FIBRE_10G))[1] == (170, Per.DAY)


def test_installation_is_neither_paid_twice_nor_back():
    """BILL-1: not refunded, and only the approval brings it."""

    def effects(before, after):
        found = price_effects(replace(LINE, state=before), replace(LINE, state=after), BOOK)
        return [
            (effect.before and effect.before.amount, effect.after and effect.after.amount) for effect in found
        ]

    assert effects(LineState.INITIAL, LineState.APPROVED) == [(None, 1000)]
    assert effects(LineState.CONFIRMED, LineState.ENABLED) == [(None, 20)]
    assert effects(LineState.ENABLED, LineState.TERMINATED) == [(20, None)]
    assert effects(LineState.CONFIRMED, LineState.CANCELED) == []


def test_connection_in_one_region_is_free_and_across_regions_unpriced_without_a_price():
    """BILL-2 to BILL-5: the seeds price one example; everything else across regions has no price, and both or one side pay it."""
    active = replace(peering(), state=PeeringState.ACTIVE, profile="alibaba")
    requester, accepter = active.sides
    near = replace(active, accepter=replace(accepter, region_id=requester.region_id))
    assert amounts(near) == []
    here, there = replace(requester, region_id="cn-huhehaote"), replace(accepter, region_id="cn-guangzhou")
    far = replace(active, requester=here, accepter=there, link_type=LinkType.GOLD)
    assert set(amounts(far)) == {(Decimal("0.072"), Per.GB)}
    assert {charge.uid for charge in charges_of(far, BOOK)} == {here.uid, there.uid}
    assert set(amounts(replace(far, link_type=LinkType.PLATINUM))) == {(None, Per.GB)}
    for profile, per in (("tencent", Per.PEAK_MBPS_DAY), ("jdcloud", Per.MBPS_DAY)):
        assert amounts(replace(far, profile=profile)) == [(None, per)]
        assert [charge.uid for charge in charges_of(replace(far, profile=profile), BOOK)] == [here.uid]


def test_book_holds_from_its_day_on():
    """BILL-5: price books are data with effective dates; before the first there are no prices."""
    later = replace(BOOK, effective=date(2026, 6, 1))
    assert book_at((later, *BOOKS), date(2026, 5, 31)) is BOOK
    assert book_at((later, *BOOKS), date(2026, 6, 1)) is later
    assert book_at(BOOKS, date(2015, 12, 31)) is None
