"""The services' tables against the SDK, and the tree of paths."""

import re
from pathlib import Path

import jdcloud_sdk.services
import pytest

from peerway.api.clouds.parameters import parse_parameters
from peerway.api.jdcloud.catalogue import PRODUCTS
from peerway.api.jdcloud.paths import Paths
from peerway.api.jdcloud.regions import region_name, region_of, zone_for, zone_name, zone_of
from peerway.domain.errors import InvalidInput
from peerway.domain.peering import PeeringState
from peerway.domain.route_table import NextHop
from peerway.domain.security import Protocol, RuleAction
from peerway.profiles.model import load_regions

SDK = Path(next(iter(jdcloud_sdk.services.__path__)))
#: Peerway's own paths: JD Cloud has them in its console only.
EXTENSIONS = {
    *("createVpcPeering", "describeVpcPeerings", "describeVpcPeering", "modifyVpcPeering"),
    *("deleteVpcPeering", "acceptVpcPeering", "rejectVpcPeering"),
}


def sdk_actions(service: str) -> dict[str, tuple[str, str]]:
    """Method and path of each action that the SDK has."""
    found = {}
    for file in sorted((SDK / service / "apis").glob("*Request.py")):
        path, method = re.findall(r"'(/[^']*)', '([A-Z]+)'", file.read_text(encoding="utf-8"))[0]
        name = file.name.removesuffix("Request.py")
        found[name[0].lower() + name[1:]] = (method, path)
    return found


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_each_action_of_the_sdk_is_there_or_said_to_be_missing(product):
    """API-3: with the SDK's own method and path."""
    theirs = sdk_actions(product.name)
    own = EXTENSIONS if product.name == "cps" else set()
    assert product.actions.keys() - own <= theirs.keys()
    assert set(product.unsupported) == theirs.keys() - product.actions.keys()
    for name in product.actions.keys() - own:
        extra = product.actions[name].extra
        assert (extra["method"], extra["path"]) == theirs[name]


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_each_parameter_of_the_sdk_is_known(product):
    """API-3: what the SDK's parameter classes hold is taken or said to have no effect."""
    for name in product.actions.keys() & sdk_actions(product.name).keys():
        text = (SDK / product.name / "apis" / f"{name[0].upper()}{name[1:]}Request.py").read_text("utf-8")
        sent = set(re.findall(r"self\.(\w+) = ", text)) - {"parameters"}
        known = {parameter.name for parameter in product.actions[name].parameters}
        assert sent <= known, f"{product.name}.{name}: {sent - known}"


def test_words_of_the_tables_are_total():
    """API-3: each kind of next hop, protocol and action that a list can show has a word."""
    vpc, cps = PRODUCTS
    shown = {hop.value for hop in NextHop} - {NextHop.LINE}
    assert shown <= vpc.extra["next_hops"].keys()
    assert {NextHop.PEERING, NextHop.INSTANCE} <= cps.extra["next_hops"].keys()
    for table in ("protocols", "acl_protocols"):
        assert vpc.extra[table].keys() == set(Protocol)
    for table in ("rule_actions", "acl_actions"):
        assert vpc.extra[table].keys() == set(RuleAction)
    assert len(PeeringState) > len(vpc.extra["states"]) == 3


def test_paths_are_found_with_and_without_the_last_slash():
    """API-3: SDK and documents differ in it; verbs after a colon are paths of their own."""
    paths = Paths(PRODUCTS[0].actions.values())
    for path in ("/regions/r/vpcPeerings", "/regions/r/vpcPeerings/", "//regions//r/vpcPeerings//"):
        action, given = paths.find("GET", path)
        assert (action.name, given) == ("describeVpcPeerings", {"regionId": "r"})
    action, given = paths.find("POST", "/regions/r/routeTables/vtb-1:addRouteTableRules")
    assert (action.name, given) == ("addRouteTableRules", {"regionId": "r", "routeTableId": "vtb-1"})
    action, given = paths.find("PUT", "/regions/r/vpcPeerings/vpcpr-1")
    assert (action.name, given["vpcPeeringId"]) == ("modifyVpcPeering", "vpcpr-1")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", "unknown_action"),
        ("GET", "/regions", "unknown_action"),
        ("GET", "/regions/r", "unknown_action"),
        ("GET", "/regions/r/unicorns", "unknown_action"),
        ("GET", "/regions/r/vpcs/v/w", "unknown_action"),
        ("POST", "/regions/r/routeTables/vtb-1:unknown", "unknown_action"),
        ("POST", "/regions/r/routeTables/:addRouteTableRules", "unknown_action"),
        ("PATCH", "/regions/r/vpcPeerings/vpcpr-1", "method"),
        ("PUT", "/regions/r/vpcs", "method"),
    ],
)
def test_what_is_no_path_is_told(method, path, code):
    """API-3: an unknown path and an unknown method of a known one."""
    with pytest.raises(InvalidInput) as refused:
        Paths(PRODUCTS[0].actions.values()).find(method, path)
    assert refused.value.code == code


def test_a_path_is_one_actions():
    """API-3: two actions of one method and path are a mistake in a table."""
    (action,) = [PRODUCTS[0].actions["describeVpc"]]
    with pytest.raises(ValueError, match="describeVpc"):
        Paths([action, action])


def test_regions_and_zones_have_two_names():
    """NET-2: JD Cloud's and this installation's, both ways."""
    regions = load_regions()
    assert region_of("cn-north-1") == region_of("cn-beijing") == "cn-beijing"
    for region in regions:
        assert region_of(region_name(region.id)) == region.id

    class World:
        pass

    world = World()
    world.regions = regions
    assert zone_name("cn-beijing", "cn-beijing-a") == "cn-north-1a"
    assert zone_of(world, "cn-beijing", "cn-north-1c") == "cn-beijing-c"
    assert zone_of(world, "cn-beijing", "cn-beijing-c") == "cn-beijing-c"
    assert zone_for(world, "cn-beijing", None, "az") == "cn-beijing-a"
    assert zone_of(world, "cn-beijing", "nowhere") == "nowhere"


def test_filters_name_what_there_is():
    """API-3: a filter stands for an attribute or a shown field, and only lists have any."""
    for product in PRODUCTS:
        for action in product.actions.values():
            taken = {parameter.name for parameter in action.parameters} - action.ignored
            assert ("filters" in action.extra) == ("filters" in taken), action.name
    assert parse_parameters("filters[]{name*:s, values[]:s}")[0].many
