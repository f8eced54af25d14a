"""Remedies that are tried before anybody is told of them: by the use cases that would make them, and undone."""

from dataclasses import replace

import pytest

from peerway.analysis.diagnosis import diagnose
from peerway.analysis.diagnosis.report import Verdict
from peerway.analysis.remedies import (
    AcceptPeering,
    AddRoute,
    AllowByNewGroup,
    AllowInGroup,
    CreatePeering,
    InsertAclEntry,
    LetForward,
)
from peerway.app.following import NetworkFollower
from peerway.app.usecases.network_acls import AclEntrySpec, CreateNetworkAcl, create_network_acl
from peerway.app.usecases.remedies.trials import check_remedies
from peerway.app.usecases.route_entries import CreateRouteEntry, create_route_entry
from peerway.app.usecases.security_groups import CreateSecurityGroup, create_security_group
from peerway.app.usecases.security_rules import CreateSecurityRule, create_security_rule
from peerway.app.usecases.vswitches import UpdateVSwitch, update_vswitch
from peerway.domain.account import Role
from peerway.domain.path import PathProtocol, Point, PointKind, Question


@pytest.fixture
def place(estate):
    """Makes a VPC of an account with one instance, in a group of its own that lets nothing in."""

    def make(caller, cidr):
        vpc = estate.vpc(caller, cidr)
        switch = estate.vswitch(caller, vpc, cidr.replace(".0.0/16", ".1.0/24"))
        group = estate.do(create_security_group, caller, CreateSecurityGroup(vpc_id=vpc.id))
        instance = estate.instance(caller, switch, security_group_ids=(group.id,))
        estate.settle()
        return vpc, instance

    return make


def question(source, target, port=443):
    """Whether the one reaches the other."""
    return Question(
        source=Point(PointKind.INSTANCE, source.id),
        target=Point(PointKind.INSTANCE, target.id),
        protocol=PathProtocol.TCP,
        port=port,
    )


def checked(estate, caller, asked, *more):
    """What comes of the remedies that the diagnosis names, and of some more; nothing may be stored."""
    before = estate.revision

    def work(tx):
        network = NetworkFollower().within(tx)
        remedies = (*diagnose(network, asked).remedies, *more)
        return check_remedies(tx, estate.world, caller, network, asked, remedies)

    fix = estate.store.write(work)
    assert estate.revision == before
    return fix


def test_own_remedies_are_proposed_when_they_open_nothing_else(estate, alice, place):
    """Connection, routes and rule of one account are tried, found to do it, and open only what was asked (PATH-3)."""
    (_, source), (_, target) = place(alice, "10.0.0.0/16"), place(alice, "10.1.0.0/16")
    fix = checked(estate, alice, question(source, target))
    assert [type(one) for one in fix.remedies] == [CreatePeering, AddRoute, AddRoute, AllowInGroup]
    assert (fix.verdict, fix.opens, fix.others, fix.refused, fix.later) == (
        Verdict.REACHABLE,
        (),
        (),
        (),
        (),
    )
    assert fix.proposed
    assert [(call.method, call.path.split("/")[1]) for call in fix.calls] == [
        ("POST", "peerings"),
        ("POST", "route-tables"),
        ("POST", "route-tables"),
        ("POST", "security-groups"),
    ]
    assert fix.calls[1].body["next_hop_id"] == "${peering.id}"


def test_others_remedies_are_told_and_never_made(estate, alice, bob, place):
    """What the other account has to do is asked of it; what waits for that is the caller's to make later (PATH-3)."""
    (near, source), (far, target) = place(alice, "10.0.0.0/16"), place(bob, "10.1.0.0/16")
    estate.ask_for(alice, near, far)
    fix = checked(estate, alice, question(source, target))
    assert {one.owner_uid for one in fix.others} == {bob.uid}
    assert AcceptPeering in {type(one) for one in fix.others}
    (route,) = fix.remedies
    assert (type(route), fix.later) == (AddRoute, (route,))
    assert (fix.verdict, fix.refused) == (Verdict.REACHABLE, ())


def test_operator_makes_everybodys(estate, alice, bob, place):
    """An operator tries both sides' changes, each as its owner's (PATH-3)."""
    (near, source), (far, target) = place(alice, "10.0.0.0/16"), place(bob, "10.1.0.0/16")
    estate.ask_for(alice, near, far)
    fix = checked(estate, estate.operator, question(source, target))
    assert fix.others == ()
    assert {type(one) for one in fix.remedies} == {AcceptPeering, AddRoute, AllowInGroup}
    assert fix.proposed


def test_remedies_that_open_more_are_told_with_what_they_open(estate, alice, place):
    """A route serves the whole table: where that lets others in, it is told and not proposed (PATH-3)."""
    (near, source), (_, target) = place(alice, "10.0.0.0/16"), place(alice, "10.1.0.0/16")
    request = CreateSecurityRule(
        security_group_id=target.security_group_ids[0],
        direction="ingress",
        protocol="tcp",
        port_range="443/443",
        remote_cidr="10.0.0.0/16",
    )
    estate.do(create_security_rule, alice, request)
    other = estate.instance(alice, estate.vswitch(alice, near, "10.0.2.0/24"))
    estate.settle()
    fix = checked(estate, alice, question(source, target))
    assert fix.verdict is Verdict.REACHABLE
    assert not fix.proposed
    opened = {
        (source_id, target_id) for one in fix.opens for source_id in one.sources for target_id in one.targets
    }
    assert (other.id, target.id) in opened
    assert (source.id, target.id) not in opened
    assert "tcp 443" in {one.what for one in fix.opens}


def test_group_that_others_share_is_left_as_it_is(estate, alice, vpc, vswitch):
    """In a shared group a rule would open the others: the instance gets one of its own, and nothing else opens (PATH-3)."""
    groups = [
        estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=vpc.id, inner_access=False))
        for _ in range(2)
    ]
    source = estate.instance(alice, vswitch, security_group_ids=(groups[0].id,))
    target, _ = (estate.instance(alice, vswitch, security_group_ids=(groups[1].id,)) for _ in range(2))
    estate.settle()
    fix = checked(estate, alice, question(source, target))
    assert [type(one) for one in fix.remedies] == [AllowByNewGroup]
    assert fix.proposed
    assert fix.calls[2].body["security_group_ids"] == [groups[1].id, f"${{group-{target.id}.id}}"]


def test_acl_entries_are_inserted_each_way(estate, alice, vpc, vswitch):
    """Both directions of an ACL are opened at their places; all its other entries are kept (PATH-3, NET-7)."""
    drop = AclEntrySpec(action="drop", protocol="tcp", cidr="10.0.0.0/8")
    keep = AclEntrySpec(action="accept", cidr="0.0.0.0/0", name="rest")
    request = CreateNetworkAcl(vpc_id=vpc.id, ingress=(drop, keep), egress=(drop, keep))
    acl = estate.do(create_network_acl, alice, request)
    source = estate.instance(alice, vswitch)
    target = estate.instance(alice, estate.vswitch(alice, vpc, "10.0.2.0/24"))
    estate.do(update_vswitch, alice, UpdateVSwitch(id=target.vswitch_id, network_acl_id=acl.id))
    estate.settle()
    fix = checked(estate, alice, question(source, target))
    assert [(type(one), one.position) for one in fix.remedies] == [(InsertAclEntry, 1)] * 2
    assert fix.verdict is Verdict.REACHABLE
    names = [[entry["name"] for entry in next(iter(call.body.values()))] for call in fix.calls]
    assert names == [["", "", "rest"]] * 2


def test_acl_of_both_vswitches_gets_both_entries(estate, alice, vpc, vswitch):
    """An ACL that both ends are behind gets an entry for each packet and direction, and no call undoes another (PATH-3, NET-7)."""
    acl = estate.do(create_network_acl, alice, CreateNetworkAcl(vpc_id=vpc.id, ingress=(), egress=()))
    other = estate.vswitch(alice, vpc, "10.0.2.0/24")
    source, target = estate.instance(alice, vswitch), estate.instance(alice, other)
    for switch in (vswitch, other):
        estate.do(update_vswitch, alice, UpdateVSwitch(id=switch.id, network_acl_id=acl.id))
    estate.settle()
    fix = checked(estate, alice, question(source, target))
    assert fix.verdict is Verdict.REACHABLE
    entries = [len(next(iter(call.body.values()))) for call in fix.calls]
    assert sorted(entries) == [1, 1, 2, 2]


def test_remedies_to_spare_are_left_out(estate, alice, place):
    """What is not needed is not told, whoever asked for it (PATH-3)."""
    (_, source), (_, target) = place(alice, "10.0.0.0/16"), place(alice, "10.1.0.0/16")
    spare = LetForward(owner_uid=alice.uid, instance_id=source.id)
    fix = checked(estate, alice, question(source, target), spare)
    assert spare not in fix.remedies
    assert fix.proposed


def test_remedies_that_may_not_be_made_are_refused(estate, alice, place):
    """Who may not change anything is told so of every remedy, and nothing is proposed (PATH-3)."""
    (_, source), (_, target) = place(alice, "10.0.0.0/16"), place(alice, "10.1.0.0/16")
    fix = checked(estate, replace(alice, role=Role.READER), question(source, target))
    assert {one.code for one in fix.refused} == {"read_only"}
    assert fix.verdict is not Verdict.REACHABLE
    assert not fix.proposed
    assert fix.remedies == ()


def test_remedy_for_what_is_no_longer_there_is_refused(estate, alice, place):
    """A change to something that is gone is refused like a request for it, and the others are tried all the same (PATH-3)."""
    (_, source), (_, target) = place(alice, "10.0.0.0/16"), place(alice, "10.1.0.0/16")
    gone = LetForward(owner_uid=alice.uid, instance_id="i-gone")
    fix = checked(estate, alice, question(source, target), gone)
    assert fix.verdict is Verdict.REACHABLE
    assert gone not in fix.remedies


def test_what_no_remedy_brings_to_an_end_is_not_proposed(estate, alice, place):
    """A gateway that is let forward gets the packet, and what its guest does is not known: that is no fix (PATH-3, NET-6)."""
    (near, source), (_, target) = place(alice, "10.0.0.0/16"), place(alice, "10.1.0.0/16")
    gateway = estate.instance(alice, estate.vswitch(alice, near, "10.0.2.0/24"))
    route = CreateRouteEntry(
        route_table_id=near.system_table_id,
        destination="10.1.0.0/16",
        next_hop="instance",
        next_hop_id=gateway.id,
    )
    estate.do(create_route_entry, alice, route)
    estate.settle()
    fix = checked(estate, alice, question(source, target))
    assert LetForward(owner_uid=alice.uid, instance_id=gateway.id) in fix.remedies
    assert (fix.verdict, fix.refused, fix.proposed) == (Verdict.UNKNOWN, (), False)
