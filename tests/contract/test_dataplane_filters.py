"""Security groups and network ACLs, on every data plane alike."""

from tests.builders.topology import ACCEPT_ALL, DROP, EGRESS, acl_entry
from tests.support.dataplanes import dataplane, running
from tests.support.probing import ICMP6, TCP, UDP, Network, put, reaches, silent

from peerway.app.dataplane import DataPlane
from peerway.domain.security import Protocol

__all__ = ["dataplane", "running"]


def test_security_groups_are_stateful_and_ask_both_ends(dataplane: DataPlane) -> None:
    """NET-7: ingress is closed unless opened, egress open unless closed, and answers need no rule."""
    net = Network()
    one, other, here, there, _ = net.pair()
    client, server = net.group(one), net.group(other)
    net.change(here, security_group_ids=(client.id,))
    net.change(there, security_group_ids=(server.id,))
    net.rule(server, "10.1.0.0/16", protocol=Protocol.TCP, ports=(80, 90))
    put(dataplane, net)
    assert reaches(dataplane, here, there, TCP, 80)
    assert reaches(dataplane, here, there, TCP, 90)
    assert silent(dataplane, here, there, TCP, 91)
    assert silent(dataplane, here, there, UDP, 80)
    assert silent(dataplane, here, there)
    assert silent(dataplane, there, here, TCP, 80)
    net.rule(client, "10.2.0.0/16", direction=EGRESS, protocol=Protocol.TCP, ports=(80, 80), action=DROP)
    put(dataplane, net)
    assert silent(dataplane, here, there, TCP, 80)
    assert reaches(dataplane, here, there, TCP, 81)


def test_security_groups_hold_inside_a_subnet_and_for_ipv6(dataplane: DataPlane) -> None:
    """NET-7: neighbours are filtered like strangers; rules are per IP version."""
    net = Network()
    one, vswitch = net.site(1, ipv6=True)
    group = net.group(one, inner_access=False)
    net.rule(group, "::/0", protocol=Protocol.ICMPV6)
    net.rule(group, "10.1.1.0/24", protocol=Protocol.UDP)
    here, there = net.instance(vswitch), net.instance(vswitch, group)
    put(dataplane, net)
    assert reaches(dataplane, here, there.ipv6, ICMP6)
    assert silent(dataplane, here, there)
    assert reaches(dataplane, here, there, UDP, 9)
    assert silent(dataplane, here, there.ipv6, UDP, 9)
    assert reaches(dataplane, there, here, TCP, 9)


def test_long_rule_lists_decide_by_their_first_match(dataplane: DataPlane) -> None:
    """NET-7: of a hundred overlapping rules the first that matches decides."""
    net = Network()
    _one, other, here, there, _ = net.pair()
    group = net.group(other)
    net.change(there, security_group_ids=(group.id,))
    net.rule(group, "10.1.1.0/24", protocol=Protocol.TCP, ports=(1000, 1000), priority=1)
    net.rule(group, "10.1.0.0/16", protocol=Protocol.TCP, ports=(900, 1100), action=DROP, priority=2)
    net.rule(group, "10.0.0.0/8", protocol=Protocol.TCP, priority=3)
    for number in range(100):
        net.rule(group, f"10.3.{number}.0/24", protocol=Protocol.UDP, ports=(number, number), priority=4)
    put(dataplane, net)
    assert reaches(dataplane, here, there, TCP, 1000)
    assert silent(dataplane, here, there, TCP, 1001)
    assert reaches(dataplane, here, there, TCP, 1101)
    assert silent(dataplane, here, there, UDP, 1)


def test_acls_are_stateless_and_spare_the_inside(dataplane: DataPlane) -> None:
    """NET-7: an ACL is asked for every packet that leaves or enters the VSwitch, answers included, and not inside it."""
    net = Network()
    one, near = net.site(1)
    acl = net.acl(one, ingress=[acl_entry(protocol=Protocol.TCP, ports=(80, 80))], egress=ACCEPT_ALL)
    guarded = net.vswitch(one, "10.1.2.0/24", acl=acl)
    here, there, beside = net.instance(near), net.instance(guarded), net.instance(guarded)
    put(dataplane, net)
    assert reaches(dataplane, here, there, TCP, 80)
    assert silent(dataplane, here, there, TCP, 81)
    assert silent(dataplane, there, here, TCP, 80)  # the answer comes to a client's port
    assert reaches(dataplane, there, beside, TCP, 81)
    assert reaches(dataplane, there, beside)
    net.change(acl, egress=())
    put(dataplane, net)
    assert silent(dataplane, here, there, TCP, 80)  # the answer may not leave
    net.change(acl, ingress=ACCEPT_ALL, egress=ACCEPT_ALL)
    put(dataplane, net)
    assert reaches(dataplane, there, here, TCP, 80)


def test_rules_that_change_take_effect_with_the_apply(dataplane: DataPlane) -> None:
    """NET-7: opened and closed again, group taken away and given back."""
    net = Network()
    _one, other, here, there, _ = net.pair()
    group = net.group(other)
    net.change(there, security_group_ids=(group.id,))
    put(dataplane, net)
    assert silent(dataplane, here, there)
    rule = net.rule(group)
    put(dataplane, net)
    assert reaches(dataplane, here, there)
    net.remove(rule)
    put(dataplane, net)
    assert silent(dataplane, here, there)
    net.change(there, security_group_ids=())
    put(dataplane, net)
    assert reaches(dataplane, here, there)
