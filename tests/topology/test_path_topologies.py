"""What analyses, previews and intents say of a network, held against the packets in it (PATH-1 to PATH-5)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.analyses import all_ids, analysed, carry_out, foretold, of_pair, previewed, told
from tests.support.guests import run_in
from tests.support.live import Cloud, Refused, Tenant, eventually
from tests.support.outsides import Outside, world_outside
from tests.support.sites import Ask, Oracles, Site, connect, make_site
from tests.support.streams import running
from tests.support.troubles import (
    HERE,
    OUTSIDE,
    PUBLIC,
    TROUBLES,
    Pair,
    Trouble,
    acl,
    ask_anew,
    make_pair,
    no_route,
    no_way_in,
    switch_off,
)

pytestmark = pytest.mark.kernel

Tenants = Callable[..., Tenant]
#: Says each datagram that comes; says "ready" first.
EAR = """
import os, socket, sys
near = socket.socket(type=socket.SOCK_DGRAM)
near.bind(("", int(sys.argv[1])))
os.write(1, b"ready\\n")
while near.recvfrom(64):
    os.write(1, b"heard\\n")
"""


@pytest.fixture
def internet(cloud: Cloud) -> Iterator[Outside]:
    """A network outside that gives public addresses."""
    if os.geteuid() != 0:
        pytest.skip("needs root: the outside is a namespace that the test makes on the host")
    with world_outside() as world:
        cloud.operator.post("/external-networks", region_id=OUTSIDE, port=world.port, pools=["192.0.2.0/24"])
        yield world


def check_row(cloud: Cloud, tenants: Tenants, oracles: Oracles, trouble: Trouble) -> None:
    """Break it, have it explained, mend it as the report says; packets show each time that it is so."""
    pair = trouble.turned(make_pair(cloud, tenants, **trouble.pair))
    assert oracles.reach_all([pair.asked]) == [True]
    assert of_pair(pair)["verdict"] == "reachable"
    decider = trouble.cause(pair)
    sent = oracles.sent if trouble.code in {"guest_clash", "public_range"} else oracles.reach_all
    asks = [pair.asked, *pair.others.values()]
    broken, *closed = sent(asks)
    assert not broken
    report = of_pair(pair)
    assert report["verdict"] == trouble.verdict
    assert report["blockers"][0]["way"] == trouble.way
    rows = [row for row in report["findings"] if row["code"] == trouble.code]
    assert decider in [id for row in rows for id in row["subjects"]], report["findings"]
    if trouble.mend is not None:
        assert report["remedies"] == []
        assert report["blockers"][0]["why_none"]
        trouble.mend(pair)
    else:
        fix = report["fix"]
        assert tuple(one["change"] for one in fix["remedies"]) == trouble.changes
        assert fix["verdict"] == "reachable"
        assert bool(fix["opens"]) == trouble.wide
        assert fix["proposed"] != trouble.wide
        carry_out(pair, fix)
    mended, *opened = sent(asks)
    assert mended
    assert of_pair(pair)["verdict"] == "reachable"
    if trouble.mend is None:
        for ends, was, now in zip(pair.others, closed, opened, strict=True):
            assert (now and not was) == told(report["fix"], *ends), f"{ends} was {was}, is {now}"


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
def test_row_of_the_table_is_found_and_mended(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, trouble: Trouble
) -> None:
    """PATH-3: what stops real packets is named, and the fix that is told lets them pass, and no others unless it says so."""
    check_row(cloud, tenant, oracles, trouble)


def test_public_range_leaves_by_the_internet(
    cloud: Cloud, tenant: Tenants, oracles: Oracles, internet: Outside
) -> None:
    """PATH-3, NET-10: the row that needs a way out: a public address takes the packets away from the link."""
    check_row(cloud, tenant, oracles, PUBLIC)


# ---- what an answer says -------------------------------------------------------------------------------------------------


def two_sites(tenants: Tenants) -> tuple[Site, Site]:
    """Two accounts' sites with nothing between them."""
    return (
        make_site(tenants(), HERE, "10.1.0.0/16", "10.1.1.0/24"),
        make_site(tenants(), HERE, "10.2.0.0/16", "10.2.1.0/24"),
    )


def pings(source: Site, target: Site) -> bool:
    """Whether the guest's own `ping` gets an answer."""
    status, _ = run_in(source.tenant, source.instance["id"], "ping", "-c1", "-W1", target.address)
    return status == 0


def deciders(hops: list[Any]) -> dict[str, str]:
    """What decides on the way, by what is looked at."""
    return {hop["check"]: hop["source"] or hop["subject"] for hop in hops}


def test_answer_names_what_decides_at_every_hop(cloud: Cloud, tenant: Tenants) -> None:
    """PATH-1: the route, the rule and the link that let a packet and its answer pass, each by its id, in both accounts."""
    pair = make_pair(cloud, tenant)
    report = of_pair(pair)
    there, back = deciders(report["request"]), deciders(report["reply"])
    assert (there["route"], back["route"]) == (pair.routes[0]["id"], pair.routes[1]["id"])
    assert there["link"] == back["link"] == pair.links[0]["id"]
    assert there["ingress_policy"] == pair.rule["id"]
    assert report["request"][-1]["subject"] == pair.other.instance["id"]
    assert report["reply"][-1]["subject"] == pair.one.instance["id"]
    assert report["reverse"] == "unreachable", "the one who asks lets nobody in"


def test_one_way_says_which_way_is_missing(cloud: Cloud, tenant: Tenants, oracles: Oracles) -> None:
    """PATH-2, PATH-4: without the way back, requests arrive and answers don't; the guests' own ping agrees both ways round."""
    one, other = two_sites(tenant)
    peering = connect(one, other)
    one.route(other.vpc["cidr"], peering)
    back = other.route(one.vpc["cidr"], peering)

    def verdicts() -> list[tuple[str, str]]:
        reports = (
            analysed(cloud.operator, near.instance["id"], far.instance["id"])
            for near, far in ((one, other), (other, one))
        )
        return [(report["verdict"], report["reverse"]) for report in reports]

    assert verdicts() == [("reachable", "reachable")] * 2
    cloud.synced()
    assert (pings(one, other), pings(other, one)) == (True, True)
    other.tenant.delete(f"/route-entries/{back['id']}")
    cloud.synced()
    assert verdicts() == [("one_way", "unreachable"), ("unreachable", "one_way")]
    assert (pings(one, other), pings(other, one)) == (False, False)
    report = analysed(cloud.operator, one.instance["id"], other.instance["id"], "udp", 7001)
    assert [blocker["way"] for blocker in report["blockers"]] == ["reply"]
    assert report["blockers"][0]["hop"]["router_id"] == other.vpc_id
    assert {row["code"] for row in report["findings"]} == {"route_missing", "one_way"}
    with running(other, EAR, "7001") as lines:
        assert next(lines) == "ready"
        assert not oracles.reach(one, other.address, "udp", 7001)
        assert next(lines) == "heard", "the request did arrive"


def test_all_that_stops_it_is_told_and_mended_at_once(
    cloud: Cloud, tenant: Tenants, oracles: Oracles
) -> None:
    """PATH-3: one report names all of six independent faults, and its fix, made as one file, opens the pair."""
    pair = make_pair(cloud, tenant, interfaces=True, same_account=True)
    faults = [no_route(0), no_route(1), acl(0, "egress"), acl(1, "egress"), no_way_in, switch_off]
    decide = [fault(pair) for fault in faults]
    ends = [site.instance["id"] for site in pair.sites]
    report = analysed(pair.one.tenant, *ends, "tcp", 80)
    named = {id for row in report["findings"] for id in row["subjects"]}
    assert named >= set(decide)
    assert {one["way"] for one in report["blockers"]} == {"request", "reply"}
    assert len(report["blockers"]) == len(faults)
    asks = [pair.asked, *pair.others.values()]
    broken, *closed = oracles.reach_all(asks)
    assert not broken
    carry_out(pair, report["fix"])
    pair.other.tenant.settled(f"/router-interfaces/{pair.links[1]['id']}", "active")
    mended, *opened = oracles.reach_all(asks)
    assert mended
    for pair_ends, was, now in zip(pair.others, closed, opened, strict=True):
        assert (now and not was) == told(report["fix"], *pair_ends)


def test_answer_tells_nothing_of_the_other_account(cloud: Cloud, tenant: Tenants) -> None:
    """PATH-1: of faults on the other account's side either one is told that there are some, and no id of anything there."""
    pair = make_pair(cloud, tenant)
    for fault in (no_way_in, acl(1, "ingress"), no_route(1)):
        fault(pair)
    kinds = ("vpcs", "vswitches", "instances", "security-groups", "network-acls", "route-tables")
    one, other = pair.sites
    asked = analysed(one.tenant, one.instance["id"], other.address, "tcp", 80)
    assert asked["verdict"] == "unreachable"
    assert asked["whole"] is False
    assert any(hop["foreign"] for hop in asked["request"])
    text = json.dumps(asked)
    hidden = all_ids(other.tenant, *kinds)
    assert [id for id in hidden if id in text] == []
    assert pair.links[0]["id"] in text, "what is shared is told"
    whole = json.dumps(of_pair(pair))
    for known in (other.vpc_id, other.table_id, pair.group_id, other.instance["id"]):
        assert known in hidden
        assert known in whole, "the operator is told"
    turned = analysed(other.tenant, one.address, other.instance["id"], "tcp", 80)
    hidden = all_ids(one.tenant, *kinds)
    assert [id for id in hidden if id in json.dumps(turned)] == []


# ---- before a change, and after it ---------------------------------------------------------------------------------------


def sampled(pair: Pair) -> list[tuple[Ask, str]]:
    """Pairs of the four instances with some of what they may ask; with the id of who is asked."""
    pairs = (
        (pair.one, pair.other),
        (pair.one, pair.beside_other),
        (pair.beside_one, pair.other),
        (pair.other, pair.one),
    )
    words = (("tcp", 80), ("tcp", 81), ("udp", 53), ("icmp", 0))
    return [
        (Ask(source, target.address, *word), target.instance["id"])
        for source, target in pairs
        for word in words
    ]


def test_preview_comes_true(cloud: Cloud, tenant: Tenants, oracles: Oracles) -> None:
    """What a preview says is gained and lost, packets gain and lose once it is made, and nothing else; it stores nothing."""
    pair = make_pair(cloud, tenant, interfaces=True, same_account=True)
    owner, asks = pair.one.tenant, sampled(pair)
    drop = {"action": "drop", "protocol": "tcp", "port_range": "80/80", "cidr": pair.one.vpc["cidr"]}
    rest = {"action": "accept", "protocol": "all", "cidr": "0.0.0.0/0"}
    ingress = {"direction": "ingress", "protocol": "all", "remote_cidr": pair.one.vswitch["cidr"]}
    acl_id = owner.post("/network-acls", vpc_id=pair.other.vpc_id)["id"]
    bind = {"method": "PATCH", "path": f"/vswitches/{pair.other.vswitch['id']}"}
    shut = {"method": "PUT", "path": f"/network-acls/{acl_id}/entries"}
    side = f"/router-interfaces/{pair.links[0]['id']}"
    steps: list[tuple[str, str, dict[str, Any], int, int]] = [
        ("POST", f"/security-groups/{pair.group_id}/rules", ingress, 10, 0),
        ("POST", f"{side}/deactivate", {}, 0, 12),
        ("POST", f"{side}/activate", {}, 12, 0),
        (
            "POST",
            "/changes",
            {
                "changes": [
                    {**shut, "body": {"ingress": [drop, rest], "egress": [rest]}},
                    {**bind, "body": {"network_acl_id": acl_id}},
                ]
            },
            0,
            3,
        ),
        ("DELETE", f"/route-entries/{pair.routes[1]['id']}", {}, 0, 9),
    ]
    before = oracles.reach_all([ask for ask, _ in asks])
    for method, path, body, gains, losses in steps:
        preview = previewed(owner, method, path, **body)
        assert preview["reachability"]["complete"]
        owner.call(method, path, **body)
        eventually("the interface is settled", lambda: owner.get(side)["state"] in {"active", "inactive"})
        after = oracles.reach_all([ask for ask, _ in asks])
        seen = [(now and not was, was and not now) for was, now in zip(before, after, strict=True)]
        assert seen == [foretold(preview, ask, id) for ask, id in asks], (method, path)
        assert tuple(map(sum, zip(*seen, strict=True))) == (gains, losses), (method, path)
        before = after


def test_preview_of_an_acceptance_tells_of_the_own_side(
    cloud: Cloud, tenant: Tenants, oracles: Oracles
) -> None:
    """Before accepting, an account learns what would be asked of it, and from which range; nobody is named, and it comes true."""
    pair = make_pair(cloud, tenant)
    accept = f"/peerings/{ask_anew(pair)}/accept"
    preview = previewed(pair.other.tenant, "POST", accept)
    gained = [one for one in preview["reachability"]["changes"] if one["gained"] != "nothing"]
    asked = {end["id"]: one["gained"] for one in gained for end in one["targets"]}
    assert asked == {site.instance["id"]: "tcp 80" for site in (pair.other, pair.beside_other)}
    askers = [end for one in gained for end in one["sources"]]
    beyond = {"id": None, "router_id": None, "addresses": pair.one.vpc["cidr"]}
    assert all(end == beyond for end in askers)
    asks = [pair.asked, *pair.others.values()]
    assert oracles.reach_all(asks) == [False] * len(asks)
    pair.other.tenant.post(accept)
    pair.one.tenant.settled(accept.removesuffix("/accept"), "active")
    assert oracles.reach_all(asks) == [True, True, False, False, False]


def test_intent_refuses_what_would_break_it(cloud: Cloud, tenant: Tenants, oracles: Oracles) -> None:
    """Nobody of one account may reach another's network: accepting a connection is refused, and so is a route; no packet passes."""
    one, other = two_sites(tenant)
    wanted = {"source": f"account:{one.tenant.uid}", "target": f"vpc:{other.vpc_id}"}
    intent = cloud.operator.post("/intents", **wanted, expectation="isolate", enforcement="refuse")
    ends = {"vpc_id": one.vpc_id, "peer_uid": other.tenant.uid, "peer_vpc_id": other.vpc_id}
    asked = one.tenant.post("/peerings", **ends, auto_routes=True)
    cloud.operator.settled(f"/intents/{intent['id']}", "holding")
    told_before = previewed(other.tenant, "POST", f"/peerings/{asked['id']}/accept")["intents"]
    assert [(one["after"], one["refused"]) for one in told_before] == [("broken", True)]
    with pytest.raises(Refused) as refused:
        other.tenant.post(f"/peerings/{asked['id']}/accept")
    assert (refused.value.status, refused.value.problem["code"]) == (409, "intent_broken")
    assert one.tenant.get(f"/peerings/{asked['id']}")["state"] == "pending"
    assert oracles.both(one, other) == (False, False)
    one.tenant.delete(f"/peerings/{asked['id']}")
    one.tenant.gone(f"/peerings/{asked['id']}")
    peering = connect(one, other)
    other.route(one.vpc["cidr"], peering)
    with pytest.raises(Refused) as refused:
        one.route(other.vpc["cidr"], peering)
    assert refused.value.problem["code"] == "intent_broken"
    assert oracles.both(one, other) == (False, False)
    cloud.operator.call("PATCH", f"/intents/{intent['id']}", enforcement="flag")
    one.route(other.vpc["cidr"], peering)
    assert oracles.both(one, other) == (True, True)
    broken = cloud.operator.settled(f"/intents/{intent['id']}", "broken")
    assert broken["reason"]["source"] == one.instance["id"]
    assert broken["reason"]["target"] == other.instance["id"]
    cloud.operator.delete(f"/intents/{intent['id']}")


def test_intent_is_flagged_when_the_other_account_breaks_it(
    cloud: Cloud, tenant: Tenants, oracles: Oracles
) -> None:
    """Both accounts may take a connection away; whose intent rests on it is told with the trace, and again when it is mended."""
    one, other = two_sites(tenant)
    peering = connect(one, other, auto_routes=True)
    intent = one.tenant.post(
        "/intents",
        source=f"instance:{one.instance['id']}",
        target=f"range:{other.address}/32",
        expectation="reach",
        protocol="tcp",
        port_low=80,
        port_high=80,
    )
    path = f"/intents/{intent['id']}"
    one.tenant.settled(path, "holding")
    assert oracles.reach(one, other.address, "tcp", 80)
    other.tenant.delete(f"/peerings/{peering['id']}?force=true")
    reason = one.tenant.settled(path, "broken")["reason"]
    assert not oracles.reach(one, other.address, "tcp", 80)
    assert (reason["source"], reason["destination"], reason["port"]) == (
        one.instance["id"],
        other.address,
        80,
    )
    assert reason["request"][-1]["outcome"] == "no_route"
    assert other.instance["id"] not in json.dumps(reason)
    one.tenant.gone(f"/peerings/{peering['id']}")
    connect(one, other, auto_routes=True)
    assert oracles.reach(one, other.address, "tcp", 80)
    assert one.tenant.settled(path, "holding")["reason"] is None
