"""NAT gateways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any, Final

from peerway.api.alibaba.labels import IN_ECS, labels_for, shown_labels
from peerway.api.alibaba.products.vpc.common import (
    Keep,
    by,
    here,
    home_of,
    ids,
    in_vpcs_here,
    listed,
    named,
    paged,
    wanted,
)
from peerway.api.alibaba.products.vpc.nat_tables import FORWARD, SNAT
from peerway.api.alibaba.products.vpc.product import PRODUCT, word
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases import nat_gateways
from peerway.domain.gateway import DnatEntry, Eip, NatGateway, SnatEntry
from peerway.domain.resource import Provisioning
from peerway.domain.vpc import Vpc

#: What every gateway is.
KIND: Final = {"NatType": "Enhanced", "NetworkType": "internet", "Spec": ""}
CHARGE: Final = {"InstanceChargeType": "PostPaid", "InternetChargeType": "PayByLcu"}
#: Fields that the answer about one gateway does not have.
LISTED_ONLY: Final = frozenset(
    {"ForwardTableIds", "SnatTableIds", "FullNatTableIds", "IpLists", "Tags", "Spec", *CHARGE}
)


@PRODUCT.writes("CreateNatGateway")
def create_nat_gateway(call: WriteCall, given: Given) -> Answer:
    """Make a gateway with its two tables."""
    here(call, Vpc, given["VpcId"], "VpcId")
    request = nat_gateways.CreateNatGateway(**named("CreateNatGateway", given))
    gateway = call.use(nat_gateways.create_nat_gateway, request)
    return {"NatGatewayId": gateway.id, **_tables(gateway)}


@PRODUCT.reads("DescribeNatGateways")
def describe_nat_gateways(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's gateways."""
    conditions = wanted(given, id="NatGatewayId", vpc_id="VpcId", name="Name")
    if "Status" in given:
        states = [one for one in Provisioning if word("gateway_states", one) == given["Status"]]
        conditions.append(where("state", *states))
    conditions += in_vpcs_here(call, given.get("VpcId"))
    keep = list[Keep]()
    if any(given.get(name, value) != value for name, value in KIND.items() if value):
        keep.append(lambda _: False)
    page = listed(call, given, NatGateway, *conditions, keep=keep)
    return {**paged(page), "NatGateways": {"NatGateway": _shown(call, page.items)}}


@PRODUCT.reads("GetNatGatewayAttribute")
def get_nat_gateway_attribute(call: ReadCall, given: Given) -> Answer:
    """One gateway, and how many entries it has."""
    id = here(call, NatGateway, given["NatGatewayId"], "NatGatewayId")
    gateway = call.use(nat_gateways.get_nat_gateway, id)
    (shown,) = _shown(call, [gateway])
    inside = where("nat_gateway_id", gateway.id)
    return {
        **{name: value for name, value in shown.items() if name not in LISTED_ONLY},
        "IpList": [
            {name: one[name] for name in ("AllocationId", "IpAddress", "UsingStatus")}
            for one in shown["IpLists"]["IpList"]
        ],
        "BillingConfig": {**CHARGE, "AutoPay": "false", "Spec": ""},
        "DeletionProtectionInfo": {"Enabled": False},
        "EnableSessionLog": False,
        "SnatTable": {
            "SnatTableId": SNAT.id_of(gateway.id),
            "SnatEntryCount": call.tx.count(SnatEntry, inside),
        },
        "ForwardTable": {
            "ForwardTableId": FORWARD.id_of(gateway.id),
            "ForwardEntryCount": call.tx.count(DnatEntry, inside),
        },
        "FullNatTable": {"FullNatTableId": "", "FullNatEntryCount": 0},
        "PrivateInfo": {
            "EniInstanceId": "",
            "IzNo": "",
            "MaxBandwidth": 0,
            "PrivateIpAddress": "",
            "VswitchId": "",
        },
    }


def _tables(gateway: NatGateway) -> dict[str, Any]:
    return {
        "SnatTableIds": {"SnatTableId": [SNAT.id_of(gateway.id)]},
        "ForwardTableIds": {"ForwardTableId": [FORWARD.id_of(gateway.id)]},
        "FullNatTableIds": {"FullNatTableId": []},
    }


def _shown(call: AnyCall, found: Sequence[NatGateway]) -> list[dict[str, Any]]:
    labels = labels_for(call, found)
    eips = by(call.tx.select(Eip, where("target_id", *ids(found))), "target_id")
    used = _uses(call, found)
    return [
        {
            "NatGatewayId": gateway.id,
            "Name": gateway.name,
            "Description": gateway.description,
            "VpcId": gateway.vpc_id,
            "RegionId": home_of(call, gateway) or "",
            "Status": word("gateway_states", gateway.state),
            "BusinessStatus": "Normal",
            "CreationTime": time_text(gateway.created_at),
            "ExpiredTime": "",
            **KIND,
            **CHARGE,
            **_tables(gateway),
            "IpLists": {"IpList": [_address(eip, used) for eip in eips.get(gateway.id, ())]},
            **shown_labels(call, IN_ECS, labels.get(gateway.id)),
        }
        for gateway in found
    ]


def _uses(call: AnyCall, found: Sequence[NatGateway]) -> Mapping[IPv4Address, str]:
    """What the gateways' public addresses are used by."""
    inside = where("nat_gateway_id", *ids(found))
    used = {entry.public: "UsedByForwardTable" for entry in call.tx.select(DnatEntry, inside)}
    for entry in call.tx.select(SnatEntry, inside):
        used |= dict.fromkeys(entry.public, "UsedBySnatTable")
    return used


def _address(eip: Eip, used: Mapping[IPv4Address, str]) -> dict[str, Any]:
    return {
        "AllocationId": eip.id,
        "IpAddress": str(eip.address),
        "UsingStatus": used.get(eip.address, "idle"),
        "SnatEntryEnabled": True,
    }
