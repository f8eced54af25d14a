"""What Terraform's provider does for Express Connect: its requests in their order, by its two stacks; every wait ends.

The names of the tests are the provider's resources.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.express import POINT, vbr_fields
from tests.support.live import Cloud, Tenant, running_cloud
from tests.support.offices import HOST, RANGE, Office, an_office
from tests.support.sites import Oracles, Site, make_site
from tests.support.terraform import Provider, Refused, filters
from tests.support.terraform_express import (
    create_connection,
    create_interface,
    delete_connection,
    delete_interface,
    read,
    refresh_connection,
    state,
)

pytestmark = pytest.mark.kernel

HERE, THERE = "cn-hangzhou", "cn-beijing"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """The site where all lines of the installation end."""
    with an_office() as made:
        yield made


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane that gives lines their port by itself."""
    folder = tmp_path_factory.mktemp("peerway")
    with running_cloud(folder, "kernel", "--line-port", office.port) as running:
        yield running


def configured(tenant: Tenant, region: str) -> Provider:
    """The provider block for an account and a region."""
    return Provider(tenant.endpoint, tenant.key_id, tenant.secret, region)


def to(site: Site, interface_id: str, destination: str) -> dict[str, Any]:
    """A route of the site's VPC over an interface."""
    return {
        "RouteTableId": site.table_id,
        "DestinationCidrBlock": destination,
        "NextHopType": "RouterInterface",
        "NextHopId": interface_id,
    }


def test_router_interface_and_router_interface_connection(cloud: Cloud) -> None:
    """API-1, API-3: two accounts in two regions; apply, refresh, switched off by hand, apply again, destroy."""
    oracles = Oracles(cloud)
    one, other = cloud.tenant("tf-one"), cloud.tenant("tf-other")
    here = make_site(one, HERE, "10.1.0.0/16", "10.1.1.0/24")
    there = make_site(other, THERE, "10.2.0.0/16", "10.2.1.0/24")
    ours, theirs = configured(one, HERE), configured(other, THERE)
    near = create_interface(ours, here.vpc["router_id"], "InitiatingSide", THERE, "Large.1")
    far = create_interface(theirs, there.vpc["router_id"], "AcceptingSide", HERE, "Negative")
    create_connection(theirs, far, ours, near, one.uid)
    create_connection(ours, near, theirs, far, other.uid)
    entries = [(ours, to(here, near, "10.2.0.0/16")), (theirs, to(there, far, "10.1.0.0/16"))]
    for terraform, entry in entries:
        terraform.query("CreateRouteEntry", **entry, ClientToken=terraform.token("CreateRouteEntry"))
    assert oracles.both(here, there) == (True, True)
    theirs.query("DeactivateRouterInterface", RouterInterfaceId=far)
    theirs.wait(far, lambda: state(theirs, far), "Inactive")
    assert oracles.both(here, there) == (False, False)
    for terraform, id in ((theirs, far), (ours, near)):
        refresh_connection(terraform, id)
    assert oracles.both(here, there) == (True, True)
    ours.query("ModifyRouterInterfaceSpec", RouterInterfaceId=near, Spec="Middle.1")
    ours.wait(near, lambda: state(ours, near), "Active")
    for terraform, entry in entries:
        terraform.query(
            "DeleteRouteEntry", **{name: value for name, value in entry.items() if name != "NextHopType"}
        )
    for terraform, id in ((ours, near), (theirs, far)):
        delete_connection(terraform, id)
    for terraform, id in ((ours, near), (theirs, far)):
        delete_interface(terraform, id)
        assert terraform.code(terraform.query, "DeleteRouterInterface", RouterInterfaceId=id).endswith(
            "NotFound"
        )
        terraform.close()


def test_a_connection_of_one_account_that_was_switched_off(cloud: Cloud) -> None:
    """API-1: the account of the other side is asked of Sts; what is joined already is only switched on."""
    tenant = cloud.tenant("tf-alone")
    terraform = configured(tenant, HERE)
    routers = [make_site(tenant, HERE, f"10.{n}.0.0/16", f"10.{n}.1.0/24").vpc["router_id"] for n in (1, 2)]
    near = create_interface(terraform, routers[0], "InitiatingSide", HERE, "Large.2")
    far = create_interface(terraform, routers[1], "AcceptingSide", HERE, "Negative")
    for _ in range(2):
        create_connection(terraform, far, terraform, near)
        create_connection(terraform, near, terraform, far)
        for id in (near, far):
            delete_connection(terraform, id)
    for id in (near, far):
        delete_interface(terraform, id)
    terraform.close()


def test_express_connect_router_interface(cloud: Cloud) -> None:
    """API-1: the newer stack; a fast link between two VPCs, switched by its `status`, removed as a whole."""
    tenant = cloud.tenant("tf-fast")
    terraform = configured(tenant, HERE)
    routers = [
        make_site(tenant, region, f"10.{n}.0.0/16", f"10.{n}.1.0/24").vpc["router_id"]
        for n, region in ((1, HERE), (2, THERE))
    ]
    made = terraform.call(
        "CreateRouterInterface",
        RouterType="VRouter",
        RouterId=routers[0],
        Role="InitiatingSide",
        Spec="Large.1",
        OppositeRegionId=THERE,
        OppositeRouterId=routers[1],
        OppositeRouterType="VRouter",
        FastLinkMode=True,
        InstanceChargeType="PostPaid",
        AutoPay=True,
        ClientToken=terraform.token("CreateRouterInterface"),
    )
    id = str(made["RouterInterfaceId"])
    terraform.wait(id, lambda: state(terraform, id), "Idle", "Active")
    terraform.wait(id, lambda: state(terraform, id), "Active")
    terraform.call("ModifyRouterInterfaceAttribute", RouterInterfaceId=id, Name="fast", Description="link")
    terraform.call("ModifyRouterInterfaceSpec", RouterInterfaceId=id, Spec="Small.5")
    terraform.wait(id, lambda: state(terraform, id), "Active")
    opposite = configured(tenant, THERE)
    far = str((read(terraform, id) or {})["OppositeInterfaceId"])
    for side, own in ((terraform, id), (opposite, far)):
        side.call("DeactivateRouterInterface", RouterInterfaceId=own)
        side.wait(own, lambda side=side, own=own: state(side, own), "Inactive")
    token = terraform.token("DeleteExpressConnect")
    terraform.call("DeleteExpressConnect", RouterInterfaceId=id, Force=True, ClientToken=token)
    for side, own in ((terraform, id), (opposite, far)):
        side.wait(own, lambda side=side, own=own: state(side, own))
        side.close()


def line_state(terraform: Provider, id: str) -> str | None:
    """The line's state, as the provider's waits see it."""
    answer = terraform.call(
        "DescribePhysicalConnections", Filter=filters(PhysicalConnectionId=id), IncludeReservationData=True
    )
    found = answer["PhysicalConnectionSet"]["PhysicalConnectionType"]
    return str(found[0]["Status"]) if found else None


def create_line(terraform: Provider, point: str = POINT) -> str:
    """`alicloud_express_connect_physical_connection` made."""
    token = terraform.token("CreatePhysicalConnection")
    fields = {"LineOperator": "CT", "PeerLocation": "Harbour Road", "PortType": "1000Base-LX", "Type": "VPC"}
    made = terraform.call(
        "CreatePhysicalConnection", AccessPointId=point, bandwidth=100, ClientToken=token, **fields
    )
    id = str(made["PhysicalConnectionId"])
    terraform.wait(id, lambda: line_state(terraform, id), "Allocated", fails=["Allocation Failed"])
    return id


def enable_line(terraform: Provider, id: str) -> None:
    """Its `status` set to `Enabled`."""
    terraform.call(
        "ConfirmPhysicalConnection", PhysicalConnectionId=id, ClientToken=terraform.token("Confirm")
    )
    terraform.wait(id, lambda: line_state(terraform, id), "Confirmed")
    order = {"InstanceChargeType": "PrePaid", "Period": 1, "PricingCycle": "Month", "AutoPay": True}
    answer = terraform.call("CreatePhysicalConnectionOccupancyOrder", PhysicalConnectionId=id, **order)
    assert answer["Data"]["OrderId"]
    terraform.wait(id, lambda: line_state(terraform, id), "Enabled")


def delete_line(terraform: Provider, id: str) -> None:
    """Destroyed; one that is not there any more is fine."""
    terraform.call("DeletePhysicalConnection", PhysicalConnectionId=id, ClientToken=terraform.token("Delete"))
    terraform.wait(id, lambda: line_state(terraform, id))
    with pytest.raises(Refused) as refused:
        terraform.call("DeletePhysicalConnection", PhysicalConnectionId=id)
    assert refused.value.not_found


def test_express_connect_physical_connection(cloud: Cloud) -> None:
    """API-1: every `status` that the resource can be given, by present and by older providers."""
    terraform = configured(cloud.tenant("tf-lines"), HERE)
    id = create_line(terraform)
    terraform.call(
        "ModifyPhysicalConnectionAttribute", PhysicalConnectionId=id, Name="north", CircuitCode="c-1"
    )
    enable_line(terraform, id)
    terraform.call("TerminatePhysicalConnection", PhysicalConnectionId=id)
    terraform.wait(id, lambda: line_state(terraform, id), "Terminated")
    delete_line(terraform, id)
    older = create_line(terraform)
    for verb in ("Confirm", "Enable", "Terminate"):
        terraform.call(f"{verb}PhysicalConnection", PhysicalConnectionId=older)
    delete_line(terraform, older)
    canceled = create_line(terraform)
    terraform.call("CancelPhysicalConnection", PhysicalConnectionId=canceled)
    terraform.wait(canceled, lambda: line_state(terraform, canceled), "Canceled")
    delete_line(terraform, canceled)
    terraform.close()


def vbr_state(terraform: Provider, id: str) -> str | None:
    """The border router's state, as the provider's waits see it."""
    found = read_vbr(terraform, id)
    return None if found is None else str(found["Status"])


def read_vbr(terraform: Provider, id: str) -> dict[str, Any] | None:
    """The provider's look at a border router."""
    asked = {"Filter": filters(VbrId=id), "IncludeCrossAccountVbr": True, "PageNumber": 1, "PageSize": 50}
    found = terraform.call("DescribeVirtualBorderRouters", **asked)["VirtualBorderRouterSet"][
        "VirtualBorderRouterType"
    ]
    return dict(found[0]) if found else None


def create_vbr(terraform: Provider, line: str, number: int) -> str:
    """`alicloud_express_connect_virtual_border_router` made."""
    token = terraform.token("CreateVirtualBorderRouter")
    fields = {**vbr_fields(line, number), "Name": "edge", "EnableIpv6": False, "ClientToken": token}

    def send() -> Any:
        return terraform.call("CreateVirtualBorderRouter", **fields)

    id = str(terraform.retried("TaskConflict", send=send)["VbrId"])
    terraform.wait(id, lambda: vbr_state(terraform, id), "active", "unconfirmed")
    return id


def delete_vbr(terraform: Provider, id: str) -> None:
    """Destroyed."""

    def send() -> Any:
        return terraform.call("DeleteVirtualBorderRouter", VbrId=id, ClientToken=terraform.token("Delete"))

    terraform.retried("DependencyViolation.BgpGroup", send=send)
    terraform.wait(id, lambda: vbr_state(terraform, id))


def test_express_connect_virtual_border_router(cloud: Cloud) -> None:
    """API-1: made, given every `status`, changed, removed with its line."""
    terraform = configured(cloud.tenant("tf-vbr"), HERE)
    line = create_line(terraform)
    enable_line(terraform, line)
    id = create_vbr(terraform, line, 0)
    for verb, reached in (("Terminate", "terminated"), ("Recover", "active")):
        terraform.call(f"{verb}VirtualBorderRouter", VbrId=id, ClientToken=terraform.token(verb))
        terraform.wait(id, lambda: vbr_state(terraform, id), reached)
    changes = {
        "VlanId": 7,
        "LocalGatewayIp": "10.255.9.1",
        "PeerGatewayIp": "10.255.9.2",
        "Description": "changed",
    }
    terraform.call(
        "ModifyVirtualBorderRouterAttribute", VbrId=id, PeeringSubnetMask="255.255.255.252", **changes
    )
    terraform.wait(id, lambda: vbr_state(terraform, id), "active")
    told = read_vbr(terraform, id)
    assert told is not None
    assert {name: told[name] for name in changes} == changes
    delete_vbr(terraform, id)
    terraform.call("TerminatePhysicalConnection", PhysicalConnectionId=line)
    delete_line(terraform, line)
    terraform.close()


def test_an_office_from_nothing_to_packets(cloud: Cloud, office: Office) -> None:
    """API-1, EC-12: line, border router, two interfaces and their connections; no operator's hand anywhere."""
    tenant = cloud.tenant("tf-office")
    site: Site = make_site(tenant, THERE, "10.1.0.0/16", "10.1.1.0/24")
    here, there = configured(tenant, HERE), configured(tenant, THERE)
    line = create_line(here)
    enable_line(here, line)
    vbr = create_vbr(here, line, 30)
    near = create_interface(here, vbr, "InitiatingSide", THERE, "Large.1")
    far = create_interface(there, site.vpc["router_id"], "AcceptingSide", HERE, "Negative")
    create_connection(there, far, here, near)
    create_connection(here, near, there, far)
    table = str((read_vbr(here, vbr) or {})["RouteTableId"])
    to_vpc = {"destination": "10.1.0.0/16", "next_hop": "router_interface", "next_hop_id": near}
    for entry in (to_vpc, {"destination": RANGE, "next_hop": "line"}):
        tenant.post(f"/route-tables/{table}/entries", **entry)
    site.route(RANGE, {"id": far})
    office.learn({"id": vbr, "local_gateway": "10.255.30.1/30"}, "10.1.0.0/16")
    assert Oracles(cloud).reach(site, HOST)
    here.close()
    there.close()
