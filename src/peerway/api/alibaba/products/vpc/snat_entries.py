"""Entries of SNAT tables: who leaves by a NAT gateway, and as whom."""

from __future__ import annotations

from typing import Any

from peerway.api.alibaba.products.vpc.common import Keep, listed, named, paged, wanted
from peerway.api.alibaba.products.vpc.nat_tables import SNAT
from peerway.api.alibaba.products.vpc.product import PRODUCT
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases import snat_entries
from peerway.domain.gateway import SnatEntry


@PRODUCT.writes("CreateSnatEntry")
def create_snat_entry(call: WriteCall, given: Given) -> Answer:
    """Let a range or a VSwitch out."""
    gateway_id = SNAT.gateway_of(call, given)
    fields = named("CreateSnatEntry", given)
    fields |= {"nat_gateway_id": gateway_id, "public": tuple(fields["public"])}
    entry = call.use(snat_entries.create_snat_entry, snat_entries.CreateSnatEntry(**fields))
    return {"SnatEntryId": entry.id}


@PRODUCT.reads("DescribeSnatTableEntries")
def describe_snat_table_entries(call: ReadCall, given: Given) -> Answer:
    """A page of entries, of one table or of all of the caller's."""
    conditions = SNAT.conditions(call, given)
    conditions += wanted(given, source="SourceCIDR", vswitch_id="SourceVSwitchId")
    keep = list[Keep]()
    if "SnatIp" in given:
        keep.append(lambda entry: given["SnatIp"] in {str(address) for address in entry.public})
    page = listed(call, given, SnatEntry, *conditions, keep=keep)
    return {**paged(page), "SnatTableEntries": {"SnatTableEntry": [_shown(one) for one in page.items]}}


@PRODUCT.writes("ModifySnatEntry")
def modify_snat_entry(call: WriteCall, given: Given) -> Answer:
    """Change an entry's name and public addresses."""
    fields = named("ModifySnatEntry", given) | {"id": SNAT.entry_of(call, given, snat_entries.get_snat_entry)}
    if "public" in fields:
        fields["public"] = tuple(fields["public"])
    call.use(snat_entries.update_snat_entry, snat_entries.UpdateSnatEntry(**fields))
    return None


@PRODUCT.writes("DeleteSnatEntry")
def delete_snat_entry(call: WriteCall, given: Given) -> Answer:
    """Take an entry away."""
    id = SNAT.entry_of(call, given, snat_entries.get_snat_entry)
    call.use(snat_entries.delete_snat_entry, snat_entries.DeleteSnatEntry(id=id))
    return None


def _shown(entry: SnatEntry) -> dict[str, Any]:
    return {
        "SnatEntryId": entry.id,
        "SnatEntryName": entry.name,
        "SnatTableId": SNAT.id_of(entry.nat_gateway_id),
        "NatGatewayId": entry.nat_gateway_id,
        "SnatIp": ",".join(str(address) for address in entry.public),
        "SourceCIDR": str(entry.source),
        "SourceVSwitchId": entry.vswitch_id or "",
        "EipAffinity": "0",
        "Status": "Available",
    }
