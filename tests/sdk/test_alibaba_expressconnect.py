"""Express Connect by Alibaba Cloud's own SDKs, the present one (V3) and the old one (RPC v1), with real packets."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.alibaba_sdks import Old, Present, Sdk, gone, in_state, listed
from tests.support.live import Cloud, Tenant, eventually, running_cloud
from tests.support.offices import HOST, RANGE, Office, an_office
from tests.support.sites import Oracles, Site, make_site

pytestmark = pytest.mark.kernel

HERE, THERE = "cn-hangzhou", "cn-beijing"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)


@pytest.fixture
def office() -> Iterator[Office]:
    """A site of the customer's."""
    with an_office() as made:
        yield made


@pytest.fixture
def sdk_for() -> Iterator[Callable[..., Sdk]]:
    """Makes clients: which SDK, account, region."""
    with contextlib.ExitStack() as stack:

        def make(kind: type[Present | Old], tenant: Tenant, region: str) -> Sdk:
            return stack.enter_context(contextlib.closing(kind(tenant, region)))

        yield make


def interface(sdk: Sdk, site: Site, role: str, far: str, spec: str) -> dict[str, Any]:
    """A new interface on the router of the site's VPC."""
    made = sdk.call(
        "CreateRouterInterface",
        RouterType="VRouter",
        RouterId=site.vpc["router_id"],
        Role=role,
        Spec=spec,
        OppositeRegionId=far,
        Name=f"to-{far}",
        ClientToken=f"{sdk.tenant.uid}-{role}",
    )
    (found,) = listed(sdk, made["RouterInterfaceId"])
    assert (found["Status"], found["BusinessStatus"], found["ChargeType"]) == ("Idle", "Normal", "AfterPay")
    return found


def tell(sdk: Sdk, own: dict[str, Any], other: dict[str, Any], owner: str) -> None:
    """Tell an interface its other side; the SDK of today has the owner as a number."""
    sdk.call(
        "ModifyRouterInterfaceAttribute",
        RouterInterfaceId=own["RouterInterfaceId"],
        OppositeInterfaceId=other["RouterInterfaceId"],
        OppositeRouterId=other["RouterId"],
        OppositeRouterType=other["RouterType"],
        OppositeInterfaceOwnerId=int(owner) if isinstance(sdk, Present) else owner,
    )


def to(site: Site, interface_id: str, destination: str) -> dict[str, Any]:
    """A route of the site's VPC over an interface."""
    return {
        "RouteTableId": site.table_id,
        "DestinationCidrBlock": destination,
        "NextHopType": "RouterInterface",
        "NextHopId": interface_id,
    }


@pytest.mark.parametrize(("near", "far"), [(Present, Old), (Old, Present)], ids=["v3-v1", "v1-v3"])
def test_two_accounts_in_two_regions(
    cloud: Cloud,
    oracles: Oracles,
    sdk_for: Callable[..., Sdk],
    near: type[Present | Old],
    far: type[Present | Old],
) -> None:
    """API-1, EC-1 ... EC-6: the seed's six steps, each account by another SDK; then switched, resized and removed."""
    one, other = (cloud.tenant(f"{near.__name__}-{n}") for n in (1, 2))
    here = make_site(one, HERE, "10.1.0.0/16", "10.1.1.0/24")
    there = make_site(other, THERE, "10.2.0.0/16", "10.2.1.0/24")
    ours, theirs = sdk_for(near, one, HERE), sdk_for(far, other, THERE)
    initiator = interface(ours, here, "InitiatingSide", THERE, "Large.1")
    acceptor = interface(theirs, there, "AcceptingSide", HERE, "Negative")
    id, far_id = initiator["RouterInterfaceId"], acceptor["RouterInterfaceId"]
    assert ours.error("ConnectRouterInterface", RouterInterfaceId=id) == (
        "IncorrectOppositeInterfaceInfo.NotSet",
        400,
    )
    tell(ours, initiator, acceptor, other.uid)
    tell(theirs, acceptor, initiator, one.uid)
    assert theirs.error("ConnectRouterInterface", RouterInterfaceId=far_id) == (
        "IncorrectRole.NotInitiatingSide",
        400,
    )
    ours.call("ConnectRouterInterface", RouterInterfaceId=id)
    joined, accepted = in_state(ours, id, "Active"), in_state(theirs, far_id, "Active")
    assert joined["ConnectedTime"] == accepted["ConnectedTime"]
    assert joined["OppositeInterfaceOwnerId"] == other.uid
    assert oracles.both(here, there) == (False, False), "there are no routes yet"
    entries = [(ours, to(here, id, "10.2.0.0/16")), (theirs, to(there, far_id, "10.1.0.0/16"))]
    for sdk, entry in entries:
        sdk.call("CreateRouteEntry", **entry)
    assert oracles.both(here, there) == (True, True)
    assert ours.call("ModifyRouterInterfaceSpec", RouterInterfaceId=id, Spec="Small.5")["Spec"] == "Small.5"
    assert in_state(ours, id, "Active")["Bandwidth"] == 50
    theirs.call("DeactivateRouterInterface", RouterInterfaceId=far_id)
    in_state(theirs, far_id, "Inactive")
    assert in_state(ours, id, "Active")["OppositeInterfaceStatus"] == "Inactive"
    assert oracles.both(here, there) == (False, False)
    theirs.call("ActivateRouterInterface", RouterInterfaceId=far_id)
    in_state(theirs, far_id, "Active")
    assert oracles.both(here, there) == (True, True)
    assert ours.error("DeleteRouterInterface", RouterInterfaceId=id) == ("IncorrectStatus", 400)
    ours.call("DeactivateRouterInterface", RouterInterfaceId=id)
    in_state(ours, id, "Inactive")
    assert ours.error("DeleteRouterInterface", RouterInterfaceId=id) == (
        "DependencyViolation.RouterInterfaceReferedByRouteEntry",
        400,
    )
    for sdk, entry in entries:
        sdk.call(
            "DeleteRouteEntry", **{name: value for name, value in entry.items() if name != "NextHopType"}
        )
    ours.call("DeleteRouterInterface", RouterInterfaceId=id)
    gone(ours, id)
    (left,) = listed(theirs, far_id)
    assert left["OppositeInterfaceStatus"] == "Deleted"
    theirs.call("DeactivateRouterInterface", RouterInterfaceId=far_id)
    in_state(theirs, far_id, "Inactive")
    theirs.call("DeleteRouterInterface", RouterInterfaceId=far_id)
    gone(theirs, far_id)
    for sdk, missing in ((ours, id), (theirs, far_id)):
        assert sdk.error("DeactivateRouterInterface", RouterInterfaceId=missing) == (
            "InvalidRouterInterfaceId.NotFound",
            404,
        )


def built_line(cloud: Cloud, sdk: Sdk, office: Office) -> str:
    """A line into the office: the customer by the SDK, the operator by our own API."""
    points = sdk.call("DescribeAccessPoints")["AccessPointSet"]["AccessPointType"]
    point = next(one["AccessPointId"] for one in points if one["Status"] == "recommended")
    id = sdk.call(
        "CreatePhysicalConnection", AccessPointId=point, LineOperator="CT", PeerLocation="Harbour Road"
    )["PhysicalConnectionId"]
    cloud.operator.post(f"/physical-connections/{id}/approve", room="room 1", contact="Li")
    cloud.operator.post(f"/physical-connections/{id}/allocate", port=office.port)
    sdk.call("ConfirmPhysicalConnection", PhysicalConnectionId=id)
    assert sdk.call("CreatePhysicalConnectionOccupancyOrder", PhysicalConnectionId=id)["Data"]["OrderId"]
    cloud.operator.post(f"/physical-connections/{id}/enable")
    return str(id)


def vbr_in_state(sdk: Sdk, id: str, state: str) -> dict[str, Any]:
    """The border router once it is in that state."""

    def look() -> dict[str, Any] | None:
        wanted = [{"Key": "VbrId", "Value": [id]}]
        answer = sdk.call("DescribeVirtualBorderRouters", Filter=wanted)
        (found,) = answer["VirtualBorderRouterSet"]["VirtualBorderRouterType"]
        return dict(found) if found["Status"] == state else None

    return dict(eventually(f"{id} is {state}", look))


@pytest.mark.parametrize("kind", [Present, Old])
def test_a_line_a_border_router_and_a_health_check(
    cloud: Cloud, oracles: Oracles, office: Office, sdk_for: Callable[..., Sdk], kind: type[Present | Old]
) -> None:
    """API-1, EC-8 ... EC-11: from the application for the line to packets in the office, and back to nothing."""
    tenant = cloud.tenant(f"line-{kind.__name__}")
    site = make_site(tenant, THERE, "10.1.0.0/16", "10.1.1.0/24")
    sdk, far = sdk_for(kind, tenant, HERE), sdk_for(kind, tenant, THERE)
    line = built_line(cloud, sdk, office)
    gateways = {
        "LocalGatewayIp": "10.255.0.1",
        "PeerGatewayIp": "10.255.0.2",
        "PeeringSubnetMask": "255.255.255.252",
    }
    made = {"PhysicalConnectionId": line, "VlanId": 100, "Name": "edge", **gateways}
    vbr = vbr_in_state(sdk, sdk.call("CreateVirtualBorderRouter", **made)["VbrId"], "active")
    assert sdk.error("CreateVirtualBorderRouter", **made) == ("InvalidVlanId.Used", 400)
    near = {"RouterType": "VBR", "RouterId": vbr["VbrId"], "Role": "InitiatingSide", "Spec": "Middle.1"}
    fast = {"OppositeRegionId": THERE, "OppositeRouterId": site.vpc["router_id"], "FastLinkMode": True}
    id = sdk.call("CreateRouterInterface", **near, **fast)["RouterInterfaceId"]
    joined = in_state(sdk, id, "Active")
    assert joined["AccessPointId"] == vbr["AccessPointId"]
    to_line = {"destination": RANGE, "next_hop": "line"}
    to_vpc = {"destination": "10.1.0.0/16", "next_hop": "router_interface", "next_hop_id": id}
    for entry in (to_line, to_vpc):
        tenant.post(f"/route-tables/{vbr['RouteTableId']}/entries", **entry)
    site.route(RANGE, {"id": joined["OppositeInterfaceId"]})
    office.learn({"id": vbr["VbrId"], "local_gateway": "10.255.0.1/30"}, "10.1.0.0/16")
    assert oracles.reach(site, HOST)
    check = {
        "HealthCheckSourceIp": "10.255.0.1",
        "HealthCheckTargetIp": "10.255.0.2",
        "HcRate": 100,
        "HcThreshold": 2,
    }
    sdk.call("ModifyRouterInterfaceAttribute", RouterInterfaceId=id, **check)

    def health() -> str:
        return str(sdk.call("DescribeRouterInterfaceAttribute", InstanceId=id)["HealthCheckStatus"])

    eventually("the check is answered", lambda: health() == "Normal")
    sdk.call("ModifyRouterInterfaceAttribute", RouterInterfaceId=id, HealthCheckTargetIp="10.255.0.3")
    eventually("nobody answers the check", lambda: health() == "Abnormal")
    told = sdk.call("DescribeRouterInterfaceAttribute", InstanceId=id)
    assert (told["HealthCheckTargetIp"], told["HcRate"], told["HcThreshold"]) == ("10.255.0.3", 100, 2)
    sdk.call("ModifyRouterInterfaceAttribute", RouterInterfaceId=id, DeleteHealthCheckIp=True)
    eventually("the check is answered again", lambda: health() == "Normal")
    sdk.call("TerminateVirtualBorderRouter", VbrId=vbr["VbrId"])
    vbr_in_state(sdk, vbr["VbrId"], "terminated")
    assert not oracles.reach(site, HOST)
    sdk.call("RecoverVirtualBorderRouter", VbrId=vbr["VbrId"])
    vbr_in_state(sdk, vbr["VbrId"], "active")
    assert oracles.reach(site, HOST)
    assert sdk.error("TerminatePhysicalConnection", PhysicalConnectionId=line) == ("Forbidden.VBRExists", 400)
    for side, interface_id in ((sdk, id), (far, joined["OppositeInterfaceId"])):
        side.call("DeactivateRouterInterface", RouterInterfaceId=interface_id)
        in_state(side, interface_id, "Inactive")
    assert sdk.error("DeleteVirtualBorderRouter", VbrId=vbr["VbrId"]) == (
        "InvalidOperation.RouterInterfaceNotDeleted",
        400,
    )
    sdk.call("DeleteExpressConnect", RouterInterfaceId=id, Force=True)
    gone(sdk, id)
    gone(far, joined["OppositeInterfaceId"])
    sdk.call("DeleteVirtualBorderRouter", VbrId=vbr["VbrId"])
    eventually(
        "the border router is gone", lambda: sdk.call("DescribeVirtualBorderRouters")["TotalCount"] == 0
    )
    for verb in ("Terminate", "Delete"):
        sdk.call(f"{verb}PhysicalConnection", PhysicalConnectionId=line)
    assert sdk.call("DescribePhysicalConnections")["TotalCount"] == 0
    assert sdk.error("DeletePhysicalConnection", PhysicalConnectionId=line) == (
        "InvalidPhysicalConnectionId.NotFound",
        404,
    )
