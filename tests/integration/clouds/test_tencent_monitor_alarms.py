"""Alarm policies and notices of Tencent Cloud's monitor."""

import json
from dataclasses import replace

import pytest
from tests.integration.clouds.test_tencent_monitor import Monitor
from tests.integration.clouds.test_tencent_v2_peerings import Party

POLICY = {"Module": "monitor", "MonitorType": "MT_QCE", "Namespace": "pcx"}
NOTICE = {"Module": "monitor", "NoticeType": "ALL", "NoticeLanguage": "en-US"}
LISTED = {"Module": "monitor", "PageNumber": 1, "PageSize": 20, "Order": "DESC"}


@pytest.fixture
def party(site):
    """An account with a connection across regions."""
    found = Party(site)
    found.monitor = Monitor(found.cloud.endpoint, found.cloud.key_id, found.cloud.secret)
    found.id, _ = found.across(found.vpc(), found, found.vpc("10.1.0.0/16", "sh"))
    return found


def rule(metric="OutBandwidth", **fields):
    """One threshold."""
    return {
        "MetricName": metric,
        "Operator": "gt",
        "Value": "80.5",
        "Period": 60,
        "ContinuePeriod": 3,
        "NoticeFrequency": 3600,
        "IsPowerNotice": 0,
    } | fields


def condition(*rules, union=0):
    """What is too much."""
    return {"IsUnionRule": union, "Rules": list(rules)}


def create(party, name="busy", *rules, **fields):
    """A new policy's id."""
    asked = POLICY | {"PolicyName": name, "Condition": condition(*(rules or (rule(),)))} | fields
    return party.monitor.call("CreateAlarmPolicy", **asked)["PolicyId"]


def shown(party, id):
    """The policy."""
    return party.monitor.call("DescribeAlarmPolicy", Module="monitor", PolicyId=id)["Policy"]


def listed(party, **fields):
    """Names of policies as a list shows them."""
    done = party.monitor.call("DescribeAlarmPolicies", Module="monitor", **fields)
    assert done["TotalCount"] >= len(done["Policies"])
    return [one["PolicyName"] for one in done["Policies"]]


def bind(party, policy, *ids, code=False):
    """Bind connections to a policy."""
    objects = [
        {"Region": "gz", "RegionId": 1, "Dimensions": json.dumps({"peeringConnectionId": id})} for id in ids
    ]
    asked = {"Module": "monitor", "GroupId": 0, "PolicyId": policy, "Dimensions": objects}
    run = party.monitor.code if code else party.monitor.call
    return run("BindingPolicyObject", **asked)


def bound(party, policy, **fields):
    """What a policy is bound to."""
    asked = {"Module": "monitor", "GroupId": 0, "PolicyId": policy} | fields
    return party.monitor.call("DescribeBindingPolicyObjectList", **asked)


def test_what_can_be_watched_is_told(party):
    """MON-2: clients find the type of policies and its metrics by asking."""
    found = party.monitor.call("DescribeAllNamespaces", SceneType="ST_ALARM", Module="monitor")
    (type,) = found["QceNamespacesNew"]
    assert (type["Id"], type["DashboardId"]) == ("pcx", "QCE/PCX")
    assert "gz" in type["AvailableRegions"]
    none = party.monitor.call(
        "DescribeAllNamespaces", SceneType="ST_ALARM", Module="monitor", MonitorTypes=["MT_RUM"]
    )
    assert none["QceNamespacesNew"] == []
    metrics = party.monitor.call("DescribeAlarmMetrics", **POLICY)["Metrics"]
    assert "OutbandRate" in {one["MetricName"] for one in metrics}
    assert metrics[0]["MetricConfig"]["Operator"] == ["gt", "ge", "lt", "le", "eq", "ne"]
    wrong = party.monitor.code("DescribeAlarmMetrics", **POLICY | {"Namespace": "cvm_device"})
    assert wrong == "InvalidParameterValue"


def test_a_policy_is_kept_as_it_was_made(party):
    """MON-2, API-3: conditions, levels, who is told, which objects."""
    notice = party.monitor.call("CreateAlarmNotice", **NOTICE, Name="team")["NoticeId"]
    staged = rule(
        "PkgDrop", Operator="ge", HierarchicalValue={"Remind": "1", "Warn": "5", "Serious": "10"}, Period=300
    )
    id = create(party, "busy", rule(), staged, NoticeIds=[notice])
    assert id.startswith("policy-")
    policy = shown(party, id)
    one, other = policy["Condition"]["Rules"]
    assert {name: one[name] for name in rule()} == rule()
    assert one["HierarchicalValue"] is None
    assert other["HierarchicalValue"] == staged["HierarchicalValue"]
    assert (other["Operator"], other["Value"], other["Period"]) == ("ge", "10", 300)
    assert (policy["Namespace"], policy["Enable"], policy["IsBindAll"], policy["UseSum"]) == ("pcx", 1, 0, 0)
    assert policy["NoticeIds"] == [notice]
    assert policy["Notices"][0]["Name"] == "team"


def test_objects_are_bound_and_taken_off(party):
    """MON-2: a policy watches nothing before the first and after the last; those that are gone are no hindrance."""
    id = create(party)
    assert bound(party, id) == {"List": [], "Total": 0, "NoShieldedSum": 0}
    bind(party, id, party.id)
    bind(party, id, party.id)
    found = bound(party, id)
    assert found["Total"] == 1
    assert found["List"][0] == {
        "UniqueId": party.id,
        "Dimensions": json.dumps({"peeringConnectionId": party.id}, separators=(",", ":")),
        "IsShielded": 0,
        "Region": "gz",
    }
    second, _ = party.across(party.vpc("10.2.0.0/16"), party, party.vpc("10.3.0.0/16", "bj"), "bj")
    party.cloud.call("DeleteVpcPeeringConnectionEx", peeringConnectionId=party.id)
    bind(party, id, second)
    assert shown(party, id)["UseSum"] == 2
    assert [one["UniqueId"] for one in bound(party, id, Offset=1, Limit=1)["List"]] == [second]
    group = int(shown(party, id)["OriginId"])
    assert 0 < group < 2**53
    asked = {"Module": "monitor", "GroupId": group, "UniqueId": [party.id, "pcx-unknown"]}
    party.monitor.call("UnBindingPolicyObject", **asked)
    assert [one["UniqueId"] for one in bound(party, id)["List"]] == [second]
    party.monitor.call("UnBindingAllPolicyObject", Module="monitor", GroupId=0, PolicyId=id)
    policy = shown(party, id)
    assert (policy["UseSum"], policy["IsBindAll"]) == (0, 0)


def test_a_policy_may_be_for_all_objects(party):
    """MON-2."""
    id = create(party, IsBindAll=1)
    assert shown(party, id)["IsBindAll"] == 1
    assert listed(party, NotBindAll=1) == []
    party.monitor.call("UnBindingAllPolicyObject", Module="monitor", GroupId=0, PolicyId=id)
    assert shown(party, id)["IsBindAll"] == 1


def test_policies_are_changed(party):
    """MON-2: name, switch, condition, notices; what is bound stays bound."""
    notice = party.monitor.call("CreateAlarmNotice", **NOTICE, Name="team")["NoticeId"]
    id = create(party)
    bind(party, id, party.id)
    own = {"Module": "monitor", "PolicyId": id}
    call = party.monitor.call
    call("ModifyAlarmPolicyInfo", **own, Key="NAME", Value="calm")
    call("ModifyAlarmPolicyInfo", **own, Key="REMARK", Value="whatever")
    call("ModifyAlarmPolicyStatus", **own, Enable=0)
    call("ModifyAlarmPolicyCondition", **own, Condition=condition(rule("InPkg", Operator="ne"), union=1))
    call("ModifyAlarmPolicyNotice", **own, NoticeIds=[notice])
    policy = shown(party, id)
    assert (policy["PolicyName"], policy["Enable"], policy["UseSum"]) == ("calm", 0, 1)
    assert policy["Condition"]["IsUnionRule"] == 1
    assert [one["MetricName"] for one in policy["Condition"]["Rules"]] == ["InPkg"]
    assert policy["NoticeIds"] == [notice]
    call("ModifyAlarmPolicyNotice", Module="monitor", PolicyIds=[id], NoticeIds=[])
    assert shown(party, id)["NoticeIds"] == []
    call("ModifyAlarmPolicyStatus", **own, Enable=1)
    assert shown(party, id)["Enable"] == 1


def test_lists_are_pages_of_what_fits(party):
    """MON-2, API-3."""
    notice = party.monitor.call("CreateAlarmNotice", **NOTICE, Name="team")["NoticeId"]
    create(party, "b", NoticeIds=[notice])
    create(party, "a", Enable=0)
    watching = create(party, "c")
    bind(party, watching, party.id)
    assert sorted(listed(party)) == ["a", "b", "c"]
    assert listed(party, Field="PolicyName", Order="ASC") == ["a", "b", "c"]
    assert listed(party, Field="PolicyName", Order="ASC", PageNumber=2, PageSize=2) == ["c"]
    assert listed(party, PolicyName="b") == ["b"]
    assert listed(party, Enable=[0]) == ["a"]
    assert listed(party, NoticeIds=[notice]) == ["b"]
    assert sorted(listed(party, NotBindingNoticeRule=1)) == ["a", "c"]
    assert listed(party, MonitorTypes=["MT_RUM"]) == []
    assert listed(party, Namespaces=["cvm_device"]) == []
    wanted = json.dumps([[{"name": "peeringConnectionId", "value": party.id}]])
    assert listed(party, Dimensions=wanted, MonitorTypes=["MT_QCE"], Namespaces=["pcx"]) == ["c"]
    for fields in ({"Dimensions": "x"}, {"Dimensions": "[1]"}, {"PageSize": 101}, {"PageNumber": 0}):
        wrong = party.monitor.code("DescribeAlarmPolicies", Module="monitor", **fields)
        assert wrong == "InvalidParameterValue"


def test_policies_are_deleted_all_or_none(party):
    """MON-2."""
    first, second = create(party, "one"), create(party, "two")
    wrong = party.monitor.code("DeleteAlarmPolicy", Module="monitor", PolicyIds=[first, "policy-0"])
    assert wrong == "ResourceNotFound"
    assert sorted(listed(party)) == ["one", "two"]
    party.monitor.call("DeleteAlarmPolicy", Module="monitor", PolicyIds=[first, second])
    assert listed(party) == []


def test_others_policies_are_not_there(site, party):
    """API-4."""
    id = create(party)
    stranger = Party(site)
    monitor = Monitor(stranger.cloud.endpoint, stranger.cloud.key_id, stranger.cloud.secret)
    own = {"Module": "monitor", "PolicyId": id}
    assert monitor.code("DescribeAlarmPolicy", **own) == "ResourceNotFound"
    assert monitor.code("ModifyAlarmPolicyStatus", **own, Enable=1) == "ResourceNotFound"
    assert monitor.code("DeleteAlarmPolicy", Module="monitor", PolicyIds=[id]) == "ResourceNotFound"
    assert monitor.code("UnBindingAllPolicyObject", Module="monitor", GroupId=7) == "ResourceNotFound"
    theirs = create(replace_monitor(stranger, monitor))
    assert bind(stranger, theirs, party.id, code=True) == "ResourceNotFound"


def replace_monitor(party, monitor):
    """The party with a monitor."""
    party.monitor = monitor
    return party


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Module": "other"}, "InvalidParameter"),
        ({"MonitorType": "MT_RUM"}, "InvalidParameterValue"),
        ({"Namespace": "cvm_device"}, "InvalidParameterValue"),
        ({"PolicyName": "n" * 61}, "InvalidParameterValue.TooLong"),
        ({"Enable": 2}, "InvalidParameterValue"),
        ({"NoticeIds": ["notice-0"]}, "ResourceNotFound"),
        ({"Condition": condition()}, "InvalidParameterValue"),
        ({"Condition": condition(rule(), union=2)}, "InvalidParameterValue"),
        ({"Condition": condition(rule(Operator="day_wave"))}, "InvalidParameterValue"),
        ({"Condition": condition(rule(Value="much"))}, "InvalidParameterValue"),
        ({"Condition": condition(rule(Value="NaN"))}, "InvalidParameterValue"),
        ({"Condition": condition(rule(Value=""))}, "MissingParameter"),
        ({"Condition": condition(rule("CPUUsage"))}, "InvalidParameterValue"),
        ({"Condition": condition(rule(Period=61))}, "InvalidParameterValue"),
        ({"Condition": condition(rule(ContinuePeriod=0))}, "InvalidParameterValue"),
        ({"Condition": condition(rule(NoticeFrequency=-1))}, "InvalidParameterValue"),
        ({"Condition": condition(*[rule()] * 11)}, "InvalidParameterValue"),
        ({"Condition": condition(rule(Nonsense=1))}, "UnknownParameter"),
        ({"Condition": "x"}, "InvalidParameter"),
        ({"Condition": None}, "MissingParameter"),
    ],
)
def test_policies_are_looked_at(party, fields, code):
    """API-4."""
    asked = POLICY | {"PolicyName": "p", "Condition": condition(rule())} | fields
    assert party.monitor.code("CreateAlarmPolicy", **asked) == code


@pytest.mark.parametrize("text", ["x", "[]", "{}", '{"peeringConnectionId":1}', '{"other":"x"}'])
def test_bindings_are_looked_at(party, text):
    """API-4."""
    policy = create(party)
    objects = [{"Region": "gz", "Dimensions": text}]
    asked = {"Module": "monitor", "PolicyId": policy, "Dimensions": objects}
    assert party.monitor.code("BindingPolicyObject", **asked).startswith("InvalidParameter")


def test_histories_are_empty(party):
    """MON-2: nothing is evaluated yet."""
    done = party.monitor.call("DescribeAlarmHistories", Module="monitor", PolicyName="x")
    assert done == {"TotalCount": 0, "Histories": []}


def test_notices_are_kept_as_they_were_made(party):
    """MON-2: users and URLs; names are taken once."""
    users = [{"ReceiverType": "USER", "StartTime": 0, "EndTime": 86399, "NoticeWay": ["SMS"], "UserIds": [7]}]
    urls = [{"URL": "https://example.com/hook"}]
    call, code = party.monitor.call, party.monitor.code
    made = call("CreateAlarmNotice", **NOTICE, Name="team", UserNotices=users, URLNotices=urls)["NoticeId"]
    assert code("CreateAlarmNotice", **NOTICE, Name="team") == "FailedOperation.DuplicateName"
    policy = create(party, NoticeIds=[made])
    found = call("DescribeAlarmNotice", Module="monitor", NoticeId=made)["Notice"]
    assert (found["Name"], found["NoticeType"], found["NoticeLanguage"]) == ("team", "ALL", "en-US")
    assert (found["UserNotices"], found["URLNotices"]) == (users, urls)
    assert found["PolicyIds"] == [policy]
    call("CreateAlarmNotice", **NOTICE, Name="other")

    def names(**fields):
        return [one["Name"] for one in call("DescribeAlarmNotices", **LISTED | fields)["Notices"]]

    assert sorted(names()) == ["other", "team"]
    assert names(Name="tea") == ["team"]
    assert names(NoticeIds=[made]) == ["team"]
    assert names(ReceiverType="USER", UserIds=[7]) == ["team"]
    assert names(GroupIds=[7]) == []
    assert len(names(PageSize=1)) == 1
    call("DeleteAlarmNotices", Module="monitor", NoticeIds=[made])
    assert shown(party, policy)["NoticeIds"] == []
    assert code("DescribeAlarmNotice", Module="monitor", NoticeId=made) == "ResourceNotFound"
    assert code("DeleteAlarmNotices", Module="monitor", NoticeIds=[made]) == "ResourceNotFound"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"NoticeType": "SOME"}, "InvalidParameterValue"),
        ({"Name": "n" * 61}, "InvalidParameterValue.TooLong"),
        ({"URLNotices": [{"URL": "nonsense"}]}, "InvalidParameterValue"),
        (
            {"URLNotices": [{"URL": f"https://example.com/{place}"} for place in range(7)]},
            "InvalidParameterValue",
        ),
        ({"URLNotices": [{}]}, "MissingParameter"),
    ],
)
def test_notices_are_looked_at(party, fields, code):
    """API-4."""
    assert party.monitor.code("CreateAlarmNotice", **NOTICE | {"Name": "x"} | fields) == code


def test_the_alarms_need_no_region(party):
    """API-2: as documented; series do."""
    nowhere = replace(party.monitor, region="")
    assert nowhere.call("DescribeAlarmPolicies", Module="monitor")["TotalCount"] == 0
    assert nowhere.code("GetMonitorData") == "MissingParameter"
