"""Cms at Alibaba Cloud's door: alarm rules, contacts and metrics as Terraform and others ask for them (API-1, MON-1, MON-2)."""

import json
from datetime import timedelta

import pytest
from tests.support.express import provider
from tests.support.sampling import CountingAgent
from tests.support.terraform import Refused

from peerway.app.clock import VirtualClock
from peerway.app.reconcilers.samples import SampleReconciler
from peerway.domain.metric import End

CMS = "2019-01-01"
HERE, THERE = "cn-hangzhou", "cn-beijing"
MINUTE = timedelta(minutes=1)

#: The seed's alarm, as Terraform sends it.
ALARM = {
    "RuleId": "terraform-20261121084842546800000001",
    "RuleName": "example_cms_alarm_name",
    "Namespace": "acs_vpcpeer",
    "MetricName": "IntranetRX",
    "ContactGroups": "example_cms_alarm_contact_group",
    "EffectiveInterval": "06:00-20:00",
    "Period": "60",
    "SilenceTime": "86400",
    "Escalations.Critical.ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Escalations.Critical.Statistics": "Sum",
    "Escalations.Critical.Threshold": "104857600",
    "Escalations.Critical.Times": "2",
}


class Tenant:
    """An account with two joined VPCs in two regions, at Cms."""

    def __init__(self, site, far_region=THERE):
        self.site = site
        self.account = site.account()
        self.provider = provider(site, self.account, HERE)
        here = self.account.vpc("10.1.0.0/16", HERE)
        there = self.account.vpc("10.2.0.0/16", far_region)
        body = {
            "vpc_id": here["id"],
            "peer_vpc_id": there["id"],
            "peer_region_id": far_region,
            "profile": "alibaba",
        }
        self.peering = self.account.ok("POST", "/peerings", body)
        self.id = self.peering["id"]
        self.ends = [End(self.id, one["id"]) for one in (here, there)]

    def call(self, action, **parameters):
        """An answer that says that it is one."""
        answer = self.provider.call(action, CMS, **parameters)
        assert (str(answer["Code"]), answer["Success"]) == ("200", True)
        return answer

    def refused(self, action, **parameters):
        """Code and status of a refusal."""
        with pytest.raises(Refused) as caught:
            self.provider.call(action, CMS, **parameters)
        return caught.value.code, caught.value.status

    def put(self, **parameters):
        """Put the seed's alarm for the connection."""
        resources = f'  [\n    {{\n      "instanceId": "{self.id}"\n    }}\n  ]\n'
        return self.call("PutResourceMetricRule", **{**ALARM, "Resources": resources, **parameters})

    def rules(self, **parameters):
        """Alarm rules."""
        return self.call("DescribeMetricRuleList", **parameters)["Alarms"]["Alarm"]

    def points(self, action="DescribeMetricList", **parameters):
        """Data points."""
        named = {"Namespace": "acs_vpcpeer", "MetricName": "IntranetRX", **parameters}
        return json.loads(self.call(action, **named)["Datapoints"])


@pytest.fixture
def tenant(site):
    """Somebody with a connection across regions."""
    made = Tenant(site)
    yield made
    made.provider.close()


def sampled(tenant, *minutes):
    """Have the accepter's end receive so many bytes in each of these minutes, the last of which ends now."""
    agent = CountingAgent()
    start = tenant.site.services.clock.now() - len(minutes) * MINUTE
    clock = VirtualClock(start)
    worker = SampleReconciler(tenant.site.store, agent.link_counters, clock, timedelta(days=31))
    for received in minutes:
        agent.carry(tenant.ends[1], 1000, received_bytes=received, capped=60)
        clock.advance(MINUTE)
        assert worker.step() == 1


def test_the_seeds_alarm_goes_through_terraforms_sequence(tenant):
    """API-1, MON-2: put, enable, list until it is enabled, targets; deleted, it is gone."""
    tenant.put()
    tenant.call("EnableMetricRules", **{"RuleId.1": ALARM["RuleId"]})
    (shown,) = tenant.rules(RuleIds=ALARM["RuleId"])
    assert shown["EnableState"] is True
    assert json.loads(shown["Resources"]) == [{"instanceId": tenant.id}]
    assert shown["Escalations"] == {
        "Critical": {
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Statistics": "Sum",
            "Threshold": "104857600",
            "Times": 2,
        }
    }
    told = ("MetricName", "Namespace", "Period", "EffectiveInterval", "ContactGroups", "RuleName")
    assert [shown[name] for name in told] == [ALARM[name] for name in told]
    assert (shown["SilenceTime"], shown["AlertState"]) == (86400, "INSUFFICIENT_DATA")
    assert tenant.call("DescribeMetricRuleTargets", RuleId=ALARM["RuleId"])["Targets"] == {"Target": []}
    tenant.call("DisableMetricRules", **{"RuleId.1": ALARM["RuleId"]})
    assert tenant.rules(EnableState="true") == []
    tenant.call("DeleteMetricRules", **{"Id.1": ALARM["RuleId"]})
    assert tenant.rules(RuleIds=ALARM["RuleId"]) == []
    assert tenant.refused("DeleteMetricRules", **{"Id.1": ALARM["RuleId"]}) == ("ResourceNotFound", 404)


def test_known_rule_id_changes_the_rule(tenant):
    """Put again, it is the same rule with other values; what is not given is the usual value again."""
    tenant.put()
    tenant.put(**{"Escalations.Critical.Threshold": "1", "RuleName": "other"})
    (shown,) = tenant.rules()
    assert (shown["RuleName"], shown["Escalations"]["Critical"]["Threshold"]) == ("other", "1")


def test_targets_come_and_go(tenant):
    """MON-2: machines that a rule tells."""
    tenant.put()
    rule = ALARM["RuleId"]
    one = {
        "Targets.1.Id": "1",
        "Targets.1.Arn": "acs:mns:cn-hangzhou:1:/queues/a/messages",
        "Targets.1.Level": "Critical",
    }
    tenant.call("PutMetricRuleTargets", RuleId=rule, **one)
    (shown,) = tenant.call("DescribeMetricRuleTargets", RuleId=rule)["Targets"]["Target"]
    assert (shown["Id"], shown["Level"]) == ("1", "Critical")
    tenant.call("DeleteMetricRuleTargets", RuleId=rule, **{"TargetIds.1": "1"})
    assert tenant.call("DescribeMetricRuleTargets", RuleId=rule)["Targets"]["Target"] == []
    assert tenant.refused("DescribeMetricRuleTargets", RuleId="none") == ("ResourceNotFound", 404)


def test_rule_for_everything_and_rule_of_several_metrics(tenant):
    """The product's word for all resources, and conditions that belong together."""
    expression = {
        "ExpressionListJoin": "&&",
        "Level": "Warn",
        "Times": 3,
        "ExpressionList": [
            {
                "MetricName": name,
                "Period": 300,
                "Statistics": "Average",
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": "5.5",
            }
            for name in ("ReceiveBandwidth", "TransportedBandwidth")
        ],
    }
    plain = {name: value for name, value in ALARM.items() if not name.startswith("Escalations")}
    tenant.call(
        "PutResourceMetricRule",
        **{**plain, "Resources": '[{"resource":"_ALL"}]', "CompositeExpression": json.dumps(expression)},
    )
    (shown,) = tenant.rules(MetricName="ReceiveBandwidth")
    assert json.loads(shown["Resources"]) == [{"resource": "_ALL"}]
    composite = shown["CompositeExpression"]
    assert (composite["ExpressionListJoin"], composite["Times"]) == ("&&", 3)
    assert [one["Threshold"] for one in composite["ExpressionList"]["ExpressionList"]] == ["5.5", "5.5"]


def test_rules_in_one_request_fail_each_for_itself(tenant):
    """PutResourceMetricRules: what is right is kept, what is not is told."""
    rows = {}
    for place, threshold in ((1, "10"), (2, "many")):
        row = {
            **ALARM,
            "RuleId": f"r{place}",
            "Escalations.Critical.Threshold": threshold,
            "Resources": '[{"resource":"_ALL"}]',
        }
        rows |= {f"Rules.{place}.{name}": value for name, value in row.items()}
    (failed,) = tenant.call("PutResourceMetricRules", **rows)["FailedListResult"]["Target"]
    assert (failed["RuleId"], failed["Result"]["Code"]) == ("r2", "ParameterInvalid")
    assert [one["RuleId"] for one in tenant.rules()] == ["r1"]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"Namespace": "acs_none"}, ("ParameterInvalid", 400)),
        ({"Namespace": "QCE/PCX"}, ("ParameterInvalid", 400)),
        ({"MetricName": "None"}, ("ParameterInvalid", 400)),
        ({"Period": "61"}, ("ParameterInvalid", 400)),
        ({"Period": "x"}, ("ParameterInvalid", 400)),
        ({"EffectiveInterval": "25:00-26:00"}, ("ParameterInvalid", 400)),
        ({"EffectiveInterval": "always"}, ("ParameterInvalid", 400)),
        ({"SilenceTime": "-1"}, ("ParameterInvalid", 400)),
        ({"Webhook": "ftp://x"}, ("ParameterInvalid", 400)),
        ({"NoDataPolicy": "PANIC"}, ("ParameterInvalid", 400)),
        ({"Resources": "nonsense"}, ("ParameterInvalid", 400)),
        ({"Resources": '["pcc-1"]'}, ("ParameterInvalid", 400)),
        ({"Resources": '[{"vpcId":"x"}]'}, ("ParameterInvalid", 400)),
        ({"Resources": '[{"instanceId":"pcc-none"}]'}, ("ResourceNotFound", 404)),
        ({"Escalations.Critical.ComparisonOperator": "GreaterThanYesterday"}, ("ParameterInvalid", 400)),
        ({"Escalations.Critical.Statistics": "Median"}, ("ParameterInvalid", 400)),
        ({"Escalations.Critical.Threshold": "NaN"}, ("ParameterInvalid", 400)),
        ({"Escalations.Critical.Times": "0"}, ("ParameterInvalid", 400)),
        ({"CompositeExpression": "[]"}, None),
        ({"CompositeExpression": '{"ExpressionList":[1]}'}, ("ParameterInvalid", 400)),
        ({"Prometheus": '{"PromQL":"up"}'}, ("ParameterInvalid", 400)),
        ({"ContactGroups": ""}, ("ParameterInvalid", 400)),
        ({"RuleId": "a b"}, ("ParameterInvalid", 400)),
    ],
)
def test_values_that_break_a_rule_are_refused(tenant, change, answer):
    """API-1: the product's code, never a 5xx."""
    if answer is None:
        tenant.put(**change)
    else:
        asked = {**ALARM, "Resources": json.dumps([{"instanceId": tenant.id}]), **change}
        assert tenant.refused("PutResourceMetricRule", **asked) == answer


def test_nobody_watches_or_reads_what_is_not_theirs(site, tenant):
    """SEC: another account's connection is as unknown as none at all."""
    other = provider(site, site.account(), HERE)
    sampled(tenant, 5000)
    asked = {**ALARM, "Resources": json.dumps([{"instanceId": tenant.id}])}
    with pytest.raises(Refused) as caught:
        other.call("PutResourceMetricRule", CMS, **asked)
    assert caught.value.code == "ResourceNotFound"
    for dimensions in ({"instanceId": tenant.id}, {"userId": tenant.account.uid}):
        named = {"Namespace": "acs_vpcpeer", "MetricName": "IntranetRX", "Dimensions": json.dumps(dimensions)}
        assert other.call("DescribeMetricList", CMS, **named)["Datapoints"] == "[]"
    other.close()


def test_contacts_and_groups_go_through_terraforms_sequence(tenant):
    """API-1, MON-2: put, list, delete; no language that was not sent."""
    tenant.call("PutContact", ContactName="c", Describe="d", **{"Channels.Mail": "a@example.com"})
    (contact,) = tenant.call("DescribeContactList", ContactName="c")["Contacts"]["Contact"]
    assert (contact["Name"], contact["Desc"], contact["Channels"]) == ("c", "d", {"Mail": "a@example.com"})
    assert "Lang" not in contact
    tenant.call("PutContactGroup", ContactGroupName="g", **{"ContactNames.1": "c"})
    found = tenant.call("DescribeContactGroupList", PageNumber=1, PageSize=20)
    (group,) = found["ContactGroupList"]["ContactGroup"]
    assert (group["Name"], group["Contacts"], group["Describe"]) == ("g", {"Contact": ["c"]}, "")
    assert found["ContactGroups"] == {"ContactGroup": ["g"]}
    (contact,) = tenant.call("DescribeContactList", ChanelType="Mail", ChanelValue="a@example.com")[
        "Contacts"
    ]["Contact"]
    assert contact["ContactGroups"] == {"ContactGroup": ["g"]}
    tenant.call("PutContact", ContactName="c", Describe="e", Lang="en-us")
    (contact,) = tenant.call("DescribeContactList")["Contacts"]["Contact"]
    assert (contact["Desc"], contact["Lang"], contact["Channels"]) == ("e", "en-us", {})
    unknown = tenant.refused("PutContactGroup", ContactGroupName="g", **{"ContactNames.1": "none"})
    assert unknown == ("ContactNotExists", 404)
    tenant.call("DeleteContactGroup", ContactGroupName="g")
    assert tenant.refused("DeleteContactGroup", ContactGroupName="g") == ("ResourceNotFound", 404)
    tenant.call("DeleteContact", ContactName="c")
    assert tenant.refused("DeleteContact", ContactName="c") == ("ContactNotExists", 404)
    assert tenant.refused("PutContact", ContactName="c", Describe="d", **{"Channels.Mail": "no"}) == (
        "ParameterInvalid",
        400,
    )


def test_points_are_json_in_a_text(tenant):
    """MON-1: the product's form of data points, by connection, with all statistics of the metric."""
    sampled(tenant, 5000, 7000)
    first, second = tenant.points(Dimensions=json.dumps([{"instanceId": tenant.id}]), Period="60")
    assert (first["instanceId"], first["userId"]) == (tenant.id, tenant.account.uid)
    assert second["timestamp"] - first["timestamp"] == 60_000
    assert (first["Sum"], second["Average"], second["Maximum"]) == (5000, 7000, 7000)
    assert [one["Value"] for one in tenant.points(MetricName="RateLimitDropPps")] == [1, 1]
    assert [one["Average"] for one in tenant.points(MetricName="ReceiveBandwidth")] == [
        5000 * 8 / 60,
        7000 * 8 / 60,
    ]


def test_points_come_in_pages_and_by_time(tenant):
    """NextToken and Length; the range of time is open to the left and closed to the right."""
    sampled(tenant, 1, 2, 3)
    named = {"Namespace": "acs_vpcpeer", "MetricName": "IntranetRX", "Length": "2"}
    page = tenant.call("DescribeMetricList", **named)
    rest = tenant.call("DescribeMetricList", **named, NextToken=page["NextToken"])
    assert "NextToken" not in rest
    points = json.loads(page["Datapoints"]) + json.loads(rest["Datapoints"])
    assert [one["Sum"] for one in points] == [1, 2, 3]
    times = {"StartTime": str(points[0]["timestamp"]), "EndTime": str(points[1]["timestamp"])}
    assert [one["Sum"] for one in tenant.points(**times)] == [2]
    assert [one["Sum"] for one in tenant.points("DescribeMetricData", **times)] == [2]
    assert [one["Sum"] for one in tenant.points("DescribeMetricLast")] == [3]
    assert [one["Sum"] for one in tenant.points("DescribeMetricTop", Orderby="Sum")] == [3]
    assert tenant.points(StartTime="2020-01-01 00:00:00", EndTime="2020-01-02 00:00:00") == []


@pytest.mark.parametrize(
    "change",
    [
        {"MetricName": "None"},
        {"Period": "15"},
        {"Length": "1441"},
        {"Length": "x"},
        {"NextToken": "x"},
        {"StartTime": "yesterday"},
        {"StartTime": "9999-12-31 23:00:00", "EndTime": "9999-12-31 23:59:59"},
        {"EndTime": "0001-01-01 00:00:00"},
        {"StartTime": "9" * 14},
        {"StartTime": "2020-01-01 00:00:00", "EndTime": "2020-03-01 00:00:00"},
        {"StartTime": "2020-01-02 00:00:00", "EndTime": "2020-01-01 00:00:00"},
        {"Dimensions": "[1]"},
        {"Dimensions": '{"color":"red"}'},
    ],
)
def test_questions_that_break_a_rule_are_refused(tenant, change):
    """API-1."""
    asked = {"Namespace": "acs_vpcpeer", "MetricName": "IntranetRX", **change}
    assert tenant.refused("DescribeMetricList", **asked) == ("ParameterInvalid", 400)


def test_an_unknown_namespace_is_answered_with_those_of_this_cloud(tenant):
    """API-1: not with another cloud's."""
    with pytest.raises(Refused) as caught:
        tenant.call("DescribeMetricList", Namespace="QCE/PCX", MetricName="IntranetRX")
    told = "must be one of acs_vpcpeer, acs_express_connect, acs_physical_connection."
    assert told in str(caught.value)


def test_connection_inside_a_region_says_that_it_has_no_metrics(site):
    """MON-1: an empty answer with the reason in its message."""
    tenant = Tenant(site, HERE)
    sampled(tenant, 5000)
    answer = tenant.call("DescribeMetricList", Namespace="acs_vpcpeer", MetricName="IntranetRX")
    assert (answer["Datapoints"], answer["Message"]) == ("[]", "links inside one region have no metrics")
    tenant.provider.close()


def test_metrics_are_listed_as_the_table_has_them(tenant):
    """MON-1: what DescribeMetricMetaList names can be asked for."""
    found = tenant.call("DescribeProjectMeta")
    assert [one["Namespace"] for one in found["Resources"]["Resource"]] == [
        "acs_vpcpeer",
        "acs_express_connect",
        "acs_physical_connection",
    ]
    metrics = tenant.call("DescribeMetricMetaList", PageSize=100)["Resources"]["Resource"]
    for one in metrics:
        tenant.points(
            Namespace=one["Namespace"], MetricName=one["MetricName"], Period=one["Periods"].split(",")[1]
        )
    assert {one["Namespace"] for one in metrics} == {
        one["Namespace"] for one in found["Resources"]["Resource"]
    }
    assert tenant.call("DescribeMetricMetaList", MetricName="IntranetRX")["TotalCount"] == "2"
    wanted = tenant.call("DescribeProjectMeta", Labels='[{"name":"product","value":"vpcpeer"}]')
    assert wanted["Total"] == "1"


def test_histories_are_empty_while_nothing_is_evaluated(tenant):
    """MON-2: partly."""
    tenant.put()
    assert tenant.call("DescribeAlertHistoryList", RuleId=ALARM["RuleId"])["AlarmHistoryList"] == {
        "AlarmHistory": []
    }
    assert tenant.call("DescribeAlertLogList")["AlertLogList"] == []
