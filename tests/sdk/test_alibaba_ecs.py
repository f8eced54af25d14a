"""Instances and security groups by Alibaba Cloud's own SDK, with real packets between them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alibabacloud_ecs20140526 import models as m
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import DaraException
from tests.support.live import Cloud, Tenant, eventually, running_cloud
from tests.support.sites import Oracles, Site

pytestmark = pytest.mark.kernel

REGION = "cn-hangzhou"
#: Ends of codes that start and stop take while an instance is on its way.
BUSY = "IncorrectInstanceStatus"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)


class Ecs:
    """An account's client, with a VPC and a VSwitch."""

    def __init__(self, cloud: Cloud, name: str, algorithm: str = "") -> None:
        self.tenant: Tenant = cloud.tenant(name)
        config = Config(
            access_key_id=self.tenant.key_id,
            access_key_secret=self.tenant.secret,
            region_id=REGION,
            endpoint=self.tenant.endpoint,
            protocol="http",
            signature_algorithm=algorithm or None,
        )
        self.sdk = Client(config)
        self.vpc = self.tenant.post("/vpcs", region_id=REGION, cidr="10.1.0.0/16", name="vpc")
        zone = f"{REGION}-h"
        self.vswitch = self.tenant.post(
            "/vswitches", vpc_id=self.vpc["id"], zone_id=zone, cidr="10.1.1.0/24", name="vswitch"
        )

    def call(self, action: str, **parameters: Any) -> Any:
        """One call: `call("StopInstance", instance_id=...)`; the SDK's answer."""
        name = "".join(f"_{one.lower()}" if one.isupper() else one for one in action).strip("_")
        request = getattr(m, f"{action}Request")
        if "region_id" in vars(request()):
            parameters = {"region_id": REGION, **parameters}
        return getattr(self.sdk, name)(request(**parameters)).body

    def error(self, action: str, **parameters: Any) -> tuple[str, int]:
        """Code and status of the error that a call is answered with."""
        try:
            answer = self.call(action, **parameters)
        except DaraException as refused:
            return str(refused.code), int(refused.status_code)
        raise AssertionError(f"{action} was not refused: {answer}")

    def group(self, name: str = "web", **fields: Any) -> str:
        """A new security group."""
        made = self.call("CreateSecurityGroup", vpc_id=self.vpc["id"], security_group_name=name, **fields)
        return str(made.security_group_id)

    def run(self, **fields: Any) -> list[str]:
        """New instances, once they run."""
        kind = {"image_id": "debian_12_x64", "instance_type": "ecs.g6.large"}
        made = self.call("RunInstances", v_switch_id=self.vswitch["id"], **kind, **fields)
        ids = list(made.instance_id_sets.instance_id_set)
        for id in ids:
            self.reaches(id, "Running")
        return ids

    def status(self, id: str) -> str:
        """Where an instance is in its life."""
        return str(self.call("DescribeInstanceAttribute", instance_id=id).status)

    def reaches(self, id: str, status: str) -> None:
        """Wait until an instance is there."""
        eventually(f"{id} is {status}", lambda: self.status(id) == status)

    def site(self, id: str) -> Site:
        """The instance as the oracles know it."""
        instance = self.tenant.get(f"/instances/{id}")
        return Site(self.tenant, REGION, self.vpc, self.vswitch, instance)

    def allow(self, group: str, **fields: Any) -> dict[str, Any]:
        """A rule for packets towards the group's members."""
        rule = {"ip_protocol": "tcp", "port_range": "80/80", "source_cidr_ip": "10.1.0.0/16", **fields}
        permission = m.AuthorizeSecurityGroupRequestPermissions(**rule)
        self.call("AuthorizeSecurityGroup", security_group_id=group, permissions=[permission])
        return rule

    def rules(self, group: str) -> list[Any]:
        """The rules of a group."""
        told = self.call("DescribeSecurityGroupAttribute", security_group_id=group)
        return list(told.permissions.permission)


@pytest.fixture(scope="module")
def accounts(cloud: Cloud) -> Callable[..., Ecs]:
    """Makes accounts with a client."""
    return lambda name, algorithm="": Ecs(cloud, name, algorithm)


@pytest.mark.parametrize("algorithm", ["", "v2"], ids=["v3", "v1"])
def test_instances_talk_as_their_groups_let_them(
    accounts: Callable[..., Ecs], oracles: Oracles, algorithm: str
) -> None:
    """API-1, NET-6, NET-7: RunInstances twice, rules added, changed and revoked: packets follow at once."""
    ecs = accounts(f"talk-{algorithm or 'v3'}", algorithm)
    clients, servers = ecs.group("clients"), ecs.group("servers")
    (one,) = ecs.run(security_group_id=clients, instance_name="one")
    (two,) = ecs.run(security_group_ids=[servers], private_ip_address="10.1.1.20", instance_name="two")
    client, server = ecs.site(one), ecs.site(two)
    assert server.address == "10.1.1.20"
    assert oracles.both(client, server) == (False, False)
    rule = ecs.allow(servers)
    assert oracles.reach(client, server.address, "tcp", 80)
    assert not oracles.reach(client, server.address, "tcp", 443)
    assert not oracles.reach(client, server.address)
    (made,) = ecs.rules(servers)
    shown = (made.ip_protocol, made.port_range, made.policy, made.priority, made.source_cidr_ip)
    assert shown == ("TCP", "80/80", "Accept", "1", "10.1.0.0/16")
    change = {"security_group_rule_id": made.security_group_rule_id, "port_range": "443/443"}
    ecs.call("ModifySecurityGroupRule", security_group_id=servers, **change)
    assert oracles.reach(client, server.address, "tcp", 443)
    assert not oracles.reach(client, server.address, "tcp", 80)
    gone = m.RevokeSecurityGroupRequestPermissions(**{**rule, "port_range": "443/443"})
    for _ in range(2):
        ecs.call("RevokeSecurityGroup", security_group_id=servers, permissions=[gone])
    assert not oracles.reach(client, server.address, "tcp", 443)
    # By group instead of range, and flat as older clients send it.
    flat = {"ip_protocol": "icmp", "port_range": "-1/-1", "source_group_id": clients}
    ecs.call("AuthorizeSecurityGroup", security_group_id=servers, **flat)
    assert oracles.both(client, server) == (True, False)
    drop = {"ip_protocol": "all", "port_range": "-1/-1", "dest_cidr_ip": "10.1.1.20/32", "policy": "drop"}
    ecs.call("AuthorizeSecurityGroupEgress", security_group_id=clients, **drop)
    assert oracles.both(client, server) == (False, False)
    ecs.call("RevokeSecurityGroupEgress", security_group_id=clients, **drop)
    assert oracles.both(client, server) == (True, False)


def test_members_reach_each_other_while_the_policy_says_so(
    accounts: Callable[..., Ecs], oracles: Oracles
) -> None:
    """API-1, NET-7: inner access, switched by ModifySecurityGroupPolicy; an instance joins and leaves a group."""
    ecs = accounts("inner")
    group, other = ecs.group(), ecs.group("other")
    ids = ecs.run(amount=2, security_group_id=group, instance_name="web", unique_suffix=True)
    one, two = map(ecs.site, ids)
    assert oracles.both(one, two) == (True, True)
    ecs.call("ModifySecurityGroupPolicy", security_group_id=group, inner_access_policy="Drop")
    assert oracles.both(one, two) == (False, False)
    ecs.call("ModifySecurityGroupPolicy", security_group_id=group, inner_access_policy="Accept")
    ecs.call("JoinSecurityGroup", security_group_id=other, instance_id=ids[1])
    ecs.call("LeaveSecurityGroup", security_group_id=group, instance_id=ids[1])
    assert oracles.both(one, two) == (False, False)
    assert ecs.error("LeaveSecurityGroup", security_group_id=other, instance_id=ids[1]) == (
        "InstanceLastSecurityGroup",
        403,
    )
    assert ecs.error("DeleteSecurityGroup", security_group_id=other) == ("DependencyViolation", 403)


def test_stopped_instances_are_off_the_network(accounts: Callable[..., Ecs], oracles: Oracles) -> None:
    """API-1, NET-6: stop and start one and many; the addresses stay, the packets stop and come again; then all are deleted."""
    ecs = accounts("stop")
    one, two = ecs.run(amount=2)
    client, server = ecs.site(one), ecs.site(two)
    assert oracles.both(client, server) == (True, True)
    ecs.call("StopInstance", instance_id=two)
    assert ecs.status(two) == "Stopped"
    assert not oracles.reach(client, server.address)
    ecs.call("StartInstance", instance_id=two)
    ecs.reaches(two, "Running")
    assert ecs.site(two).address == server.address
    assert oracles.both(client, server) == (True, True)
    made = ecs.call("CreateInstance", v_switch_id=ecs.vswitch["id"], instance_type="ecs.g6.large").instance_id
    ecs.reaches(made, "Stopped")
    assert not oracles.reach(client, ecs.site(made).address)
    ecs.call("StartInstances", instance_id=[made])
    ecs.reaches(made, "Running")
    assert oracles.reach(client, ecs.site(made).address)
    assert ecs.error("DeleteInstance", instance_id=made) == (BUSY, 403)
    told = ecs.call("StopInstances", instance_id=[one, two, made]).instance_responses.instance_response
    assert [(each.code, each.current_status) for each in told] == [("200", "Stopped")] * 3
    statuses = ecs.call("DescribeInstanceStatus").instance_statuses.instance_status
    assert {each.instance_id: each.status for each in statuses} == dict.fromkeys((one, two, made), "Stopped")
    ecs.call("DeleteInstances", instance_id=[two, made])
    ecs.call("DeleteInstance", instance_id=one, force=True)
    eventually("all are gone", lambda: ecs.call("DescribeInstances").total_count == 0)


def test_lists_and_interfaces_are_what_the_sdk_reads(accounts: Callable[..., Ecs]) -> None:
    """API-1: typed answers: instances, interfaces, groups, tags; pages by number and by token."""
    ecs = accounts("lists")
    group = ecs.group(tag=[m.CreateSecurityGroupRequestTag(key="team", value="red")])
    tags = [m.RunInstancesRequestTag(key="team", value="blue")]
    ids = ecs.run(amount=3, security_group_id=group, instance_name="web", unique_suffix=True, tag=tags)
    first = ecs.call("DescribeInstances", max_results=2)
    rest = ecs.call("DescribeInstances", max_results=2, next_token=first.next_token)
    found = [*first.instances.instance, *rest.instances.instance]
    assert ([one.instance_id for one in found], rest.next_token) == (ids, "")
    shown = found[0]
    assert (shown.instance_name, shown.region_id, shown.zone_id) == ("web001", REGION, f"{REGION}-h")
    assert [(one.tag_key, one.tag_value) for one in shown.tags.tag] == [("team", "blue")]
    assert shown.vpc_attributes.v_switch_id == ecs.vswitch["id"]
    (interface,) = ecs.call(
        "DescribeNetworkInterfaces", instance_id=ids[0]
    ).network_interface_sets.network_interface_set
    assert interface.private_ip_address == shown.vpc_attributes.private_ip_address.ip_address[0]
    assert (interface.status, interface.security_group_ids.security_group_id) == ("InUse", [group])
    (listed,) = ecs.call("DescribeSecurityGroups", is_query_ecs_count=True).security_groups.security_group
    assert (listed.security_group_id, listed.ecs_count) == (group, 3)
    assert [(one.tag_key, one.tag_value) for one in listed.tags.tag] == [("team", "red")]
    page = ecs.call("DescribeInstances", page_number=2, page_size=2)
    assert (page.total_count, [one.instance_id for one in page.instances.instance]) == (3, ids[2:])
    regions = {one.region_id: one for one in ecs.call("DescribeRegions").regions.region}
    assert regions[REGION].region_endpoint == ecs.tenant.endpoint
    zones = ecs.call("DescribeZones", accept_language="en-US").zones.zone
    assert shown.zone_id in {one.zone_id for one in zones}


def test_what_a_machine_has_is_told_as_the_sdk_reads_it(accounts: Callable[..., Ecs]) -> None:
    """API-1: a system disk each, no user data, no role, maintenance without a window; of the caller's own instances."""
    ecs, other = accounts("machines"), accounts("machines-other")
    ids = ecs.run(amount=2)
    (id,) = other.run()
    disks = ecs.call("DescribeDisks").disks.disk
    assert [(one.instance_id, one.type, one.status) for one in disks] == [
        (one, "system", "In_use") for one in ids
    ]
    (disk,) = ecs.call("DescribeDisks", instance_id=ids[0], disk_type="system").disks.disk
    assert (disk.disk_id, disk.category, disk.size) == (disks[0].disk_id, "cloud_essd", 40)
    assert (disk.region_id, disk.zone_id, disk.attachments.attachment[0].instance_id) == (
        REGION,
        f"{REGION}-h",
        ids[0],
    )
    assert ecs.call("DescribeDisks", instance_id=id).disks.disk == []
    user_data = ecs.call("DescribeUserData", instance_id=ids[0])
    assert (user_data.instance_id, user_data.region_id, user_data.user_data) == (ids[0], REGION, "")
    assert ecs.error("DescribeUserData", instance_id=id) == ("InvalidInstanceId.NotFound", 404)
    roles = ecs.call("DescribeInstanceRamRole", instance_ids=json.dumps(ids))
    assert (roles.instance_ram_role_sets.instance_ram_role_set, roles.total_count) == ([], 0)
    told = ecs.call("DescribeInstanceMaintenanceAttributes", instance_id=[ids[1], id])
    (kept,) = told.maintenance_attributes.maintenance_attribute
    assert (kept.instance_id, kept.action_on_maintenance.value) == (ids[1], "AutoRecover")
    assert (kept.notify_on_maintenance, kept.maintenance_windows.maintenance_window) == (False, [])


@pytest.mark.parametrize(
    ("action", "parameters", "error"),
    [
        ("DescribeInstanceAttribute", {"instance_id": "i-none"}, ("InvalidInstanceId.NotFound", 404)),
        ("StopInstance", {"instance_id": "i-none"}, ("InvalidInstanceId.NotFound", 404)),
        ("DeleteSecurityGroup", {"security_group_id": "sg-none"}, ("InvalidSecurityGroupId.NotFound", 404)),
        ("CreateSecurityGroup", {"vpc_id": "vpc-none"}, ("InvalidVpcId.NotFound", 404)),
        ("RunInstances", {"v_switch_id": "vsw-none"}, ("InvalidVSwitchId.NotFound", 404)),
        ("DescribeInstances", {"region_id": "cn-nowhere"}, ("InvalidRegionId.NotFound", 404)),
        ("DescribeUserData", {"instance_id": "i-none"}, ("InvalidInstanceId.NotFound", 404)),
        ("DescribeSnapshots", {}, ("InvalidAction.NotFound", 404)),
    ],
)
def test_errors_have_the_clouds_codes(
    refusing: Ecs, action: str, parameters: dict[str, Any], error: tuple[str, int]
) -> None:
    """API-1, API-4: what is not there has its code and status."""
    assert refusing.error(action, **parameters) == error


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"ip_protocol": "sctp"}, ("InvalidIpProtocol.ValueNotSupported", 400)),
        ({"port_range": "9/1"}, ("InvalidPortRange.Malformed", 400)),
        ({"policy": "maybe"}, ("InvalidPolicy.Malformed", 400)),
        ({"priority": "high"}, ("InvalidPriority.Malformed", 400)),
        ({"priority": "0"}, ("InvalidPriority.ValueNotSupported", 400)),
        ({"source_cidr_ip": "here"}, ("InvalidSourceCidrIp.Malformed", 400)),
    ],
)
def test_wrong_rules_have_the_clouds_codes(
    refusing: Ecs, wrong: dict[str, Any], error: tuple[str, int]
) -> None:
    """API-1, API-4: values that no rule can have."""
    rule = {"ip_protocol": "tcp", "port_range": "80/80", "source_cidr_ip": "10.0.0.0/8"}
    group = refusing.group()
    assert refusing.error("AuthorizeSecurityGroup", security_group_id=group, **{**rule, **wrong}) == error
    assert refusing.rules(group) == []


@pytest.fixture(scope="module")
def refusing(cloud: Cloud) -> Ecs:
    """An account whose calls are wrong."""
    return Ecs(cloud, "refusing")
