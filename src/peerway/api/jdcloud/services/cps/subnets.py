"""Subnets, and the further ranges that come with them."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.jdcloud.regions import region_name, zone_for, zone_name, zone_of
from peerway.api.jdcloud.services.cps.product import KIND, LEAST, PRODUCT, paged
from peerway.api.jdcloud.services.places import (
    in_vpcs_here,
    region_of_call,
    subnet_here,
    vpc_here,
    vpcs_here,
    vpcs_of,
)
from peerway.api.jdcloud.services.shaping import asked, changed_texts, filters_of, own_page, time_of
from peerway.app.store import where
from peerway.app.usecases.vpcs import (
    AddSecondaryCidr,
    RemoveSecondaryCidr,
    add_secondary_cidr,
    remove_secondary_cidr,
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
from peerway.domain.vpc import Instance, Vpc, VSwitch, reserved_addresses


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
        zone_id=zone_for(call.world, vpc.region_id, spec.get("az"), "subnetSpec.az"),
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
    filters = filters_of(PRODUCT, "describeSubnets", given)
    zones = [zone_of(call.world, region_of_call(call), given["az"])] if "az" in given else []
    page = own_page(
        call,
        given,
        VSwitch,
        *asked(given, vpc_id="vpcId", name="name"),
        *(where("zone_id", zone) for zone in zones),
        *filters.conditions,
        *in_vpcs_here(call, KIND),
        least=LEAST,
    )
    vpcs = vpcs_of(call, page.items)
    return paged("subnets", [_subnet(call, one, vpcs[one.vpc_id]) for one in page.items], page)


@PRODUCT.finds("describeSubnet")
def describe_subnet(call: ReadCall, given: Given) -> Answer:
    """One subnet."""
    return _one_subnet(call, subnet_here(call, KIND, given["subnetId"]))


@PRODUCT.writes("modifySubnet")
def modify_subnet(call: WriteCall, given: Given) -> Answer:
    """Change a subnet's texts."""
    request = UpdateVSwitch(
        id=subnet_here(call, KIND, given["subnetId"]).id,
        **changed_texts(given),
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


def _range_id(vpc: Vpc, cidr: IPv4Network) -> str:
    """What a further range of a VPC is called; it has no id of its own."""
    return f"scidr-{vpc.id.removeprefix('vpc-')}-{int(cidr.network_address):08x}{cidr.prefixlen:02d}"


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
