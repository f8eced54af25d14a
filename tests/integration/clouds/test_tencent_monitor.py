"""Metrics of Tencent Cloud's peering connections, by both versions of its API: samples are put where the sampler would put them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.clouds.test_tencent_v2_peerings import Party
from tests.support.tencent import Tencent, told

from peerway.domain.metric import Sample

#: A time in the past, at the start of a period of five minutes.
START = datetime(2026, 3, 24, 10, 50, tzinfo=UTC)


class Monitor(Tencent):
    """The monitor's way in."""

    def raw(self, action, body=None, **headers):
        return super().raw(action, body, **{"x_tc_version": "2018-07-24", **headers})


@pytest.fixture(scope="module")
def parties(site):
    """Two accounts with a connection across regions that carried packets for ten minutes, but for one."""
    ours, theirs = Party(site), Party(site)
    vpc, peer = ours.vpc(), theirs.vpc("10.1.0.0/16", "sh")
    ours.id, _ = ours.across(vpc, theirs, peer)
    ours.inside = ours.connect(vpc, theirs, theirs.vpc("10.2.0.0/16"))
    samples = [
        Sample(
            link_id=ours.id,
            router_id=vpc,
            at=START + timedelta(minutes=minute),
            sent_bytes=7_500_000 * (minute + 1),
            sent_packets=60,
            received_bytes=750_000,
            received_packets=30,
            capped_packets=20,
        )
        for minute in range(10)
        if minute != 7
    ]
    site.store.write(lambda tx: tx.add_samples(samples, []))
    for party in (ours, theirs):
        cloud = party.cloud
        party.monitor = Monitor(cloud.endpoint, cloud.key_id, cloud.secret)
    return ours, theirs


def local(minutes):
    """A time as this cloud's clients write it."""
    return (START + timedelta(hours=8, minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+08:00")


def ask(party, metric="OutBandwidth", id=None, **fields):
    """Parameters of a question for ten minutes of one object."""
    id = id or party.id
    return {
        "Namespace": "QCE/PCX",
        "MetricName": metric,
        "Instances": [{"Dimensions": [{"Name": "peeringConnectionId", "Value": id}]}],
        "Period": 60,
        "StartTime": local(0.5),
        "EndTime": local(9),
    } | fields


def test_series_have_times_and_values_without_gaps(parties):
    """MON-1, API-3: times are aligned, both ends count, a minute without a sample is left out."""
    ours, _ = parties
    done = ours.monitor.call("GetMonitorData", **ask(ours))
    assert (done["StartTime"], done["EndTime"]) == ("2026-03-24T18:50:00+08:00", "2026-03-24T18:59:00+08:00")
    assert (done["Period"], done["MetricName"], done["Msg"]) == (60, "OutBandwidth", "")
    (points,) = done["DataPoints"]
    assert points["Dimensions"] == [{"Name": "peeringConnectionId", "Value": ours.id}]
    start = int(START.timestamp())
    assert points["Timestamps"] == [start + 60 * minute for minute in range(10) if minute != 7]
    assert points["Values"][:3] == pytest.approx([1e6, 2e6, 3e6])
    assert points["MaxValues"] == []


def test_periods_of_five_minutes_are_usual(parties):
    """MON-1: their average, and what else is asked for."""
    ours, _ = parties
    asked = ask(ours, SpecifyStatistics=7)
    del asked["Period"]
    done = ours.monitor.call("GetMonitorData", **asked)
    assert done["Period"] == 300
    (points,) = done["DataPoints"]
    assert points["Values"] == pytest.approx([3e6, 8e6])
    assert points["AvgValues"] == points["Values"]
    assert points["MaxValues"] == pytest.approx([5e6, 10e6])
    assert points["MinValues"] == pytest.approx([1e6, 6e6])


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("InBandwidth", 1e5),
        ("InPkg", 0.5),
        ("OutPkg", 1.0),
        ("PkgDrop", 25.0),
        ("InbandRate", 0.1),
        ("OutbandRate", 1.0),
    ],
)
def test_all_metrics_have_their_units(parties, metric, value):
    """MON-1: bits and packets a second, percent of packets, percent of the cap of 100 Mbit/s."""
    ours, _ = parties
    done = ours.monitor.call("GetMonitorData", **ask(ours, metric))
    assert done["DataPoints"][0]["Values"][0] == pytest.approx(value)


def test_others_see_nothing_and_learn_nothing(site, parties):
    """API-4: a missing object, another account's and another region's have no points."""
    ours, theirs = parties
    stranger = Party(site)
    stranger.monitor = Monitor(stranger.cloud.endpoint, stranger.cloud.key_id, stranger.cloud.secret)
    away = replace(ours.monitor, region="ap-beijing")
    asked = (
        (stranger.monitor, ask(ours)),
        (ours.monitor, ask(ours, id="pcx-00000000")),
        (away, ask(ours)),
        (theirs.monitor, ask(ours)),
    )
    for monitor, question in asked:
        (points,) = monitor.call("GetMonitorData", **question)["DataPoints"]
        assert (points["Timestamps"], points["Values"]) == ([], [])


def test_inside_a_region_there_are_no_metrics_and_it_is_said(parties):
    """MON-1."""
    ours, _ = parties
    done = ours.monitor.call("GetMonitorData", **ask(ours, id=ours.inside))
    assert done["DataPoints"][0]["Values"] == []
    assert "region" in done["Msg"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Namespace": "QCE/CVM"}, "InvalidParameterValue"),
        ({"MetricName": "CPUUsage"}, "InvalidParameterValue"),
        ({"Period": 61}, "InvalidParameterValue"),
        ({"Period": "60"}, "InvalidParameter"),
        ({"StartTime": "yesterday"}, "InvalidParameterValue"),
        ({"StartTime": "0001-01-01T00:00:00+08:00"}, "InvalidParameterValue"),
        ({"EndTime": "9999-12-31T23:59:59"}, "InvalidParameterValue"),
        ({"EndTime": local(-5)}, "InvalidParameterValue"),
        ({"StartTime": local(-9000)}, "InvalidParameterValue"),
        ({"SpecifyStatistics": 8}, "InvalidParameterValue"),
        ({"Instances": [{"Dimensions": [{"Name": "x", "Value": "y"}]}]}, "InvalidParameter"),
        ({"Instances": [{"Dimensions": [{"Name": "x"}]}]}, "MissingParameter"),
        ({"Instances": [{}]}, "MissingParameter"),
        ({"Instances": "x"}, "InvalidParameter"),
        ({"Nonsense": 1}, "UnknownParameter"),
    ],
)
def test_questions_are_looked_at(parties, fields, code):
    """API-4."""
    ours, _ = parties
    assert ours.monitor.code("GetMonitorData", **ask(ours) | fields) == code


def test_what_must_be_given_is_missed(parties):
    """API-4."""
    ours, _ = parties
    for name in ("Namespace", "MetricName", "Instances"):
        asked = ask(ours)
        del asked[name]
        assert ours.monitor.code("GetMonitorData", **asked) == "MissingParameter"


def test_metrics_are_listed(parties):
    """MON-1: all of a namespace, or one."""
    ours, _ = parties
    found = ours.monitor.call("DescribeBaseMetrics", Namespace="QCE/PCX")["MetricSet"]
    names = {"InBandwidth", "OutBandwidth", "InPkg", "OutPkg", "PkgDrop", "InbandRate", "OutbandRate"}
    assert {one["MetricName"] for one in found} == names
    one = ours.monitor.call("DescribeBaseMetrics", Namespace="QCE/PCX", MetricName="PkgDrop")["MetricSet"][0]
    assert (one["Unit"], one["Period"]) == ("%", [60, 300])
    assert one["Dimensions"] == [{"Dimensions": ["peeringConnectionId"]}]
    wrong = ours.monitor.code("DescribeBaseMetrics", Namespace="QCE/PCX", MetricName="x")
    assert wrong == "InvalidParameterValue"
    other = ours.monitor.call("DescribeBaseMetrics", Namespace="QCE/PCX", Dimensions=["x"])
    assert other == {"MetricSet": []}


def test_a_question_without_times_is_about_today(parties):
    """API-3."""
    ours, _ = parties
    asked = {name: value for name, value in ask(ours).items() if not name.endswith("Time")}
    assert ours.monitor.call("GetMonitorData", **asked)["StartTime"].endswith("T00:00:00+08:00")
    assert told(ours.monitor.raw("GetMonitorData", ask(ours)))["Period"] == 60


def old(party, **fields):
    """Parameters of the same question in the second version."""
    return {
        "namespace": "qce/pcx",
        "metricName": "outbandwidth",
        "dimensions": [{"name": "peeringConnectionId", "value": party.id}],
        "period": 60,
        "startTime": "2026-03-24 18:50:00",
        "endTime": "2026-03-24 18:59:00",
    } | fields


def test_the_second_version_has_a_value_for_each_period(parties):
    """MON-1, API-3: in Mbit/s, and null where there is none."""
    ours, theirs = parties
    done = ours.cloud.call("GetMonitorData", **old(ours))
    points = done.pop("dataPoints")
    assert done == {
        "startTime": "2026-03-24 18:50:00",
        "endTime": "2026-03-24 18:59:00",
        "metricName": "outbandwidth",
        "period": 60,
    }
    assert points[:7] == pytest.approx([1, 2, 3, 4, 5, 6, 7])
    assert points[7] is None
    assert len(points) == 10
    assert set(theirs.cloud.call("GetMonitorData", **old(ours))["dataPoints"]) == {None}
    iso = old(ours, startTime=local(0), endTime=local(9), period=300)
    assert ours.cloud.call("GetMonitorData", **iso)["dataPoints"] == pytest.approx([3, 8])


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"namespace": "qce/cvm"}, -502),
        ({"metricName": "nonsense"}, -502),
        ({"dimensions": [{"name": "x", "value": "y"}]}, -509),
        ({"period": 61}, -503),
        ({"period": "x"}, -503),
        ({"startTime": "x"}, -503),
        ({"endTime": "2020-01-01 00:00:00"}, -503),
        ({"startTime": "2020-01-01 00:00:00"}, -503),
        ({"dimensions": []}, -505),
        ({"metricName": ""}, -505),
        ({"dimensions": [{"name": "peeringConnectionId"}]}, -505),
    ],
)
def test_the_second_version_has_numbers_of_its_own(parties, fields, number):
    """API-4: the monitor's errors are below zero."""
    ours, _ = parties
    assert ours.cloud.refused("GetMonitorData", **old(ours) | fields)[0] == number
