"""Load balancers, databases, host labels, and groups of other VPCs."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from tests.builders.topology import Topology

from peerway.domain.peering import PeeringState
from peerway.domain.resource import Provisioning
from peerway.domain.router_interface import InterfaceState
from peerway.domain.security import Protocol
from peerway.domain.service import BackendHealth
from peerway.fabric.compile import recompile
from peerway.fabric.model import Action, Backend, Filter, Match, Rule, Service, ServiceCheck


@pytest.fixture
def t():
    """A network to build."""
    return Topology()


@pytest.fixture
def site(t):
    """A VPC with a VSwitch and two instances."""
    vswitch = t.vswitch(t.vpc("10.0.0.0/16"), "10.0.1.0/24")
    return vswitch, t.instance(vswitch), t.instance(vswitch)


def router_of(t, thing):
    """The router of the VPC that something is in."""
    return t.fabric().routers[thing.vpc_id]


def test_listener_becomes_a_service(t, site):
    """Backends in the order of their ids, with what the check said; TCP is checked by connecting, UDP by echo (NET-6)."""
    vswitch, a, b = site
    balancer = t.balancer(vswitch)
    web, names = t.listener(balancer, 80, a, b, backend_port=8080), t.listener(balancer, 53, protocol="udp")
    sick = t.backend(names, a, 53, weight=5, health=BackendHealth.ABNORMAL)
    silent = t.listener(balancer, 443, check=False)
    backends = tuple(Backend(each.id, each.ipv4, 8080, 100) for each in (a, b))
    check = ServiceCheck(6, 1000, 3)
    assert router_of(t, vswitch).services == {
        web.id: Service(web.id, balancer.address, 6, 80, backends, check),
        names.id: Service(
            names.id,
            balancer.address,
            17,
            53,
            (Backend(a.id, a.ipv4, sick.port, 5, healthy=False),),
            replace(check, protocol=1),
        ),
        silent.id: Service(silent.id, balancer.address, 6, 443, ()),
    }


def test_service_leaves_out_what_is_not_there(t, site):
    """Instances on their way out answer for nothing, a load balancer on its way out has no service (NET-6)."""
    vswitch, a, b = site
    balancer = t.balancer(vswitch)
    listener = t.listener(balancer, 80, a, b)
    t.change(a, state=Provisioning.DELETING)
    assert [each.endpoint_id for each in router_of(t, vswitch).services[listener.id].backends] == [b.id]
    t.change(balancer, state=Provisioning.DELETING)
    assert router_of(t, vswitch).services == {}


def test_verdict_on_a_backend_touches_its_vpc_alone(t, site):
    """What a check said reaches the service, and nothing else is made anew (NET-6)."""
    vswitch, a, b = site
    listener = t.listener(t.balancer(vswitch), 80)
    backend, _ = t.backend(listener, a, 80), t.backend(listener, b, 80)
    fabric, snapshot = t.fabric(), t.snapshot()
    changed = snapshot.with_changes(99, [t.change(backend, health=BackendHealth.ABNORMAL)])
    assert (changed.touched, changed.touched_links) == ({vswitch.vpc_id}, frozenset())
    router = recompile(fabric, *changed).routers[vswitch.vpc_id]
    assert [each.endpoint_id for each in router.services[listener.id].live] == [b.id]
    before = fabric.routers[vswitch.vpc_id]
    assert all(router.endpoints[id] is endpoint for id, endpoint in before.endpoints.items())
    assert router.inbound is before.inbound


def test_database_is_an_endpoint_whose_filter_is_its_whitelist(t, site):
    """The listed ranges reach its port by TCP; nothing else gets in, everything gets out (NET-6)."""
    vswitch, *_ = site
    database = t.database(vswitch, "10.1.0.0/16", "10.0.1.10/32", netns="/run/netns/db")
    router = router_of(t, vswitch)
    endpoint, policy = router.endpoints[database.id], router.policies[database.id]
    assert (endpoint.addresses, endpoint.netns) == ((database.address,), "/run/netns/db")
    assert (endpoint.mac, endpoint.policy_id, endpoint.forwards) == (database.mac, database.id, False)
    rules = [
        Rule(Match(ip_network(cidr), 6, 5432, 5432), Action.ACCEPT, database.id)
        for cidr in ("10.1.0.0/16", "10.0.1.10/32")
    ]
    assert policy.ingress == Filter(tuple(rules), Action.DROP)
    assert policy.egress == Filter((), Action.ACCEPT)


def test_database_on_its_way_out_is_gone(t, site):
    """Neither endpoint nor filter are left (NET-6)."""
    vswitch, a, _ = site
    t.database(vswitch, state=Provisioning.DELETING)
    router = router_of(t, vswitch)
    assert a.id in router.endpoints
    assert len(router.endpoints) == 2
    assert router.policies == {}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("Web-1", ("web-1",)),
        ("no label", ()),
        ("-x", ()),
        ("x" * 64, ()),
        ("x" * 63, ("x" * 63,)),
        ("网", ()),
        ("", ()),
        ("TWIN", ()),
        ("i-2", ()),
    ],
)
def test_host_labels_are_the_id_and_a_name_that_can_be_one(t, site, name, labels):
    """The name in lower case counts when it is a DNS label that nobody else in the VPC has (issue 3, item 7)."""
    vswitch, a, _ = site
    t.database(vswitch, name="twin")
    t.change(a, name=name)
    assert router_of(t, vswitch).endpoints[a.id].labels == (a.id, *labels)


class Groups:
    """Two joined VPCs: `near` has a rule that names the group of `far`."""

    def __init__(self, t, join):
        self.t = t
        near, self.far_vpc = t.vpc("10.0.0.0/16"), t.vpc("10.1.0.0/16")
        self.near_vpc = near
        self.far_vswitch = t.vswitch(self.far_vpc, "10.1.1.0/24")
        self.far = t.group(self.far_vpc)
        self.member = t.instance(self.far_vswitch, self.far)
        group = t.group(near)
        t.instance(t.vswitch(near, "10.0.1.0/24"), group)
        self.rule = t.rule(group, self.far, protocol=Protocol.TCP)
        self.link = join(self)

    def remotes(self):
        """Addresses that the rule lets in."""
        router = self.t.fabric().routers[self.near_vpc.id]
        rules = [rule for policy in router.policies.values() for rule in policy.ingress.rules]
        return [str(rule.match.remote) for rule in rules if rule.source == self.rule.id]


def by_peering(g):
    """Joined by a peer connection; both sides let their groups be named."""
    return g.t.peering(g.near_vpc, g.far_vpc, groups=True)


def by_interfaces(g):
    """Joined by router interfaces; both sides let their groups be named."""
    return g.t.pair(g.near_vpc, g.far_vpc, groups=True)[1]


@pytest.mark.parametrize("join", [by_peering, by_interfaces])
def test_rule_names_a_group_at_the_other_end_of_a_link(t, join):
    """Its members count while the link is up and the far side lets its groups be named (issue 3, item 7)."""
    g = Groups(t, join)
    assert g.remotes() == [f"{g.member.ipv4}/32"]
    downs = {by_peering: PeeringState.SUSPENDED, by_interfaces: InterfaceState.INACTIVE}
    up = g.link.state
    t.change(g.link, state=downs[join])
    assert g.remotes() == []
    t.change(g.link, state=up)
    if join is by_peering:
        t.change(g.link, accepter=replace(g.link.accepter, groups=False))
    else:
        t.change(g.link, groups=False)
    assert g.remotes() == []


def test_own_side_need_not_let_its_groups_be_named(t):
    """What a side lets the other know is its own choice (issue 3, item 7)."""
    g = Groups(t, by_peering)
    t.change(g.link, requester=replace(g.link.requester, groups=False))
    assert g.remotes() == [f"{g.member.ipv4}/32"]


def test_change_of_members_touches_the_vpcs_that_name_the_group(t):
    """Those that name the group over a link, and no other (issue 3, item 7)."""
    g = Groups(t, by_peering)
    bystander = t.vpc("10.2.0.0/16")
    t.peering(bystander, g.far_vpc, groups=True)
    snapshot = t.snapshot()
    joined = t.instance(g.far_vswitch, g.far)
    assert snapshot.with_changes(99, [joined]).touched == {g.far_vpc.id, g.near_vpc.id}
    renamed = t.change(g.member, name="new")
    assert snapshot.with_changes(99, [renamed]).touched == {g.far_vpc.id}
    moved = t.change(g.member, security_group_ids=())
    assert snapshot.with_changes(99, [moved]).touched == {g.far_vpc.id, g.near_vpc.id}
    gone = snapshot.with_changes(99, [], [("vswitch", g.far_vswitch.id)])
    assert gone.touched == {g.far_vpc.id, g.near_vpc.id}
    dissolved = snapshot.with_changes(99, [], [("securitygroup", g.far.id)])
    assert dissolved.touched == {g.far_vpc.id, g.near_vpc.id}
