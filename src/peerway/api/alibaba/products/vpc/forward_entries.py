"""Entries of forward tables: which ports of public addresses lead in, and where to."""

from __future__ import annotations

from typing import Any

from peerway.api.alibaba.products.vpc.common import Keep, listed, named, paged
from peerway.api.alibaba.products.vpc.nat_tables import FORWARD
from peerway.api.alibaba.products.vpc.product import PRODUCT, word
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases import dnat_entries
from peerway.domain.errors import InvalidInput
from peerway.domain.gateway import DnatEntry

#: How all ports are written.
ANY = "any"


@PRODUCT.writes("CreateForwardEntry")
def create_forward_entry(call: WriteCall, given: Given) -> Answer:
    """Let connections to a port of a public address in, or all to the address."""
    gateway_id = FORWARD.gateway_of(call, given)
    fields = _read("CreateForwardEntry", given) | {"nat_gateway_id": gateway_id}
    entry = call.use(dnat_entries.create_dnat_entry, dnat_entries.CreateDnatEntry(**fields))
    return {"ForwardEntryId": entry.id}


@PRODUCT.reads("DescribeForwardTableEntries")
def describe_forward_table_entries(call: ReadCall, given: Given) -> Answer:
    """A page of entries, of one table or of all of the caller's."""
    keep = list[Keep]()
    shown = {name: given[name].lower() for name in FILTERS if name in given}
    if shown:
        keep.append(lambda entry: all(_shown(entry)[name].lower() == shown[name] for name in shown))
    page = listed(call, given, DnatEntry, *FORWARD.conditions(call, given), keep=keep)
    entries = [_shown(entry) for entry in page.items]
    return {**paged(page), "ForwardTableEntries": {"ForwardTableEntry": entries}}


@PRODUCT.writes("ModifyForwardEntry")
def modify_forward_entry(call: WriteCall, given: Given) -> Answer:
    """Change what leads where."""
    fields = _read("ModifyForwardEntry", given) | {
        "id": FORWARD.entry_of(call, given, dnat_entries.get_dnat_entry)
    }
    call.use(dnat_entries.update_dnat_entry, dnat_entries.UpdateDnatEntry(**fields))
    return None


@PRODUCT.writes("DeleteForwardEntry")
def delete_forward_entry(call: WriteCall, given: Given) -> Answer:
    """Take an entry away."""
    id = FORWARD.entry_of(call, given, dnat_entries.get_dnat_entry)
    call.use(dnat_entries.delete_dnat_entry, dnat_entries.DeleteDnatEntry(id=id))
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


def _shown(entry: DnatEntry) -> dict[str, str]:
    return {
        "ForwardEntryId": entry.id,
        "ForwardEntryName": entry.name,
        "ForwardTableId": FORWARD.id_of(entry.nat_gateway_id),
        "NatGatewayId": entry.nat_gateway_id,
        "ExternalIp": str(entry.public),
        "ExternalPort": str(entry.public_port or ANY),
        "InternalIp": str(entry.private),
        "InternalPort": str(entry.private_port or ANY),
        "IpProtocol": word("forward_protocols", entry.protocol),
        "Status": "Available",
    }
