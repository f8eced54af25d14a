"""Tencent Cloud's monitor by its own SDK: metrics of real packets, alarm policies and notices."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.monitor.v20180724 import models
from tencentcloud.monitor.v20180724.monitor_client import MonitorClient
from tests.support.live import Cloud, Tenant, running_cloud
from tests.support.minutes import Minutes
from tests.support.sites import Oracles, Site, connect, make_site

pytestmark = pytest.mark.kernel

MODULE = {"Module": "monitor"}

#: Signature and method; lists of objects go in the query in the second.
STYLES = [("TC3-HMAC-SHA256", "POST"), ("TC3-HMAC-SHA256", "GET"), ("HmacSHA256", "POST")]


class Sdk:
    """The SDK for one account in Guangzhou."""

    def __init__(self, tenant: Tenant, style: tuple[str, str] = STYLES[0]) -> None:
        self.tenant = tenant
        http = HttpProfile(protocol="http", endpoint=tenant.endpoint, reqMethod=style[1])
        profile = ClientProfile(signMethod=style[0], httpProfile=http)
        self._client = MonitorClient(Credential(tenant.key_id, tenant.secret), "ap-guangzhou", profile)

    def call(self, action: str, /, **parameters: Any) -> Any:
        """The answer's fields that the SDK's model has; it warns of others, and a warning is an error."""
        request = getattr(models, f"{action}Request")()
        request.from_json_string(json.dumps(parameters))
        answer = json.loads(getattr(self._client, action)(request).to_json_string())
        assert answer.pop("RequestId"), action
        return answer

    def code(self, action: str, /, **parameters: Any) -> str:
        """The code of the error that the request ends in."""
        with pytest.raises(TencentCloudSDKException) as caught:
            self.call(action, **parameters)
        assert caught.value.get_request_id(), "an error has the request's id"
        code: str = caught.value.get_code()
        return code


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


@pytest.fixture
def joined(cloud: Cloud, request: pytest.FixtureRequest) -> tuple[Site, Site, str]:
    """Two sites of an account in two regions, and the id of the connection that joins them; packets pass."""
    tenant = cloud.tenant(request.node.name)
    one = make_site(tenant, "cn-guangzhou", "10.1.0.0/16", "10.1.1.0/24")
    other = make_site(tenant, "cn-beijing", "10.2.0.0/16", "10.2.1.0/24")
    link = connect(one, other, profile="tencent", bandwidth_mbps=10)
    one.route("10.2.0.0/16", link)
    other.route("10.1.0.0/16", link)
    assert Oracles(cloud).both(one, other) == (True, True)
    return one, other, link["id"]


@pytest.mark.parametrize("style", STYLES, ids=["-".join(style) for style in STYLES])
def test_metrics_are_the_packets_that_passed(
    cloud: Cloud, joined: tuple[Site, Site, str], style: tuple[str, str]
) -> None:
    """API-1, MON-1: of each minute its own; bandwidth is bytes, and both directions are told apart."""
    here, there, link = joined
    sdk, minutes = Sdk(here.tenant, style), Minutes(cloud)
    minutes.end()
    path = f"/instances/{here.instance['id']}/probe"
    here.tenant.post(path, target=there.address, protocol="icmp", count=12, timeout_ms=2000)
    busy = minutes.end()
    quiet = minutes.end()

    def points(metric: str) -> list[float]:
        answer = sdk.call(
            "GetMonitorData",
            Namespace="QCE/PCX",
            MetricName=metric,
            Instances=[{"Dimensions": [{"Name": "peeringConnectionId", "Value": link}]}],
            Period=60,
            StartTime=(busy + timedelta(seconds=30)).isoformat(),
            EndTime=quiet.isoformat(),
        )
        (found,) = answer["DataPoints"]
        assert found["Timestamps"] == [busy.timestamp(), quiet.timestamp()]
        values: list[float] = found["Values"]
        return values

    assert [one["MetricName"] for one in sdk.call("DescribeBaseMetrics", Namespace="QCE/PCX")["MetricSet"]]
    for metric in ("InPkg", "OutPkg"):
        during, after = points(metric)
        assert during >= 12 / 60
        assert after < during
    assert points("OutBandwidth")[0] / 8 * 60 >= 12 * 28, "headers at least"
    assert points("PkgDrop") == [0, 0]
    assert 0 < points("OutbandRate")[0] < 1


def test_a_policy_from_its_making_to_its_end(joined: tuple[Site, Site, str]) -> None:
    """API-1, MON-2: the console's steps of the seed: type of policy, conditions, objects, who is told."""
    here, _, link = joined
    sdk = Sdk(here.tenant)
    types = sdk.call("DescribeAllNamespaces", SceneType="ST_ALARM", **MODULE)["QceNamespacesNew"]
    kind = {**MODULE, "MonitorType": "MT_QCE", "Namespace": types[0]["Id"]}
    metrics = {one["MetricName"] for one in sdk.call("DescribeAlarmMetrics", **kind)["Metrics"]}
    assert {"InBandwidth", "OutBandwidth", "PkgDrop"} <= metrics
    users = [{"ReceiverType": "USER", "StartTime": 0, "EndTime": 86399, "NoticeWay": ["SMS"], "UserIds": [7]}]
    urls = [{"URL": "https://example.com/hook"}]
    named = {**MODULE, "Name": "team", "NoticeType": "ALL", "NoticeLanguage": "zh-CN"}
    notice = sdk.call("CreateAlarmNotice", **named, UserNotices=users, URLNotices=urls)["NoticeId"]
    rule = {
        "MetricName": "OutBandwidth",
        "Operator": "ge",
        "Value": "8000000",
        "Period": 60,
        "ContinuePeriod": 5,
        "NoticeFrequency": 3600,
        "IsPowerNotice": 0,
    }
    condition = {"IsUnionRule": 0, "Rules": [rule]}
    made = sdk.call("CreateAlarmPolicy", **kind, PolicyName="busy", Condition=condition, NoticeIds=[notice])
    own = {**MODULE, "PolicyId": made["PolicyId"]}
    assert made["PolicyId"].startswith("policy-")
    objects = [{"Region": "gz", "Dimensions": json.dumps({"peeringConnectionId": link})}]
    sdk.call("BindingPolicyObject", **own, Dimensions=objects)
    (bound,) = sdk.call("DescribeBindingPolicyObjectList", **own, GroupId=0)["List"]
    assert (bound["UniqueId"], bound["Region"]) == (link, "gz")
    policy = sdk.call("DescribeAlarmPolicy", **own)["Policy"]
    (shown,) = policy["Condition"]["Rules"]
    assert {name: shown[name] for name in rule} == rule
    assert (policy["OriginId"], policy["NoticeIds"], policy["UseSum"]) == (made["OriginId"], [notice], 1)
    sdk.call("ModifyAlarmPolicyStatus", **own, Enable=0)
    listed = sdk.call("DescribeAlarmPolicies", **MODULE, Enable=[0])
    assert [one["PolicyId"] for one in listed["Policies"]] == [made["PolicyId"]]
    sdk.call("ModifyAlarmPolicyInfo", **own, Key="NAME", Value="calm")
    sdk.call("ModifyAlarmPolicyCondition", **own, Condition={"IsUnionRule": 1, "Rules": [rule]})
    sdk.call("ModifyAlarmPolicyNotice", **own, NoticeIds=[])
    assert sdk.call("DescribeAlarmHistories", **MODULE)["TotalCount"] == 0
    sdk.call("UnBindingPolicyObject", **own, GroupId=0, UniqueId=[link])
    sdk.call("UnBindingAllPolicyObject", **own, GroupId=0)
    assert sdk.call("DescribeAlarmPolicy", **own)["Policy"]["UseSum"] == 0
    page = {**MODULE, "PageNumber": 1, "PageSize": 20, "Order": "DESC"}
    (found,) = sdk.call("DescribeAlarmNotices", **page)["Notices"]
    assert (found["Id"], found["URLNotices"][0]["URL"]) == (notice, urls[0]["URL"])
    assert sdk.call("DescribeAlarmNotice", **MODULE, NoticeId=notice)["Notice"]["Name"] == "team"
    sdk.call("DeleteAlarmPolicy", **MODULE, PolicyIds=[made["PolicyId"]])
    sdk.call("DeleteAlarmNotices", **MODULE, NoticeIds=[notice])
    assert sdk.code("DescribeAlarmPolicy", **own) == "ResourceNotFound"
    assert sdk.code("DeleteAlarmNotices", **MODULE, NoticeIds=[notice]) == "ResourceNotFound"


def test_errors_by_their_codes(cloud: Cloud) -> None:
    """API-4."""
    sdk = Sdk(cloud.tenant("errors"))
    point = [{"Dimensions": [{"Name": "peeringConnectionId", "Value": "pcx-0"}]}]
    series = {"Namespace": "QCE/PCX", "MetricName": "InPkg", "Instances": point}
    assert sdk.call("GetMonitorData", **series)["DataPoints"][0]["Timestamps"] == []
    wrong = {
        "InvalidParameterValue": [
            {"Namespace": "QCE/CVM"},
            {"MetricName": "CPUUsage"},
            {"Period": 61},
            {"StartTime": "soon"},
            {"EndTime": "2020-01-01T00:00:00+08:00"},
            {"SpecifyStatistics": 9},
        ],
        "InvalidParameter": [{"Instances": [{"Dimensions": [{"Name": "x", "Value": "y"}]}]}],
        "MissingParameter": [{"Instances": [{"Dimensions": [{"Name": "x"}]}]}, {"MetricName": None}],
    }
    for code, cases in wrong.items():
        for fields in cases:
            assert sdk.code("GetMonitorData", **series | fields) == code
    policy = {**MODULE, "PolicyId": "policy-0"}
    rule = {"MetricName": "InPkg", "Operator": "gt", "Value": "1", "Period": 60}
    for action, fields in {
        "DescribeAlarmPolicy": {},
        "ModifyAlarmPolicyStatus": {"Enable": 1},
        "ModifyAlarmPolicyInfo": {"Key": "NAME", "Value": "x"},
        "ModifyAlarmPolicyCondition": {"Condition": {"IsUnionRule": 0, "Rules": [rule]}},
        "ModifyAlarmPolicyNotice": {"NoticeIds": []},
        "BindingPolicyObject": {"Dimensions": [{"Region": "gz", "Dimensions": "{}"}]},
        "UnBindingPolicyObject": {"GroupId": 0, "UniqueId": ["x"]},
        "UnBindingAllPolicyObject": {"GroupId": 0},
        "DescribeBindingPolicyObjectList": {"GroupId": 0},
    }.items():
        assert sdk.code(action, **policy | fields) == "ResourceNotFound", action
    forger = Sdk(Tenant(f"http://{sdk.tenant.endpoint}", "x", "x", sdk.tenant.key_id, "wrong"))
    assert forger.code("GetMonitorData", **series) == "AuthFailure.SignatureFailure"
    forger.tenant.close()
