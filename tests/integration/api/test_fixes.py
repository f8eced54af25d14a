"""Fixes over HTTP: the calls that a fix is told as are made as they stand, and the question is answered (PATH-3)."""

from tests.support.rehearsing import network_of

from peerway.analysis.diagnosis import ask, diagnose
from peerway.analysis.diagnosis.report import Verdict
from peerway.app.usecases.foresee import settle_changed
from peerway.app.usecases.remedies.trials import check_remedies
from peerway.domain.account import Caller, Role
from peerway.domain.path import PathProtocol, Point, PointKind, Question


def test_calls_of_a_fix_make_it_true(site):
    """PATH-3: a connection, routes, a group of its own and ACL entries, made by one file of changes, let the packet through."""
    account = site.account()
    ends, acls = [], []
    for cidr in ("10.0.0.0/16", "10.1.0.0/16"):
        vpc = account.vpc(cidr)
        acls.append(account.ok("POST", "/network-acls", {"vpc_id": vpc["id"], "ingress": [], "egress": []}))
        switch = account.vswitch(vpc, cidr.replace("0.0/16", "1.0/24"))
        account.ok("PATCH", f"/vswitches/{switch['id']}", {"network_acl_id": acls[-1]["id"]})
        group = account.ok("POST", "/security-groups", {"vpc_id": vpc["id"]})
        ends.append([account.instance(switch, security_group_ids=[group["id"]])["id"] for _ in range(2)])
    settle(site)
    question = Question(
        source=Point(PointKind.INSTANCE, ends[0][0]),
        target=Point(PointKind.INSTANCE, ends[1][0]),
        protocol=PathProtocol.TCP,
        port=443,
    )
    caller = Caller(account.uid, Role.MEMBER, "")

    def work(tx):
        network = network_of(tx)
        remedies = diagnose(network, question).remedies
        return check_remedies(tx, site.services.world, caller, network, question, remedies)

    fix = site.store.write(work)
    assert fix.proposed, fix
    changes = [
        {
            name: value
            for name in ("name", "method", "path", "body")
            if (value := getattr(call, name)) is not None
        }
        for call in fix.calls
    ]
    assert ask(site.store.read(network_of), question) is Verdict.UNREACHABLE
    account.ok("POST", "/changes", {"changes": changes})
    settle(site)
    assert ask(site.store.read(network_of), question) is Verdict.REACHABLE


def settle(site):
    """Let the data plane have done its part of everything."""
    site.store.write(lambda tx: settle_changed(tx, site.services.world, 0))
