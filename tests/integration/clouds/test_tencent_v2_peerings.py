"""Peering connections by Tencent Cloud's API of the second version, with no data plane: what is new stays on its way."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.api import make_site
from tests.support.tencent_v2 import TencentV2

from peerway.api.serving.services import Limits
from peerway.app.store import where
from peerway.app.usecases import tasks
from peerway.app.usecases.peerings import due_expiries, expire_peering
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.task import Task

NO_PEERING = (5000, "InvalidPeeringConnection.NotFound")
NO_VPC = (5000, "InvalidVpc.NotFound")
WRONG_SIDE = (4300, "UnsupportedOperation.VpcPeerPurviewError")
WRONG_STATE = (5100, "UnsupportedOperation.VpcPeerInvalidStateChange")
BAD = (4000, "InvalidParameter")


class Party:
    """An account with VPCs."""

    def __init__(self, site):
        self.site, self.account = site, site.account()
        endpoint = str(site.client.base_url).removeprefix("http://").rstrip("/")
        self.cloud = TencentV2(endpoint, self.account.key_id, self.account.secret)
        self.uid = self.account.uid

    def vpc(self, cidr="10.0.0.0/16", region="gz"):
        """A new VPC's id."""
        return replace(self.cloud, region=region).call("CreateVpc", vpcName="v", cidrBlock=cidr)["vpcId"]

    def asked(self, vpc, other, peer, **fields):
        """Parameters of a request for a connection."""
        return {
            "vpcId": vpc,
            "peerVpcId": peer,
            "peerUin": other.uid,
            "peeringConnectionName": "office",
        } | fields

    def connect(self, vpc, other, peer):
        """A connection inside the region."""
        done = self.cloud.call("CreateVpcPeeringConnection", **self.asked(vpc, other, peer))
        return done["peeringConnectionId"]

    def across(self, vpc, other, peer, region="sh"):
        """Id and task of a connection across regions."""
        asked = self.asked(vpc, other, peer, peerRegion=region, bandwidth=100)
        task = self.cloud.call("CreateVpcPeeringConnectionEx", **asked)["taskId"]
        return self.task(task)["output"]["uniqVpcPeerId"], task

    def task(self, id):
        """How far a task is."""
        return self.cloud.call("DescribeVpcTaskResult", taskId=id)["data"]

    def state(self, id):
        """A connection's number of its state; None when it is not listed."""
        data = self.cloud.call("DescribeVpcPeeringConnections", peeringConnectionId=id)["data"]
        return data[0]["state"] if data else None

    def do(self, verb, id, **fields):
        """A verb on a connection."""
        return self.cloud.call(f"{verb}VpcPeeringConnection", peeringConnectionId=id, **fields)

    def refused(self, verb, id, **fields):
        """How a verb on a connection ends."""
        return self.cloud.refused(f"{verb}VpcPeeringConnection", peeringConnectionId=id, **fields)


@pytest.fixture
def parties(site):
    """Two accounts."""
    return Party(site), Party(site)


def settle(site, id):
    """Do what the data plane would: the connection is as was asked."""

    def work(tx):
        peering = tx.get(Peering, id)
        gone = peering.state is PeeringState.DELETING
        tx.update(replace(peering, state=PeeringState.DELETED if gone else PeeringState.ACTIVE))

    site.store.write(work)


def expire(site):
    """Let seven days and more pass."""
    site.clock.advance(timedelta(days=7, seconds=1))

    def work(tx):
        for peering in due_expiries(tx, tx.now, 100):
            expire_peering(tx, site.services.world, peering.id)

    site.store.write(work)


def test_inside_a_region_the_id_is_answered_at_once(site, parties):
    """API-3, PEER-1, PEER-2: another account accepts, and the states go by their numbers."""
    ours, theirs = parties
    vpc, peer = ours.vpc(), theirs.vpc("10.1.0.0/16")
    id = ours.connect(vpc, theirs, peer)
    assert id.startswith("pcx-")
    assert (ours.state(id), theirs.state(id)) == (0, 0)
    theirs.do("Accept", id)
    settle(site, id)
    assert ours.state(id) == 1
    listed = theirs.cloud.call("DescribeVpcPeeringConnections")
    assert listed["totalCount"] == 1
    row = listed["data"][0]
    assert (row.pop("createTime"), row.pop("appId")) != ("", "")
    assert row == {
        "vpcId": vpc,
        "unVpcId": vpc,
        "uniqVpcId": vpc,
        "peerVpcId": peer,
        "unPeerVpcId": peer,
        "uniqPeerVpcId": peer,
        "peeringConnectionId": id,
        "peeringConnectionName": "office",
        "state": 1,
        "uin": int(ours.uid),
        "peerUin": int(theirs.uid),
        "region": "gz",
        "peerRegion": "gz",
    }


def test_one_account_needs_no_acceptance(site, parties):
    """PEER-2."""
    ours, _ = parties
    id = ours.connect(ours.vpc(), ours, ours.vpc("10.1.0.0/16"))
    assert ours.state(id) == 0
    settle(site, id)
    assert ours.state(id) == 1
    assert ours.refused("Accept", id) == WRONG_STATE


def test_across_regions_everything_is_a_task(site, parties):
    """API-3: a task is done when the connection is as was asked, and not before."""
    ours, theirs = parties
    id, task = ours.across(ours.vpc(), theirs, theirs.vpc("10.1.0.0/16", "sh"))
    assert type(task) is int
    assert 0 < task < 2**53
    expected = {"status": 0, "output": {"errorCode": 0, "errorMsg": "", "uniqVpcPeerId": id}}
    assert ours.task(task) == expected

    accepted = theirs.cloud.call("AcceptVpcPeeringConnectionEx", peeringConnectionId=id)
    assert theirs.task(accepted["taskId"])["status"] == 2
    settle(site, id)
    assert theirs.task(accepted["taskId"])["status"] == 0

    modified = ours.cloud.call("ModifyVpcPeeringConnectionEx", peeringConnectionId=id, bandwidth=20)
    assert ours.task(modified["taskId"])["status"] == 2
    settle(site, id)
    assert ours.task(modified["taskId"])["status"] == 0
    assert ours.account.ok("GET", f"/peerings/{id}")["bandwidth_mbps"] == 20

    deleted = theirs.cloud.call("DeleteVpcPeeringConnectionEx", peeringConnectionId=id)
    assert theirs.task(deleted["taskId"])["status"] == 2
    settle(site, id)
    assert theirs.task(deleted["taskId"])["status"] == 0
    assert ours.state(id) is None


def test_a_task_ends_when_its_connection_goes_first(parties):
    """API-3: what polls comes to an end."""
    ours, _ = parties
    id, task = ours.across(ours.vpc(), ours, ours.vpc("10.1.0.0/16", "sh"))
    assert ours.task(task)["status"] == 2
    ours.cloud.call("DeleteVpcPeeringConnectionEx", peeringConnectionId=id)
    assert ours.task(task)["status"] == 1
    assert ours.task(task)["output"]["errorCode"] == 5000


def test_a_task_is_its_accounts_own(parties):
    """API-4: another one's is as good as none."""
    ours, theirs = parties
    _, task = ours.across(ours.vpc(), theirs, theirs.vpc("10.1.0.0/16", "sh"))
    for id in (task, 7):
        expected = (5000, "InvalidTask.NotFound")
        assert theirs.cloud.refused("DescribeVpcTaskResult", taskId=id) == expected
    assert theirs.cloud.refused("DescribeVpcTaskResult", taskId="x") == BAD
    assert theirs.cloud.refused("DescribeVpcTaskResult") == BAD


def test_old_tickets_make_room(site, parties):
    """An account keeps so many tickets, and the newest ones."""
    ours, theirs = parties
    _, first = ours.across(ours.vpc(), theirs, theirs.vpc("10.1.0.0/16", "sh"))

    def work(tx):
        task = tx.get(Task, str(first))
        for number in range(tasks.MOST_KEPT):
            tx.insert(replace(task, id=f"{task.id}{number:04}", created_at=tx.now))

    site.store.write(work)
    _, last = ours.across(ours.vpc("10.2.0.0/16"), theirs, theirs.vpc("10.3.0.0/16", "sh"))
    assert ours.task(last)["status"] == 0
    assert ours.cloud.refused("DescribeVpcTaskResult", taskId=first) == (5000, "InvalidTask.NotFound")
    mine = where("owner_uid", ours.uid)
    assert site.store.read(lambda tx: tx.count(Task, mine)) == tasks.MOST_KEPT


@pytest.mark.parametrize("suffix", ["", "Ex"])
def test_a_rejected_request_disappears_for_who_was_asked(parties, suffix):
    """PEER-5: the other side sees state 3."""
    ours, theirs = parties
    region = "sh" if suffix else "gz"
    vpc, peer = ours.vpc(), theirs.vpc("10.1.0.0/16", region)
    id = ours.across(vpc, theirs, peer)[0] if suffix else ours.connect(vpc, theirs, peer)
    done = theirs.cloud.call(f"RejectVpcPeeringConnection{suffix}", peeringConnectionId=id)
    assert (ours.state(id), theirs.state(id)) == (3, None)
    if suffix:
        assert theirs.task(done["taskId"])["status"] == 0
    refused = ours.cloud.refused(f"AcceptVpcPeeringConnection{suffix}", peeringConnectionId=id)
    assert refused == WRONG_SIDE
    refused = theirs.cloud.refused(f"AcceptVpcPeeringConnection{suffix}", peeringConnectionId=id)
    assert refused == NO_PEERING
    ours.cloud.call(f"DeleteVpcPeeringConnection{suffix}", peeringConnectionId=id)
    assert ours.state(id) is None


@pytest.mark.parametrize("suffix", ["", "Ex"])
def test_an_expired_request_is_enabled_again(suffix):
    """PEER-3, PEER-4: after seven days nobody can accept; the initiator revives it, and it can be accepted."""
    for site in make_site(Limits()):
        ours, theirs = Party(site), Party(site)
        vpc, peer = ours.vpc(), theirs.vpc("10.1.0.0/16", "sh" if suffix else "gz")
        id = ours.across(vpc, theirs, peer)[0] if suffix else ours.connect(vpc, theirs, peer)
        action = {verb: f"{verb}VpcPeeringConnection{suffix}" for verb in ("Enable", "Accept")}
        assert ours.cloud.refused(action["Enable"], peeringConnectionId=id) == WRONG_STATE
        expire(site)
        assert (ours.state(id), theirs.state(id)) == (2, 2)
        assert theirs.cloud.refused(action["Accept"], peeringConnectionId=id) == WRONG_STATE
        assert theirs.cloud.refused(action["Enable"], peeringConnectionId=id) == WRONG_SIDE
        done = ours.cloud.call(action["Enable"], peeringConnectionId=id)
        if suffix:
            assert ours.task(done["taskId"])["status"] == 0
        assert theirs.state(id) == 0
        theirs.cloud.call(action["Accept"], peeringConnectionId=id)
        settle(site, id)
        assert ours.state(id) == 1


def test_each_action_has_its_kind_of_connection(parties):
    """API-3: those with Ex don't find what is inside a region, the others not what is across regions."""
    ours, theirs = parties
    vpc = ours.vpc()
    inside = ours.connect(vpc, theirs, theirs.vpc("10.1.0.0/16"))
    across, _ = ours.across(vpc, theirs, theirs.vpc("10.2.0.0/16", "sh"))
    for verb in ("Accept", "Reject", "Enable", "Delete", "Modify"):
        assert ours.refused(verb, across) == NO_PEERING
        wrong = ours.cloud.refused(f"{verb}VpcPeeringConnectionEx", peeringConnectionId=inside)
        assert wrong == NO_PEERING
    other = theirs.vpc("10.3.0.0/16", "sh")
    assert ours.cloud.refused("CreateVpcPeeringConnection", **ours.asked(vpc, theirs, other)) == NO_VPC
    near = ours.asked(vpc, theirs, theirs.vpc("10.4.0.0/16"), peerRegion="gz", bandwidth=100)
    assert ours.cloud.refused("CreateVpcPeeringConnectionEx", **near) == BAD


@pytest.mark.parametrize("suffix", ["", "Ex"])
def test_a_connection_that_is_not_there_is_not_found(site, parties, suffix):
    """API-4: missing, and another account's."""
    ours, theirs = parties
    vpc, peer = ours.vpc(), theirs.vpc("10.1.0.0/16", "sh" if suffix else "gz")
    id = ours.across(vpc, theirs, peer)[0] if suffix else ours.connect(vpc, theirs, peer)
    stranger = Party(site)
    for verb in ("Accept", "Reject", "Enable", "Delete", "Modify"):
        action = f"{verb}VpcPeeringConnection{suffix}"
        for wrong in (id, "pcx-00000000"):
            assert stranger.cloud.refused(action, peeringConnectionId=wrong) == NO_PEERING
        assert stranger.cloud.refused(action) == BAD
    assert stranger.state(id) is None


def test_requests_that_break_rules_are_told_in_the_pages_words(parties):
    """API-4, PEER-6, PEER-12: the documented words, each with a number of the common list."""
    ours, theirs = parties
    vpc, peer = ours.vpc(), theirs.vpc("10.1.0.0/16")

    def refused(**fields):
        return ours.cloud.refused("CreateVpcPeeringConnection", **ours.asked(vpc, theirs, peer) | fields)

    assert refused(peeringConnectionName="n" * 61) == (4000, "InvalidPeeringConnectionName")
    assert refused(peeringConnectionName="") == (4000, "InvalidPeeringConnectionName")
    assert refused(peeringConnectionName="a\tb") == (4000, "InvalidPeeringConnectionName")
    assert refused(vpcId="vpc-00000000") == NO_VPC
    assert refused(vpcId=peer) == NO_VPC
    assert refused(peerVpcId="vpc-00000000") == NO_VPC
    assert refused(peerUin=ours.uid) == NO_VPC
    assert refused(peerUin="nobody") == NO_VPC
    assert refused(peerVpcId=vpc, peerUin=ours.uid) == BAD
    same = theirs.vpc("10.0.128.0/17")
    assert refused(peerVpcId=same) == (5100, "PeeringConnectionVpcConflict")
    ours.connect(vpc, theirs, peer)
    assert refused() == (5100, "UnsupportedOperation.VpcPeerAlreadyExist")
    for number in range(2, 11):
        ours.connect(vpc, theirs, theirs.vpc(f"10.{number}.0.0/16"))
    crowded = theirs.vpc("10.11.0.0/16")
    assert refused(peerVpcId=crowded) == (4400, "PeeringConnectionLimitExceeded")


def test_requests_across_regions_have_rules_of_their_own(parties):
    """API-4, PEER-6, PEER-9: peers of one VPC must not overlap, and the cap has bounds."""
    ours, theirs = parties
    vpc, peer = ours.vpc(), theirs.vpc("10.1.0.0/16", "sh")

    def refused(**fields):
        asked = ours.asked(vpc, theirs, peer, peerRegion="sh", bandwidth=100) | fields
        asked = {name: value for name, value in asked.items() if value is not None}
        return ours.cloud.refused("CreateVpcPeeringConnectionEx", **asked)

    assert refused(bandwidth="wide") == BAD
    assert refused(bandwidth=0) == BAD
    assert refused(bandwidth=2000) == BAD
    assert refused(bandwidth=None) == BAD
    assert refused(peerRegion=None) == BAD
    assert refused(peerRegion="nowhere") == BAD
    assert refused(peerRegion="bj") == NO_VPC
    assert refused(type=2) == BAD
    ours.across(vpc, theirs, peer)
    alike = theirs.vpc("10.1.0.0/16", "bj")
    assert refused(peerVpcId=alike, peerRegion="bj") == (5100, "PeeringConnectionVpcConflict")


def test_only_who_asked_may_change_it(parties):
    """API-4, PEER-13."""
    ours, theirs = parties
    id, _ = ours.across(ours.vpc(), theirs, theirs.vpc("10.1.0.0/16", "sh"))
    action = "ModifyVpcPeeringConnectionEx"
    refused = theirs.cloud.refused(action, peeringConnectionId=id, peeringConnectionName="x")
    assert refused == WRONG_SIDE
    assert ours.cloud.refused(action, peeringConnectionId=id, bandwidth=20) == WRONG_STATE
    ours.cloud.call(action, peeringConnectionId=id, peeringConnectionName="new")
    names = [row["peeringConnectionName"] for row in list_all(ours)]
    assert names == ["new"]
    refused = ours.cloud.refused(action, peeringConnectionId=id, peeringConnectionName="n" * 61)
    assert refused == (4000, "InvalidPeeringConnectionName")
    assert ours.cloud.refused("AcceptVpcPeeringConnectionEx", peeringConnectionId=id) == WRONG_SIDE


def list_all(party, **fields):
    """What a list shows."""
    return party.cloud.call("DescribeVpcPeeringConnections", **fields)["data"]


def test_lists_are_windows_in_an_order(parties):
    """API-3: newest first unless asked otherwise; by VPC, name and state."""
    ours, theirs = parties
    vpc = ours.vpc()
    names = ("b", "a", "c")
    made = {}
    for number, name in enumerate(names, 1):
        asked = ours.asked(vpc, theirs, theirs.vpc(f"10.{number}.0.0/16"), peeringConnectionName=name)
        made[name] = ours.cloud.call("CreateVpcPeeringConnection", **asked)["peeringConnectionId"]

    def listed(**fields):
        return "".join(row["peeringConnectionName"] for row in list_all(ours, **fields))

    assert listed() == "cab"
    assert listed(orderDirection="asc") == "bac"
    assert listed(orderField="createTime", orderDirection="asc") == "bac"
    assert listed(orderField="peeringConnectionname") == "cba"
    assert listed(orderField="peeringConnectionname", orderDirection="asc", offset=1, limit=1) == "b"
    assert listed(offset=1, limit=1) == "a"
    assert listed(offset=3) == ""
    assert listed(peeringConnectionName="a") == "a"
    assert listed(vpcId=vpc, limit=50) == "cab"
    assert listed(state=0) == "cab"
    assert (listed(state=1), listed(state=4), listed(state=9)) == ("", "", "")
    theirs.do("Reject", made["a"])
    assert listed(state=3) == "a"
    assert {row["peeringConnectionName"] for row in list_all(theirs)} == {"b", "c"}
    assert ours.cloud.refused("DescribeVpcPeeringConnections", vpcId="vpc-00000000") == NO_VPC


def test_a_reader_changes_nothing(site, parties):
    """API-4."""
    ours, theirs = parties
    vpc, peer = ours.vpc(), theirs.vpc("10.1.0.0/16")
    made = ours.account.ok("POST", f"/accounts/{ours.uid}/credentials", {"role": "reader"})
    reader = replace(ours.cloud, key_id=made["access_key_id"], secret=made["access_key_secret"])
    refused = reader.refused("CreateVpcPeeringConnection", **ours.asked(vpc, theirs, peer))
    assert refused == (4300, "OperationDenied")
