"""Entries of SNAT tables: who leaves by a NAT gateway, and as whom."""

from __future__ import annotations

from typing import Any

from peerway.api.alibaba.products.vpc.common import Keep, in_vpcs_here, listed, named, paged, wanted
from peerway.api.alibaba.products.vpc.nat_gateways import SNAT_TABLE, gateway_of, table_id
from peerway.api.alibaba.products.vpc.product import PRODUCT
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases import nat_entries
from peerway.domain.errors import NotFound
from peerway.domain.gateway import SnatEntry


@PRODUCT.writes("CreateSnatEntry")
def create_snat_entry(call: WriteCall, given: Given) -> Answer:
    """Let a range or a VSwitch out."""
    gateway_id = gateway_of(call, given, "SnatTableId", SNAT_TABLE)
    fields = named("CreateSnatEntry", given)
    fields |= {"nat_gateway_id": gateway_id, "public": tuple(fields["public"])}
    entry = call.use(nat_entries.create_snat_entry, nat_entries.CreateSnatEntry(**fields))
    return {"SnatEntryId": entry.id}


@PRODUCT.reads("DescribeSnatTableEntries")
def describe_snat_table_entries(call: ReadCall, given: Given) -> Answer:
    """A page of entries, of one table or of all of the caller's."""
    conditions = wanted(given, nat_gateway_id="NatGatewayId", id="SnatEntryId", name="SnatEntryName")
    conditions += wanted(given, source="SourceCIDR", vswitch_id="SourceVSwitchId")
    if "SnatTableId" in given:
        conditions.append(where("nat_gateway_id", gateway_of(call, given, "SnatTableId", SNAT_TABLE)))
    conditions += in_vpcs_here(call)
    keep = list[Keep]()
    if "SnatIp" in given:
        keep.append(lambda entry: given["SnatIp"] in {str(address) for address in entry.public})
    page = listed(call, given, SnatEntry, *conditions, keep=keep)
    return {**paged(page), "SnatTableEntries": {"SnatTableEntry": [_shown(one) for one in page.items]}}


@PRODUCT.writes("ModifySnatEntry")
def modify_snat_entry(call: WriteCall, given: Given) -> Answer:
    """Change an entry's name and public addresses."""
    fields = named("ModifySnatEntry", given) | {"id": _entry_id(call, given)}
    if "public" in fields:
        fields["public"] = tuple(fields["public"])
    call.use(nat_entries.update_snat_entry, nat_entries.UpdateSnatEntry(**fields))
    return None


@PRODUCT.writes("DeleteSnatEntry")
def delete_snat_entry(call: WriteCall, given: Given) -> Answer:
    """Take an entry away."""
    id = _entry_id(call, given)
    call.use(nat_entries.delete_snat_entry, nat_entries.DeleteSnatEntry(id=id))
    return None


def _entry_id(call: AnyCall, given: Given) -> str:
    """The entry's id, when it is in the table that is named."""
    gateway_id = gateway_of(call, given, "SnatTableId", SNAT_TABLE)
    id: str = given["SnatEntryId"]
    entry = call.use(nat_entries.get_snat_entry, id)
    if entry.nat_gateway_id != gateway_id:
        raise NotFound("snat_entry", id[:64], field="SnatEntryId")
    return id


def _shown(entry: SnatEntry) -> dict[str, Any]:
    return {
        "SnatEntryId": entry.id,
        "SnatEntryName": entry.name,
        "SnatTableId": table_id(entry.nat_gateway_id, SNAT_TABLE),
        "NatGatewayId": entry.nat_gateway_id,
        "SnatIp": ",".join(str(address) for address in entry.public),
        "SourceCIDR": str(entry.source),
        "SourceVSwitchId": entry.vswitch_id or "",
        "EipAffinity": "0",
        "Status": "Available",
    }
