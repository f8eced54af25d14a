"""Router interfaces: made, told their other side, joined, listed."""

from __future__ import annotations

from typing import Any, Final

from peerway.api.alibaba.labels import INTERFACES, label_new, labels_for, shown_labels, shown_labels_of
from peerway.api.alibaba.products.expressconnect.product import PRODUCT
from peerway.api.alibaba.products.expressconnect.shared import (
    Choices,
    declare_verb,
    fields_of,
    filtered,
    here,
    listed,
    meant,
    page_shape,
    region_of,
    time_of,
    word,
)
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases.fast_links import DeleteLink, create_fast_link, delete_link
from peerway.app.usecases.router_interface_views import DELETED, view_of
from peerway.app.usecases.router_interfaces import (
    ActivateRouterInterface,
    ConnectRouterInterface,
    CreateRouterInterface,
    DeactivateRouterInterface,
    DeleteRouterInterface,
    UpdateRouterInterface,
    activate_router_interface,
    connect_router_interface,
    create_router_interface,
    deactivate_router_interface,
    delete_router_interface,
    get_router_interface,
    update_router_interface,
)
from peerway.domain.errors import NotFound
from peerway.domain.router_interface import InterfaceState, RouterInterface, RouterType, type_of_router

#: Fields of filters whose values have words of the cloud's.
CHOICES: Final[Choices] = {
    "state": (InterfaceState, "interface_states"),
    "router_type": (RouterType, "router_types"),
    "opposite_router_type": (RouterType, "router_types"),
}


declare_verb("ConnectRouterInterface", RouterInterface, connect_router_interface, ConnectRouterInterface)
declare_verb("ActivateRouterInterface", RouterInterface, activate_router_interface, ActivateRouterInterface)
declare_verb(
    "DeactivateRouterInterface", RouterInterface, deactivate_router_interface, DeactivateRouterInterface
)
declare_verb("DeleteRouterInterface", RouterInterface, delete_router_interface, DeleteRouterInterface)
declare_verb("DeleteExpressConnect", RouterInterface, delete_link, DeleteLink)


@PRODUCT.writes("CreateRouterInterface")
def create(call: WriteCall, given: Given) -> Answer:
    """An interface; with `FastLinkMode` the other side, too, and both are joined."""
    region = region_of(call)
    if meant("router_types", given["RouterType"], "RouterType") != type_of_router(given["RouterId"]):
        raise NotFound("router", given["RouterId"], field="router_id")
    _check_opposite_type(given)
    role = meant("roles", given["Role"], "Role")
    request = CreateRouterInterface(role=role, **fields_of("CreateRouterInterface", given))
    verb = create_fast_link if given.get("FastLinkMode") else create_router_interface
    made = call.use(verb, request)
    if made.region_id != region:
        raise NotFound("router", request.router_id, field="router_id")
    label_new(call, {**given, "Tag": given.get("Tags")}, made)
    return {"RouterInterfaceId": made.id, "OrderId": 0}


@PRODUCT.writes("ModifyRouterInterfaceAttribute")
def modify(call: WriteCall, given: Given) -> Answer:
    """Texts, the other side, the health check."""
    _check_opposite_type(given)
    fields = fields_of("ModifyRouterInterfaceAttribute", given)
    here(call, RouterInterface, fields["id"])
    if given.get("DeleteHealthCheckIp"):
        fields |= {"check_source": None, "check_target": None}
    call.use(update_router_interface, UpdateRouterInterface(**fields))
    return None


@PRODUCT.writes("ModifyRouterInterfaceSpec")
def modify_spec(call: WriteCall, given: Given) -> Answer:
    """Another cap."""
    request = UpdateRouterInterface(**fields_of("ModifyRouterInterfaceSpec", given))
    here(call, RouterInterface, request.id)
    return {"Spec": call.use(update_router_interface, request).spec}


@PRODUCT.reads("DescribeRouterInterfaces")
def describe_all(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's interfaces in a region."""
    conditions = (
        where("owner_uid", call.caller.uid),
        *filtered(given, "interface_filters", CHOICES),
    )
    page = listed(call, given, RouterInterface, *conditions)
    labels = labels_for(call, page.items)

    def shape(one: RouterInterface) -> dict[str, Any]:
        return {**interface_shape(call, one), **shown_labels(call, INTERFACES, labels.get(one.id))}

    return page_shape(page, "RouterInterfaceSet", "RouterInterfaceType", shape)


@PRODUCT.finds("DescribeRouterInterfaceAttribute")
def describe(call: ReadCall, given: Given) -> Answer:
    """One interface."""
    interface = call.use(get_router_interface, here(call, RouterInterface, given["InstanceId"]))
    return {
        **interface_shape(call, interface),
        **shown_labels_of(call, INTERFACES, interface),
        # A text here, and a truth value in lists.
        "FastLinkMode": "false",
        "GmtModified": time_of(interface.state_since),
        "HealthCheckStatus": word("health", interface.health),
        "Code": "200",
        "Message": "successful",
        "Success": True,
    }


def interface_shape(call: AnyCall, one: RouterInterface) -> dict[str, Any]:
    """What both lists and single answers have."""
    view = view_of(call.tx, call.world, one)
    vpc_id = one.vpc_id if one.router_type is RouterType.VROUTER else ""
    return {
        "RouterInterfaceId": one.id,
        "Name": one.name,
        "Description": one.description,
        "Role": word("roles", one.role),
        "Spec": one.spec,
        "Status": word("interface_states", one.state),
        "BusinessStatus": "Normal",
        "ChargeType": "AfterPay",
        "RouterType": word("router_types", one.router_type),
        "RouterId": one.router_id,
        "VpcInstanceId": vpc_id,
        "AccessPointId": one.access_point_id or "",
        "Bandwidth": view.bandwidth_mbps or 0,
        "CrossBorder": view.cross_border,
        "CreationTime": time_of(one.created_at),
        "ConnectedTime": time_of(one.connected_at),
        "EndTime": "",
        "FastLinkMode": False,
        "HasReservationData": "false",
        "HealthCheckSourceIp": str(one.check_source or ""),
        "HealthCheckTargetIp": str(one.check_target or ""),
        "HcRate": one.check_interval_ms,
        "HcThreshold": one.check_threshold,
        **_opposite_shape(one, view.opposite.state),
        "OppositeInterfaceSpec": view.opposite.spec or "",
        "OppositeBandwidth": view.opposite.bandwidth_mbps or 0,
        "OppositeVpcInstanceId": view.opposite.vpc_id or "",
    }


def _opposite_shape(one: RouterInterface, state: str | None) -> dict[str, Any]:
    """The other side as its owner told it, with its state once it names this one in turn."""
    table = "opposite_states" if state == DELETED else "interface_states"
    return {
        "OppositeRegionId": one.opposite_region_id,
        "OppositeInterfaceId": one.opposite_interface_id or "",
        "OppositeRouterId": one.opposite_router_id or "",
        "OppositeRouterType": word("router_types", one.opposite_router_type)
        if one.opposite_router_id
        else "",
        "OppositeInterfaceOwnerId": one.opposite_owner_uid or "",
        "OppositeInterfaceStatus": "" if state is None else word(table, state),
        "OppositeInterfaceBusinessStatus": "" if state is None else "Normal",
        "OppositeAccessPointId": "",
    }


def _check_opposite_type(given: Given) -> None:
    if "OppositeRouterType" in given:
        meant("router_types", given["OppositeRouterType"], "OppositeRouterType")
