"""Two accounts join their VPCs by Tencent Cloud's own SDK for Python (API 3.0), and packets cross.

python examples/tencent_sdk.py
"""

import json
import sys
from typing import Any

from installation import Account, Installation, Item, wait_for
from scenario import scenario
from story import Story

try:
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile
    from tencentcloud.monitor.v20180724 import models as monitor
    from tencentcloud.monitor.v20180724.monitor_client import MonitorClient
    from tencentcloud.vpc.v20170312 import models as vpc
    from tencentcloud.vpc.v20170312.vpc_client import VpcClient
except ModuleNotFoundError as missing:
    sys.exit(
        f"{missing}: `make setup` installs Tencent Cloud's SDK with what else the tests need, and so does\n"
        "pip install tencentcloud-sdk-python-vpc tencentcloud-sdk-python-monitor"
    )

SOUTH, NORTH = "ap-guangzhou", "ap-beijing"


class User:
    """An account with the SDK's clients in one region."""

    def __init__(self, peerway: Installation, name: str, region: str) -> None:
        self.account: Account = peerway.account(name)
        self.name, self.region = name, region
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=peerway.endpoint))
        credential = Credential(self.account.key_id, self.account.secret)
        self.vpc = VpcClient(credential, region, profile)
        self.monitor = MonitorClient(credential, region, profile)

    def ask(self, product: Any, action: str, **parameters: Any) -> Any:
        """One request by the SDK's classes: `ask(vpc, "CreateVpc", VpcName=...)`; the SDK's answer."""
        request = getattr(product, f"{action}Request")()
        request.from_json_string(json.dumps(parameters))
        client = self.vpc if product is vpc else self.monitor
        return getattr(client, action)(request)


class Network:
    """A VPC with a subnet by the SDK, and an instance: Tencent Cloud makes those by another product, so Peerway's API does."""

    def __init__(self, user: User, number: int) -> None:
        self.user, self.cidr = user, f"10.{number}.0.0/16"
        self.vpc_id = user.ask(vpc, "CreateVpc", VpcName=user.name, CidrBlock=self.cidr).Vpc.VpcId
        subnet = user.ask(
            vpc,
            "CreateSubnet",
            VpcId=self.vpc_id,
            SubnetName=user.name,
            CidrBlock=f"10.{number}.1.0/24",
            Zone=f"{user.region}-1",
        ).Subnet
        self.table_id = subnet.RouteTableId
        self.group_id = user.ask(
            vpc,
            "CreateSecurityGroup",
            GroupName=user.name,
            GroupDescription="of the example",
            Tags=[{"Key": "vpc-id", "Value": self.vpc_id}],
        ).SecurityGroup.SecurityGroupId
        made = user.account.make(
            "/instances", vswitch_id=subnet.SubnetId, name=user.name, security_group_ids=[self.group_id]
        )
        self.instance: Item = user.account.settled(f"/instances/{made['id']}")
        self.address = str(self.instance["ipv4"])

    def allow(self, way: str, protocol: str, range_: str) -> None:
        """Let something in or out: a group without policies lets nothing pass, either way."""
        policy = {"Protocol": protocol, "CidrBlock": range_, "Action": "ACCEPT"}
        self.user.ask(
            vpc,
            "CreateSecurityGroupPolicies",
            SecurityGroupId=self.group_id,
            SecurityGroupPolicySet={way: [policy]},
        )

    def route(self, destination: str, connection: str) -> Any:
        """Send a range over the connection."""
        route = {
            "DestinationCidrBlock": destination,
            "GatewayType": "PEERCONNECTION",
            "GatewayId": connection,
        }
        answer = self.user.ask(vpc, "CreateRoutes", RouteTableId=self.table_id, Routes=[route])
        return answer.RouteTableSet[0].RouteSet[0]

    def answered(self, other: "Network") -> bool:
        """Whether the other network's instance answers this one's ping."""
        return bool(self.user.account.probe(self.instance, other.address, count=3)["answered"] == 3)


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    story.step("Two accounts, a VPC with an instance each")
    blue, green = User(peerway, "blue", SOUTH), User(peerway, "green", NORTH)
    near, far = Network(blue, 1), Network(green, 2)
    for network in (near, far):
        story.tell(
            f"{network.user.name} ({network.user.account.uid}): {network.vpc_id} {network.cidr} in"
            f" {network.user.region}, an instance at {network.address}"
        )
    connection = connect(story, near, far)
    story.step("A route on each side, and policies of the security groups: out, and ping in")
    forth = near.route(far.cidr, connection)
    far.route(near.cidr, connection)
    near.allow("Egress", "ALL", "0.0.0.0/0")
    far.allow("Ingress", "ICMP", near.cidr)
    peerway.sync()
    story.must(near.answered(far), f"{near.address} pings {far.address}, and is answered")
    asked = {"RouteTableId": near.table_id, "RouteItemIds": [forth.RouteItemId]}
    blue.ask(vpc, "DisableRoutes", **asked)
    peerway.sync()
    story.must(not near.answered(far), f"{blue.name} disables its route: nothing passes")
    blue.ask(vpc, "EnableRoutes", **asked)
    peerway.sync()
    story.must(near.answered(far), "and enables it: packets pass again")
    watch(story, blue, connection)
    end(story, peerway, near, far, connection)


def connect(story: Story, near: Network, far: Network) -> str:
    """One account asks, the other says yes; the connection's id."""
    blue, green = near.user, far.user
    story.step(f"{blue.name} asks {green.name} for a connection, and {green.name} accepts")
    connection = str(
        blue.ask(
            vpc,
            "CreateVpcPeeringConnection",
            SourceVpcId=near.vpc_id,
            PeeringConnectionName="shop-office",
            DestinationVpcId=far.vpc_id,
            DestinationUin=green.account.uid,
            DestinationRegion=green.region,
            Bandwidth=100,
        ).PeeringConnectionId
    )
    story.must(state(blue, connection) == "PENDING", f"{connection} waits: PENDING")
    try:
        blue.ask(vpc, "AcceptVpcPeeringConnection", PeeringConnectionId=connection)
        refusal = ""
    except TencentCloudSDKException as error:
        refusal = str(error.get_code())
    story.must(
        refusal == "UnsupportedOperation.VpcPeerPurviewError",
        f"{blue.name} can't say yes to itself: {refusal}",
    )
    green.ask(vpc, "AcceptVpcPeeringConnection", PeeringConnectionId=connection)
    wait_for("the connection to be active", lambda: state(blue, connection) == "ACTIVE")
    story.must(
        not near.answered(far), f"{green.name} accepts: ACTIVE. Nothing flows yet, there are no routes"
    )
    return connection


def state(user: User, connection: str) -> str:
    """The connection's state as an account sees it; empty when there is none."""
    found = user.ask(vpc, "DescribeVpcPeeringConnections", PeeringConnectionIds=[connection])
    return str(found.PeerConnectionSet[0].State) if found.PeerConnectionSet else ""


def watch(story: Story, user: User, connection: str) -> None:
    """What can be measured of the connection, and a policy that is to raise an alarm."""
    story.step("Metrics and an alarm policy (monitor)")
    metrics = [
        one.MetricName for one in user.ask(monitor, "DescribeBaseMetrics", Namespace="QCE/PCX").MetricSet
    ]
    story.must(
        "OutBandwidth" in metrics, f"{len(metrics)} metrics, a value every minute: {', '.join(metrics)}"
    )
    about = {"Module": "monitor"}
    rule = {
        "MetricName": "OutBandwidth",
        "Operator": "ge",
        "Value": "80",
        "Period": 60,
        "ContinuePeriod": 5,
        "NoticeFrequency": 3600,
        "IsPowerNotice": 0,
    }
    policy = user.ask(
        monitor,
        "CreateAlarmPolicy",
        **about,
        PolicyName="busy",
        MonitorType="MT_QCE",
        Namespace="pcx",
        Condition={"IsUnionRule": 0, "Rules": [rule]},
    ).PolicyId
    watched = {"Region": "gz", "Dimensions": json.dumps({"peeringConnectionId": connection})}
    user.ask(monitor, "BindingPolicyObject", **about, PolicyId=policy, Dimensions=[watched])
    kept = user.ask(monitor, "DescribeAlarmPolicy", **about, PolicyId=policy).Policy
    story.must(
        kept.UseSum == 1, f"{policy} watches {connection}; it is kept, as policies are not evaluated yet"
    )


def end(story: Story, peerway: Installation, near: Network, far: Network, connection: str) -> None:
    """Either side may delete; the routes go with it."""
    story.step(f"{far.user.name} deletes the connection")
    far.user.ask(vpc, "DeleteVpcPeeringConnection", PeeringConnectionId=connection)
    wait_for("the connection to go", lambda: state(near.user, connection) == "")
    peerway.sync()
    story.must(not near.answered(far), "nothing passes any more")
    (table,) = near.user.ask(vpc, "DescribeRouteTables", RouteTableIds=[near.table_id]).RouteTableSet
    story.must(table.RouteSet == [], "and the route over it is gone")


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run, anywhere=True))
