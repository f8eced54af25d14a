"""What Alibaba Cloud's Terraform provider does, resource by resource: each wait ends, and a plan after an apply is empty.

The provider itself is not run: the modules `tests/support/terraform_*` send its requests, in its order, and read what it reads.
The names of the tests are its resources.
"""

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.live import Cloud, running_cloud
from tests.support.sites import Oracles
from tests.support.terraform import BSS, ECS, Provider
from tests.support.terraform_acl import NetworkAcl
from tests.support.terraform_blocks import HERE, THERE, Providers, applied
from tests.support.terraform_ecs import SecurityGroup, SecurityGroupRule, zones
from tests.support.terraform_graph import Configuration
from tests.support.terraform_instance import KIND, Instance
from tests.support.terraform_routes import RouteEntry
from tests.support.terraform_vpc import RouteTable, RouteTableAttachment, Vpc, VSwitch

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane that takes TLS and plain HTTP at one port."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel", "--tls") as running:
        yield running


@pytest.fixture(scope="module")
def trust(cloud: Cloud) -> ssl.SSLContext:
    """What `SSL_CERT_FILE` does for the provider."""
    return ssl.create_default_context(cafile=cloud.ready["tls_certificate"])


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)


@pytest.fixture(params=["http", "https"])
def protocol(request: pytest.FixtureRequest) -> str:
    """The `protocol` of the provider block."""
    return str(request.param)


@pytest.fixture
def providers(cloud: Cloud, trust: ssl.SSLContext, request: pytest.FixtureRequest) -> Iterator[Providers]:
    """Provider blocks of accounts of the test's own."""
    name = request.node.name.translate(str.maketrans("[]_", "---")).strip("-")
    made = Providers(cloud, trust, name)
    yield made
    for block in made.made:
        block.close()


def network(of: Provider, number: int = 1) -> tuple[Vpc, VSwitch]:
    """A VPC with a VSwitch, not applied yet."""
    vpc = Vpc(of, cidr_block=f"10.{number}.0.0/16", vpc_name="net", tags={"made-by": "terraform"})
    zone = zones(of)[0]
    vswitch = VSwitch(
        of, vpc_id=vpc["id"], zone_id=zone, cidr_block=f"10.{number}.1.0/24", vswitch_name="sub"
    )
    return vpc, vswitch


def test_configured(providers: Providers, protocol: str) -> None:
    """API-1: what the provider asks before any resource: which site the account is of, who it is, what regions there are."""
    provider = providers(protocol=protocol)
    page = {"PageSize": 20, "PageNum": 1, "ProductCode": "ecs"}
    answer = provider.call("QueryAvailableInstances", BSS, **page)
    assert answer["Code"] == "Success"
    assert len(providers.uid(provider)) == 16
    regions = provider.query("DescribeRegions", ECS)["Regions"]["Region"]
    assert {HERE, THERE} <= {region["RegionId"] for region in regions}
    found = provider.call("DescribeEndpoints", "2015-06-12", Id=HERE, ServiceCode="vpc")
    assert found["Endpoints"]["Endpoint"][0]["Endpoint"] == provider.endpoint
    assert provider.code(provider.call, "NoSuchAction") == "InvalidAction.NotFound"


def test_vpc_and_vswitch(providers: Providers, protocol: str) -> None:
    """API-1: made, changed, with tags, and destroyed; a VPC whose VSwitch is on its way waits for it."""
    provider = providers(protocol=protocol)
    vpc, vswitch = network(provider)
    configuration = applied(vpc, vswitch)
    vpc.change(vpc_name="other", description="a network", tags={"team": "red"})
    vswitch.change(vswitch_name="other", description="a subnet", tags={"team": "red", "empty": ""})
    assert configuration.plan() == []
    shared = {"VpcId": vpc.id, "PageNumber": 1, "PageSize": 50}
    assert len(provider.call("DescribeVpcs", **shared)["Vpcs"]["Vpc"]) == 1
    assert len(provider.call("DescribeVSwitches", **shared)["VSwitches"]["VSwitch"]) == 1
    assert provider.code(provider.call, "DeleteVpc", VpcId=vpc.id) == "DependencyViolation.VSwitch"
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(vpc.delete, vpc.id)
        vswitch.delete(vswitch.id)
        waits.result()
    assert configuration.gone()
    for resource in (vpc, vswitch):
        resource.delete(resource.id)


def test_a_create_that_is_sent_again_makes_nothing_twice(providers: Providers) -> None:
    """API-1: the provider keeps its client token when an answer was lost."""
    provider = providers()
    fields = {"CidrBlock": "10.1.0.0/16", "ClientToken": provider.token("CreateVpc")}
    first, again = (provider.call("CreateVpc", **fields) for _ in range(2))
    assert (first["VpcId"], first["RouteTableId"]) == (again["VpcId"], again["RouteTableId"])


def test_route_table_and_its_attachment(providers: Providers, protocol: str) -> None:
    """API-1: a custom table bound to a VSwitch; destroyed in the order of its references."""
    provider = providers(protocol=protocol)
    vpc, vswitch = network(provider)
    table = RouteTable(provider, vpc_id=vpc["id"], route_table_name="t", description="d", tags={"a": "b"})
    bound = RouteTableAttachment(provider, route_table_id=table["id"], vswitch_id=vswitch["id"])
    configuration = applied(vpc, vswitch, table, bound)
    table.change(route_table_name="u", description="e", tags={})
    assert configuration.plan() == []
    listed = provider.call("DescribeRouteTableList", VpcId=vpc.id, PageNumber=1, PageSize=50)
    kinds = {one["RouteTableType"] for one in listed["RouterTableList"]["RouterTableListType"]}
    assert kinds == {"System", "Custom"}
    configuration.destroy()
    assert configuration.gone()


def acl_entry(far: str, **fields: str) -> dict[str, str]:
    """An entry of a network ACL as a configuration has it."""
    name = "destination_cidr_ip" if fields.pop("way", "") == "egress" else "source_cidr_ip"
    text = {"description": "d", "network_acl_entry_name": "n", "policy": "accept"}
    return {**text, "protocol": "tcp", "port": "22/80", name: far, **fields}


def test_network_acl(providers: Providers, protocol: str) -> None:
    """API-1: entries as they were written and no others; bound to a VSwitch, changed, let go of."""
    provider = providers(protocol=protocol)
    vpc, vswitch = network(provider)
    acl = NetworkAcl(
        provider,
        vpc_id=vpc["id"],
        network_acl_name="acl",
        description="entries",
        ingress_acl_entries=[acl_entry("10.2.0.0/16"), acl_entry("0.0.0.0/0", protocol="all", port="-1/-1")],
        egress_acl_entries=[acl_entry("0.0.0.0/0", way="egress", policy="drop")],
        resources=[{"resource_id": vswitch["id"], "resource_type": "VSwitch"}],
        tags={"a": "b"},
    )
    configuration = applied(vpc, vswitch, acl)
    acl.change(network_acl_name="other", ingress_acl_entries=[acl_entry("10.3.0.0/16")], resources=[])
    assert configuration.plan() == []
    acl.change(egress_acl_entries=[], resources=[{"resource_id": vswitch.id, "resource_type": "VSwitch"}])
    assert configuration.plan() == []
    configuration.destroy()
    assert configuration.gone()


def test_security_group(providers: Providers, protocol: str) -> None:
    """API-1: made, changed, and destroyed before the VPC that it is in."""
    provider = providers(protocol=protocol)
    vpc, _ = network(provider)
    group = SecurityGroup(
        provider, vpc_id=vpc["id"], security_group_name="web", description="d", inner_access_policy="Drop"
    )
    configuration = applied(vpc, group)
    group.change(security_group_name="shop", description="e", inner_access_policy="Accept", tags={"a": "b"})
    assert configuration.plan() == []
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(vpc.delete, vpc.id)
        group.delete(group.id)
        waits.result()
    assert configuration.gone()


def test_security_group_rule(providers: Providers, protocol: str) -> None:
    """API-1, API-3: added by what is configured; changed and removed by GET over TLS, at the very same port."""
    provider = providers(protocol=protocol)
    vpc, _ = network(provider)
    group, other = (SecurityGroup(provider, vpc_id=vpc["id"], security_group_name=name) for name in "ab")
    common = {"security_group_id": group["id"], "ip_protocol": "tcp", "port_range": "80/80"}
    rules = [
        SecurityGroupRule(provider, **common, type="ingress", cidr_ip="172.16.0.0/12"),
        SecurityGroupRule(provider, **common, type="ingress", source_security_group_id=other["id"]),
        SecurityGroupRule(
            provider,
            **common,
            type="egress",
            cidr_ip="0.0.0.0/0",
            policy="drop",
            priority=100,
            description="d",
        ),
        SecurityGroupRule(
            provider,
            **{**common, "ip_protocol": "all", "port_range": "-1/-1"},
            type="ingress",
            cidr_ip="10.0.0.0/8",
        ),
    ]
    configuration = applied(vpc, group, other, *rules)
    for rule in (rules[0], rules[2]):
        rule.change(description="changed")
    assert configuration.plan() == []
    configuration.destroy()
    assert configuration.gone()
    revoke = {"IpProtocol": "tcp", "PortRange": "80/80", "SourceCidrIp": "10.0.0.0/8", "Policy": "accept"}
    about = {"version": ECS, "method": "GET", "protocol": "https", "SecurityGroupId": group.id}
    code = provider.code(provider.query, "RevokeSecurityGroup", **about, **revoke)
    assert code == "InvalidSecurityGroupId.NotFound"


def test_instance(providers: Providers, oracles: Oracles, protocol: str) -> None:
    """API-1: a whole life: made, pinged, changed, stopped, started, destroyed after what leads to it, before its group."""
    provider = providers(protocol=protocol)
    vpc, vswitch = network(provider)
    web, other = (SecurityGroup(provider, vpc_id=vpc["id"], security_group_name=name) for name in "ab")
    common = {"vswitch_id": vswitch["id"], "security_groups": [web["id"]], **KIND}
    client = Instance(provider, **common, system_disk_category="cloud_essd", system_disk_size=40)
    server = Instance(provider, **common, private_ip="10.1.1.20", instance_name="web-1", tags={"a": "b"})
    entry = RouteEntry(
        provider,
        route_table_id=vpc["route_table_id"],
        destination_cidrblock="192.168.0.0/16",
        nexthop_type="Instance",
        nexthop_id=server["id"],
    )
    configuration = applied(vpc, vswitch, web, other, client, server, entry)
    near, far = providers.site(client), providers.site(server)
    assert far.address == "10.1.1.20"
    assert oracles.both(near, far) == (True, True)
    server.change(instance_name="web-2", tags={"team": "red"}, password="Secret-2")
    assert configuration.plan() == []
    assert oracles.both(near, far) == (True, True)
    server.change(status="Stopped")
    assert configuration.plan() == []
    assert not oracles.reach(near, far.address)
    server.change(status="Running")
    assert oracles.both(near, far) == (True, True)
    # The last group can't be left, which the provider takes for done; it leaves it by the next apply.
    for groups in ([web.id, other.id], [other.id]):
        server.change(security_groups=[other.id])
        assert server.state["security_groups"] == groups
    assert configuration.plan() == []
    assert oracles.both(near, far) == (False, False)
    code = provider.code(provider.call, "DeleteSecurityGroup", version=ECS, SecurityGroupId=other.id)
    assert code == "DependencyViolation"
    deletion = {"InstanceId": server.id, "Force": True}
    code = provider.code(provider.query, "DeleteInstance", version=ECS, **deletion)
    assert code == "DependencyViolation.RouteEntry"
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(server.delete, server.id)
        entry.delete(entry.id)
        waits.result()
    for resource in (client, web, other, vswitch, vpc):
        resource.delete(resource.id)
    assert configuration.gone()


def test_instance_of_another_image_or_type_is_a_difference(providers: Providers) -> None:
    """API-1: neither is kept: a plan says so, and a configuration has to name what is read."""
    provider = providers()
    vpc, vswitch = network(provider)
    kind = {"image_id": "debian_12_x64", "instance_type": "ecs.g6.large"}
    instance = Instance(provider, vswitch_id=vswitch["id"], **kind)
    configuration = Configuration(vpc, vswitch, instance)
    configuration.apply()
    differences = {name: (value, kind[name]) for name, value in KIND.items()}
    assert configuration.plan() == [("Instance", differences)]
    configuration.destroy()
    assert configuration.gone()
