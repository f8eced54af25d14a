"""Path analysis by Alibaba Cloud's own SDK, held against what packets do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_nis20211216 import models as m
from alibabacloud_nis20211216.client import Client
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import DaraException
from tests.support.live import Cloud, eventually, running_cloud
from tests.support.sites import Oracles, Site, connect, make_site

pytestmark = pytest.mark.kernel

REGION = "cn-hangzhou"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


class Analyst:
    """An account with two joined VPCs, an instance in each, whose groups let tcp/80 pass; and its client."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.oracles = Oracles(cloud)
        tenant = self.tenant = cloud.tenant(name)
        self.one = make_site(tenant, REGION, "10.1.0.0/16", "10.1.1.0/24")
        self.two = make_site(tenant, REGION, "10.2.0.0/16", "10.2.1.0/24")
        self.peering = connect(self.one, self.two, auto_routes=True)
        self.groups = [self.join_group(site) for site in (self.one, self.two)]
        self.rule = self.add_rule(1, "10.1.0.0/16")
        config = Config(
            access_key_id=tenant.key_id,
            access_key_secret=tenant.secret,
            region_id=REGION,
            endpoint=tenant.endpoint,
            protocol="http",
        )
        self.sdk = Client(config)
        source = {"source_type": "ecs", "source_id": self.one.instance["id"]}
        target = {"target_type": "ecs", "target_id": self.two.instance["id"]}
        self.question: dict[str, Any] = {**source, **target, "protocol": "tcp", "target_port": 80}
        made = self.call("CreateNetworkPath", network_path_name="shop", **self.question)
        self.path = made.network_path_id

    def join_group(self, site: Site) -> str:
        """Put the site's instance in a new group of its own."""
        group = self.tenant.post("/security-groups", vpc_id=site.vpc_id, name="group")
        self.tenant.call("PATCH", f"/instances/{site.instance['id']}", security_group_ids=[group["id"]])
        return str(group["id"])

    def add_rule(self, group: int, cidr: str, **fields: Any) -> str:
        """A rule for tcp/80 from a range; its id."""
        rule = {"direction": "ingress", "protocol": "tcp", "port_range": "80/80", "remote_cidr": cidr}
        made = self.tenant.post(f"/security-groups/{self.groups[group]}/rules", **{**rule, **fields})
        return str(made["id"])

    def call(self, action: str, **parameters: Any) -> Any:
        """One call; the SDK's answer."""
        name = "".join(f"_{one.lower()}" if one.isupper() else one for one in action).strip("_")
        request = getattr(m, f"{action}Request")
        return getattr(self.sdk, name)(request(region_id=REGION, **parameters)).body

    def error(self, action: str, **parameters: Any) -> tuple[str, int]:
        """Code and status of the error that a call is answered with."""
        try:
            answer = self.call(action, **parameters)
        except DaraException as refused:
            return str(refused.code), int(refused.status_code)
        raise AssertionError(f"{action} was not refused: {answer}")

    def finished(self, id: str) -> Any:
        """An analysis once it is finished."""

        def look() -> Any:
            told = self.call("GetNetworkReachableAnalysis", network_reachable_analysis_id=id)
            return told if told.network_reachable_analysis_status == "finish" else None

        return eventually(f"{id} is finished", look)

    def analysed(self) -> tuple[bool, dict[str, Any]]:
        """Whether the path's target is reached, which packets have to agree with, and the result."""
        made = self.call("CreateNetworkReachableAnalysis", network_path_id=self.path)
        told = self.finished(made.network_reachable_analysis_id)
        sent = self.oracles.reach(self.one, self.two.address, "tcp", 80)
        assert told.reachable == sent, f"packets say {sent}"
        return told.reachable, json.loads(told.network_reachable_analysis_result)

    def stopped_by(self) -> str:
        """The code of what stops the packets."""
        reachable, result = self.analysed()
        assert not reachable
        return str(result["errorCode"])


@pytest.fixture(scope="module")
def analyst(cloud: Cloud) -> Analyst:
    """The account."""
    return Analyst(cloud, "analyst")


def test_reachable_path_is_told_with_its_way(analyst: Analyst) -> None:
    """API-1, PATH-1: by instance, interface, VSwitch, VPC and peer connection to the other; the way back too."""
    reachable, result = analyst.analysed()
    assert (reachable, result["errorCode"]) == (True, "")
    kinds = [one["nodeType"] for one in result["topologyData"]["positive"]["nodeList"]]
    assert kinds == ["VM", "ENI", "VSW", "VPC", "VPCPEER", "VPC", "VSW", "ENI", "VM"]
    back = [one["id"] for one in result["topologyData"]["reverse"]["revNodeList"]]
    assert (back[0], back[-1]) == (analyst.two.instance["id"], analyst.one.instance["id"])
    rule = result["securityGroupData"]["securityGroupItems"][-1]["matchedRule"]
    assert (rule["sourceCidr"], rule["portRange"], rule["policy"]) == ("10.1.0.0/16", "80/80", "accept")


@pytest.mark.parametrize(("way", "code"), [("one", "route_not_found"), ("two", "reverse_route_not_found")])
def test_removed_route_is_told(analyst: Analyst, way: str, code: str) -> None:
    """API-1, PATH-3: a route that is gone, there or back; mended, it is reachable again."""
    site: Site = getattr(analyst, way)
    entries = site.tenant.get(f"/route-tables/{site.table_id}/entries")["items"]
    (entry,) = [one for one in entries if one["next_hop_id"] == analyst.peering["id"]]
    site.tenant.delete(f"/route-entries/{entry['id']}")
    assert analyst.stopped_by() == code
    site.route(entry["destination"], analyst.peering)
    assert analyst.analysed()[0]


def test_drop_rule_is_told_with_the_rule(analyst: Analyst) -> None:
    """API-1, PATH-3: a rule that drops, and then no rule at all."""
    drop = analyst.add_rule(1, "10.1.1.0/24", action="drop", description="not you")
    reachable, result = analyst.analysed()
    assert (reachable, result["errorCode"]) == (False, "security_group_drop_target")
    item = result["securityGroupData"]["securityGroupItems"][-1]
    assert (item["description"], item["securityGroupId"]) == ("user_sg_drop_rule", analyst.groups[1])
    rule = item["matchedRule"]
    assert (rule["policy"], rule["sourceCidr"], rule["description"]) == ("drop", "10.1.1.0/24", "not you")
    assert rule["direction"] == "ingress"
    for id in (drop, analyst.rule):
        analyst.tenant.delete(f"/security-rules/{id}")
    reachable, result = analyst.analysed()
    item = result["securityGroupData"]["securityGroupItems"][-1]
    assert (item["description"], set(item["matchedRule"].values())) == ("default_sg_drop_rule", {""})
    analyst.rule = analyst.add_rule(1, "10.1.0.0/16")
    assert analyst.analysed()[0]


def test_acl_is_told_with_the_entry(analyst: Analyst) -> None:
    """API-1, PATH-3: an ACL that drops the request, and one that drops the answer."""
    tenant, vswitch = analyst.tenant, f"/vswitches/{analyst.two.vswitch['id']}"
    acl = tenant.post("/network-acls", vpc_id=analyst.two.vpc_id)
    drop = {"action": "drop", "protocol": "tcp", "port_range": "80/80", "cidr": "10.1.0.0/16"}
    accept = {"action": "accept", "protocol": "all", "cidr": "0.0.0.0/0"}
    tenant.call("PUT", f"/network-acls/{acl['id']}/entries", ingress=[drop, accept], egress=[accept])
    tenant.call("PATCH", vswitch, network_acl_id=acl["id"])
    reachable, result = analyst.analysed()
    assert (reachable, result["errorCode"]) == (False, "network_acl_drop_target")
    (item,) = result["networkAclData"]["networkAclItems"]
    assert (item["networkAclId"], item["description"]) == (acl["id"], "user_acl_drop_rule")
    assert (item["matchedRule"]["sourceCidr"], item["matchedRule"]["portRange"]) == ("10.1.0.0/16", "80/80")
    back = {"action": "drop", "protocol": "tcp", "cidr": "10.1.0.0/16"}
    tenant.call("PUT", f"/network-acls/{acl['id']}/entries", ingress=[accept], egress=[back, accept])
    assert analyst.stopped_by() == "reverse_network_acl_drop_source"
    tenant.call("PUT", f"/network-acls/{acl['id']}/entries", ingress=[accept], egress=[accept])
    assert analyst.analysed()[0]


def test_stopped_target_is_told(analyst: Analyst) -> None:
    """API-1, PATH-1: an instance that is stopped says so, and is reached again once it runs."""
    path = f"/instances/{analyst.two.instance['id']}"
    analyst.tenant.post(f"{path}/stop")
    assert analyst.stopped_by() == "instance_stopped"
    analyst.tenant.post(f"{path}/start")
    analyst.tenant.settled(path, "available")
    assert analyst.analysed()[0]


def test_question_need_not_be_kept(analyst: Analyst) -> None:
    """API-1: CreateAndAnalyzeNetworkPath, the one action that the SDK sends as GET, echoes what was asked."""
    made = analyst.call("CreateAndAnalyzeNetworkPath", **analyst.question)
    assert (made.source_id, made.target_port, made.protocol) == (analyst.one.instance["id"], "80", "tcp")
    told = analyst.finished(made.network_reachable_analysis_id)
    assert (told.reachable, told.network_path_id) == (True, "")
    assert told.ali_uid == int(analyst.tenant.uid)
    back = {
        "source_id": analyst.two.instance["id"],
        "target_id": analyst.one.instance["id"],
        "target_port": 443,
    }
    made = analyst.call("CreateAndAnalyzeNetworkPath", **{**analyst.question, **back})
    told = analyst.finished(made.network_reachable_analysis_id)
    assert not told.reachable
    assert not analyst.oracles.reach(analyst.two, analyst.one.address, "tcp", 443)


def test_errors_have_codes(analyst: Analyst) -> None:
    """API-1, API-4: what is not there, what can't be asked, and what was deleted."""
    missing = {**analyst.question, "source_id": "i-00000000000000000000"}
    assert analyst.error("CreateAndAnalyzeNetworkPath", **missing) == ("InvalidSourceId.NotFound", 404)
    vpn = {**analyst.question, "source_type": "vpn"}
    assert analyst.error("CreateAndAnalyzeNetworkPath", **vpn) == ("InvalidParameter.NotSupported", 400)
    path = analyst.call("CreateNetworkPath", network_path_name="two", **analyst.question).network_path_id
    analysis = analyst.call("CreateNetworkReachableAnalysis", network_path_id=path)
    id = analysis.network_reachable_analysis_id
    analyst.finished(id)
    assert analyst.call("DeleteNetworkReachableAnalysis", network_reachable_analysis_ids=[id]).data is True
    assert analyst.error("GetNetworkReachableAnalysis", network_reachable_analysis_id=id) == (
        "InvalidNetworkReachableAnalysisId.NotFound",
        404,
    )
    assert analyst.call("DeleteNetworkPath", network_path_ids=[path]).data is True
    assert analyst.error("CreateNetworkReachableAnalysis", network_path_id=path) == (
        "InvalidNetworkPathId.NotFound",
        404,
    )
