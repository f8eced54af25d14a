"""JD Cloud's service `vpc` over HTTP: networks, filters and quotas around the peerings, as the SDK would read them."""

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


def test_networks_come_and_go(one: JdClient) -> None:
    """API-3: VPCs, subnets and route tables with the fields of the SDK's models."""
    vpc = one.vpc("10.0.0.0/16", "net")
    assert refused(one, "POST", "subnets/", {"vpcId": vpc, "subnetName": "s", "addressPrefix": "10.9.0.0/24"})
    body = {"vpcId": vpc, "subnetName": "s", "addressPrefix": "10.0.1.0/24", "description": "d"}
    told = refused(one, "POST", "subnets/", body | {"az": "nowhere"}).message
    assert "az is 'nowhere', it must be one of cn-north-1a, " in told
    dry = refused(one, "POST", "subnets/", body | {"dryRun": True})
    assert (dry.status, "nothing was done" in dry.message) == ("FAILED_PRECONDITION", True)
    assert one.ask("GET", "subnets/")["totalCount"] == 0
    subnet = one.ask("POST", "subnets/", body | {"dryRun": False})["subnetId"]
    shown = one.ask("GET", f"subnets/{subnet}")["subnet"]
    assert (shown["vpcId"], shown["addressPrefix"], shown["availableIpCount"]) == (vpc, "10.0.1.0/24", 252)
    assert (shown["startIp"], shown["endIp"], shown["subnetType"]) == ("10.0.1.1", "10.0.1.252", "standard")
    assert shown["az"] == "cn-north-1a"
    for zone, count in (("cn-north-1a", 1), ("cn-beijing-a", 1), ("cn-north-1c", 0)):
        query = f"filters.1.name=azs&filters.1.values.1={zone}"
        assert one.ask("GET", f"subnets?{query}")["totalCount"] == count
    assert one.ask("GET", "subnets?filters.1.name=aclId&filters.1.values.1=None")["totalCount"] == 0
    table = one.ask("POST", "routeTables/", {"vpcId": vpc, "routeTableName": "mine"})["routeTableId"]
    tables = one.ask("GET", f"routeTables/?filters.1.name=vpcId&filters.1.values.1={vpc}")["routeTables"]
    assert [each["routeTableType"] for each in tables] == ["default", "custom"]
    one.ask("POST", f"routeTables/{table}:associateRouteTable", {"subnetIds": [subnet]})
    assert one.ask("GET", f"routeTables/{table}")["routeTable"]["subnetIds"] == [subnet]
    one.ask("PATCH", f"routeTables/{table}", {"routeTableName": "renamed"})
    assert refused(one, "DELETE", f"routeTables/{table}").status == "FAILED_PRECONDITION"
    one.ask("POST", f"routeTables/{table}:disassociateRouteTable", {"subnetId": subnet})
    again = refused(one, "POST", f"routeTables/{table}:disassociateRouteTable", {"subnetId": subnet})
    assert again.status == "FAILED_PRECONDITION"
    one.ask("DELETE", f"routeTables/{table}")
    one.ask("PATCH", f"subnets/{subnet}", {"subnetName": "renamed"})
    seen = one.ask("GET", f"vpcs/{vpc}")["vpc"]
    assert [each["subnetName"] for each in seen["subnets"]] == ["renamed"]
    assert refused(one, "DELETE", f"vpcs/{vpc}").status == "FAILED_PRECONDITION"
    one.ask("DELETE", f"subnets/{subnet}")
    assert refused(one, "PATCH", f"vpcs/{vpc}", {"addressPrefix": "10.0.0.0/8"}).status == "INVALID_ARGUMENT"
    names = one.ask("GET", "vpcs?filters.1.name=vpcNames&filters.1.values.1=net")["vpcs"]
    assert [each["vpcId"] for each in names] == [vpc]
    lonely = one.vpc("10.5.0.0/16")
    assert one.ask("DELETE", f"vpcs/{lonely}") is None


def test_security_groups_speak_in_numbers(one: JdClient) -> None:
    """API-3: protocols 300, 6, 17 and 1, directions 0 and 1, ALLOW and DENY."""
    vpc = one.vpc("10.0.0.0/16")
    body = {"vpcId": vpc, "networkSecurityGroupName": "web", "description": "d"}
    group = one.ask("POST", "networkSecurityGroups/", body)["networkSecurityGroupId"]
    specs = [
        {"protocol": 6, "direction": 0, "addressPrefix": "10.1.0.0/16", "fromPort": 80, "toPort": 90},
        {"protocol": 300, "direction": 1, "addressPrefix": "0.0.0.0/0", "ruleAction": "DENY", "priority": 50},
    ]
    path = f"networkSecurityGroups/{group}"
    made = one.ask("POST", f"{path}:addNetworkSecurityGroupRules", {"networkSecurityGroupRuleSpecs": specs})
    allow, deny = made["securityGroupRules"]
    assert (allow["protocol"], allow["direction"], allow["ruleAction"]) == (6, 0, "ALLOW")
    assert (allow["fromPort"], allow["toPort"], allow["priority"]) == (80, 90, 1)
    assert (deny["protocol"], deny["fromPort"], deny["toPort"], deny["priority"]) == (300, 0, 0, 50)
    change = {"ruleId": allow["ruleId"], "toPort": 85, "fromPort": 80, "ruleAction": "DENY"}
    one.ask("POST", f"{path}:modifyNetworkSecurityGroupRules", {"modifySecurityGroupRuleSpecs": [change]})
    rules = one.ask("GET", f"{path}/networkSecurityGroupRules")
    assert rules["totalCount"] == 2
    assert [(r["toPort"], r["ruleAction"]) for r in rules["securityGroupRules"]] == [
        (85, "DENY"),
        (0, "DENY"),
    ]
    found = f"{path}/networkSecurityGroupRules?filters.1.name=protocols&filters.1.values.1=300"
    assert [r["ruleId"] for r in one.ask("GET", found)["securityGroupRules"]] == [deny["ruleId"]]
    bad = [{"protocol": 99, "direction": 0, "addressPrefix": "10.0.0.0/8"}]
    error = refused(
        one, "POST", f"{path}:addNetworkSecurityGroupRules", {"networkSecurityGroupRuleSpecs": bad}
    )
    assert error.status == "INVALID_ARGUMENT"
    one.ask("POST", f"{path}:removeNetworkSecurityGroupRules", {"ruleIds": [allow["ruleId"]]})
    gone = refused(one, "POST", f"{path}:removeNetworkSecurityGroupRules", {"ruleIds": [allow["ruleId"]]})
    assert gone.status == "NOT_FOUND"
    one.ask("PATCH", path, {"networkSecurityGroupName": "renamed"})
    assert one.ask("GET", path)["networkSecurityGroup"]["networkSecurityGroupName"] == "renamed"
    listed = one.ask("GET", f"networkSecurityGroups/?filters.1.name=vpcId&filters.1.values.1={vpc}")
    assert listed["totalCount"] == 1
    quota = one.ask("GET", f"quotas/?type=securityGroupRule&parentResourceId={group}")["quota"]
    assert quota["count"] == 1
    one.ask("DELETE", path)
    assert refused(one, "GET", path).status == "NOT_FOUND"


def test_acls_keep_numbers_and_ids(one: JdClient) -> None:
    """API-3: rules come in the order of their priorities and keep their ids, those of a new ACL last."""
    vpc = one.vpc("10.0.0.0/16")
    acl = one.ask("POST", "networkAcls/", {"vpcId": vpc, "networkAclName": "acl"})["networkAclId"]
    path = f"networkAcls/{acl}"

    def spec(priority: int, **fields: Any) -> dict[str, Any]:
        rule = {
            "protocol": "TCP",
            "direction": "ingress",
            "addressPrefix": "10.1.0.0/16",
            "ruleAction": "deny",
        }
        return {**rule, "priority": priority, "fromPort": priority, "toPort": priority, **fields}

    def add(*specs: dict[str, Any]) -> None:
        one.ask("POST", f"{path}:addNetworkAclRules", {"networkAclRuleSpecs": list(specs)})

    def rules(query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = one.ask("GET", f"{path}/networkAclRules{query}")["networkAclRules"]
        return found

    assert [rule["ruleType"] for rule in rules()] == ["default"] * 4
    add(spec(20), spec(10))
    add(spec(15, protocol="All", direction="egress", ruleAction="allow"))
    towards = [rule for rule in rules() if rule["direction"] == "ingress"]
    assert [rule["priority"] for rule in towards] == [10, 20, 32768, 32768]
    (ten, *_) = towards
    assert (ten["protocol"], ten["fromPort"], ten["toPort"], ten["ruleAction"]) == ("TCP", 10, 10, "deny")
    change = {"ruleId": ten["ruleId"], "priority": 30, "ruleAction": "allow"}
    one.ask("POST", f"{path}:modifyNetworkAclRules", {"modifyNetworkAclRuleSpecs": [change]})
    (moved,) = [rule for rule in rules() if rule["ruleId"] == ten["ruleId"]]
    assert (moved["priority"], moved["ruleAction"], moved["fromPort"]) == (30, "allow", 10)
    assert len(rules("?filters.1.name=ruleTypes&filters.1.values.1=custom")) == 3
    default = rules("?filters.1.name=ruleTypes&filters.1.values.1=default")[0]["ruleId"]
    one.ask("POST", f"{path}:removeNetworkAclRules", {"ruleIds": [default, ten["ruleId"]]})
    assert len(rules()) == 5
    gone = refused(one, "POST", f"{path}:removeNetworkAclRules", {"ruleIds": ["nar-nobody"]})
    assert gone.status == "NOT_FOUND"
    wrong = {"networkAclRuleSpecs": [spec(0)]}
    assert refused(one, "POST", f"{path}:addNetworkAclRules", wrong).status == "INVALID_ARGUMENT"
    subnet = one.ask("POST", "subnets", {"vpcId": vpc, "subnetName": "s", "addressPrefix": "10.0.1.0/24"})[
        "subnetId"
    ]
    one.ask("POST", f"{path}:associateNetworkAcl", {"subnetIds": [subnet]})
    assert one.ask("GET", path)["networkAcl"]["subnetIds"] == [subnet]
    assert refused(one, "DELETE", path).status == "FAILED_PRECONDITION"
    one.ask("POST", f"{path}:disassociateNetworkAcl", {"subnetId": subnet})
    one.ask("PATCH", path, {"networkAclName": "renamed"})
    assert one.ask("GET", "networkAcls/")["networkAcls"][0]["networkAclName"] == "renamed"
    one.ask("DELETE", path)


@pytest.mark.parametrize("kind", ["subnet", "routeTable"])
def test_quotas_of_a_vpc(one: JdClient, kind: str) -> None:
    """API-3: what a VPC may have and has."""
    quota = one.ask("GET", f"quotas/?type={kind}&parentResourceId={one.vpc('10.0.0.0/16')}")["quota"]
    assert quota["count"] == 0
    assert quota["maxLimit"] > 0


def test_quotas_need_a_known_type_and_a_parent(one: JdClient) -> None:
    """API-3: INVALID_ARGUMENT with the types there are."""
    vpc = one.vpc("10.0.0.0/16")
    table = one.ask("GET", f"vpcs/{vpc}")["vpc"]["routeTableIds"][0]
    assert one.ask("GET", f"quotas/?type=staticRoute&parentResourceId={table}")["quota"]["count"] == 0
    assert "vpcpeering" in refused(one, "GET", "quotas/?type=unicorns&parentResourceId=a").message
    assert refused(one, "GET", "quotas/?type=vpcpeering").status == "INVALID_ARGUMENT"
    assert refused(one, "GET", "quotas/?type=vpcpeering&parentResourceId=vpc-nobody").status == "NOT_FOUND"


def test_strangers_see_nothing(pair: Pair) -> None:
    """NET-1: another account's networks, tables, groups and ACLs are as good as missing."""
    one, other = pair
    vpc = one.vpc("10.0.0.0/16")
    group = one.ask("POST", "networkSecurityGroups", {"vpcId": vpc, "networkSecurityGroupName": "g"})
    acl = one.ask("POST", "networkAcls", {"vpcId": vpc, "networkAclName": "a"})
    table = one.ask("GET", f"vpcs/{vpc}")["vpc"]["routeTableIds"][0]
    paths = (
        *(f"vpcs/{vpc}", f"routeTables/{table}", f"routeTables/{table}/routeTableRules"),
        f"networkSecurityGroups/{group['networkSecurityGroupId']}",
        f"networkAcls/{acl['networkAclId']}",
    )
    for path in paths:
        assert refused(other, "GET", path).status == "NOT_FOUND"
    for name in ("vpcs", "subnets", "routeTables", "networkSecurityGroups", "networkAcls"):
        assert other.ask("GET", name)["totalCount"] == 0
    elsewhere = JdClient(one.site, one.account, region="cn-east-2")
    for path in paths:
        assert refused(elsewhere, "GET", path).status == "NOT_FOUND"
