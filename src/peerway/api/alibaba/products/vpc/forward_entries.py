"""Entries of forward tables: which ports of public addresses lead in, and where to."""

from __future__ import annotations

from typing import Any

from peerway.api.alibaba.products.vpc.common import Keep, in_vpcs_here, listed, named, paged, wanted
from peerway.api.alibaba.products.vpc.nat_gateways import FORWARD_TABLE, gateway_of, table_id
from peerway.api.alibaba.products.vpc.product import PRODUCT, word
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases import nat_entries
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.gateway import DnatEntry

#: How all ports are written.
ANY = "any"


@PRODUCT.writes("CreateForwardEntry")
def create_forward_entry(call: WriteCall, given: Given) -> Answer:
    """Let connections to a port of a public address in, or all to the address."""
    gateway_id = gateway_of(call, given, "ForwardTableId", FORWARD_TABLE)
    fields = _read("CreateForwardEntry", given) | {"nat_gateway_id": gateway_id}
    entry = call.use(nat_entries.create_dnat_entry, nat_entries.CreateDnatEntry(**fields))
    return {"ForwardEntryId": entry.id}


@PRODUCT.reads("DescribeForwardTableEntries")
def describe_forward_table_entries(call: ReadCall, given: Given) -> Answer:
    """A page of entries, of one table or of all of the caller's."""
    conditions = wanted(given, nat_gateway_id="NatGatewayId", id="ForwardEntryId", name="ForwardEntryName")
    if "ForwardTableId" in given:
        gateway_id = gateway_of(call, given, "ForwardTableId", FORWARD_TABLE)
        conditions.append(where("nat_gateway_id", gateway_id))
    conditions += in_vpcs_here(call)
    keep = list[Keep]()
    shown = {name: given[name].lower() for name in FILTERS if name in given}
    if shown:
        keep.append(lambda entry: all(_shown(entry)[name].lower() == shown[name] for name in shown))
    page = listed(call, given, DnatEntry, *conditions, keep=keep)
    entries = [_shown(entry) for entry in page.items]
    return {**paged(page), "ForwardTableEntries": {"ForwardTableEntry": entries}}


@PRODUCT.writes("ModifyForwardEntry")
def modify_forward_entry(call: WriteCall, given: Given) -> Answer:
    """Change what leads where."""
    fields = _read("ModifyForwardEntry", given) | {"id": _entry_id(call, given)}
    call.use(nat_entries.update_dnat_entry, nat_entries.UpdateDnatEntry(**fields))
    return None


@PRODUCT.writes("DeleteForwardEntry")
def delete_forward_entry(call: WriteCall, given: Given) -> Answer:
    """Take an entry away."""
    id = _entry_id(call, given)
    call.use(nat_entries.delete_dnat_entry, nat_entries.DeleteDnatEntry(id=id))
    return None


#: Filters by a field as it is shown.
FILTERS = ("ExternalIp", "ExternalPort", "InternalIp", "InternalPort", "IpProtocol")


def _read(action: str, given: Given) -> dict[str, Any]:
    """The fields of a request, with numbers for ports."""
    fields = named(action, given)
    for name in ("public_port", "private_port"):
        if name in fields:
            fields[name] = _port(fields[name], name)
    if "protocol" in fields:
        fields["protocol"] = fields["protocol"].lower()
    return fields


def _port(text: str, field: str) -> int:
    """A port's number; 0 for all."""
    if text.lower() == ANY:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise InvalidInput(field, "must be a port or Any", text)
    return int(text)


def _entry_id(call: AnyCall, given: Given) -> str:
    """The entry's id, when it is in the table that is named."""
    gateway_id = gateway_of(call, given, "ForwardTableId", FORWARD_TABLE)
    id: str = given["ForwardEntryId"]
    entry = call.use(nat_entries.get_dnat_entry, id)
    if entry.nat_gateway_id != gateway_id:
        raise NotFound("dnat_entry", id[:64], field="ForwardEntryId")
    return id


def _shown(entry: DnatEntry) -> dict[str, str]:
    return {
        "ForwardEntryId": entry.id,
        "ForwardEntryName": entry.name,
        "ForwardTableId": table_id(entry.nat_gateway_id, FORWARD_TABLE),
        "NatGatewayId": entry.nat_gateway_id,
        "ExternalIp": str(entry.public),
        "ExternalPort": str(entry.public_port or ANY),
        "InternalIp": str(entry.private),
        "InternalPort": str(entry.private_port or ANY),
        "IpProtocol": word("forward_protocols", entry.protocol),
        "Status": "Available",
    }
