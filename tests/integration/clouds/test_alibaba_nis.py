"""Path analysis at Alibaba Cloud's door: how questions are put, and what their answers look like."""

import json

import pytest
from tests.support.ecs import Ecs

from peerway.app.reconcilers.analyses import AnalysisReconciler

NIS = "2021-12-16"
#: Keys of a result and of its parts, as the cloud's own example has them.
KEYS = {
    "nraId",
    "requestId",
    "status",
    "errorCode",
    "routeData",
    "networkAclData",
    "securityGroupData",
    "topologyData",
}
RULE = {
    "bizProtocol",
    "creatingTime",
    "description",
    "destinationCidr",
    "destinationGroupId",
    "direction",
    "policy",
    "portRange",
    "priority",
    "sourceCidr",
    "sourceGroupId",
}


class Nis(Ecs):
    """A new account's client, with two running instances in a VSwitch each, and the worker that answers."""

    def __init__(self, site):
        super().__init__(site)
        self.other = self.account.vswitch(self.vpc, "10.0.2.0/24")
        self.groups = [self.group(), self.group()]
        (self.one,) = self.run(SecurityGroupId=self.groups[0])
        (self.two,) = self.run(SecurityGroupId=self.groups[1], VSwitchId=self.other["id"])
        self.settle()
        services = site.services
        self.worker = AnalysisReconciler(site.store, services.networks, site.agent, services.world)

    def ask(self, action, **parameters):
        """One request."""
        return self.provider.call(action, NIS, **parameters)

    def refused(self, action, **parameters):
        """The code of the error."""
        return self.provider.code(self.ask, action, **parameters)

    def ends(self, **fields):
        """The question whether the one reaches the other at port 80."""
        source = {"SourceType": "ecs", "SourceId": self.one}
        target = {"TargetType": "ecs", "TargetId": self.two}
        return {**source, **target, "Protocol": "tcp", "TargetPort": 80, **fields}

    def answer(self, id):
        """What the worker answers."""
        while self.worker.step():
            pass
        return self.ask("GetNetworkReachableAnalysis", NetworkReachableAnalysisId=id)

    def analysed(self, **fields):
        """The answer to a question, and its result."""
        asked = self.ask("CreateAndAnalyzeNetworkPath", **self.ends(**fields))
        told = self.answer(asked["NetworkReachableAnalysisId"])
        assert told["NetworkReachableAnalysisStatus"] == "finish", told
        return told["Reachable"], json.loads(told["NetworkReachableAnalysisResult"])

    def let_in(self, **fields):
        """Let the other one's group take what is asked."""
        rule = {"IpProtocol": "tcp", "PortRange": "80/80", "SourceCidrIp": "10.0.1.0/24", **fields}
        self.call("AuthorizeSecurityGroup", SecurityGroupId=self.groups[1], **rule)


@pytest.fixture
def nis(site):
    """A new account's client."""
    client = Nis(site)
    yield client
    client.close()


def test_kept_path_is_analysed_and_forgotten(nis):
    """API-1, PATH-1: the three steps of the document: a path, an analysis, its result; then both are deleted."""
    nis.let_in()
    path = nis.ask("CreateNetworkPath", **nis.ends(NetworkPathName="there"))["NetworkPathId"]
    asked = nis.ask("CreateNetworkReachableAnalysis", NetworkPathId=path)["NetworkReachableAnalysisId"]
    told = nis.ask("GetNetworkReachableAnalysis", NetworkReachableAnalysisId=asked)
    assert (told["NetworkReachableAnalysisStatus"], told["NetworkReachableAnalysisResult"]) == ("init", "")
    told = nis.answer(asked)
    assert (told["NetworkReachableAnalysisStatus"], told["Reachable"]) == ("finish", True)
    assert (told["AliUid"], told["NetworkPathId"]) == (int(nis.account.uid), path)
    assert json.loads(told["NetworkPathParameter"]) == {
        "sourceId": nis.one,
        "sourceType": "ecs",
        "sourceIpAddress": "",
        "targetId": nis.two,
        "targetType": "ecs",
        "targetIpAddress": "",
        "protocol": "tcp",
        "sourcePort": 0,
        "targetPort": 80,
    }
    deleted = nis.ask("DeleteNetworkReachableAnalysis", NetworkReachableAnalysisIds=json.dumps([asked]))
    assert deleted["Data"] is True
    missing = "InvalidNetworkReachableAnalysisId.NotFound"
    assert nis.refused("GetNetworkReachableAnalysis", NetworkReachableAnalysisId=asked) == missing
    assert nis.ask("DeleteNetworkPath", NetworkPathIds=json.dumps([path]))["Data"] is True
    assert (
        nis.refused("CreateNetworkReachableAnalysis", NetworkPathId=path) == "InvalidNetworkPathId.NotFound"
    )
    assert (
        nis.refused("DeleteNetworkPath", NetworkPathIds=json.dumps([path])) == "InvalidNetworkPathId.NotFound"
    )


def test_result_has_the_clouds_shape(nis):
    """API-1: keys as in the cloud's example; the graph goes from the one instance by interfaces and VSwitches to the other."""
    nis.let_in(Priority="7", Description="web")
    reachable, result = nis.analysed()
    assert reachable
    assert set(result) == KEYS | {"peerwayReport"}
    assert (result["errorCode"], result["status"]) == ("", "security_group_checking_target")
    groups = result["securityGroupData"]
    assert groups["policy"] == "accept"
    leaving, entering = groups["securityGroupItems"]
    assert (leaving["description"], leaving["policy"]) == ("default_sg_access_rule", "accept")
    assert leaving["resourceId"] == nis.one.replace("i-", "eni-", 1)
    assert set(leaving["matchedRule"]) == set(entering["matchedRule"]) == RULE
    assert set(leaving["matchedRule"].values()) == {""}
    assert (entering["securityGroupId"], entering["description"]) == (nis.groups[1], "user_sg_access_rule")
    rule = entering["matchedRule"]
    assert (rule["bizProtocol"], rule["portRange"], rule["priority"]) == ("tcp", "80/80", "7")
    assert (rule["sourceCidr"], rule["description"], rule["direction"]) == ("10.0.1.0/24", "web", "ingress")
    there, back = result["topologyData"]["positive"], result["topologyData"]["reverse"]
    passed = [(one["nodeType"], one["id"]) for one in there["nodeList"]]
    assert passed == [
        ("VM", nis.one),
        ("ENI", nis.one.replace("i-", "eni-", 1)),
        ("VSW", nis.vswitch["id"]),
        ("VPC", nis.vpc["id"]),
        ("VSW", nis.other["id"]),
        ("ENI", nis.two.replace("i-", "eni-", 1)),
        ("VM", nis.two),
    ]
    assert [one["level"] for one in there["nodeList"]] == list(range(7))
    assert there["linkList"][0] == {
        "id": f"{passed[0][1]}-->{passed[1][1]}",
        "source": passed[0][1],
        "target": passed[1][1],
    }
    assert [one["id"] for one in back["revNodeList"]] == [id for _, id in reversed(passed)]
    assert there["nodeList"][3]["matchedRoute"]["nextHopSet"] == [
        {"nextHopId": nis.other["id"], "nextHopType": "local"}
    ]
    assert result["peerwayReport"]["verdict"] == "reachable"


def test_neighbours_of_one_vswitch_pass_nothing_else(nis):
    """API-1: within a VSwitch the graph is the one of the cloud's example."""
    (third,) = nis.run()
    _, result = nis.analysed(TargetId=third)
    kinds = [one["nodeType"] for one in result["topologyData"]["positive"]["nodeList"]]
    assert kinds == ["VM", "ENI", "VSW", "ENI", "VM"]


def test_what_stops_packets_has_a_code_and_its_rule(nis):
    """API-1, PATH-3: without a rule, with one that drops, at an ACL either way, and stopped."""
    reachable, result = nis.analysed()
    assert (reachable, result["errorCode"]) == (False, "security_group_drop_target")
    assert result["status"] == "security_group_checking_target"
    item = result["securityGroupData"]["securityGroupItems"][-1]
    assert (item["description"], item["policy"]) == ("default_sg_drop_rule", "drop")
    nis.let_in(Policy="drop")
    _, result = nis.analysed()
    item = result["securityGroupData"]["securityGroupItems"][-1]
    assert (item["description"], item["matchedRule"]["policy"]) == ("user_sg_drop_rule", "drop")
    nis.let_in()
    nis.call(
        "RevokeSecurityGroup",
        SecurityGroupId=nis.groups[1],
        IpProtocol="tcp",
        PortRange="80/80",
        SourceCidrIp="10.0.1.0/24",
        Policy="drop",
    )
    assert nis.analysed()[0]
    rule = {"IpProtocol": "all", "PortRange": "-1/-1", "DestCidrIp": "0.0.0.0/0", "Policy": "drop"}
    nis.call("AuthorizeSecurityGroupEgress", SecurityGroupId=nis.groups[0], **rule)
    assert nis.analysed()[1]["errorCode"] == "security_group_drop_source"
    nis.call("RevokeSecurityGroupEgress", SecurityGroupId=nis.groups[0], **rule)
    acl = nis.account.ok("POST", "/network-acls", {"vpc_id": nis.vpc["id"]})
    drop = [{"action": "drop", "protocol": "tcp", "port_range": "80/80", "cidr": "10.0.1.0/24"}]
    accept = [{"action": "accept", "protocol": "all", "cidr": "0.0.0.0/0"}]
    nis.account.ok("PUT", f"/network-acls/{acl['id']}/entries", {"ingress": drop + accept, "egress": accept})
    nis.account.ok("PATCH", f"/vswitches/{nis.other['id']}", {"network_acl_id": acl["id"]})
    _, result = nis.analysed()
    assert (result["errorCode"], result["status"]) == (
        "network_acl_drop_target",
        "network_acl_checking_target",
    )
    (item,) = result["networkAclData"]["networkAclItems"]
    assert (item["description"], item["networkAclId"]) == ("user_acl_drop_rule", acl["id"])
    assert item["matchedRule"]["sourceCidr"] == "10.0.1.0/24"
    nis.account.ok("PUT", f"/network-acls/{acl['id']}/entries", {"ingress": accept, "egress": []})
    reachable, result = nis.analysed()
    assert (reachable, result["errorCode"]) == (False, "reverse_network_acl_drop_source")
    assert result["networkAclData"]["networkAclItems"][-1]["description"] == "default_acl_drop_rule"
    nis.call("StopInstance", InstanceId=nis.two)
    assert nis.analysed()[1]["errorCode"] == "instance_stopped"
    assert nis.analysed(SourceId=nis.two, TargetId=nis.one)[1]["errorCode"] == "instance_stopped"


def test_missing_route_has_a_code(nis):
    """API-1, PATH-3: towards a VPC that nothing leads to."""
    far = nis.account.vpc("10.9.0.0/16")
    (third,) = nis.run(VSwitchId=nis.account.vswitch(far, "10.9.1.0/24")["id"])
    reachable, result = nis.analysed(TargetId=third)
    assert (reachable, result["errorCode"], result["status"]) == (False, "route_not_found", "route_checking")
    (item,) = result["routeData"]["routeItems"]
    assert (item["routeTableId"], item["errorCode"]) == (nis.vpc["system_table_id"], "route_not_found")


def test_ends_are_of_many_types(nis):
    """API-1: VSwitches, addresses in them and load balancers; ports are left out where the protocol has none."""
    of_vswitch = {"TargetType": "vsw", "TargetId": nis.other["id"], "TargetIpAddress": "10.0.2.99"}
    assert nis.analysed(**of_vswitch)[0]
    balancer = nis.account.ok("POST", "/load-balancers", {"vswitch_id": nis.other["id"]})
    _, result = nis.analysed(TargetType="clb", TargetId=balancer["id"])
    assert result["errorCode"] in {"backend_not_found", "target_not_found"}
    by_address = {"TargetType": "internetIp", "TargetId": "8.8.8.8", "Protocol": "icmp", "SourcePort": 0}
    reachable, result = nis.analysed(**by_address)
    assert (reachable, result["errorCode"]) == (False, "route_not_found")


def test_answer_of_an_unkept_question_says_it_again(nis):
    """API-1: CreateAndAnalyzeNetworkPath is a GET, and echoes its parameters as texts."""
    asked = nis.provider.query("CreateAndAnalyzeNetworkPath", NIS, "GET", **nis.ends())
    assert (asked["SourceId"], asked["TargetPort"], asked["SourcePort"]) == (nis.one, "80", "")
    assert "NetworkPathId" not in asked


def test_failed_analysis_says_why(nis):
    """API-1: an end that has gone meanwhile is a failed analysis, not one that waits for ever."""
    asked = nis.ask("CreateAndAnalyzeNetworkPath", **nis.ends())
    nis.call("DeleteInstance", InstanceId=nis.two, Force=True)
    told = nis.answer(asked["NetworkReachableAnalysisId"])
    assert (told["NetworkReachableAnalysisStatus"], told["Reachable"]) == ("error", False)
    assert json.loads(told["NetworkReachableAnalysisResult"])["errorCode"] == "not_found"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"SourceId": "i-00000000000000000000"}, "InvalidSourceId.NotFound"),
        ({"TargetId": "vsw-1"}, "InvalidTargetId.NotFound"),
        ({"SourceType": "vpn"}, "InvalidParameter.NotSupported"),
        ({"SourceType": "clb"}, "InvalidParameter.NotSupported"),
        ({"TargetId": None}, "MissingTargetId"),
        ({"SourceId": None}, "MissingSourceId"),
        ({"Protocol": "gre"}, "InvalidParameter"),
        ({"TargetPort": 0}, "InvalidParameter"),
        ({"TargetPort": 70000}, "InvalidParameter"),
        ({"TargetPort": "x"}, "InvalidParameter"),
    ],
)
def test_wrong_questions_are_refused(nis, wrong, code):
    """API-1, API-4: unknown ends and impossible questions."""
    assert nis.refused("CreateAndAnalyzeNetworkPath", **nis.ends(**wrong)) == code
    assert nis.refused("CreateNetworkPath", **nis.ends(NetworkPathName="n", **wrong)) == code


def test_other_accounts_answers_are_not_found(site, nis):
    """API-1: neither paths nor analyses of others are there."""
    path = nis.ask("CreateNetworkPath", **nis.ends(NetworkPathName="there"))["NetworkPathId"]
    asked = nis.ask("CreateNetworkReachableAnalysis", NetworkPathId=path)["NetworkReachableAnalysisId"]
    stranger = Nis(site)
    refused = stranger.refused("GetNetworkReachableAnalysis", NetworkReachableAnalysisId=asked)
    assert refused == "InvalidNetworkReachableAnalysisId.NotFound"
    assert (
        stranger.refused("CreateNetworkReachableAnalysis", NetworkPathId=path)
        == "InvalidNetworkPathId.NotFound"
    )
    assert stranger.refused("CreateAndAnalyzeNetworkPath", **nis.ends()) == "InvalidSourceId.NotFound"
    stranger.close()
