"""Public addresses (EIPs)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peerway.api.alibaba.labels import IN_VPC, label_new, labels_for, shown_labels
from peerway.api.alibaba.products.vpc.common import (
    Keep,
    here,
    listed,
    named,
    paged,
    region_of,
    wanted,
)
from peerway.api.alibaba.products.vpc.product import PRODUCT, extra, meanings, word
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases import eips
from peerway.domain.errors import Conflict, InvalidInput
from peerway.domain.gateway import Eip

#: States of an address: it stands for something, or for nothing.
IN_USE, FREE = "InUse", "Available"


@PRODUCT.writes("AllocateEipAddress")
def allocate_eip_address(call: WriteCall, given: Given) -> Answer:
    """Take a public address."""
    eip = call.use(eips.allocate_eip, eips.AllocateEip(**named("AllocateEipAddress", given)))
    label_new(call, given, eip)
    (shown,) = _shown(call, [eip])
    return {
        "AllocationId": eip.id,
        "EipAddress": str(eip.address),
        "OrderId": 0,
        "ResourceGroupId": shown["ResourceGroupId"],
    }


@PRODUCT.reads("DescribeEipAddresses")
def describe_eip_addresses(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's addresses."""
    conditions = wanted(given, id="AllocationId", name="EipName", target_id="AssociatedInstanceId")
    page = listed(call, given, Eip, *conditions, keep=_tests(call, given))
    return {**paged(page), "EipAddresses": {"EipAddress": _shown(call, page.items)}}


@PRODUCT.writes("AssociateEipAddress")
def associate_eip_address(call: WriteCall, given: Given) -> Answer:
    """Have an address stand for an instance or serve a NAT gateway."""
    here(call, Eip, given["AllocationId"], "AllocationId")
    fields = {"target": extra("defaults")["eip_target"], **named("AssociateEipAddress", given)}
    target = meanings("eip_targets").get(fields["target"])
    if target is None:
        rule = f"must be one of {', '.join(meanings('eip_targets'))}"
        raise InvalidInput("target", rule, fields["target"])
    call.use(eips.associate_eip, eips.AssociateEip(**{**fields, "target": target}))
    return None


@PRODUCT.writes("UnassociateEipAddress")
def unassociate_eip_address(call: WriteCall, given: Given) -> Answer:
    """Free an address of what it stands for."""
    eip = call.use(eips.get_eip, here(call, Eip, given["AllocationId"], "AllocationId"))
    if eip.target is None or given.get("InstanceId", eip.target_id) != eip.target_id:
        text = "the address does not stand for that"
        raise Conflict(text, code="not_associated", field="InstanceId", id=eip.id)
    call.use(eips.disassociate_eip, eips.DisassociateEip(id=eip.id))
    return None


def _tests(call: AnyCall, given: Given) -> list[Keep]:
    """What the filters of a list ask of an address."""
    region, found = region_of(call), list[Keep]()
    if region is not None:
        found.append(lambda eip: eip.region_id == region)
    if "EipAddress" in given:
        found.append(lambda eip: str(eip.address) in given["EipAddress"])
    if "AssociatedInstanceType" in given:
        target = meanings("eip_targets").get(given["AssociatedInstanceType"])
        found.append(lambda eip: target is not None and eip.target == target)
    if "Status" in given:
        found.append(lambda eip: _status(eip) == given["Status"])
    return found


def _status(eip: Eip) -> str:
    return IN_USE if eip.target else FREE


def _shown(call: AnyCall, found: Sequence[Eip]) -> list[dict[str, Any]]:
    labels = labels_for(call, found)
    return [
        {
            "AllocationId": eip.id,
            "IpAddress": str(eip.address),
            "Name": eip.name,
            "Description": "",
            "Status": _status(eip),
            "BusinessStatus": "Normal",
            "RegionId": eip.region_id,
            "AllocationTime": time_text(eip.created_at),
            "ExpiredTime": "",
            "InstanceId": eip.target_id or "",
            "InstanceType": word("eip_targets", eip.target),
            "InstanceRegionId": eip.region_id if eip.target else "",
            "VpcId": eip.vpc_id or "",
            "PrivateIpAddress": "",
            "Bandwidth": "",
            "EipBandwidth": "",
            "ChargeType": "PostPaid",
            "InternetChargeType": "PayByTraffic",
            "ISP": "BGP",
            "Mode": "NAT",
            "Netmode": "public",
            "OperationLocks": {"LockReason": []},
            "SecurityProtectionTypes": {"SecurityProtectionType": []},
            **shown_labels(call, IN_VPC, labels.get(eip.id)),
        }
        for eip in found
    ]
