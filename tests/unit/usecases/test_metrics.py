"""Reading metrics: whose links, seen from which side, and what says why there is nothing (MON-1)."""

from datetime import timedelta

import pytest

from peerway.app.usecases.metrics import LONGEST, ReadMetric, read_metric
from peerway.app.usecases.watched import INSIDE_REGION, NOT_JOINED
from peerway.domain.alarm import Statistic
from peerway.domain.errors import InvalidInput
from peerway.domain.metric import End, sample_of

MINUTE = timedelta(minutes=1)


def store_samples(estate, link_id, router_id, *rows):
    """Samples of an end, one a minute from now on."""
    end, start = End(link_id, router_id), estate.clock.now()
    samples = [sample_of(end, start + place * MINUTE, row) for place, row in enumerate(rows)]
    estate.store.write(lambda tx: tx.add_samples(samples, ()))


def ask(estate, caller, namespace, metric, *subjects, **fields):
    """The answer for the next hour."""
    now = estate.clock.now()
    times = {"since": now, "until": now + timedelta(hours=1)}
    request = ReadMetric(
        namespace=namespace,
        metric=metric,
        subjects=tuple(tuple(one.items()) for one in subjects),
        **{**times, **fields},
    )
    return estate.store.read(lambda tx: read_metric(tx, estate.world, caller, request))


def values(page, statistic=Statistic.VALUE):
    """The values of all points."""
    return [one.point.values[statistic] for one in page.points]


@pytest.fixture
def peering(estate, alice, bob, vpcs):
    """A connection of two accounts in two regions; alice's end sent 600 bytes in 6 packets, bob's 60 in 1."""
    made = estate.peer(alice, bob, *vpcs)
    store_samples(estate, made.id, vpcs[0].id, (600, 6, 60, 1, 2), (60, 6, 0, 0, 0))
    store_samples(estate, made.id, vpcs[1].id, (60, 1, 600, 6, 0), (0, 0, 60, 6, 0))
    return made


def test_each_side_has_its_own_view_in_the_native_names(estate, alice, bob, carol, peering):
    """In and out are seen from the asker's own VPC; who has no side sees nothing."""
    for caller, sent, received in ((alice, [600, 60], [60, 0]), (bob, [60, 0], [600, 60])):
        asked = {"linkId": peering.id}
        assert values(ask(estate, caller, "peerway/link", "sent_bytes", asked)) == sent
        assert values(ask(estate, caller, "peerway/link", "received_bytes")) == received
    for subjects in ([{"linkId": peering.id}], []):
        page = ask(estate, carol, "peerway/link", "sent_bytes", *subjects)
        assert (page.points, page.notes) == ((), ())


def test_link_of_another_product_is_unknown_to_a_product(estate, alice, peering):
    """`acs_vpcpeer` knows connections of its own product."""
    assert peering.profile == "native"
    assert ask(estate, alice, "acs_vpcpeer", "IntranetRX", {"instanceId": peering.id}).points == ()


def test_the_seeds_directions_are_those_of_the_connection(estate, alice, bob, vpcs):
    """In is from the requester to the accepter, for both; so the seed has it."""
    made = estate.peer(alice, bob, *vpcs, profile="alibaba")
    store_samples(estate, made.id, vpcs[1].id, (60, 1, 600, 6, 30))
    for caller in (alice, bob):
        page = ask(estate, caller, "acs_vpcpeer", "IntranetRX", {"instanceId": made.id})
        assert values(page, Statistic.SUM) == [600]
        named = dict(page.points[0].watched.dimensions)
        assert (named["instanceId"], named["userId"]) == (made.id, caller.uid)
        assert values(ask(estate, caller, "acs_vpcpeer", "RateLimitDropPps")) == [0.5]


def test_tencents_rates_and_shares(estate, alice, bob, vpcs):
    """Bandwidth, packets, loss and share of the cap, from the asker's side."""
    made = estate.peer(alice, bob, *vpcs, profile="tencent", bandwidth_mbps=100)
    store_samples(estate, made.id, vpcs[0].id, (75_000_000, 60_000, 7_500_000, 6_000, 20_000))
    expected = {
        "OutBandwidth": 10e6,
        "InBandwidth": 1e6,
        "OutPkg": 1000,
        "InPkg": 100,
        "PkgDrop": 25,
        "OutbandRate": 10,
        "InbandRate": 1,
    }
    for metric, value in expected.items():
        asked = {"peeringConnectionId": made.id}
        assert values(ask(estate, alice, "QCE/PCX", metric, asked)) == [pytest.approx(value)]
    assert values(ask(estate, alice, "qce/pcx", "outbandwidth")) == [pytest.approx(10)]


def test_connection_inside_a_region_says_why_it_has_none(estate, alice, bob):
    """MON-1: links inside one region have no metrics and say so; Peerway's own names have them all the same."""
    one, other = estate.vpc(alice, "10.0.0.0/16"), estate.vpc(bob, "10.1.0.0/16")
    made = estate.peer(alice, bob, one, other, profile="tencent")
    store_samples(estate, made.id, one.id, (1, 1, 1, 1, 0))
    page = ask(estate, alice, "QCE/PCX", "InPkg")
    assert (page.points, page.notes) == ((), (INSIDE_REGION,))
    assert values(ask(estate, alice, "peerway/link", "sent_bytes")) == [1]


def test_router_interface_has_the_metrics_of_its_end(estate, alice, bob, joined, carol):
    """Each side by its own interface's id; one that is joined to nothing says so."""
    near, far = joined
    store_samples(estate, near.link_id, near.vpc_id, (600, 6, 60, 1, 2))
    assert values(ask(estate, alice, "acs_express_connect", "IntranetTX", {"instanceId": near.id})) == [600]
    assert ask(estate, bob, "acs_express_connect", "IntranetTX", {"instanceId": near.id}).points == ()
    store_samples(estate, near.link_id, far.vpc_id, (60, 1, 600, 6, 0))
    assert values(ask(estate, bob, "acs_express_connect", "IntranetRX", {"instanceId": far.id})) == [600]
    assert values(ask(estate, bob, "peerway/link", "received_of_cap")) == [
        pytest.approx(100 * 600 * 8 / 60 / 1e7)
    ]


def test_idle_interface_says_that_it_is_joined_to_nothing(estate, alice, faced):
    """Before it names another side there is no link; afterwards nothing was carried."""
    near, _ = faced
    page = ask(estate, alice, "acs_express_connect", "IntranetTX", {"instanceId": near.id})
    assert page.points == ()
    assert page.notes in {(), (NOT_JOINED,)}


def test_border_router_has_what_its_interfaces_carry(estate, alice):
    """All of them together; from the customer's site to VPCs is what it sends over links."""
    vbr = estate.vbr(alice, estate.line(alice))
    estate.settle()
    for far, sent in (("cn-beijing", 600), ("cn-shanghai", 6000)):
        vpc = estate.vpc(alice, "10.0.0.0/16", far)
        near = estate.interface(alice, vbr.id, "initiator", far, spec="Small.1")
        acceptor = estate.interface(alice, vpc.id, "acceptor", "cn-hangzhou")
        near = estate.name(alice, near, acceptor)
        store_samples(estate, near.link_id, vbr.id, (sent, 1, 60, 1, 3))
    asked = {"instanceId": vbr.id}
    assert values(ask(estate, alice, "acs_physical_connection", "RateInFromIDCToVpc", asked)) == [
        6600 * 8 / 60
    ]
    assert values(ask(estate, alice, "acs_physical_connection", "RateOutFromVpcToIDC", asked)) == [16]
    assert values(ask(estate, alice, "acs_physical_connection", "PkgsDropInFromIDCToVpc")) == [6]


def test_periods_gather_their_minutes(estate, alice, peering):
    """A period of five minutes has the statistics of those that were sampled."""
    (point,) = ask(estate, alice, "peerway/link", "sent_bytes", period_s=300).points
    told = {one: point.point.values[one] for one in Statistic}
    assert told == {
        Statistic.SUM: 660,
        Statistic.AVERAGE: 330,
        Statistic.MAXIMUM: 600,
        Statistic.MINIMUM: 60,
        Statistic.VALUE: 60,
    }


def test_pages_are_the_whole_answer_in_pieces(estate, alice, bob, vpcs, peering):
    """However long a page is, and over the borders between links."""
    third = estate.vpc(bob, "10.2.0.0/16", "cn-beijing")
    other = estate.peer(alice, bob, vpcs[0], third)
    store_samples(estate, other.id, vpcs[0].id, *([(7, 1, 0, 0, 0)] * 3))
    whole = values(ask(estate, alice, "peerway/link", "sent_bytes"))
    assert whole == [600, 60, 7, 7, 7]
    for limit in range(1, 7):
        found, after = [], None
        while True:
            page = ask(estate, alice, "peerway/link", "sent_bytes", limit=limit, after=after)
            assert len(page.points) <= limit
            found += values(page)
            after = page.next
            if after is None:
                break
        assert found == whole


def test_gap_between_points_is_passed(estate, alice, peering, vpcs):
    """Days without a sample between two points."""
    end = End(peering.id, vpcs[0].id)
    late = sample_of(end, estate.clock.now() + timedelta(days=20), (5, 0, 0, 0, 0))
    estate.store.write(lambda tx: tx.add_samples([late], ()))
    until = estate.clock.now() + timedelta(days=30)
    first = ask(estate, alice, "peerway/link", "sent_bytes", until=until, limit=2)
    assert values(first) == [600, 60]
    rest = ask(estate, alice, "peerway/link", "sent_bytes", until=until, limit=2, after=first.next)
    assert (values(rest), rest.next) == ([5], None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"namespace": "none"}, "unknown_namespace"),
        ({"metric": "none"}, "unknown_metric"),
        ({"period_s": 61}, "period"),
        ({"limit": 0}, "invalid"),
        ({"after": "x"}, "cursor"),
        ({"after": "pcc-1@2026-01-01T00:00:00"}, "cursor"),
    ],
)
def test_questions_that_break_a_rule_are_refused(estate, alice, fields, code):
    """The code says which."""
    with pytest.raises(InvalidInput) as caught:
        ask(estate, alice, **{"namespace": "acs_vpcpeer", "metric": "IntranetRX", **fields})
    assert caught.value.code == code


def test_time_of_a_question_is_bounded(estate, alice):
    """It has a length, and not more than samples are kept for."""
    now = estate.clock.now()
    for until in (now, now + LONGEST + MINUTE):
        with pytest.raises(InvalidInput, match=r"since|until"):
            ask(estate, alice, "acs_vpcpeer", "IntranetRX", until=until)
