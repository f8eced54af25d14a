"""What security groups and ACLs become."""

from ipaddress import ip_network

import pytest
from tests.builders.topology import ACCEPT_ALL, DROP, EGRESS, Topology, acl_entry

from peerway.domain.security import Protocol
from peerway.fabric.model import Action, Match


@pytest.fixture
def t():
    """A network to build."""
    return Topology()


@pytest.fixture
def vpc(t):
    """A VPC of both IP versions."""
    return t.vpc("10.0.0.0/16", ipv6="fd00::/48")


@pytest.fixture
def vswitch(t, vpc):
    """A VSwitch of both IP versions."""
    return t.vswitch(vpc, "10.0.1.0/24", ipv6="fd00:0:0:1::/64")


def policy_of(t, instance):
    """The compiled security policy of an instance."""
    router = t.fabric().routers[instance.vpc_id]
    return router.policies[router.endpoints[instance.id].policy_id]


def sources(side):
    """What put the rules there, in order."""
    return [rule.source for rule in side.rules]


def remotes(side):
    """The far sides of the rules, in order."""
    return [str(rule.match.remote) for rule in side.rules]


def test_instance_without_groups_has_no_policy(t, vswitch):
    """Nothing is filtered for an interface without security groups (NET-7)."""
    instance = t.instance(vswitch)
    router = t.fabric().routers[vswitch.vpc_id]
    assert router.endpoints[instance.id].policy_id is None
    assert router.policies == {}


def test_group_drops_ingress_and_accepts_egress_by_default(t, vpc, vswitch):
    """What no rule matches is dropped on its way in and accepted on its way out (NET-7)."""
    policy = policy_of(t, t.instance(vswitch, t.group(vpc, inner_access=False)))
    assert (policy.ingress.rules, policy.ingress.default) == ((), Action.DROP)
    assert (policy.egress.rules, policy.egress.default) == ((), Action.ACCEPT)


def test_rules_of_all_groups_are_merged_by_priority_and_drop_comes_first(t, vpc, vswitch):
    """Smallest priority number first, over all groups of the instance; at the same number drop before accept (NET-7)."""
    one, two = t.group(vpc, inner_access=False), t.group(vpc, inner_access=False)
    late = t.rule(one, priority=5)
    accept = t.rule(one, priority=2)
    drop = t.rule(two, priority=2, action=DROP)
    first = t.rule(two, priority=1)
    out = t.rule(two, direction=EGRESS)
    policy = policy_of(t, t.instance(vswitch, one, two))
    assert sources(policy.ingress) == [first.id, drop.id, accept.id, late.id]
    assert sources(policy.egress) == [out.id]


def test_same_set_of_groups_gives_the_same_policy(t, vpc, vswitch):
    """Instances share a policy by their set of groups, in whatever order they name them (NET-7)."""
    one, two = t.group(vpc), t.group(vpc)
    instances = [t.instance(vswitch, one, two), t.instance(vswitch, two, one), t.instance(vswitch, one)]
    router = t.fabric().routers[vpc.id]
    ids = [router.endpoints[instance.id].policy_id for instance in instances]
    assert ids == [f"{one.id}+{two.id}", f"{one.id}+{two.id}", one.id]
    assert set(router.policies) == set(ids)


def test_rule_for_a_group_expands_to_its_members_addresses(t, vpc, vswitch):
    """A remote group stands for the addresses of its members, both versions, and follows who is in it (NET-7)."""
    servers, clients = t.group(vpc, inner_access=False), t.group(vpc, inner_access=False)
    rule = t.rule(servers, clients, protocol=Protocol.TCP, ports=(80, 80))
    server, client = t.instance(vswitch, servers), t.instance(vswitch, clients)
    ingress = policy_of(t, server).ingress
    assert [rule.match for rule in ingress.rules] == [
        Match(ip_network(address), 6, 80, 80) for address in client.addresses
    ]
    assert set(sources(ingress)) == {rule.id}
    t.change(client, security_group_ids=())
    assert policy_of(t, server).ingress.rules == ()


def test_members_reach_each_other_after_all_rules(t, vpc, vswitch):
    """Inner access comes after every rule, so that a drop rule still wins, and only within its own group (NET-7)."""
    inner, outer = t.group(vpc, inner_access=True), t.group(vpc, inner_access=False)
    drop = t.rule(outer, action=DROP, priority=100)
    member = t.instance(vswitch, inner, outer)
    stranger = t.instance(vswitch, outer)
    policy = policy_of(t, member)
    hosts = [str(ip_network(address)) for address in member.addresses]
    assert sources(policy.ingress) == [drop.id, inner.id, inner.id]
    assert remotes(policy.ingress)[1:] == hosts
    assert sources(policy_of(t, stranger).ingress) == [drop.id]


@pytest.mark.parametrize(
    ("protocol", "remote", "number"),
    [
        (Protocol.ICMP, "0.0.0.0/0", 1),
        (Protocol.ICMP, "::/0", 58),
        (Protocol.ICMPV6, "::/0", 58),
        (Protocol.ALL, "::/0", None),
        (Protocol.GRE, "0.0.0.0/0", 47),
        (Protocol.UDP, "0.0.0.0/0", 17),
    ],
)
def test_protocol_is_that_of_the_remotes_version(t, vpc, vswitch, protocol, remote, number):
    """A rule applies to its range's IP version, and `icmp` means that version's ICMP (NET-7)."""
    group = t.group(vpc, inner_access=False)
    t.rule(group, remote, protocol=protocol)
    [rule] = policy_of(t, t.instance(vswitch, group)).ingress.rules
    assert rule.match == Match(ip_network(remote), number)


def test_icmpv6_on_an_ipv4_range_matches_nothing(t, vpc, vswitch):
    """No IPv4 packet carries ICMPv6: the rule is left out; for a group, its IPv6 addresses remain (NET-7)."""
    group, peers = t.group(vpc, inner_access=False), t.group(vpc, inner_access=False)
    t.rule(group, "0.0.0.0/0", protocol=Protocol.ICMPV6)
    t.rule(group, peers, protocol=Protocol.ICMPV6)
    peer = t.instance(vswitch, peers)
    assert remotes(policy_of(t, t.instance(vswitch, group)).ingress) == [f"{peer.ipv6}/128"]


def test_ports_are_kept_for_tcp_and_udp_only(t, vpc, vswitch):
    """Ports mean nothing to other protocols, so that equal rules compile to equal values (NET-7)."""
    group = t.group(vpc, inner_access=False)
    t.rule(group, protocol=Protocol.ALL, ports=(80, 80))
    t.rule(group, protocol=Protocol.TCP, ports=(80, 90), priority=2)
    matches = [rule.match for rule in policy_of(t, t.instance(vswitch, group)).ingress.rules]
    assert matches == [Match(ip_network("0.0.0.0/0")), Match(ip_network("0.0.0.0/0"), 6, 80, 90)]


def test_group_that_is_not_stored_still_protects(t, vpc, vswitch):
    """An instance in a group that is gone is not left open: nothing comes in (NET-7)."""
    group = t.group(vpc)
    instance = t.instance(vswitch, group)
    t.remove(group)
    assert policy_of(t, instance).ingress.rules == ()
    assert policy_of(t, instance).ingress.default is Action.DROP


def test_acl_keeps_its_order_and_names_its_positions(t, vpc):
    """ACL rules stand in their own order, count from 1 in each direction, and drop what is left (NET-7)."""
    acl = t.acl(vpc, [acl_entry(DROP, "10.0.0.0/8"), acl_entry()], ACCEPT_ALL)
    t.vswitch(vpc, "10.0.1.0/24", acl=acl)
    policy = t.fabric().routers[vpc.id].acls[acl.id]
    assert sources(policy.ingress) == [f"{acl.id}/ingress/1", f"{acl.id}/ingress/2"]
    assert remotes(policy.ingress) == ["10.0.0.0/8", "0.0.0.0/0"]
    assert sources(policy.egress) == [f"{acl.id}/egress/1", f"{acl.id}/egress/2"]
    assert policy.ingress.default is policy.egress.default is Action.DROP


def test_acl_is_there_when_bound_and_drops_when_not_stored(t, vpc):
    """Unbound ACLs are no business of the data plane; a bound one that is gone lets nothing pass (NET-7)."""
    bound, unbound = t.acl(vpc), t.acl(vpc)
    vswitch = t.vswitch(vpc, "10.0.1.0/24", acl=bound)
    assert set(t.fabric().routers[vpc.id].acls) == {bound.id}
    t.remove(bound)
    router = t.fabric().routers[vpc.id]
    assert router.subnets[vswitch.id].acl_id == bound.id
    assert router.acls[bound.id].ingress.rules == ()
    assert unbound.id not in router.acls
