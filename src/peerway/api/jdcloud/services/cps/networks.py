"""Regions, VPCs, subnets and their ranges, and route tables, which are read only: the system writes the routes of peerings."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.paging import Numbered
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.regions import region_name, zone_name, zone_of
from peerway.api.jdcloud.services.cps.product import KIND, LEAST, PRODUCT
from peerway.api.jdcloud.services.places import (
    region_of_call,
    subnet_here,
    table_here,
    vpc_here,
    vpcs_here,
)
from peerway.api.jdcloud.services.shaping import all_of, filters_of, page_of, time_of
from peerway.app.store import where
from peerway.app.usecases.fields import UNSET
from peerway.app.usecases.route_tables import list_entries
from peerway.app.usecases.vpcs import (
    AddSecondaryCidr,
    CreateVpc,
    DeleteVpc,
    RemoveSecondaryCidr,
    UpdateVpc,
    add_secondary_cidr,
    create_vpc,
    delete_vpc,
    remove_secondary_cidr,
    update_vpc,
)
from peerway.app.usecases.vswitches import (
    CreateVSwitch,
    DeleteVSwitch,
    UpdateVSwitch,
    create_vswitch,
    delete_vswitch,
    update_vswitch,
)
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.route_table import RouteTable
from peerway.domain.vpc import Instance, Vpc, VSwitch, reserved_addresses

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
    filters, name = filters_of(PRODUCT, "describeVpcs", given), given.get("name")
    page = page_of(
        call,
        given,
        Vpc,
        where("owner_uid", call.caller.uid),
        where("region_id", region_of_call(call)),
        keep=all_of(lambda vpc: vpc.kind is KIND and name in {None, vpc.name}, filters.keep),
        least=LEAST,
    )
    return _page("vpcs", [_vpc(vpc) for vpc in page.items], page)


@PRODUCT.finds("describeVpc")
def describe_vpc(call: ReadCall, given: Given) -> Answer:
    """One VPC."""
    return {"vpc": _vpc(vpc_here(call, KIND, given["vpcId"]))}


@PRODUCT.writes("modifyVpc")
def modify_vpc(call: WriteCall, given: Given) -> Answer:
    """Change a VPC's texts."""
    vpc = vpc_here(call, KIND, given["vpcId"])
    request = UpdateVpc(id=vpc.id, name=given.get("name", UNSET), description=given.get("description", UNSET))
    return {"vpc": _vpc(call.use(update_vpc, request))}


@PRODUCT.writes("deleteVpc")
def delete(call: WriteCall, given: Given) -> Answer:
    """Delete an empty VPC."""
    call.use(delete_vpc, DeleteVpc(id=vpc_here(call, KIND, given["vpcId"]).id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("createSubnet")
def create_subnet(call: WriteCall, given: Given) -> Answer:
    """Make a subnet."""
    spec = given["subnetSpec"]
    if "secondaryCidr" in spec:
        rule = "must not be given here: add it by createSecondaryCidr"
        raise InvalidInput("subnetSpec.secondaryCidr", rule, spec["secondaryCidr"])
    vpc = vpc_here(call, KIND, spec["vpcId"])
    request = CreateVSwitch(
        vpc_id=vpc.id,
        zone_id=zone_of(call.world, vpc.region_id, spec.get("az")),
        cidr=spec["cidr"],
        name=spec["name"],
        description=spec.get("description", ""),
        ipv6_cidr=spec.get("ipv6Cidr"),
        client_token=given.get("clientToken"),
    )
    call.wakes_worker = True
    return {"subnetId": call.use(create_vswitch, request).id}


@PRODUCT.reads("describeSubnets")
def describe_subnets(call: ReadCall, given: Given) -> Answer:
    """The caller's subnets in the region."""
    filters, vpcs = filters_of(PRODUCT, "describeSubnets", given), vpcs_here(call, KIND)
    name, vpc_id, region_id = given.get("name"), given.get("vpcId"), region_of_call(call)
    zone = zone_of(call.world, region_id, given["az"]) if "az" in given else None

    def keep(subnet: VSwitch) -> bool:
        return subnet.vpc_id in vpcs and name in {None, subnet.name} and zone in {None, subnet.zone_id}

    page = page_of(
        call,
        given,
        VSwitch,
        where("owner_uid", call.caller.uid),
        *(() if vpc_id is None else (where("vpc_id", vpc_id),)),
        keep=all_of(keep, filters.keep),
        least=LEAST,
    )
    return _page("subnets", [_subnet(call, one, vpcs[one.vpc_id]) for one in page.items], page)


@PRODUCT.finds("describeSubnet")
def describe_subnet(call: ReadCall, given: Given) -> Answer:
    """One subnet."""
    return _one_subnet(call, subnet_here(call, KIND, given["subnetId"]))


@PRODUCT.writes("modifySubnet")
def modify_subnet(call: WriteCall, given: Given) -> Answer:
    """Change a subnet's texts."""
    request = UpdateVSwitch(
        id=subnet_here(call, KIND, given["subnetId"]).id,
        name=given.get("name", UNSET),
        description=given.get("description", UNSET),
    )
    return _one_subnet(call, call.use(update_vswitch, request))


@PRODUCT.writes("deleteSubnet")
def delete_subnet(call: WriteCall, given: Given) -> Answer:
    """Delete a subnet without hosts."""
    call.use(delete_vswitch, DeleteVSwitch(id=subnet_here(call, KIND, given["subnetId"]).id))
    call.wakes_worker = True
    return None


@PRODUCT.writes("createSecondaryCidr")
def create_secondary_cidr(call: WriteCall, given: Given) -> Answer:
    """Give the subnet's VPC one more range."""
    spec = given["secondaryCidrSpec"]
    vpc_id = subnet_here(call, KIND, spec["subnetId"]).vpc_id
    vpc = call.use(add_secondary_cidr, AddSecondaryCidr(id=vpc_id, cidr=spec["cidr"]))
    call.wakes_worker = True
    return {"secondaryCidrId": _range_id(vpc, vpc.secondary_cidrs[-1])}


@PRODUCT.finds("describeSecondaryCidrs")
def describe_secondary_cidrs(call: ReadCall, given: Given) -> Answer:
    """The further ranges of the subnet's VPC."""
    subnet = subnet_here(call, KIND, given["subnetId"])
    vpc = vpc_here(call, KIND, subnet.vpc_id)
    ranges = [
        {
            "secondaryCidrId": _range_id(vpc, cidr),
            "cidr": str(cidr),
            "region": region_name(vpc.region_id),
            "az": zone_name(vpc.region_id, subnet.zone_id),
            "subnetId": subnet.id,
            "name": "",
            "vpcId": vpc.id,
            "vpcName": vpc.name,
            "vpcCidr": str(vpc.cidr),
            "availableIpCount": cidr.num_addresses,
            "totalIpCount": cidr.num_addresses,
        }
        for cidr in vpc.secondary_cidrs
    ]
    return {"secondaryCidrs": ranges}


@PRODUCT.writes("deleteSecondaryCidr")
def delete_secondary_cidr(call: WriteCall, given: Given) -> Answer:
    """Take a range from its VPC."""
    id = given["secondaryCidrId"]
    for vpc in vpcs_here(call, KIND).values():
        for cidr in vpc.secondary_cidrs:
            if _range_id(vpc, cidr) == id:
                call.use(remove_secondary_cidr, RemoveSecondaryCidr(id=vpc.id, cidr=str(cidr)))
                call.wakes_worker = True
                return None
    raise NotFound("secondary_cidr", id[:64], field="secondaryCidrId")


@PRODUCT.reads("describeRouteTables")
def describe_tables(call: ReadCall, given: Given) -> Answer:
    """The caller's route tables in the region."""
    filters, vpcs = filters_of(PRODUCT, "describeRouteTables", given), vpcs_here(call, KIND)
    name, vpc_id = given.get("name"), given.get("vpcId")
    page = page_of(
        call,
        given,
        RouteTable,
        where("owner_uid", call.caller.uid),
        *(() if vpc_id is None else (where("vpc_id", vpc_id),)),
        keep=all_of(lambda table: table.vpc_id in vpcs and name in {None, table.name}, filters.keep),
        least=LEAST,
    )
    return _page("routeTables", [_table(call, one, vpcs[one.vpc_id]) for one in page.items], page)


@PRODUCT.reads("describeRouteTable")
def describe_table(call: ReadCall, given: Given) -> Answer:
    """One route table with its routes."""
    table = table_here(call, KIND, given["routeTableId"])
    return {"routeTable": _table(call, table, vpc_here(call, KIND, table.vpc_id))}


def _page(name: str, shown: list[dict[str, Any]], page: Numbered[Any]) -> Answer:
    return {name: shown, "pageNumber": page.number, "pageSize": page.size, "totalCount": page.total}


def _range_id(vpc: Vpc, cidr: IPv4Network) -> str:
    """What a further range of a VPC is called; it has no id of its own."""
    return f"scidr-{vpc.id.removeprefix('vpc-')}-{int(cidr.network_address):08x}{cidr.prefixlen:02d}"


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


def _one_subnet(call: AnyCall, subnet: VSwitch) -> Answer:
    return {"subnet": _subnet(call, subnet, vpc_here(call, KIND, subnet.vpc_id))}


def _subnet(call: AnyCall, subnet: VSwitch, vpc: Vpc) -> dict[str, Any]:
    hosts = call.tx.select(Instance, where("vswitch_id", subnet.id))
    total = subnet.cidr.num_addresses - len(reserved_addresses(subnet.cidr))
    return {
        "region": region_name(vpc.region_id),
        "az": zone_name(vpc.region_id, subnet.zone_id),
        "subnetId": subnet.id,
        "name": subnet.name,
        "cidr": str(subnet.cidr),
        "ipv6Cidr": str(subnet.ipv6_cidr or ""),
        "vpcId": vpc.id,
        "vpcName": vpc.name,
        "vpcCidr": str(vpc.cidr),
        "vpcIpv6Cidr": str(vpc.ipv6_cidr or ""),
        "availableIpCount": total - len(hosts),
        "totalIpCount": total,
        "usedIpv6IpCount": sum(host.ipv6 is not None for host in hosts),
        "totalIpv6IpCount": 0 if subnet.ipv6_cidr is None else 2**32,
        "secondaryCidrName": "",
        "secondaryCidr": "",
        "secondaryCidrId": "",
        "networkType": "vpc",
        "description": subnet.description,
        "createTime": time_of(subnet.created_at),
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
