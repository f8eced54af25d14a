"""Two accounts join their VPCs by JD Cloud's own SDK for Python: the VPCs of `vpc` half by half, and bare-metal ones of `cps`.

python examples/jd_sdk.py
"""

import sys
from typing import Any

from installation import Account, Installation, Item, wait_for
from scenario import scenario
from story import Failed, Story

try:
    from jdcloud_sdk.core.config import Config
    from jdcloud_sdk.core.const import SCHEME_HTTP
    from jdcloud_sdk.core.credential import Credential
    from jdcloud_sdk.core.jdcloudrequest import JDCloudRequest
    from jdcloud_sdk.core.logger import FATAL, Logger
    from jdcloud_sdk.services.cps.apis.CreateSubnetRequest import (
        CreateSubnetParameters as CpsCreateSubnetParameters,
    )
    from jdcloud_sdk.services.cps.apis.CreateSubnetRequest import (
        CreateSubnetRequest as CpsCreateSubnetRequest,
    )
    from jdcloud_sdk.services.cps.apis.CreateVpcRequest import CreateVpcParameters as CpsCreateVpcParameters
    from jdcloud_sdk.services.cps.apis.CreateVpcRequest import CreateVpcRequest as CpsCreateVpcRequest
    from jdcloud_sdk.services.cps.client.CpsClient import CpsClient
    from jdcloud_sdk.services.cps.models.SubnetSpec import SubnetSpec
    from jdcloud_sdk.services.cps.models.VpcSpec import VpcSpec
    from jdcloud_sdk.services.vpc.apis.AddRouteTableRulesRequest import (
        AddRouteTableRulesParameters,
        AddRouteTableRulesRequest,
    )
    from jdcloud_sdk.services.vpc.apis.CreateSubnetRequest import CreateSubnetParameters, CreateSubnetRequest
    from jdcloud_sdk.services.vpc.apis.CreateVpcPeeringRequest import (
        CreateVpcPeeringParameters,
        CreateVpcPeeringRequest,
    )
    from jdcloud_sdk.services.vpc.apis.CreateVpcRequest import CreateVpcParameters, CreateVpcRequest
    from jdcloud_sdk.services.vpc.apis.DeleteVpcPeeringRequest import (
        DeleteVpcPeeringParameters,
        DeleteVpcPeeringRequest,
    )
    from jdcloud_sdk.services.vpc.apis.DescribeSubnetRequest import (
        DescribeSubnetParameters,
        DescribeSubnetRequest,
    )
    from jdcloud_sdk.services.vpc.apis.DescribeVpcPeeringRequest import (
        DescribeVpcPeeringParameters,
        DescribeVpcPeeringRequest,
    )
    from jdcloud_sdk.services.vpc.client.VpcClient import VpcClient
    from jdcloud_sdk.services.vpc.models.AddRouteTableRules import AddRouteTableRules
except ModuleNotFoundError as missing:
    sys.exit(
        f"{missing}: `make setup` installs JD Cloud's SDK with what else the tests need, and so does\n"
        "pip install jdcloud-sdk"
    )

NORTH, EAST = "cn-north-1", "cn-east-2"
PEERINGS = "/regions/{regionId}/vpcPeerings"


class User:
    """An account with the SDK's clients in one region."""

    def __init__(self, peerway: Installation, account: Account, region: str) -> None:
        self.account, self.region = account, region
        config = Config(peerway.endpoint, SCHEME_HTTP, 10)
        credential, quiet = Credential(account.key_id, account.secret), Logger(FATAL)
        self._vpc = VpcClient(credential, config, quiet)
        self._cps = CpsClient(credential, config, quiet)

    def vpc(self, request: Any) -> Any:
        """The result of a request to `vpc`. The SDK raises no error: it hands out what it was told."""
        return told(self._vpc.send(request))

    def cps(self, request: Any) -> Any:
        """The result of a request to `cps`."""
        return told(self._cps.send(request))

    def peering(self, method: str, path: str = "", **fields: Any) -> Any:
        """The result of a call of the bare-metal peering, which the SDK has no classes for; it signs and sends it all the same."""
        request = JDCloudRequest(PEERINGS + path, method)
        request.parameters = {"regionId": self.region, **fields}
        return self.cps(request)


def told(answer: Any) -> Any:
    """The result; `Failed` when it is an error."""
    if answer.error is not None:
        raise Failed(f"{answer.error.code} {answer.error.status}: {answer.error.message}")
    return answer.result


class Network:
    """A VPC with a subnet, and an instance: JD Cloud makes those by another service, so Peerway's API does."""

    def __init__(self, user: User, vpc_id: str, subnet_id: str, cidr: str) -> None:
        self.user, self.vpc_id, self.cidr = user, vpc_id, cidr
        self.subnet_id = subnet_id
        made = user.account.make("/instances", vswitch_id=subnet_id, name="host")
        self.instance: Item = user.account.settled(f"/instances/{made['id']}")
        self.address = str(self.instance["ipv4"])

    def answered(self, other: "Network") -> bool:
        """Whether the other network's instance answers this one's ping."""
        return bool(self.user.account.probe(self.instance, other.address, count=3)["answered"] == 3)


def make_network(user: User, number: int) -> Network:
    """One of the service `vpc`."""
    cidr = f"10.{number}.0.0/16"
    wanted = CreateVpcParameters(user.region, "net")
    wanted.setAddressPrefix(cidr)
    vpc_id = user.vpc(CreateVpcRequest(wanted))["vpcId"]
    wanted = CreateSubnetParameters(user.region, vpc_id, "subnet", f"10.{number}.1.0/24")
    return Network(user, vpc_id, user.vpc(CreateSubnetRequest(wanted))["subnetId"], cidr)


def make_metal(user: User, number: int) -> Network:
    """One of the service `cps`."""
    cidr = f"10.{number}.0.0/16"
    wanted = CpsCreateVpcParameters(user.region, VpcSpec(cidr, "net", "bare metal"))
    vpc_id = user.cps(CpsCreateVpcRequest(wanted))["vpcId"]
    spec = SubnetSpec(f"{user.region}a", vpc_id, f"10.{number}.1.0/24", "subnet", "bare metal")
    wanted = CpsCreateSubnetParameters(user.region, spec)
    return Network(user, vpc_id, user.cps(CpsCreateSubnetRequest(wanted))["subnetId"], cidr)


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    blue, green = peerway.account("blue"), peerway.account("green")
    join_halves(story, peerway, User(peerway, blue, NORTH), User(peerway, green, NORTH))
    join_metal(story, peerway, User(peerway, blue, NORTH), User(peerway, green, EAST))


def join_halves(story: Story, peerway: Installation, blue: User, green: User) -> None:
    """VPCs of one region: nobody asks and nobody accepts, each account makes its half."""
    story.step("vpc: two accounts, each makes its half of a connection")
    near, far = make_network(blue, 1), make_network(green, 2)
    first = half(near, far)
    story.must(state(blue, first) == "Initiated", f"blue's half {first} is alone: Initiated")
    second = half(far, near)
    both = {state(blue, first), state(green, second)}
    story.must(both == {"Connected"}, f"green's half {second} meets it: both are Connected")
    story.step("vpc: a rule in each side's route table, and packets cross")
    route(near, far.cidr, first)
    route(far, near.cidr, second)
    peerway.sync()
    story.must(near.answered(far), f"{near.address} pings {far.address}, and is answered")
    green.vpc(DeleteVpcPeeringRequest(DeleteVpcPeeringParameters(green.region, second)))
    peerway.sync()
    story.must(state(blue, first) == "Disconnected", "green takes its half away: blue's is Disconnected")
    story.must(not near.answered(far), "nothing passes any more")


def half(near: Network, far: Network) -> str:
    """A half from one VPC to the other; its id."""
    user = near.user
    wanted = CreateVpcPeeringParameters(user.region, "shop_office", near.vpc_id, far.vpc_id)
    return str(user.vpc(CreateVpcPeeringRequest(wanted))["vpcPeering"]["vpcPeeringId"])


def state(user: User, half_id: str) -> str:
    """A half's state."""
    asked = DescribeVpcPeeringRequest(DescribeVpcPeeringParameters(user.region, half_id))
    return str(user.vpc(asked)["vpcPeering"]["vpcPeeringState"])


def route(network: Network, destination: str, half_id: str) -> None:
    """Send a range over a half."""
    user = network.user
    where = DescribeSubnetParameters(user.region, network.subnet_id)
    table = user.vpc(DescribeSubnetRequest(where))["subnet"]["routeTableId"]
    rule = AddRouteTableRules("vpc_peering", half_id, destination)
    user.vpc(AddRouteTableRulesRequest(AddRouteTableRulesParameters(user.region, table, [rule])))


def join_metal(story: Story, peerway: Installation, blue: User, green: User) -> None:
    """Bare-metal VPCs, across accounts and regions: asked for, accepted, with routes by the system."""
    story.step("cps: blue asks green for a connection across regions, and green accepts")
    near, far = make_metal(blue, 3), make_metal(green, 4)
    spec = {
        "name": "shop-office",
        "vpcId": near.vpc_id,
        "remoteVpcId": far.vpc_id,
        "remoteRegionId": green.region,
        "peerAccount": green.account.uid,
        "bandwidth": 50,
    }
    connection = str(blue.peering("PUT", vpcPeeringSpec=spec)["vpcPeeringId"])

    def told_state() -> str:
        found = blue.peering("GET", "/{vpcPeeringId}", vpcPeeringId=connection)
        return str(found["vpcPeering"]["state"])

    story.must(told_state() == "pending-acceptance", f"{connection} waits: pending-acceptance")
    green.peering("POST", "/{vpcPeeringId}:accept", vpcPeeringId=connection)
    wait_for("the connection to be active", lambda: told_state() == "active")
    peerway.sync()
    story.must(near.answered(far), "green accepts: active, with routes by the system, and packets cross")
    green.peering("DELETE", "/{vpcPeeringId}", vpcPeeringId=connection)
    wait_for("the connection to go", lambda: blue.peering("GET")["totalCount"] == 0)
    peerway.sync()
    story.must(not near.answered(far), "green deletes it: nothing passes any more")


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run, anywhere=True))
