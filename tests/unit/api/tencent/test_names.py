"""Tencent Cloud's names and numbers for regions, zones, accounts, routes and errors."""

from datetime import UTC, datetime

import pytest
from tests.support.world import make_world

from peerway.api.clouds.errors import tell
from peerway.api.tencent.dialect import ERRORS
from peerway.api.tencent.products.vpc.routes import route_number
from peerway.api.tencent.regions import LONG, OURS, name_of_zone, region_of, short_of, zone_of
from peerway.api.tencent.shapes import app_id, time_text
from peerway.domain.errors import InvalidInput, Kind, PeerwayError
from peerway.profiles.model import load_regions


def test_every_region_of_the_table_is_there():
    """NET-2: and goes by its codes, long and short."""
    known = load_regions().by_id
    for ours, long in LONG.items():
        assert ours in known
        assert region_of(long) == region_of(short_of(ours)) == ours
    assert len(OURS) == 2 * len(LONG)
    assert (region_of("cn-qingdao"), short_of("cn-qingdao")) == ("cn-qingdao", "cn-qingdao")


def test_zones_are_numbered():
    """NET-2: in the order of the region's own list; the installation's names are taken as well."""
    world = make_world()
    assert zone_of(world, "cn-guangzhou", "ap-guangzhou-2") == "cn-guangzhou-b"
    assert zone_of(world, "cn-guangzhou", "cn-guangzhou-a") == "cn-guangzhou-a"
    assert name_of_zone(world, "cn-guangzhou-b") == "ap-guangzhou-2"
    assert name_of_zone(world, "cn-qingdao-b") == "cn-qingdao-b"
    with pytest.raises(InvalidInput) as caught:
        zone_of(world, "cn-guangzhou", "ap-beijing-1")
    assert caught.value.code == "unknown_zone"


def test_every_zone_has_a_name_of_its_own():
    """NET-2."""
    world = make_world()
    zones = [zone for region in world.regions for zone in region.zones]
    assert len({name_of_zone(world, zone) for zone in zones}) == len(zones)


def test_times_and_numbers():
    """API-3: Shanghai's clocks; the number of a route fits into any client's."""
    assert time_text(datetime(2026, 11, 21, 20, 0, tzinfo=UTC)) == "2026-11-22 04:00:00"
    assert app_id("4098412198203230") == 2198203230
    assert route_number("rte-1") == route_number("rte-1") != route_number("rte-2")
    assert 0 < route_number("rte-1") < 1 << 53


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_error_has_words(kind):
    """API-4: and the status of an answer."""

    class Some(PeerwayError):
        pass

    Some.kind = kind
    told = tell(Some("text", code="never heard of"), "", (ERRORS,))
    assert (told.status, bool(told.code)) == (200, True)


def test_every_row_has_the_status_of_an_answer():
    """API-4: clients read nothing else."""
    assert {row[1] for row in ERRORS.values()} == {200}
