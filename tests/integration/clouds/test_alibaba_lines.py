"""Access points, leased lines and border routers at Alibaba Cloud's door: whose turn it is, what is shown, what is refused."""

from dataclasses import replace

import pytest
from tests.support.api import enabled_line
from tests.support.express import (
    HERE,
    POINT,
    THERE,
    interface,
    line_shown,
    provider,
    settle,
    vbr_fields,
    vbr_shown,
)
from tests.support.terraform import filters

from peerway.app.usecases.line_steps import LineRequest, confirm_line, order_line
from peerway.app.usecases.lines import ApplyForLine, apply_for_line, list_lines
from peerway.domain.account import Caller, Role

APPLICATION = {"AccessPointId": POINT, "LineOperator": "CT", "PortType": "1000Base-LX", "bandwidth": 100}


@pytest.fixture
def customer(site):
    """An account."""
    return site.account()


@pytest.fixture
def cloud(site, customer):
    """Its way to the door."""
    made = provider(site, customer)
    yield made
    made.close()


@pytest.fixture
def line(site, customer):
    """A line of the account's that is in use."""
    return enabled_line(site, customer)["id"]


def test_access_points_are_listed_in_two_languages(cloud):
    """API-1, EC-8: of the region only; pages; an unknown region."""
    told = cloud.call("DescribeAccessPoints", PageSize=2)
    points = told["AccessPointSet"]["AccessPointType"]
    assert (told["TotalCount"], len(points), points[0]["AccessPointId"]) == (3, 2, POINT)
    assert (points[0]["Name"], points[0]["Status"], points[0]["AttachedRegionNo"]) == (
        "杭州余杭-A",
        "recommended",
        HERE,
    )
    english = cloud.query("DescribeAccessPoints", AcceptLanguage="en-US", PageNumber=2, PageSize=2)
    assert [one["Name"] for one in english["AccessPointSet"]["AccessPointType"]] == ["Hangzhou Binjiang C"]
    assert (
        cloud.code(cloud.call, "DescribeAccessPoints", RegionId="cn-atlantis") == "InvalidRegionId.NotFound"
    )


def test_a_line_goes_through_all_its_states(site, cloud, customer):
    """API-1, EC-8: the customer by the cloud's API, the operator by ours."""
    more = {
        "Name": "north",
        "Description": "first",
        "PeerLocation": "Harbour Road 12",
        "CircuitCode": "c-1",
        "Type": "VPC",
    }
    id = cloud.call("CreatePhysicalConnection", **APPLICATION, **more, Tag=[{"Key": "a", "Value": "b"}])[
        "PhysicalConnectionId"
    ]
    path = f"/physical-connections/{id}"

    def status():
        return line_shown(cloud, id)["Status"]

    told = line_shown(cloud, id)
    assert (told["Status"], told["Bandwidth"], told["BusinessStatus"], told["ChargeType"]) == (
        "Initial",
        100,
        "Normal",
        "AfterPay",
    )
    assert {name: told[name] for name in more} == more
    assert told["Tags"] == {"tags": [{"Key": "a", "Value": "b"}]}
    site.operator.ok("POST", f"{path}/approve", {"room": "room 7", "contact": "Li"})
    assert status() == "Approved"
    site.operator.ok("POST", f"{path}/allocate", {"port": f"interface:eth{next(site.names)}"})
    assert status() == "Allocated"
    cloud.call("ConfirmPhysicalConnection", PhysicalConnectionId=id)
    assert status() == "Confirmed"
    assert cloud.code(cloud.call, "EnablePhysicalConnection", PhysicalConnectionId=id) == (
        "Forbidden.OperationNotAllowedByUser"
    )
    order = cloud.call("CreatePhysicalConnectionOccupancyOrder", PhysicalConnectionId=id)["Data"]["OrderId"]
    assert order.isdigit()
    assert status() == "Confirmed", "it is the operator's turn"
    site.operator.ok("POST", f"{path}/enable")
    told = line_shown(cloud, id)
    assert (told["Status"], told["EnabledTime"]) == ("Enabled", told["CreationTime"])
    again = cloud.call("CreatePhysicalConnectionOccupancyOrder", PhysicalConnectionId=id)
    assert again["Data"]["OrderId"] == order
    cloud.call("TerminatePhysicalConnection", PhysicalConnectionId=id)
    assert status() == "Terminated"
    cloud.call("DeletePhysicalConnection", PhysicalConnectionId=id)
    assert cloud.call("DescribePhysicalConnections")["TotalCount"] == 0


def test_a_line_is_withdrawn_or_turned_down(site, cloud):
    """API-1, EC-8: canceled by the customer, rejected by the operator; both can be removed."""
    canceled, rejected = (
        cloud.call("CreatePhysicalConnection", **APPLICATION)["PhysicalConnectionId"] for _ in range(2)
    )
    cloud.call("CancelPhysicalConnection", PhysicalConnectionId=canceled)
    site.operator.ok("POST", f"/physical-connections/{rejected}/reject", {"reason": "no room"})
    assert [line_shown(cloud, id)["Status"] for id in (canceled, rejected)] == ["Canceled", "Rejected"]
    for id in (canceled, rejected):
        cloud.call("DeletePhysicalConnection", PhysicalConnectionId=id)


def test_an_operators_own_line_is_enabled_by_the_order(site):
    """API-1: whoever runs the installation needs no second hand."""
    made = site.operator.ok("POST", f"/accounts/{site.operator.uid}/credentials", {"role": "operator"})
    operator = replace(site.operator, key_id=made["access_key_id"], secret=made["access_key_secret"])
    cloud = provider(site, operator)
    ids = [cloud.call("CreatePhysicalConnection", **APPLICATION)["PhysicalConnectionId"] for _ in range(2)]
    for id, verb in zip(
        ids, ("CreatePhysicalConnectionOccupancyOrder", "EnablePhysicalConnection"), strict=True
    ):
        site.operator.ok("POST", f"/physical-connections/{id}/approve", {"room": "room 7", "contact": "Li"})
        port = {"port": f"interface:eth{next(site.names)}"}
        site.operator.ok("POST", f"/physical-connections/{id}/allocate", port)
        cloud.call("ConfirmPhysicalConnection", PhysicalConnectionId=id)
        cloud.call(verb, PhysicalConnectionId=id)
        assert line_shown(cloud, id)["Status"] == "Enabled"
    cloud.close()


def test_an_installation_with_a_port_for_all_lines_needs_no_operator(site, customer):
    """API-1: applied for, a line has its port; ordered, it is in use. Two lines share the port."""
    world = replace(site.services.world, line_port="netns:/run/netns/office")
    caller = Caller(uid=customer.uid, role=Role.MEMBER, key_id="test")

    def take(tx):
        application = ApplyForLine(access_point_id=POINT, line_operator="CT")
        for _ in range(2):
            line = apply_for_line(tx, world, caller, application)
            assert (line.state, line.port) == ("allocated", "netns:/run/netns/office")
            request = LineRequest(id=line.id)
            confirm_line(tx, world, caller, request)
            assert order_line(tx, world, caller, request).state == "enabled"
        return list_lines(tx, world, caller)

    assert len(site.store.write(take).items) == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"AccessPointId": "ap-none"}, "AccessPoint.NotFound"),
        ({"AccessPointId": "ap-cn-hangzhou-bj-C"}, "Forbidden.AccessPointNotAvailable"),
        ({"LineOperator": "ZZ"}, "InvalidLineOperator.ValueNotSupported"),
        ({"PortType": "100GBase-LR"}, "InvalidPortType.ValueNotSupported"),
        ({"bandwidth": 2000}, "InvalidBandwidth.ValueNotSupported"),
        ({"Type": "VBR"}, "InvalidType.ValueNotSupported"),
        ({"RedundantPhysicalConnectionId": "pc-none"}, "InvalidRedundantPhysicalConnection.NotFound"),
        ({"Name": "x" * 129}, "InvalidName.Malformed"),
        ({"RegionId": "cn-atlantis"}, "InvalidRegionId.NotFound"),
        ({"LineOperator": None}, "MissingLineOperator"),
    ],
)
def test_applications_are_refused_with_the_clouds_words(cloud, fields, code):
    """API-4."""
    assert cloud.code(cloud.call, "CreatePhysicalConnection", **{**APPLICATION, **fields}) == code


def test_verbs_out_of_turn_are_refused(cloud, line):
    """API-4: states of lines, and lines that are not there."""
    verbs = ("Confirm", "Cancel", "Terminate", "Delete")
    fresh = cloud.call("CreatePhysicalConnection", **APPLICATION)["PhysicalConnectionId"]
    for verb, id in (("Confirm", fresh), ("Terminate", fresh), ("Delete", fresh), ("Cancel", line)):
        code = cloud.code(cloud.call, f"{verb}PhysicalConnection", PhysicalConnectionId=id)
        assert code == "Forbidden.NotAllowedInState"
    order = {"PhysicalConnectionId": fresh}
    assert (
        cloud.code(cloud.call, "CreatePhysicalConnectionOccupancyOrder", **order)
        == "Forbidden.NotAllowedInState"
    )
    for verb in verbs:
        code = cloud.code(cloud.call, f"{verb}PhysicalConnection", PhysicalConnectionId="pc-none")
        assert code == "InvalidPhysicalConnectionId.NotFound"


def test_lines_are_changed_and_found(cloud, line):
    """API-1, API-3: texts and the stand-in; filters; nothing to open."""
    spare = cloud.call("CreatePhysicalConnection", **APPLICATION, Name="spare")["PhysicalConnectionId"]
    texts = {"Name": "north", "Description": "d", "PeerLocation": "p", "CircuitCode": "c"}
    cloud.call(
        "ModifyPhysicalConnectionAttribute",
        PhysicalConnectionId=line,
        RedundantPhysicalConnectionId=spare,
        **texts,
    )
    told = line_shown(cloud, line)
    assert {name: told[name] for name in texts} == texts
    assert told["RedundantPhysicalConnectionId"] == spare

    def found(**wanted):
        answer = cloud.call("DescribePhysicalConnections", Filter=filters(**wanted))
        return [
            one["PhysicalConnectionId"] for one in answer["PhysicalConnectionSet"]["PhysicalConnectionType"]
        ]

    assert found(Status="Enabled", Type="VPC") == [line]
    assert found(PortType="1000Base-LX", LineOperator="CT", AccessPointId=POINT, Name="spare") == [spare]
    assert found(RedundantPhysicalConnectionId=spare) == [line]
    assert found(CircuitCode="none") == []
    assert cloud.query("GetPhysicalConnectionServiceStatus")["Enabled"] is True
    cloud.query("OpenPhysicalConnectionService")


def test_a_border_router_goes_through_all_its_states(site, cloud, line):
    """API-1, EC-9: made, changed, switched off and on, removed."""
    texts = {"Name": "edge", "Description": "d", "CircuitCode": "c-1"}
    id = cloud.call(
        "CreateVirtualBorderRouter", **vbr_fields(line), **texts, Tags=[{"Key": "a", "Value": "b"}]
    )["VbrId"]
    assert vbr_shown(cloud, id)["Status"] == "recovering"
    settle(site)
    told = vbr_shown(cloud, id)
    assert {name: told[name] for name in texts} == texts
    assert {name: told[name] for name in vbr_fields(line)} == vbr_fields(line)
    assert (told["Status"], told["ActivationTime"], told["TerminationTime"]) == (
        "active",
        told["CreationTime"],
        "",
    )
    assert told["RouteTableId"].startswith("vtb-")
    assert told["Tags"] == {"Tags": [{"Key": "a", "Value": "b"}]}
    assert told["PhysicalConnectionStatus"] == "Enabled"
    (associated,) = told["AssociatedPhysicalConnections"]["AssociatedPhysicalConnection"]
    assert (associated["PhysicalConnectionId"], associated["VlanId"]) == (line, "100")
    for verb, passing, reached in (
        ("Terminate", "terminating", "terminated"),
        ("Recover", "recovering", "active"),
    ):
        cloud.call(f"{verb}VirtualBorderRouter", VbrId=id)
        assert vbr_shown(cloud, id)["Status"] == passing
        settle(site)
        assert vbr_shown(cloud, id)["Status"] == reached
    cloud.call("DeleteVirtualBorderRouter", VbrId=id)
    assert vbr_shown(cloud, id)["Status"] == "deleting"
    settle(site)
    assert cloud.call("DescribeVirtualBorderRouters", Filter=filters(VbrId=id))["TotalCount"] == 0


def test_gateways_of_a_border_router_change(site, cloud, line):
    """API-1, EC-9: address or mask alone, IPv6 put in and taken out, another VLAN."""
    six = {
        "LocalIpv6GatewayIp": "fd00::1",
        "PeerIpv6GatewayIp": "fd00::2",
        "PeeringIpv6SubnetMask": "fd00::/64",
    }
    id = cloud.call("CreateVirtualBorderRouter", **vbr_fields(line), EnableIpv6=True, **six)["VbrId"]
    settle(site)
    told = vbr_shown(cloud, id)
    assert {name: told[name] for name in six} == six
    steps = [
        {"PeeringSubnetMask": "255.255.255.0"},
        {"LocalGatewayIp": "10.255.0.7", "PeerGatewayIp": "10.255.0.8"},
        {"VlanId": 7},
        {"LocalIpv6GatewayIp": "fd00::3"},
        {"PeeringIpv6SubnetMask": "fd00::/80"},
    ]
    for step in steps:
        cloud.call("ModifyVirtualBorderRouterAttribute", VbrId=id, **step)
        told = vbr_shown(cloud, id)
        assert {name: told[name] for name in step} == step
    cloud.call("ModifyVirtualBorderRouterAttribute", VbrId=id, EnableIpv6=False)
    told = vbr_shown(cloud, id)
    assert (told["EnableIpv6"], told["LocalIpv6GatewayIp"], told["PeeringSubnetMask"]) == (
        False,
        "",
        "255.255.255.0",
    )
    without = cloud.call("CreateVirtualBorderRouter", **vbr_fields(line, 1), EnableIpv6=False, **six)["VbrId"]
    assert vbr_shown(cloud, without)["EnableIpv6"] is False


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"PhysicalConnectionId": "pc-none"}, "InvalidPhysicalConnectionId.NotFound"),
        ({"VlanId": 3000}, "InvalidVlanId.Malformed"),
        ({"VlanId": "many"}, "InvalidVlanId.Malformed"),
        ({"VlanId": 99}, "InvalidVlanId.Used"),
        ({"PeeringSubnetMask": "255.0.255.0"}, "InvalidParameter"),
        ({"PeerGatewayIp": "10.9.9.9"}, "InvalidParameter"),
        ({"LocalIpv6GatewayIp": "fd00::1"}, "InvalidParameter"),
        ({"EnableIpv6": True}, "MissingLocalIpv6GatewayIp"),
        ({"VbrOwnerId": "1"}, "InvalidVbrOwnerId.NotFound"),
        ({"RegionId": "cn-atlantis"}, "InvalidRegionId.NotFound"),
    ],
)
def test_new_border_routers_are_refused_with_the_clouds_words(cloud, line, fields, code):
    """API-4."""
    cloud.call("CreateVirtualBorderRouter", **{**vbr_fields(line, 9), "VlanId": 99})
    assert cloud.code(cloud.call, "CreateVirtualBorderRouter", **{**vbr_fields(line), **fields}) == code


def test_border_routers_in_use_or_out_of_turn(site, cloud, line, customer):
    """API-4: a line that is not enabled, interfaces on the border router, states."""
    fresh = cloud.call("CreatePhysicalConnection", **APPLICATION)["PhysicalConnectionId"]
    assert cloud.code(cloud.call, "CreateVirtualBorderRouter", **vbr_fields(fresh)) == (
        "InvalidPhysicalConnectionId.NotEnabled"
    )
    id = cloud.call("CreateVirtualBorderRouter", **vbr_fields(line))["VbrId"]
    settle(site)
    with pytest.raises(AssertionError, match=r"InvalidRole\.ValueNotSupported"):
        interface(cloud, id, "AcceptingSide", HERE)
    near = interface(cloud, id, "InitiatingSide", HERE)
    assert (
        cloud.code(cloud.call, "DeleteVirtualBorderRouter", VbrId=id)
        == "InvalidOperation.RouterInterfaceNotDeleted"
    )
    assert cloud.code(cloud.call, "RecoverVirtualBorderRouter", VbrId=id) == "IncorrectStatus"
    assert (
        cloud.code(cloud.call, "TerminatePhysicalConnection", PhysicalConnectionId=line)
        == "Forbidden.VBRExists"
    )
    cloud.call("DeleteRouterInterface", RouterInterfaceId=near)
    for verb in ("Delete", "Terminate", "Recover"):
        assert (
            cloud.code(cloud.call, f"{verb}VirtualBorderRouter", VbrId="vbr-none") == "InvalidVbrId.NotFound"
        )
    assert (
        cloud.code(cloud.call, "ModifyVirtualBorderRouterAttribute", VbrId="vbr-none")
        == "InvalidVbrId.NotFound"
    )
    table = vbr_shown(cloud, id)["RouteTableId"]
    entry = {"destination": "10.254.0.0/30", "next_hop": "line"}
    customer.ok("POST", f"/route-tables/{table}/entries", entry)
    gateways = {"LocalGatewayIp": "10.254.0.1", "PeerGatewayIp": "10.254.0.2"}
    assert cloud.code(cloud.call, "ModifyVirtualBorderRouterAttribute", VbrId=id, **gateways) == (
        "DependencyViolation.RouteEntry"
    )


def test_a_border_router_for_another_account(site, cloud, line):
    """API-1, EC-10: seen by the line's owner and by its own; each changes its part."""
    other = site.account()
    theirs = provider(site, other)
    id = cloud.call("CreateVirtualBorderRouter", **vbr_fields(line), VbrOwnerId=other.uid)["VbrId"]
    assert vbr_shown(theirs, id)["Status"] == vbr_shown(cloud, id)["Status"] == "unconfirmed"
    hidden = cloud.call("DescribeVirtualBorderRouters", IncludeCrossAccountVbr=False)
    assert hidden["TotalCount"] == 0
    assert theirs.code(theirs.call, "ModifyVirtualBorderRouterAttribute", VbrId=id, VlanId=7) == (
        "Forbidden.OperationNotAllowedByUser"
    )
    assert (
        cloud.code(cloud.call, "TerminateVirtualBorderRouter", VbrId=id)
        == "Forbidden.OperationNotAllowedByUser"
    )
    on_line = cloud.call("DescribeVirtualBorderRoutersForPhysicalConnection", PhysicalConnectionId=line)
    (told,) = on_line["VirtualBorderRouterForPhysicalConnectionSet"][
        "VirtualBorderRouterForPhysicalConnectionType"
    ]
    assert (told["VbrId"], told["VbrOwnerUid"], told["VlanId"]) == (id, int(other.uid), 100)
    asked = {"PhysicalConnectionId": line}
    assert theirs.code(theirs.call, "DescribeVirtualBorderRoutersForPhysicalConnection", **asked) == (
        "InvalidPhysicalConnectionId.NotFound"
    )
    assert cloud.call("DescribeVirtualBorderRouters", RegionId=THERE)["TotalCount"] == 0
    theirs.close()


def test_tags_and_groups_of_lines_and_what_is_on_them(cloud, line):
    """API-3: Express Connect's own family of actions for tags; the group by Vpc's."""
    vbr = cloud.call("CreateVirtualBorderRouter", **vbr_fields(line))["VbrId"]
    on_vbr = {"ResourceType": "VIRTUALBORDERROUTER", "ResourceId": [vbr]}
    cloud.call("TagResourcesForExpressConnect", **on_vbr, Tag=[{"Key": "a", "Value": "b"}])
    assert vbr_shown(cloud, vbr, Tags=[{"Key": "a"}])["Tags"] == {"Tags": [{"Key": "a", "Value": "b"}]}
    (told,) = cloud.call("ListTagResourcesForExpressConnect", **on_vbr)["TagResources"]["TagResource"]
    assert (told["ResourceId"], told["TagKey"], told["TagValue"]) == (vbr, "a", "b")
    cloud.call("UntagResourcesForExpressConnect", **on_vbr, All=True)
    assert vbr_shown(cloud, vbr)["Tags"] == {"Tags": []}
    on_line = {"ResourceType": "PhysicalConnection", "ResourceId": [line]}
    cloud.call("TagResourcesForExpressConnect", **on_line, Tag=[{"Key": "a", "Value": ""}])
    assert line_shown(cloud, line)["Tags"] == {"tags": [{"Key": "a", "Value": ""}]}
    group = line_shown(cloud, line)["ResourceGroupId"]
    cloud.call(
        "MoveResourceGroup", ResourceType="PHYSICALCONNECTION", ResourceId=line, NewResourceGroupId=group
    )
    assert line_shown(cloud, line)["ResourceGroupId"] == group


def test_what_is_elsewhere_is_not_there(cloud, line):
    """API-4: ids in another region than the request's, and a region that is none."""
    vbr = cloud.call("CreateVirtualBorderRouter", **vbr_fields(line))["VbrId"]
    near = interface(cloud, vbr, "InitiatingSide", HERE)
    asked = {
        "DeactivateRouterInterface": {"RouterInterfaceId": near},
        "ModifyRouterInterfaceAttribute": {"RouterInterfaceId": near},
        "DescribeRouterInterfaceAttribute": {"InstanceId": near},
        "TerminateVirtualBorderRouter": {"VbrId": vbr},
        "ModifyVirtualBorderRouterAttribute": {"VbrId": vbr},
        "CancelPhysicalConnection": {"PhysicalConnectionId": line},
        "CreateVirtualBorderRouter": vbr_fields(line, 3),
        "CreatePhysicalConnectionOccupancyOrder": {"PhysicalConnectionId": line},
        "DescribeVirtualBorderRoutersForPhysicalConnection": {"PhysicalConnectionId": line},
        "CreateRouterInterface": {
            "RouterType": "VBR",
            "RouterId": vbr,
            "Role": "InitiatingSide",
            "Spec": "Large.2",
            "OppositeRegionId": HERE,
        },
    }
    for action, fields in asked.items():
        assert cloud.code(cloud.call, action, RegionId=THERE, **fields).endswith("NotFound"), action
        assert (
            cloud.code(cloud.call, action, RegionId="cn-atlantis", **fields) == "InvalidRegionId.NotFound"
        ), action
    assert (
        cloud.code(cloud.call, "CreatePhysicalConnection", RegionId=THERE, **APPLICATION)
        == "AccessPoint.NotFound"
    )
