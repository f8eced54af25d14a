"""Leased lines: applied for, confirmed, ordered, ended, listed."""

from __future__ import annotations

from typing import Any, Final

from peerway.api.alibaba.labels import PHYSICAL, label_new, labels_for, shown_labels
from peerway.api.alibaba.products.expressconnect.product import PRODUCT
from peerway.api.alibaba.products.expressconnect.shared import (
    Choices,
    declare_verb,
    fields_of,
    filtered,
    here,
    listed,
    page_shape,
    region_of,
    time_of,
    word,
)
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases.line_steps import (
    LineRequest,
    cancel_line,
    confirm_line,
    delete_line,
    enable_line,
    order_line,
    terminate_line,
)
from peerway.app.usecases.lines import ApplyForLine, UpdateLine, apply_for_line, update_line
from peerway.domain.errors import InvalidInput
from peerway.domain.line import LineState, PhysicalConnection, PortType

#: Fields of filters whose values have words of the cloud's.
CHOICES: Final[Choices] = {"state": (LineState, "line_states"), "port_type": (PortType, "")}

#: Verbs that need nothing but the line.
VERBS: Final = {
    "ConfirmPhysicalConnection": confirm_line,
    "EnablePhysicalConnection": enable_line,
    "CancelPhysicalConnection": cancel_line,
    "TerminatePhysicalConnection": terminate_line,
    "DeletePhysicalConnection": delete_line,
}


for _action, _use_case in VERBS.items():
    declare_verb(_action, PhysicalConnection, _use_case, LineRequest)
declare_verb("ModifyPhysicalConnectionAttribute", PhysicalConnection, update_line, UpdateLine)


@PRODUCT.writes("CreatePhysicalConnection")
def create(call: WriteCall, given: Given) -> Answer:
    """An application for a line."""
    region = region_of(call)
    if given.get("Type", "VPC") != "VPC":
        raise InvalidInput("Type", "must be VPC", given["Type"], code="unknown_word")
    made = call.use(apply_for_line, ApplyForLine(**fields_of("CreatePhysicalConnection", given)))
    if made.region_id != region:
        raise InvalidInput("access_point_id", f"is not in {region}", made.access_point_id)
    label_new(call, given, made)
    return {"PhysicalConnectionId": made.id}


@PRODUCT.writes("CreatePhysicalConnectionOccupancyOrder")
def order(call: WriteCall, given: Given) -> Answer:
    """The line is to be put into use; the order's number is the line's, as there is one a line and nothing to pay."""
    line = call.use(order_line, LineRequest(id=here(call, PhysicalConnection, given["PhysicalConnectionId"])))
    return {"Data": {"OrderId": str(int(line.created_at.timestamp() * 1_000_000))}}


@PRODUCT.reads("DescribePhysicalConnections")
def describe(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's lines in a region."""
    conditions = (where("owner_uid", call.caller.uid), *filtered(given, "line_filters", CHOICES))
    page = listed(call, given, PhysicalConnection, *conditions)
    labels = labels_for(call, page.items)

    def shape(line: PhysicalConnection) -> dict[str, Any]:
        return {**line_shape(line), **shown_labels(call, PHYSICAL, labels.get(line.id))}

    return page_shape(page, "PhysicalConnectionSet", "PhysicalConnectionType", shape)


@PRODUCT.finds("GetPhysicalConnectionServiceStatus")
def service_status(_: ReadCall, __: Given) -> Answer:
    """Lines need no opening."""
    return {"Enabled": True}


@PRODUCT.finds("OpenPhysicalConnectionService")
def open_service(_: ReadCall, __: Given) -> Answer:
    """Nothing to do: lines need no opening."""
    return None


def line_shape(line: PhysicalConnection) -> dict[str, Any]:
    """A line as lists have it."""
    return {
        "PhysicalConnectionId": line.id,
        "Name": line.name,
        "Description": line.description,
        "Status": word("line_states", line.state),
        "BusinessStatus": "Normal",
        "ChargeType": "AfterPay",
        "AccessPointId": line.access_point_id,
        "AccessPointType": "VPC",
        "AdLocation": line.room,
        "AdDetailLocation": line.contact,
        "Bandwidth": line.bandwidth_mbps,
        "CircuitCode": line.circuit_code,
        "LineOperator": line.line_operator,
        "PeerLocation": line.peer_location,
        "PortNumber": "",
        "PortType": line.port_type.value,
        "RedundantPhysicalConnectionId": line.redundant_line_id or "",
        "Spec": f"{line.bandwidth_mbps}M",
        "Type": "VPC",
        "ProductType": "PhysicalConnection",
        "LoaStatus": "Available" if line.loa else "NotApplied",
        "CreationTime": time_of(line.created_at),
        "EnabledTime": time_of(line.enabled_at),
        "EndTime": "",
        "HasReservationData": "false",
        "OrderMode": "",
        "VlanId": "",
        "VirtualPhysicalConnectionCount": 0,
        "MacsecKeys": {"MacsecKey": []},
    }
