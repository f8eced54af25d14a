"""Border routers: made, changed, switched off and on, listed."""

from __future__ import annotations

from typing import Any, Final

from peerway.api.alibaba.labels import INTERFACES, label_new, labels_for, shown_labels
from peerway.api.alibaba.products.expressconnect.gateways import changed_gateways, new_gateways
from peerway.api.alibaba.products.expressconnect.product import PRODUCT
from peerway.api.alibaba.products.expressconnect.shared import (
    Choices,
    declare_verb,
    fields_of,
    filtered,
    here,
    listed,
    page_shape,
    time_of,
    word,
)
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases.lines import get_line
from peerway.app.usecases.vbrs import (
    CreateVbr,
    UpdateVbr,
    VbrRequest,
    create_vbr,
    delete_vbr,
    get_vbr,
    recover_vbr,
    terminate_vbr,
    update_vbr,
)
from peerway.domain.line import PhysicalConnection, VbrState, VirtualBorderRouter

#: Fields of filters whose values have words of the cloud's.
CHOICES: Final[Choices] = {"state": (VbrState, "vbr_states")}

#: Verbs that need nothing but the border router.
VERBS: Final = {
    "DeleteVirtualBorderRouter": delete_vbr,
    "TerminateVirtualBorderRouter": terminate_vbr,
    "RecoverVirtualBorderRouter": recover_vbr,
}


for _action, _use_case in VERBS.items():
    declare_verb(_action, VirtualBorderRouter, _use_case, VbrRequest)


@PRODUCT.writes("CreateVirtualBorderRouter")
def create(call: WriteCall, given: Given) -> Answer:
    """A border router on a line."""
    here(call, PhysicalConnection, given["PhysicalConnectionId"])
    fields = {**fields_of("CreateVirtualBorderRouter", given), **new_gateways(given)}
    made = call.use(create_vbr, CreateVbr(**fields))
    label_new(call, {**given, "Tag": given.get("Tags")}, made)
    return {"VbrId": made.id}


@PRODUCT.writes("ModifyVirtualBorderRouterAttribute")
def modify(call: WriteCall, given: Given) -> Answer:
    """Texts, gateways, VLAN."""
    fields = fields_of("ModifyVirtualBorderRouterAttribute", given)
    fields |= changed_gateways(given, call.use(get_vbr, here(call, VirtualBorderRouter, given["VbrId"])))
    call.use(update_vbr, UpdateVbr(**fields))
    return None


@PRODUCT.reads("DescribeVirtualBorderRouters")
def describe(call: ReadCall, given: Given) -> Answer:
    """A page of the border routers in a region: the caller's, and those of other accounts on its lines."""
    across = given.get("IncludeCrossAccountVbr", True)
    mine = where(("owner_uid", "line_owner_uid") if across else "owner_uid", call.caller.uid)
    page = listed(call, given, VirtualBorderRouter, mine, *filtered(given, "vbr_filters", CHOICES))
    labels = labels_for(call, page.items)

    def shape(vbr: VirtualBorderRouter) -> dict[str, Any]:
        return {
            **vbr_shape(vbr),
            **_line_shape(call, vbr),
            **shown_labels(call, INTERFACES, labels.get(vbr.id)),
        }

    return page_shape(page, "VirtualBorderRouterSet", "VirtualBorderRouterType", shape)


@PRODUCT.reads("DescribeVirtualBorderRoutersForPhysicalConnection")
def describe_on_line(call: ReadCall, given: Given) -> Answer:
    """A page of the border routers on a line of the caller's."""
    line = call.use(get_line, here(call, PhysicalConnection, given["PhysicalConnectionId"]))
    conditions = (where("line_id", line.id), *filtered(given, "vbr_filters", CHOICES))
    page = listed(call, given, VirtualBorderRouter, *conditions)

    def shape(vbr: VirtualBorderRouter) -> dict[str, Any]:
        return {
            **vbr_shape(vbr),
            "VbrName": vbr.name,
            "VbrOwnerUid": int(vbr.owner_uid),
            "Bandwidth": str(line.bandwidth_mbps),
            "BandwidthStatus": "",
            "PConnVbrBussinessStatus": "Normal",
        }

    wrapper = "VirtualBorderRouterForPhysicalConnection"
    return page_shape(page, f"{wrapper}Set", f"{wrapper}Type", shape)


def vbr_shape(vbr: VirtualBorderRouter) -> dict[str, Any]:
    """What both lists have."""
    times = dict.fromkeys(PRODUCT.extra["vbr_times"].values(), "")
    began = PRODUCT.extra["vbr_times"].get(vbr.state)
    if began:
        times[began] = time_of(vbr.state_since)
    return {
        "VbrId": vbr.id,
        "Status": word("vbr_states", vbr.state),
        "Type": "pconnVbr",
        "VlanId": vbr.vlan,
        **gateway_shape(vbr),
        "CircuitCode": vbr.circuit_code,
        "CreationTime": time_of(vbr.created_at),
        **times,
        "EccId": "",
        "PConnVbrChargeType": "",
        "PConnVbrExpireTime": "",
    }


def gateway_shape(vbr: VirtualBorderRouter) -> dict[str, Any]:
    """The two gateways, for both versions of IP."""
    six = vbr.local_gateway6
    return {
        "LocalGatewayIp": str(vbr.local_gateway.ip),
        "PeerGatewayIp": str(vbr.peer_gateway),
        "PeeringSubnetMask": str(vbr.local_gateway.netmask),
        "EnableIpv6": six is not None,
        "LocalIpv6GatewayIp": str(six.ip) if six else "",
        "PeerIpv6GatewayIp": str(vbr.peer_gateway6 or ""),
        "PeeringIpv6SubnetMask": str(six.network) if six else "",
    }


def _line_shape(call: AnyCall, vbr: VirtualBorderRouter) -> dict[str, Any]:
    """The line that the border router is on; what else the list has."""
    line = call.tx.get(PhysicalConnection, vbr.line_id)
    of_line = {
        "PhysicalConnectionId": vbr.line_id,
        "PhysicalConnectionOwnerUid": vbr.line_owner_uid,
        "PhysicalConnectionStatus": word("line_states", line.state) if line else "",
        "PhysicalConnectionBusinessStatus": "Normal",
    }
    associated = {
        **of_line,
        **gateway_shape(vbr),
        "CircuitCode": vbr.circuit_code,
        "Status": word("vbr_states", vbr.state),
        "VlanId": str(vbr.vlan),
        "VlanInterfaceId": "",
    }
    return {
        **of_line,
        "Name": vbr.name,
        "Description": vbr.description,
        "AccessPointId": vbr.access_point_id,
        "Bandwidth": line.bandwidth_mbps if line else 0,
        "RouteTableId": vbr.route_table_id,
        "VlanInterfaceId": "",
        "AssociatedPhysicalConnections": {"AssociatedPhysicalConnection": [associated]},
        "AssociatedCens": {"AssociatedCen": []},
        "CloudBoxInstanceId": "",
        "EcrId": "",
        "EcrOwnerId": "",
        "EcrAttatchStatus": "",
        "MinRxInterval": 0,
        "MinTxInterval": 0,
        "DetectMultiplier": 0,
        "Mtu": 1500,
        "SitelinkEnable": False,
    }
