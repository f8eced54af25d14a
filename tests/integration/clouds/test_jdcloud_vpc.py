"""JD Cloud's service `vpc` over HTTP: halves of peerings and the rules that lead to them, as the SDK would read them."""

from typing import Any

import pytest
from tests.support.api import Site
from tests.support.jdcloud import JdClient, Refused

Pair = tuple[JdClient, JdClient]


@pytest.fixture
def pair(site: Site) -> Pair:
    """Two accounts' ways to the service."""
    return JdClient(site, site.account()), JdClient(site, site.account())


@pytest.fixture
def one(pair: Pair) -> JdClient:
    """The first of them."""
    return pair[0]


def refused(client: JdClient, method: str, path: str, body: object = None) -> Refused:
    """The error of a request."""
    with pytest.raises(Refused) as caught:
        client.ask(method, path, body)
    return caught.value


def half(client: JdClient, vpc: str, remote: str, name: str = "half", **fields: Any) -> Any:
    """A new half."""
    body = {"vpcPeeringName": name, "vpcId": vpc, "remoteVpcId": remote, **fields}
    return client.ask("POST", "vpcPeerings/", body)["vpcPeering"]


def test_two_halves_make_a_peering(pair: Pair) -> None:
    """API-3: Initiated, Connected, Disconnected, each seen by its own account."""
    one, other = pair
    near, far = one.vpc("10.0.0.0/16", "near"), other.vpc("10.1.0.0/16", "far")
    first = half(one, near, far, "研发_1", description="d e&f")
    assert first["vpcPeeringId"].startswith("vpcpr-")
    assert {name: first[name] for name in ("vpcPeeringName", "vpcPeeringState", "description")} == {
        "vpcPeeringName": "研发_1",
        "vpcPeeringState": "Initiated",
        "description": "d e&f",
    }
    assert first["vpcInfo"] == {"vpcId": near, "vpcName": "near", "addressPrefix": ["10.0.0.0/16"]}
    assert first["remoteVpcInfo"] == {"vpcId": far, "vpcName": "", "addressPrefix": []}
    assert first["createdTime"].endswith("Z")
    assert other.ask("GET", "vpcPeerings/") == {"vpcPeerings": [], "totalCount": 0}

    second = half(other, far, near)
    assert second["vpcPeeringState"] == "Connected"
    seen = one.ask("GET", f"vpcPeerings/{first['vpcPeeringId']}")["vpcPeering"]
    assert seen["vpcPeeringState"] == "Connected"
    assert seen["remoteVpcInfo"] == {"vpcId": far, "vpcName": "far", "addressPrefix": ["10.1.0.0/16"]}
    assert refused(one, "GET", f"vpcPeerings/{second['vpcPeeringId']}").status == "NOT_FOUND"

    assert other.ask("DELETE", f"vpcPeerings/{second['vpcPeeringId']}") is None
    seen = one.ask("GET", f"vpcPeerings/{first['vpcPeeringId']}")["vpcPeering"]
    assert seen["vpcPeeringState"] == "Disconnected"
    assert seen["remoteVpcInfo"]["addressPrefix"] == []
    again = refused(
        *(other, "POST", "vpcPeerings"), {"vpcPeeringName": "again", "vpcId": far, "remoteVpcId": near}
    )
    assert (again.code, again.status) == (400, "FAILED_PRECONDITION")


def test_errors_of_halves_are_the_documented_ones(pair: Pair) -> None:
    """API-3: 400, 404, 409 and 429, with the documents' words."""
    one, other = pair
    near, far = one.vpc("10.0.0.0/16"), other.vpc("10.1.0.0/16")
    body = {"vpcPeeringName": "half", "vpcId": near, "remoteVpcId": far}

    def told(**fields: Any) -> tuple[int, str]:
        error = refused(one, "POST", "vpcPeerings/", body | fields)
        return error.code, error.status

    half(one, near, far)
    assert told() == (409, "ALREADY_EXISTS")
    third = other.vpc("10.2.0.0/16")
    assert told(remoteVpcId=third) == (409, "ALREADY_EXISTS")
    named = refused(one, "POST", "vpcPeerings/", body | {"remoteVpcId": third})
    assert named.message.startswith("Already has VpcPeering with param")
    assert told(remoteVpcId="vpc-nobody", vpcPeeringName="a") == (404, "NOT_FOUND")
    assert told(vpcId="vpc-nobody", vpcPeeringName="a") == (404, "NOT_FOUND")
    assert told(vpcId=far, vpcPeeringName="a") == (404, "NOT_FOUND")
    assert told(remoteVpcId=near, vpcPeeringName="a") == (400, "INVALID_ARGUMENT")
    assert told(remoteVpcId=third, vpcPeeringName="no-dash") == (400, "INVALID_ARGUMENT")
    assert told(remoteVpcId=third, vpcPeeringName="a" * 33) == (400, "INVALID_ARGUMENT")
    assert told(remoteVpcId=third, vpcPeeringName="a", description="d" * 257) == (400, "INVALID_ARGUMENT")
    assert told(vpcPeeringName=None) == (400, "INVALID_ARGUMENT")
    assert told(remoteVpcId=one.vpc("10.0.128.0/17"), vpcPeeringName="a") == (400, "INVALID_ARGUMENT")
    for number in range(2, 11):
        half(one, near, other.vpc(f"10.{number + 10}.0.0/16"), f"half_{number}")
    assert told(remoteVpcId=third, vpcPeeringName="more") == (429, "QUOTA_EXCEEDED")
    assert one.ask("GET", f"quotas/?type=vpcpeering&parentResourceId={near}") == {
        "quota": {"type": "vpcpeering", "parentResourceId": near, "maxLimit": 10, "count": 10}
    }
    assert refused(one, "PUT", "vpcPeerings/vpcpr-nobody", {"description": "d"}).status == "NOT_FOUND"
    assert refused(one, "DELETE", "vpcPeerings/vpcpr-nobody").status == "NOT_FOUND"


def test_lists_of_halves_filter_and_page(pair: Pair) -> None:
    """API-3: filters by ids, names and ends, pages from 10 to 100; beyond the last page comes the last."""
    one, other = pair
    hub, second = one.vpc("10.0.0.0/16"), one.vpc("10.1.0.0/16")
    made = [
        half(one, hub if number < 10 else second, other.vpc(f"10.{number + 10}.0.0/16"), f"half_{number}")
        for number in range(12)
    ]
    ids = [each["vpcPeeringId"] for each in made]

    def listed(query: str) -> tuple[list[str], int]:
        answer = one.ask("GET", f"vpcPeerings/?{query}")
        return [each["vpcPeeringId"] for each in answer["vpcPeerings"]], answer["totalCount"]

    def by(name: str, *values: str) -> str:
        pairs = (f"filters.1.values.{place}={value}" for place, value in enumerate(values, 1))
        return f"filters.1.name={name}&{'&'.join(pairs)}"

    assert listed("") == (ids, 12)
    assert listed("pageNumber=1&pageSize=10") == (ids[:10], 12)
    assert listed("pageNumber=2&pageSize=10") == (ids[10:], 12)
    assert listed("pageNumber=9&pageSize=10") == (ids[10:], 12)
    assert listed(by("vpcPeeringIds", ids[3], ids[5], "vpcpr-nobody")) == ([ids[3], ids[5]], 2)
    assert listed(by("vpcPeeringNames", "half_1")) == ([ids[1]], 1)
    assert listed(by("vpcId", second)) == (ids[10:], 2)
    assert listed(by("remoteVpcId", made[4]["remoteVpcInfo"]["vpcId"])) == ([ids[4]], 1)
    assert listed(by("azType", "all")) == (ids, 12)
    assert listed(f"{by('vpcId', second)}&filters.2.name=vpcPeeringNames&filters.2.values.1=half_1") == (
        [],
        0,
    )


def test_tags_and_groups_are_kept_and_found(one: JdClient) -> None:
    """API-3: user tags of a half, and lists by tag and resource group."""
    near, far = one.vpc("10.0.0.0/16"), one.vpc("10.1.0.0/16")
    tagged = half(one, near, far, userTags=[{"key": "team", "value": "blue"}])
    assert tagged["tags"] == [{"key": "team", "value": "blue"}]
    plain = half(one, far, near, "plain")
    assert plain["tags"] == []
    query = "vpcPeerings/?tags.1.key=team&tags.1.values.1="
    assert one.ask("GET", f"{query}blue")["vpcPeerings"][0]["vpcPeeringId"] == tagged["vpcPeeringId"]
    assert one.ask("GET", f"{query}red")["totalCount"] == 0
    group = tagged["resourceGroupId"]
    assert one.ask("GET", f"vpcPeerings/?resourceGroupIds.1={group}")["totalCount"] == 2
    assert one.ask("GET", "vpcPeerings/?resourceGroupIds.1=rg-nobody")["totalCount"] == 0


def test_halves_change_their_texts(one: JdClient) -> None:
    """API-3: by PUT, each text alone."""
    made = half(one, one.vpc("10.0.0.0/16"), one.vpc("10.1.0.0/16"))
    path = f"vpcPeerings/{made['vpcPeeringId']}"
    changed = one.ask("PUT", path, {"vpcPeeringName": "renamed", "description": None})["vpcPeering"]
    assert (changed["vpcPeeringName"], changed["description"]) == ("renamed", "")
    changed = one.ask("PUT", path, {"vpcPeeringName": None, "description": "text"})["vpcPeering"]
    assert (changed["vpcPeeringName"], changed["description"]) == ("renamed", "text")
    assert refused(one, "PUT", path, {"vpcPeeringName": "no space"}).status == "INVALID_ARGUMENT"


def test_rules_lead_to_halves(pair: Pair) -> None:
    """API-3: a rule names the caller's half; it needs both halves, and goes with either."""
    one, other = pair
    near, far = one.vpc("10.0.0.0/16"), other.vpc("10.1.0.0/16")
    table = one.ask("GET", f"vpcs/{near}")["vpc"]["routeTableIds"][0]
    first = half(one, near, far)["vpcPeeringId"]

    def add(hop: str, prefix: str = "10.1.0.0/16", **fields: Any) -> dict[str, Any]:
        spec = {"nextHopType": "vpc_peering", "nextHopId": hop, "addressPrefix": prefix, **fields}
        return {"routeTableRuleSpecs": [spec]}

    path = f"routeTables/{table}:addRouteTableRules"
    alone = refused(one, "POST", path, add(first))
    assert (alone.status, "initiated" in alone.message) == ("FAILED_PRECONDITION", True)
    second = half(other, far, near)["vpcPeeringId"]
    assert refused(one, "POST", path, add(second)).status == "NOT_FOUND"
    assert refused(one, "POST", path, add("vpcpr-nobody")).status == "NOT_FOUND"
    assert one.ask("POST", path, add(first, description="to far", priority=100)) is None
    assert refused(one, "POST", path, add(first)).status == "ALREADY_EXISTS"
    assert refused(one, "POST", path, add(first, "10.1.0.0")).status == "INVALID_ARGUMENT"
    assert refused(one, "POST", path, add(first, nextHopType="bgw")).status == "INVALID_ARGUMENT"

    rules = f"routeTables/{table}/routeTableRules"
    (rule,) = one.ask("GET", rules)["routeTableRules"]
    assert {name: value for name, value in rule.items() if name != "ruleId"} == {
        "priority": 100,
        "nextHopType": "vpc_peering",
        "nextHopId": first,
        "addressPrefixType": "CIDR",
        "addressPrefix": "10.1.0.0/16",
        "origin": "static",
        "description": "to far",
    }
    assert one.ask("GET", f"{rules}?filters.1.name=nextHopId&filters.1.values.1={first}")["totalCount"] == 1
    assert one.ask("GET", f"{rules}?filters.1.name=nextHopTypes&filters.1.values.1=natgw")["totalCount"] == 0
    change = {"ruleId": rule["ruleId"], "addressPrefix": "10.1.1.0/24", "description": "narrow"}
    one.ask("POST", f"routeTables/{table}:modifyRouteTableRules", {"modifyRouteTableRuleSpecs": [change]})
    (changed,) = one.ask("GET", rules)["routeTableRules"]
    assert (changed["ruleId"], changed["addressPrefix"]) == (rule["ruleId"], "10.1.1.0/24")

    removal = {"ruleIds": [rule["ruleId"], "rte-nobody"]}
    remove = f"routeTables/{table}:removeRouteTableRules"
    assert refused(one, "POST", remove, removal).status == "NOT_FOUND"
    assert one.ask("GET", rules)["totalCount"] == 1
    assert refused(other, "POST", remove, {"ruleIds": [rule["ruleId"]]}).status == "NOT_FOUND"
    other.ask("DELETE", f"vpcPeerings/{second}")
    assert one.ask("GET", rules)["totalCount"] == 0
