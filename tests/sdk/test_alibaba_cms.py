"""Cms by Alibaba Cloud's own SDK: the seed's alarm with its contacts, and metrics of real traffic (API-1, MON-1, MON-2)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_cms20190101 import models
from alibabacloud_cms20190101.client import Client
from alibabacloud_tea_openapi.models import Config
from Tea.exceptions import TeaException
from tests.support.guests import python_in, running_in
from tests.support.live import Cloud, Tenant, running_cloud
from tests.support.minutes import Minutes
from tests.support.sites import Oracles, Site, connect, make_site

pytestmark = pytest.mark.kernel

HERE, THERE = "cn-hangzhou", "cn-beijing"

#: The seed's escalation.
CRITICAL = {
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Statistics": "Sum",
    "Threshold": "104857600",
    "Times": 2,
}

#: Bytes that routers say to one another by themselves in a minute (multicast listeners of IPv6), at most.
CHATTER = 1000

#: Says when it listens, then takes what comes; datagrams at UDP 5000, one stream at TCP 5000.
SERVER = """
import select, socket
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
udp.bind(("", 5000))
tcp = socket.create_server(("", 5000))
print("ready", flush=True)
while True:
    for one in select.select([udp, tcp], [], [])[0]:
        if one is udp:
            data, sender = udp.recvfrom(2048)
            if data == b"end":
                udp.sendto(b"end", sender)
            continue
        stream, _ = tcp.accept()
        amount = 0
        while data := stream.recv(1 << 18):
            amount += len(data)
        stream.sendall(b"%d" % amount)
        stream.close()
"""

#: Sends so many datagrams of so many bytes, and comes back when the last one was answered.
DATAGRAMS = """
import socket, sys
target, number, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect((target, 5000))
for _ in range(number):
    udp.send(bytes(size))
udp.send(b"end")
udp.settimeout(10)
assert udp.recv(2048) == b"end"
"""

#: Sends so many bytes in a stream; prints how many arrived.
STREAM = """
import socket, sys
tcp = socket.create_connection((sys.argv[1], 5000))
tcp.sendall(bytes(int(sys.argv[2])))
tcp.shutdown(socket.SHUT_WR)
print(tcp.recv(100).decode())
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


class Cms:
    """The SDK for one account: actions and parameters by their names in the API."""

    def __init__(self, tenant: Tenant) -> None:
        self._client = Client(
            Config(
                access_key_id=tenant.key_id,
                access_key_secret=tenant.secret,
                region_id=HERE,
                endpoint=tenant.endpoint,
                protocol="http",
            )
        )

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """The answer's fields."""
        request = getattr(models, f"{action}Request")().from_map(parameters)
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
        answer: dict[str, Any] = getattr(self._client, name)(request).body.to_map()
        assert str(answer["Code"]) == "200"
        assert answer["RequestId"]
        return answer

    def error(self, action: str, **parameters: Any) -> tuple[str, int]:
        """Code and status of a refusal."""
        with pytest.raises(TeaException) as caught:
            self.call(action, **parameters)
        return str(caught.value.code), int(caught.value.data["statusCode"])


def ended(minutes: Minutes) -> tuple[str, str]:
    """End a minute; the range of time in which it is the only one, as the API has it."""
    start = minutes.end()
    return str(int(start.timestamp() * 1000) - 1), str(int(start.timestamp() * 1000))


@pytest.fixture
def minutes(cloud: Cloud) -> Minutes:
    """Ends minutes."""
    return Minutes(cloud)


def joined(cloud: Cloud, tenant: Tenant, far: str, ranges: tuple[str, str]) -> tuple[Site, Site, str]:
    """Two sites of an account, and the id of the connection that joins them; packets pass."""
    one = make_site(tenant, HERE, f"{ranges[0]}.0.0/16", f"{ranges[0]}.1.0/24")
    other = make_site(tenant, far, f"{ranges[1]}.0.0/16", f"{ranges[1]}.1.0/24")
    link = connect(one, other, profile="alibaba")
    one.route(f"{ranges[1]}.0.0/16", link)
    other.route(f"{ranges[0]}.0.0/16", link)
    assert Oracles(cloud).both(one, other) == (True, True)
    return one, other, link["id"]


def test_the_seeds_alarm_with_its_contact_and_group(cloud: Cloud) -> None:
    """API-1, MON-2: contact, group and alarm of the seed, as the SDK sends and reads them; then all are removed."""
    tenant = cloud.tenant("alarms")
    cms = Cms(tenant)
    *_, link = joined(cloud, tenant, THERE, ("10.1", "10.2"))
    cms.call("PutContact", ContactName="ops", Describe="peering", Channels={"Mail": "ops@example.com"})
    (contact,) = cms.call("DescribeContactList", ContactName="ops", ChanelValue="ops@example.com")[
        "Contacts"
    ]["Contact"]
    assert (contact["Name"], contact["Channels"]["Mail"]) == ("ops", "ops@example.com")
    cms.call("PutContactGroup", ContactGroupName="on-duty", ContactNames=["ops"])
    (group,) = cms.call("DescribeContactGroupList")["ContactGroupList"]["ContactGroup"]
    assert (group["Name"], group["Contacts"]["Contact"]) == ("on-duty", ["ops"])
    alarm = {
        "RuleId": "r1",
        "RuleName": "example",
        "Namespace": "acs_vpcpeer",
        "MetricName": "IntranetRX",
        "ContactGroups": "on-duty",
        "Resources": json.dumps([{"instanceId": link}]),
        "EffectiveInterval": "06:00-20:00",
        "Interval": "60",
        "Period": "60",
        "SilenceTime": 86400,
        "Escalations": {"Critical": CRITICAL},
    }
    cms.call("PutResourceMetricRule", **alarm)
    cms.call("EnableMetricRules", RuleId=["r1"])
    (shown,) = cms.call("DescribeMetricRuleList", RuleIds="r1")["Alarms"]["Alarm"]
    assert shown["Escalations"]["Critical"] == CRITICAL
    assert json.loads(shown["Resources"]) == [{"instanceId": link}]
    assert (shown["EnableState"], shown["AlertState"], shown["Period"]) == (True, "INSUFFICIENT_DATA", "60")
    assert cms.call("DescribeMetricRuleTargets", RuleId="r1")["Targets"]["Target"] == []
    cms.call(
        "PutMetricRuleTargets", RuleId="r1", Targets=[{"Id": "1", "Arn": "acs:mns:::queue", "Level": "Info"}]
    )
    assert (
        cms.call("DescribeMetricRuleTargets", RuleId="r1")["Targets"]["Target"][0]["Arn"] == "acs:mns:::queue"
    )
    cms.call("DeleteMetricRuleTargets", RuleId="r1", TargetIds=["1"])
    assert cms.error("PutResourceMetricRule", **{**alarm, "MetricName": "none"}) == ("ParameterInvalid", 400)
    stranger = Cms(cloud.tenant("stranger"))
    assert stranger.error("PutResourceMetricRule", **alarm) == ("ResourceNotFound", 404)
    assert stranger.error("DeleteMetricRules", Id=["r1"]) == ("ResourceNotFound", 404)
    cms.call("DisableMetricRules", RuleId=["r1"])
    cms.call("DeleteMetricRules", Id=["r1"])
    assert cms.error("DeleteMetricRules", Id=["r1"]) == ("ResourceNotFound", 404)
    cms.call("DeleteContactGroup", ContactGroupName="on-duty")
    cms.call("DeleteContact", ContactName="ops")
    assert cms.error("DeleteContact", ContactName="ops") == ("ContactNotExists", 404)


def test_metrics_are_the_packets_that_passed(cloud: Cloud, minutes: Minutes) -> None:
    """MON-1: of datagrams each byte, of a stream what a wire would carry of it, in the minute in which they were sent."""
    tenant = cloud.tenant("traffic")
    cms = Cms(tenant)
    here, there, link = joined(cloud, tenant, THERE, ("10.3", "10.4"))

    def points(metric: str, times: tuple[str, str]) -> dict[str, Any]:
        answer = cms.call(
            "DescribeMetricList",
            Namespace="acs_vpcpeer",
            MetricName=metric,
            Dimensions=json.dumps({"instanceId": link}),
            Period="60",
            StartTime=times[0],
            EndTime=times[1],
        )
        (point,) = json.loads(answer["Datapoints"])
        return dict(point)

    ended(minutes)
    with running_in(tenant, there.instance["id"], SERVER):
        python_in(tenant, here.instance["id"], DATAGRAMS, there.address, "1000", "1000")
        datagrams = ended(minutes)
        stream = 20_000_000
        arrived = python_in(tenant, here.instance["id"], STREAM, there.address, str(stream))
        assert int(arrived) == stream
        streamed = ended(minutes)
    quiet = ended(minutes)
    sent = 1000 * 1028 + 31
    received = points("IntranetRX", datagrams)["Sum"]
    assert 0 <= received - sent <= CHATTER
    assert 31 <= points("IntranetTX", datagrams)["Sum"] <= 31 + CHATTER
    assert points("ReceiveBandwidth", datagrams)["Average"] == pytest.approx(received * 8 / 60)
    # 1,448 bytes of a stream go in a packet of 1,500.
    assert points("IntranetRX", streamed)["Sum"] == pytest.approx(stream * 1500 / 1448, rel=0.005)
    assert points("IntranetRX", quiet)["Sum"] <= CHATTER


def test_connection_inside_a_region_has_no_metrics_and_says_so(cloud: Cloud, minutes: Minutes) -> None:
    """MON-1."""
    tenant = cloud.tenant("near")
    *_, link = joined(cloud, tenant, HERE, ("10.5", "10.6"))
    times = ended(minutes)
    answer = Cms(tenant).call(
        "DescribeMetricLast",
        Namespace="acs_vpcpeer",
        MetricName="IntranetRX",
        Dimensions=json.dumps([{"instanceId": link}]),
        StartTime=times[0],
        EndTime=times[1],
    )
    assert (answer["Datapoints"], answer["Message"]) == ("[]", "links inside one region have no metrics")


def test_what_can_be_measured_is_told(cloud: Cloud) -> None:
    """MON-1: namespaces and metrics, as the SDK reads them."""
    cms = Cms(cloud.tenant("looker"))
    metas = cms.call("DescribeMetricMetaList", Namespace="acs_vpcpeer")["Resources"]["Resource"]
    assert {"IntranetRX", "IntranetTX", "RateLimitDropPps"} <= {one["MetricName"] for one in metas}
    assert cms.call("DescribeProjectMeta")["Total"] == "3"
    assert cms.call("DescribeAlertHistoryList")["AlarmHistoryList"]["AlarmHistory"] == []
    assert cms.call("DescribeAlertLogList")["AlertLogList"] == []
