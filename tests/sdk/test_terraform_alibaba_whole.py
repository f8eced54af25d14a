"""Whole Terraform configurations against a running Peerway: apply, an empty plan, real packets, destroy, nothing left.

The resources are those of `tests/support/terraform_*`; they are walked ten at a time, as Terraform does.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.support.live import Cloud, Tenant, running_cloud
from tests.support.sites import Oracles, Site, make_site
from tests.support.terraform import BSS, CMS, PEER, STS, Provider
from tests.support.terraform_blocks import site_of
from tests.support.terraform_cms import Contact, ContactGroup, seeds_alarm
from tests.support.terraform_ecs import SecurityGroup, SecurityGroupRule
from tests.support.terraform_express import RouterInterface, RouterInterfaceConnection
from tests.support.terraform_graph import Configuration, Resource
from tests.support.terraform_instance import KIND, Instance
from tests.support.terraform_peer import PeerConnection, PeerConnectionAccepter, connections
from tests.support.terraform_routes import RouteEntry
from tests.support.terraform_vpc import Vpc, VSwitch

pytestmark = pytest.mark.kernel

HERE, THERE = "cn-hangzhou", "cn-beijing"
#: The ranges of the cloud's guide.
NEAR, FAR = "10.0.0.0/8", "172.16.0.0/12"

#: What a real run of the provider was seen to send.
OBSERVED = {
    *("GetCallerIdentity", "QueryAvailableInstances", "CreateVpc", "PutContact", "DescribeContactList"),
    *("PutContactGroup", "DescribeContactGroupList", "DescribeVpcAttribute", "DescribeRouteTableList"),
    *("CreateSecurityGroup", "DescribeRegions", "CreateRouterInterface", "DescribeRouterInterfaces"),
    *("ModifyRouterInterfaceAttribute", "DescribeSecurityGroupAttribute", "DescribeSecurityGroups"),
    *("AuthorizeSecurityGroup", "CreateVpcPeerConnection", "ConnectRouterInterface"),
    *("GetVpcPeerConnectionAttribute", "AcceptVpcPeerConnection", "DescribeRouteTables"),
    *("PutResourceMetricRule", "EnableMetricRules", "DescribeMetricRuleList", "CreateRouteEntry"),
    *("DescribeMetricRuleTargets", "ListVpcPeerConnections"),
    *("DeleteVpcPeerConnection", "DeleteMetricRules", "DeactivateRouterInterface", "DeleteRouteEntry"),
    *("DeleteContactGroup", "DeleteContact", "DeleteVpc", "DeleteRouterInterface"),
    *("RevokeSecurityGroup", "DeleteSecurityGroup"),
}
#: What the test has beside it, so that packets can be sent.
BESIDE = {
    *("CreateVSwitch", "DescribeVSwitchAttributes", "DeleteVSwitch"),
    *("RunInstances", "DescribeInstances", "DeleteInstance", "DescribeDisks", "DescribeUserData"),
    *("DescribeInstanceRamRole", "DescribeNetworkInterfaces", "DescribeInstanceMaintenanceAttributes"),
    "DescribeInstanceAttribute",
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane that takes TLS and plain HTTP at one port."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel", "--tls") as running:
        yield running


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)


#: Makes a provider block for an account, a region and, unless it is HTTP, a protocol.
Blocks = Callable[..., Provider]


@pytest.fixture
def configured(cloud: Cloud) -> Iterator[Blocks]:
    """Provider blocks; `account_type` is left out of them."""
    trust = ssl.create_default_context(cafile=cloud.ready["tls_certificate"])
    with ExitStack() as stack:

        def make(tenant: Tenant, region: str, protocol: str = "http") -> Provider:
            block = Provider(tenant.endpoint, tenant.key_id, tenant.secret, region, protocol, trust)
            stack.callback(block.close)
            block.call("QueryAvailableInstances", BSS, PageSize=20, PageNum=1)
            return block

        yield make


def account(of: Provider) -> int:
    """The data source `alicloud_account`."""
    return int(of.query("GetCallerIdentity", STS)["AccountId"])


def entry(
    of: Provider, table: object, destination: str, connection: Resource, *after: Resource
) -> RouteEntry:
    """A route entry to a peer connection."""
    return RouteEntry(
        of,
        *after,
        route_table_id=table,
        destination_cidrblock=destination,
        nexthop_type="VpcPeer",
        nexthop_id=connection["id"],
    )


def peer_connection(of: Provider, vpc: object, owner: int, region: str, peer: object) -> PeerConnection:
    """The guide's connection."""
    return PeerConnection(
        of,
        peer_connection_name="example_peer_connection_name",
        vpc_id=vpc,
        accepting_ali_uid=owner,
        accepting_region_id=region,
        accepting_vpc_id=peer,
        bandwidth=1024,
        link_type="Gold",
    )


def alarm(of: Provider, connection: Resource) -> list[Resource]:
    """The guide's contact, group and alarm."""
    contact = Contact(
        of,
        alarm_contact_name="example_cms_alarm_contact_name",
        describe="example_vpc_peer_alarm",
        channels_mail="ops@example.com",
    )
    group = ContactGroup(
        of, alarm_contact_group_name="example_cms_alarm_contact_group", contacts=[contact["id"]]
    )
    return [contact, group, seeds_alarm(of, group, connection["id"])]


def sides(one: Tenant, other: Tenant) -> tuple[Site, Site]:
    """The guide's two VPCs, there before Terraform comes, with an instance in each."""
    return make_site(one, HERE, NEAR, "10.0.1.0/24"), make_site(other, THERE, FAR, "172.16.1.0/24")


def carries_while_it_is_there(configuration: Configuration, oracles: Oracles, *sites: Site) -> None:
    """Apply, plan, ping, destroy, no ping; and the same once more, from what is left."""
    for _ in range(2):
        assert oracles.both(*sites) == (False, False)
        configuration.apply()
        assert configuration.plan() == []
        assert oracles.both(*sites) == (True, True)
        configuration.destroy()
        assert configuration.gone()
        assert oracles.both(*sites) == (False, False)


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_the_guides_peering_within_an_account(
    cloud: Cloud, oracles: Oracles, configured: Blocks, protocol: str
) -> None:
    """API-2: connection and route entries of one account in two regions, with its alarm."""
    tenant = cloud.tenant(f"alone-{protocol}")
    here, there = sides(tenant, tenant)
    local, accepting = (configured(tenant, region, protocol) for region in (HERE, THERE))
    connection = peer_connection(local, here.vpc_id, account(local), THERE, there.vpc_id)
    configuration = Configuration(
        connection,
        entry(local, here.table_id, FAR, connection),
        entry(accepting, there.table_id, NEAR, connection),
        *alarm(local, connection),
    )
    carries_while_it_is_there(configuration, oracles, here, there)


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_the_guides_peering_between_accounts(
    cloud: Cloud, oracles: Oracles, configured: Blocks, protocol: str
) -> None:
    """API-2: the same between two accounts, with an accepter; route entries wait until it was accepted.

    The guide's entries do not depend on the accepter: they are asked again until the connection is active.
    """
    one, other = (cloud.tenant(f"{name}-{protocol}") for name in ("local", "acceptor"))
    here, there = sides(one, other)
    local, acceptor = configured(one, HERE, protocol), configured(other, THERE, protocol)
    connection = peer_connection(local, here.vpc_id, int(other.uid), THERE, there.vpc_id)
    configuration = Configuration(
        connection,
        PeerConnectionAccepter(acceptor, instance_id=connection["id"]),
        entry(local, here.table_id, FAR, connection),
        entry(acceptor, there.table_id, NEAR, connection),
        *alarm(local, connection),
    )
    carries_while_it_is_there(configuration, oracles, here, there)


def whole(local: Provider, acceptor: Provider) -> Configuration:
    """What was seen in a real run, with a VSwitch and an instance on each side."""
    vpcs = [
        Vpc(local, cidr_block=NEAR, vpc_name="near"),
        Vpc(acceptor, cidr_block=FAR, vpc_name="far"),
        Vpc(local, cidr_block="192.168.0.0/16", vpc_name="third"),
    ]
    group = SecurityGroup(local, vpc_id=vpcs[0]["id"], security_group_name="example")
    web = {"ip_protocol": "icmp", "port_range": "-1/-1", "cidr_ip": FAR}
    rule = SecurityGroupRule(local, security_group_id=group["id"], type="ingress", **web)
    spec = {"opposite_region": HERE}
    near = RouterInterface(
        local, router_id=vpcs[0]["router_id"], role="InitiatingSide", specification="Large.2", **spec
    )
    far = RouterInterface(
        local, router_id=vpcs[2]["router_id"], role="AcceptingSide", specification="Negative", **spec
    )
    second = RouterInterfaceConnection(local, interface_id=far["id"], opposite_interface_id=near["id"])
    first = RouterInterfaceConnection(local, second, interface_id=near["id"], opposite_interface_id=far["id"])
    connection = peer_connection(local, vpcs[0]["id"], account(acceptor), THERE, vpcs[1]["id"])
    accepter = PeerConnectionAccepter(acceptor, instance_id=connection["id"])
    inside = [
        VSwitch(local, vpc_id=vpcs[0]["id"], zone_id=f"{HERE}-h", cidr_block="10.0.1.0/24"),
        VSwitch(acceptor, vpc_id=vpcs[1]["id"], zone_id=f"{THERE}-h", cidr_block="172.16.1.0/24"),
    ]
    instances = [
        Instance(local, vswitch_id=inside[0]["id"], security_groups=[group["id"]], **KIND),
        Instance(acceptor, vswitch_id=inside[1]["id"], **KIND),
    ]
    return Configuration(
        *vpcs,
        group,
        rule,
        near,
        far,
        second,
        first,
        connection,
        accepter,
        entry(local, vpcs[0]["route_table_id"], FAR, connection),
        entry(acceptor, vpcs[1]["route_table_id"], NEAR, connection, accepter),
        *inside,
        *instances,
        *alarm(local, connection),
    )


def test_the_run_that_was_observed(cloud: Cloud, oracles: Oracles, configured: Blocks) -> None:
    """API-1, API-2, API-3: two accounts, two regions, every resource at once, ten at a time; then nothing is left."""
    one, other = cloud.tenant("whole-local"), cloud.tenant("whole-acceptor")
    local, acceptor = configured(one, HERE), configured(other, THERE)
    configuration = whole(local, acceptor)
    configuration.apply()
    assert configuration.plan() == []
    (listed,) = connections(local)
    assert listed["Status"] == "Activated"
    instances = [found for found in configuration.resources if isinstance(found, Instance)]
    near, far = (site_of(tenant, found) for tenant, found in zip((one, other), instances, strict=True))
    assert oracles.both(near, far) == (True, True)
    configuration.destroy()
    assert configuration.gone()
    assert {*local.sent, *acceptor.sent} == OBSERVED | BESIDE
    # The accepter's own delete came first, and the requester's found nothing.
    peer = next(found for found in configuration.resources if isinstance(found, PeerConnection))
    assert acceptor.sent.count("DeleteVpcPeerConnection") >= 1
    assert local.sent.count("DeleteVpcPeerConnection") == 1
    gone = local.code(local.call, "DeleteVpcPeerConnection", version=PEER, InstanceId=peer.id)
    assert gone == "ResourceNotFound.InstanceId"
    for tenant in (one, other):
        for kind in ("vpcs", "vswitches", "peerings", "router-interfaces", "instances", "security-groups"):
            assert tenant.get(f"/{kind}")["items"] == [], kind
    for action in ("DescribeMetricRuleList", "DescribeContactList", "DescribeContactGroupList"):
        assert str(local.query(action, CMS)["Total"]) == "0"
