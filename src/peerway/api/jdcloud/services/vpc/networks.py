"""VPCs and subnets."""

from __future__ import annotations

from typing import Any

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.regions import zone_for, zone_name, zone_of
from peerway.api.jdcloud.services.places import in_vpcs_here, region_of_call, subnet_here, vpc_here
from peerway.api.jdcloud.services.shaping import (
    changed_texts,
    filters_of,
    labelled_page,
    labels_shown,
    put_labels,
    time_of,
    with_labels,
)
from peerway.api.jdcloud.services.vpc.product import KIND, PRODUCT
from peerway.app.store import where
from peerway.app.usecases.vpcs import CreateVpc, DeleteVpc, UpdateVpc, create_vpc, delete_vpc, update_vpc
from peerway.app.usecases.vswitches import (
    CreateVSwitch,
    DeleteVSwitch,
    UpdateVSwitch,
    create_vswitch,
    delete_vswitch,
    update_vswitch,
)
from peerway.domain.errors import InvalidInput
from peerway.domain.route_table import RouteTable
from peerway.domain.security import NetworkAcl
from peerway.domain.vpc import Instance, Vpc, VSwitch, reserved_addresses


@PRODUCT.writes("createVpc")
def create(call: WriteCall, given: Given) -> Answer:
    """Make a VPC."""
    request = CreateVpc(
        region_id=region_of_call(call),
        cidr=given["addressPrefix"],
        name=given["vpcName"],
        description=given.get("description", ""),
        kind=KIND,
    )
    vpc = call.use(create_vpc, request)
    put_labels(call, vpc, given)
    call.wakes_worker = True
    return {"vpcId": vpc.id}


@PRODUCT.reads("describeVpcs")
def describe_vpcs(call: ReadCall, given: Given) -> Answer:
    """The caller's VPCs in the region."""
    filters = filters_of(PRODUCT, "describeVpcs", given)
    conditions = [where("region_id", region_of_call(call)), where("kind", KIND), *filters.conditions]
    return labelled_page(call, given, Vpc, *conditions, field="vpcs", shape=_vpc)


@PRODUCT.finds("describeVpc")
def describe_vpc(call: ReadCall, given: Given) -> Answer:
    """One VPC."""
    vpc = vpc_here(call, KIND, given["vpcId"])
    return {"vpc": _vpc(call, vpc, labels_shown(call, vpc))}


@PRODUCT.writes("modifyVpc")
def modify_vpc(call: WriteCall, given: Given) -> Answer:
    """Change a VPC's texts; its range stays."""
    vpc = vpc_here(call, KIND, given["vpcId"])
    if given.get("addressPrefix", str(vpc.cidr)) != str(vpc.cidr):
        raise InvalidInput("addressPrefix", f"must stay {vpc.cidr}", given["addressPrefix"])
    request = UpdateVpc(id=vpc.id, **changed_texts(given, "vpcName"))
    call.use(update_vpc, request)
    return None


@PRODUCT.writes("deleteVpc")
def delete(call: WriteCall, given: Given) -> Answer:
    """Delete an empty VPC."""
    call.use(delete_vpc, DeleteVpc(id=vpc_here(call, KIND, given["vpcId"]).id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("createSubnet")
def create_subnet(call: WriteCall, given: Given) -> Answer:
    """Make a subnet, in the region's first zone unless another is named."""
    vpc = vpc_here(call, KIND, given["vpcId"])
    request = CreateVSwitch(
        vpc_id=vpc.id,
        zone_id=zone_for(call.world, vpc.region_id, given.get("az"), "az"),
        cidr=given["addressPrefix"],
        name=given["subnetName"],
        description=given.get("description", ""),
        route_table_id=given.get("routeTableId"),
    )
    subnet = call.use(create_vswitch, request)
    put_labels(call, subnet, given)
    call.wakes_worker = True
    return {"subnetId": subnet.id}


@PRODUCT.reads("describeSubnets")
def describe_subnets(call: ReadCall, given: Given) -> Answer:
    """The caller's subnets in the region."""
    region_id = region_of_call(call)
    filters = filters_of(PRODUCT, "describeSubnets", given).translated(
        "zone_id", lambda name: zone_of(call.world, region_id, name)
    )
    conditions = [*filters.conditions, *in_vpcs_here(call, KIND)]
    return labelled_page(call, given, VSwitch, *conditions, field="subnets", shape=_subnet)


@PRODUCT.finds("describeSubnet")
def describe_subnet(call: ReadCall, given: Given) -> Answer:
    """One subnet."""
    subnet = subnet_here(call, KIND, given["subnetId"])
    return {"subnet": _subnet(call, subnet, labels_shown(call, subnet))}


@PRODUCT.writes("modifySubnet")
def modify_subnet(call: WriteCall, given: Given) -> Answer:
    """Change a subnet's texts."""
    request = UpdateVSwitch(
        id=subnet_here(call, KIND, given["subnetId"]).id,
        **changed_texts(given, "subnetName"),
    )
    call.use(update_vswitch, request)
    return None


@PRODUCT.writes("deleteSubnet")
def delete_subnet(call: WriteCall, given: Given) -> Answer:
    """Delete a subnet without instances."""
    call.use(delete_vswitch, DeleteVSwitch(id=subnet_here(call, KIND, given["subnetId"]).id))
    call.wakes_worker = True
    return None


def _vpc(call: AnyCall, vpc: Vpc, labels: dict[str, Any]) -> dict[str, Any]:
    inside = where("vpc_id", vpc.id)
    subnets = with_labels(call, call.tx.select(VSwitch, inside))
    return {
        "vpcId": vpc.id,
        "addressPrefix": str(vpc.cidr),
        "description": vpc.description,
        "vpcName": vpc.name,
        "aclIds": [acl.id for acl in call.tx.select(NetworkAcl, inside)],
        "routeTableIds": [table.id for table in call.tx.select(RouteTable, inside)],
        "subnets": [_subnet(call, subnet, shown) for subnet, shown in subnets],
        "createdTime": time_of(vpc.created_at),
        "vpcPolicyId": "",
        **labels,
    }


def _subnet(call: AnyCall, subnet: VSwitch, labels: dict[str, Any]) -> dict[str, Any]:
    reserved = reserved_addresses(subnet.cidr)
    used = call.tx.count(Instance, where("vswitch_id", subnet.id))
    six = subnet.ipv6_cidr
    return {
        "subnetId": subnet.id,
        "subnetName": subnet.name,
        "vpcId": subnet.vpc_id,
        "addressPrefix": str(subnet.cidr),
        "availableIpCount": subnet.cidr.num_addresses - len(reserved) - used,
        "availableCidrIpCount": 0,
        "ipMaskLen": 0,
        "description": subnet.description,
        "routeTableId": subnet.route_table_id,
        "aclId": subnet.network_acl_id or "",
        "startIp": str(subnet.cidr[1]),
        "endIp": str(subnet.cidr[-4]),
        "ipv6StartIp": "" if six is None else str(six[2]),
        "ipv6EndIp": "" if six is None else str(six[-1]),
        "createdTime": time_of(subnet.created_at),
        "subnetType": "standard",
        "az": zone_name(region_of_call(call), subnet.zone_id),
        "publicSubnet": False,
        "type": "normal",
        "hpcClusterId": "",
        **labels,
    }
