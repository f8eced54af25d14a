"""Regions, VPCs, and route tables, which are read only: the system writes the routes of peerings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.regions import region_name, zone_name
from peerway.api.jdcloud.services.cps.product import KIND, LEAST, PRODUCT, paged
from peerway.api.jdcloud.services.places import (
    in_vpcs_here,
    region_of_call,
    table_here,
    vpc_here,
    vpcs_of,
)
from peerway.api.jdcloud.services.shaping import asked, changed_texts, filters_of, own_page, time_of
from peerway.app.store import where
from peerway.app.usecases.route_entries import list_entries
from peerway.app.usecases.vpcs import (
    CreateVpc,
    DeleteVpc,
    UpdateVpc,
    create_vpc,
    delete_vpc,
    update_vpc,
)
from peerway.domain.errors import InvalidInput
from peerway.domain.route_table import RouteTable
from peerway.domain.vpc import Vpc

#: What `enableIpv6` says, and the range that it stands for.
IPV6: Mapping[str, str | None] = {"yes": "auto", "no": None}


@PRODUCT.finds("describeRegiones")
def describe_regions(call: ReadCall, _: Given) -> Answer:
    """All regions with their zones."""
    regions = [
        {
            "region": region_name(region.id),
            "regionName": region.name_zh,
            "azs": [
                {
                    "region": region_name(region.id),
                    "az": zone_name(region.id, zone),
                    "azName": zone_name(region.id, zone),
                }
                for zone in region.zones
            ],
        }
        for region in call.world.regions
    ]
    return {"regions": regions}


@PRODUCT.writes("createVpc")
def create(call: WriteCall, given: Given) -> Answer:
    """Make a VPC for bare-metal hosts."""
    spec = given["vpcSpec"]
    wanted = spec.get("enableIpv6", "no")
    if wanted not in IPV6:
        raise InvalidInput("vpcSpec.enableIpv6", "must be yes or no", wanted)
    request = CreateVpc(
        region_id=region_of_call(call),
        cidr=spec["cidr"],
        name=spec["name"],
        description=spec.get("description", ""),
        ipv6_cidr=IPV6[wanted],
        kind=KIND,
        client_token=given.get("clientToken"),
    )
    call.wakes_worker = True
    return {"vpcId": call.use(create_vpc, request).id}


@PRODUCT.reads("describeVpcs")
def describe_vpcs(call: ReadCall, given: Given) -> Answer:
    """The caller's VPCs in the region."""
    filters = filters_of(PRODUCT, "describeVpcs", given)
    page = own_page(
        call,
        given,
        Vpc,
        where("region_id", region_of_call(call)),
        where("kind", KIND),
        *asked(given, name="name"),
        *filters.conditions,
        least=LEAST,
    )
    return paged("vpcs", [_vpc(vpc) for vpc in page.items], page)


@PRODUCT.finds("describeVpc")
def describe_vpc(call: ReadCall, given: Given) -> Answer:
    """One VPC."""
    return {"vpc": _vpc(vpc_here(call, KIND, given["vpcId"]))}


@PRODUCT.writes("modifyVpc")
def modify_vpc(call: WriteCall, given: Given) -> Answer:
    """Change a VPC's texts."""
    vpc = vpc_here(call, KIND, given["vpcId"])
    request = UpdateVpc(id=vpc.id, **changed_texts(given))
    return {"vpc": _vpc(call.use(update_vpc, request))}


@PRODUCT.writes("deleteVpc")
def delete(call: WriteCall, given: Given) -> Answer:
    """Delete an empty VPC."""
    call.use(delete_vpc, DeleteVpc(id=vpc_here(call, KIND, given["vpcId"]).id))
    call.wakes_worker = True
    return None


@PRODUCT.reads("describeRouteTables")
def describe_tables(call: ReadCall, given: Given) -> Answer:
    """The caller's route tables in the region."""
    filters = filters_of(PRODUCT, "describeRouteTables", given)
    page = own_page(
        call,
        given,
        RouteTable,
        *asked(given, vpc_id="vpcId", name="name"),
        *filters.conditions,
        *in_vpcs_here(call, KIND),
        least=LEAST,
    )
    vpcs = vpcs_of(call, page.items)
    return paged("routeTables", [_table(call, one, vpcs[one.vpc_id]) for one in page.items], page)


@PRODUCT.reads("describeRouteTable")
def describe_table(call: ReadCall, given: Given) -> Answer:
    """One route table with its routes."""
    table = table_here(call, KIND, given["routeTableId"])
    return {"routeTable": _table(call, table, vpc_here(call, KIND, table.vpc_id))}


def _vpc(vpc: Vpc) -> dict[str, Any]:
    return {
        "region": region_name(vpc.region_id),
        "vpcId": vpc.id,
        "name": vpc.name,
        "cidr": str(vpc.cidr),
        "ipv6Cidr": str(vpc.ipv6_cidr or ""),
        "ipv6GatewayId": "",
        "description": vpc.description,
        "createTime": time_of(vpc.created_at),
    }


def _table(call: AnyCall, table: RouteTable, vpc: Vpc) -> dict[str, Any]:
    names: Mapping[str, str] = PRODUCT.extra["next_hops"]
    routes = [
        {
            "destinationCidr": str(entry.destination),
            "nextHopType": names[entry.next_hop],
            "nextHop": entry.next_hop_id or "",
        }
        for entry in call.list(list_entries, table.id)
        if entry.next_hop in names
    ]
    return {
        "routeTableId": table.id,
        "region": region_name(vpc.region_id),
        "vpcId": vpc.id,
        "vpcName": vpc.name,
        "name": table.name,
        "createTime": time_of(table.created_at),
        "routes": routes,
    }
