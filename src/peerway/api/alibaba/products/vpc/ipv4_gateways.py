"""IPv4 gateways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peerway.api.alibaba.labels import BARE, label_filter, label_new, labels_for, shown_labels
from peerway.api.alibaba.products.vpc.common import here, in_vpcs_here, named, wanted
from peerway.api.alibaba.products.vpc.product import PRODUCT, word
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases import ipv4_gateways, route_entries
from peerway.app.usecases.access import seen_by
from peerway.app.usecases.pages import page
from peerway.domain.gateway import Ipv4Gateway
from peerway.domain.route_table import NextHop, RouteTable
from peerway.domain.text import check_number
from peerway.domain.vpc import Vpc

#: Gateways of a page unless the caller asks for another number, and the most it may ask for.
PAGE, LARGEST_PAGE = 10, 100
#: Where the entries lead that come with enabling a gateway.
ANYWHERE = "0.0.0.0/0"


@PRODUCT.writes("CreateIpv4Gateway")
def create_ipv4_gateway(call: WriteCall, given: Given) -> Answer:
    """Make a VPC's gateway; it changes nothing until it is enabled."""
    here(call, Vpc, given["VpcId"], "VpcId")
    request = ipv4_gateways.CreateIpv4Gateway(**named("CreateIpv4Gateway", given))
    gateway = call.use(ipv4_gateways.create_ipv4_gateway, request)
    label_new(call, given, gateway)
    (shown,) = _shown(call, [gateway])
    return {"Ipv4GatewayId": gateway.id, "ResourceGroupId": shown["ResourceGroupId"]}


@PRODUCT.reads("ListIpv4Gateways")
def list_ipv4_gateways(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's gateways."""
    conditions = (
        *seen_by(call.caller),
        *wanted(given, vpc_id="VpcId", id="Ipv4GatewayId", name="Ipv4GatewayName"),
        *in_vpcs_here(call, given.get("VpcId")),
    )
    size = check_number(given.get("MaxResults", PAGE), "MaxResults", 1, LARGEST_PAGE)
    keep, after = label_filter(call, given, "ipv4_gateway"), given.get("NextToken")
    if keep is None:
        found = page(call.tx, Ipv4Gateway, *conditions, after=after, limit=size)
        total = call.tx.count(Ipv4Gateway, *conditions)
    else:
        found = page(call.tx, Ipv4Gateway, *conditions, after=after, limit=size, keep=keep)
        total = sum(map(keep, call.tx.select(Ipv4Gateway, *conditions)))
    return {
        "TotalCount": str(total),
        "NextToken": found.next or "",
        "Ipv4GatewayModels": [
            {("GmtCreate" if name == "CreateTime" else name): value for name, value in one.items()}
            for one in _shown(call, found.items)
        ],
    }


@PRODUCT.reads("GetIpv4GatewayAttribute")
def get_ipv4_gateway_attribute(call: ReadCall, given: Given) -> Answer:
    """One gateway."""
    id = here(call, Ipv4Gateway, given["Ipv4GatewayId"], "Ipv4GatewayId")
    (shown,) = _shown(call, [call.use(ipv4_gateways.get_ipv4_gateway, id)])
    return shown


@PRODUCT.writes("EnableVpcIpv4Gateway")
def enable_vpc_ipv4_gateway(call: WriteCall, given: Given) -> Answer:
    """Have the route tables decide what leaves by the internet; those that are named get an entry for all of it."""
    id = here(call, Ipv4Gateway, given["Ipv4GatewayId"], "Ipv4GatewayId")
    request = ipv4_gateways.UpdateIpv4Gateway(id=id, enabled=True)
    call.use(ipv4_gateways.update_ipv4_gateway, request)
    for table_id in given.get("RouteTableList", ()):
        here(call, RouteTable, table_id, "RouteTableList")
        entry = route_entries.CreateRouteEntry(
            route_table_id=table_id, destination=ANYWHERE, next_hop=NextHop.IPV4_GATEWAY, next_hop_id=id
        )
        call.use(route_entries.create_route_entry, entry)
    return None


def _shown(call: AnyCall, found: Sequence[Ipv4Gateway]) -> list[dict[str, Any]]:
    labels = labels_for(call, found)
    return [
        {
            "Ipv4GatewayId": gateway.id,
            "Ipv4GatewayName": gateway.name,
            "Ipv4GatewayDescription": gateway.description,
            "Ipv4GatewayRouteTableId": "",
            "VpcId": gateway.vpc_id,
            "Enabled": gateway.enabled,
            "Status": word("ipv4_gateway_states", gateway.state),
            "CreateTime": time_text(gateway.created_at),
            **shown_labels(call, BARE, labels.get(gateway.id)),
        }
        for gateway in found
    ]
