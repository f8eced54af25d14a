"""Two accounts join their VPCs by Alibaba Cloud's own SDK for Python, and packets cross.

python examples/alibaba_sdk.py
"""

import json
import sys
from functools import cached_property
from typing import Any

from installation import Account, Installation, wait_for
from scenario import scenario
from story import Story

try:
    from alibabacloud_cms20190101 import models as cms
    from alibabacloud_cms20190101.client import Client as Cms
    from alibabacloud_ecs20140526 import models as ecs
    from alibabacloud_ecs20140526.client import Client as Ecs
    from alibabacloud_nis20211216 import models as nis
    from alibabacloud_nis20211216.client import Client as Nis
    from alibabacloud_tea_openapi.models import Config
    from alibabacloud_vpc20160428 import models as vpc
    from alibabacloud_vpc20160428.client import Client as Vpc
    from alibabacloud_vpcpeer20220101 import models as vpcpeer
    from alibabacloud_vpcpeer20220101.client import Client as VpcPeer
    from Tea.exceptions import TeaException
except ModuleNotFoundError as missing:
    sys.exit(f"{missing}: `make setup` installs Alibaba Cloud's SDKs with what else the tests need, and so does\n"
             "pip install alibabacloud-vpc20160428 alibabacloud-vpcpeer20220101 alibabacloud-ecs20140526"
             " alibabacloud-nis20211216 alibabacloud-cms20190101")  # fmt: skip

HERE, THERE = "cn-hangzhou", "cn-beijing"


class User:
    """An account with the SDK's clients in one region. All products are at one address."""

    def __init__(self, peerway: Installation, name: str, region: str) -> None:
        self.account: Account = peerway.account(name)
        self.name, self.region = name, region
        self._config = Config(
            access_key_id=self.account.key_id,
            access_key_secret=self.account.secret,
            region_id=region,
            endpoint=peerway.endpoint,
            protocol="http",
        )

    @cached_property
    def vpc(self) -> Vpc:
        """VPCs, VSwitches, routes."""
        return Vpc(self._config)

    @cached_property
    def vpcpeer(self) -> VpcPeer:
        """Peer connections."""
        return VpcPeer(self._config)

    @cached_property
    def ecs(self) -> Ecs:
        """Instances and security groups."""
        return Ecs(self._config)

    @cached_property
    def nis(self) -> Nis:
        """Path analysis."""
        return Nis(self._config)

    @cached_property
    def cms(self) -> Cms:
        """Metrics and alarms."""
        return Cms(self._config)


class Network:
    """A VPC with a VSwitch, a security group and an instance, made by the SDK."""

    def __init__(self, user: User, zone: str, number: int) -> None:
        self.user, self.cidr = user, f"10.{number}.0.0/16"
        region = user.region
        made = user.vpc.create_vpc(
            vpc.CreateVpcRequest(region_id=region, cidr_block=self.cidr, vpc_name=user.name)
        )
        self.vpc_id, self.table_id = made.body.vpc_id, made.body.route_table_id
        switch = vpc.CreateVSwitchRequest(
            region_id=region, vpc_id=self.vpc_id, zone_id=zone, cidr_block=f"10.{number}.1.0/24"
        )
        self.vswitch_id = user.vpc.create_vswitch(switch).body.v_switch_id
        group = ecs.CreateSecurityGroupRequest(
            region_id=region, vpc_id=self.vpc_id, security_group_name=user.name
        )
        self.group_id = user.ecs.create_security_group(group).body.security_group_id
        machine = ecs.RunInstancesRequest(
            region_id=region,
            v_switch_id=self.vswitch_id,
            security_group_id=self.group_id,
            instance_name=user.name,
            image_id="debian_12_x64",
            instance_type="ecs.g6.large",
        )
        (self.instance_id,) = user.ecs.run_instances(machine).body.instance_id_sets.instance_id_set
        wait_for("the instance to run", lambda: self.instance().status == "Running")
        self.address = self.instance().vpc_attributes.private_ip_address.ip_address[0]

    def instance(self) -> Any:
        """The instance as the SDK shows it."""
        asked = ecs.DescribeInstanceAttributeRequest(instance_id=self.instance_id)
        return self.user.ecs.describe_instance_attribute(asked).body

    def allow(self, protocol: str, ports: str, source: str) -> None:
        """Let something in."""
        rule = ecs.AuthorizeSecurityGroupRequestPermissions(
            ip_protocol=protocol, port_range=ports, source_cidr_ip=source
        )
        asked = ecs.AuthorizeSecurityGroupRequest(
            region_id=self.user.region, security_group_id=self.group_id, permissions=[rule]
        )
        self.user.ecs.authorize_security_group(asked)

    def route(self, destination: str, connection: str) -> None:
        """Send a range over the connection."""
        entry = vpc.CreateRouteEntryRequest(
            region_id=self.user.region,
            route_table_id=self.table_id,
            destination_cidr_block=destination,
            next_hop_type="VpcPeer",
            next_hop_id=connection,
        )
        self.user.vpc.create_route_entry(entry)

    def answered(self, other: "Network") -> bool:
        """Whether the other network's instance answers this one's ping."""
        return bool(
            self.user.account.probe({"id": self.instance_id}, other.address, count=3)["answered"] == 3
        )


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    story.step("Two accounts, a VPC with an instance each (Vpc, Ecs)")
    blue, green = User(peerway, "blue", HERE), User(peerway, "green", THERE)
    near, far = Network(blue, f"{HERE}-h", 1), Network(green, f"{THERE}-f", 2)
    for network in (near, far):
        story.tell(
            f"{network.user.name} ({network.user.account.uid}): {network.vpc_id} {network.cidr} in"
            f" {network.user.region}, {network.instance_id} at {network.address}"
        )
    connection = connect(story, near, far)
    story.step("A route on each side, and a rule that lets ping and tcp/80 in (Vpc, Ecs)")
    near.route(far.cidr, connection)
    far.route(near.cidr, connection)
    for protocol, ports in (("icmp", "-1/-1"), ("tcp", "80/80")):
        far.allow(protocol, ports, near.cidr)
    peerway.sync()
    story.must(near.answered(far), f"{near.address} pings {far.address}, and is answered")
    analyse(story, near, far)
    watch(story, blue, connection)
    end(story, peerway, near, far, connection)


def connect(story: Story, near: Network, far: Network) -> str:
    """One account asks, the other says yes; the connection's id."""
    blue, green = near.user, far.user
    story.step(f"{blue.name} asks {green.name} for a connection, and {green.name} accepts (VpcPeer)")
    asked = vpcpeer.CreateVpcPeerConnectionRequest(
        region_id=blue.region,
        vpc_id=near.vpc_id,
        accepting_ali_uid=int(green.account.uid),
        accepting_region_id=green.region,
        accepting_vpc_id=far.vpc_id,
        bandwidth=100,
        name="shop-office",
    )
    connection = str(blue.vpcpeer.create_vpc_peer_connection(asked).body.instance_id)
    story.must(state(blue, connection) == "Accepting", f"{connection} waits: Accepting")
    try:
        blue.vpcpeer.accept_vpc_peer_connection(
            vpcpeer.AcceptVpcPeerConnectionRequest(instance_id=connection)
        )
        refusal = ""
    except TeaException as error:
        refusal = str(error.code)
    story.must(refusal == "Forbidden.NoPermission", f"{blue.name} can't say yes to itself: {refusal}")
    green.vpcpeer.accept_vpc_peer_connection(vpcpeer.AcceptVpcPeerConnectionRequest(instance_id=connection))
    wait_for("the connection to be active", lambda: state(blue, connection) == "Activated")
    story.must(
        not near.answered(far), f"{green.name} accepts: Activated. Nothing flows yet, there are no routes"
    )
    return connection


def state(user: User, connection: str) -> str:
    """The connection's state as an account sees it."""
    asked = vpcpeer.GetVpcPeerConnectionAttributeRequest(instance_id=connection)
    return str(user.vpcpeer.get_vpc_peer_connection_attribute(asked).body.status)


def analyse(story: Story, near: Network, far: Network) -> None:
    """Ask whether packets get through, before anybody sends one."""
    story.step("Would tcp/80 and tcp/443 get through? (Nis)")
    user = near.user
    for port, expected in ((80, True), (443, False)):
        path = nis.CreateNetworkPathRequest(
            region_id=user.region,
            network_path_name=f"shop-office-{port}",
            source_type="ecs",
            source_id=near.instance_id,
            target_type="internetIp",
            target_id=far.address,
            protocol="tcp",
            target_port=port,
        )
        path_id = user.nis.create_network_path(path).body.network_path_id
        started = user.nis.create_network_reachable_analysis(
            nis.CreateNetworkReachableAnalysisRequest(region_id=user.region, network_path_id=path_id)
        )
        found = finished(user, started.body.network_reachable_analysis_id)
        result = json.loads(found.network_reachable_analysis_result)
        verdict = "reachable" if found.reachable else f"not reachable: {result['errorCode']}"
        story.must(found.reachable == expected, f"tcp/{port}: {verdict}")
        if found.reachable:
            nodes = result["topologyData"]["positive"]["nodeList"]
            story.tell("by " + " → ".join(node["nodeType"] for node in nodes))


def finished(user: User, analysis: str) -> Any:
    """The analysis once it is finished."""
    asked = nis.GetNetworkReachableAnalysisRequest(
        region_id=user.region, network_reachable_analysis_id=analysis
    )

    def look() -> Any:
        return user.nis.get_network_reachable_analysis(asked).body

    wait_for("the analysis", lambda: look().network_reachable_analysis_status == "finish")
    return look()


def watch(story: Story, user: User, connection: str) -> None:
    """What can be measured of the connection, and a rule that is to raise an alarm."""
    story.step("Metrics and an alarm rule (Cms)")
    asked = cms.DescribeMetricMetaListRequest(namespace="acs_vpcpeer", page_size=100)
    metrics = [one.metric_name for one in user.cms.describe_metric_meta_list(asked).body.resources.resource]
    story.must(
        "IntranetRX" in metrics, f"{len(metrics)} metrics, a value every minute: {', '.join(metrics[:4])}, …"
    )
    channels = cms.PutContactRequestChannels(mail="ops@example.com")
    user.cms.put_contact(cms.PutContactRequest(contact_name="ops", describe="on duty", channels=channels))
    user.cms.put_contact_group(
        cms.PutContactGroupRequest(contact_group_name="on-duty", contact_names=["ops"])
    )
    critical = cms.PutResourceMetricRuleRequestEscalationsCritical(
        comparison_operator="GreaterThanOrEqualToThreshold", statistics="Sum", threshold="104857600", times=2
    )
    rule = cms.PutResourceMetricRuleRequest(
        rule_id="busy",
        rule_name="busy",
        namespace="acs_vpcpeer",
        metric_name="IntranetRX",
        resources=json.dumps([{"instanceId": connection}]),
        contact_groups="on-duty",
        period="60",
        interval="60",
        escalations=cms.PutResourceMetricRuleRequestEscalations(critical=critical),
    )
    user.cms.put_resource_metric_rule(rule)
    (kept,) = user.cms.describe_metric_rule_list(
        cms.DescribeMetricRuleListRequest(rule_ids="busy")
    ).body.alarms.alarm
    story.must(
        kept.enable_state, f"rule {kept.rule_id} is kept: {kept.alert_state}, as rules are not evaluated yet"
    )


def end(story: Story, peerway: Installation, near: Network, far: Network, connection: str) -> None:
    """Either side may delete; with `Force` its routes go with it."""
    story.step(f"{far.user.name} deletes the connection (VpcPeer)")
    far.user.vpcpeer.delete_vpc_peer_connection(
        vpcpeer.DeleteVpcPeerConnectionRequest(instance_id=connection, force=True)
    )
    wait_for("the connection to go", lambda: gone(near.user, connection))
    peerway.sync()
    story.must(not near.answered(far), "nothing passes any more")


def gone(user: User, connection: str) -> bool:
    """Whether the connection is not there any more."""
    try:
        state(user, connection)
    except TeaException as error:
        return bool(error.code == "ResourceNotFound.InstanceId")
    return False


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run, anywhere=True))
