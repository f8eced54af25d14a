"""What analyses, previews and intents say of a network, held against the packets in it (PATH-1 to PATH-5)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from tests.support.analyses import carry_out, of_pair, told
from tests.support.live import Cloud, Tenant
from tests.support.outsides import Outside, world_outside
from tests.support.sites import Oracles
from tests.support.troubles import OUTSIDE, PUBLIC, TROUBLES, Trouble, make_pair

pytestmark = pytest.mark.kernel

Tenants = Callable[..., Tenant]


@pytest.fixture
def internet(cloud: Cloud) -> Iterator[Outside]:
    """A network outside that gives public addresses."""
    if os.geteuid() != 0:
        pytest.skip("needs root: the outside is a namespace that the test makes on the host")
    with world_outside() as world:
        cloud.operator.post("/external-networks", region_id=OUTSIDE, port=world.port, pools=["192.0.2.0/24"])
        yield world


def check_row(cloud: Cloud, tenants: Tenants, oracles: Oracles, trouble: Trouble) -> None:
    """Break it, have it explained, mend it as the report says; packets show each time that it is so."""
    pair = trouble.turned(make_pair(cloud, tenants, **trouble.pair))
    assert oracles.reach_all([pair.asked]) == [True]
    assert of_pair(pair)["verdict"] == "reachable"
    decider = trouble.cause(pair)
    sent = oracles.sent if trouble.code in {"guest_clash", "public_range"} else oracles.reach_all
    asks = [pair.asked, *pair.others.values()]
    broken, *closed = sent(asks)
    assert not broken
    report = of_pair(pair)
    assert report["verdict"] == trouble.verdict
    assert report["blockers"][0]["way"] == trouble.way
    rows = [row for row in report["findings"] if row["code"] == trouble.code]
    assert decider in [id for row in rows for id in row["subjects"]], report["findings"]
    if trouble.mend is not None:
        assert report["remedies"] == []
        assert report["blockers"][0]["why_none"]
        trouble.mend(pair)
    else:
        fix = report["fix"]
        assert tuple(one["change"] for one in fix["remedies"]) == trouble.changes
        assert fix["verdict"] == "reachable"
        assert bool(fix["opens"]) == trouble.wide
        assert fix["proposed"] != trouble.wide
        carry_out(pair, fix)
    mended, *opened = sent(asks)
    assert mended
    assert of_pair(pair)["verdict"] == "reachable"
    if trouble.mend is None:
        for ends, was, now in zip(pair.others, closed, opened, strict=True):
            assert (now and not was) == told(report["fix"], *ends), f"{ends} was {was}, is {now}"


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
def test_row_of_the_table_is_found_and_mended(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, trouble: Trouble
) -> None:
    """PATH-3: what stops real packets is named, and the fix that is told lets them pass, and no others unless it says so."""
    check_row(cloud, tenant, oracles, trouble)


def test_public_range_leaves_by_the_internet(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, internet: Outside
) -> None:
    """PATH-3, NET-10: the row that needs a way out: a public address takes the packets away from the link."""
    check_row(cloud, tenant, oracles, PUBLIC)
