"""Network ACLs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from peerway.api.alibaba.labels import IN_VPC, label_new, labels_for, shown_labels
from peerway.api.alibaba.products.vpc.common import (
    account,
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
from peerway.api.alibaba.products.vpc.product import PRODUCT
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases import network_acls, vswitches
from peerway.app.usecases.network_acls import AclEntrySpec
from peerway.domain.errors import InvalidInput
from peerway.domain.security import AclEntry, NetworkAcl
from peerway.domain.vpc import Vpc, VSwitch

VSWITCH: Final = "VSwitch"
#: Ports of an entry that is about all of them.
ALL_PORTS: Final = (0, 65535)
#: Fields that the answer to the making of an ACL does not have.
NOT_WHEN_MADE: Final = frozenset({"OwnerId", "Tags", "EntryType", "IpVersion"})


@PRODUCT.writes("CreateNetworkAcl")
def create_network_acl(call: WriteCall, given: Given) -> Answer:
    """Make an ACL that accepts everything."""
    here(call, Vpc, given["VpcId"], "VpcId")
    request = network_acls.CreateNetworkAcl(**named("CreateNetworkAcl", given))
    acl = call.use(network_acls.create_network_acl, request)
    label_new(call, given, acl)
    (shown,) = _shown(call, [acl])
    return {"NetworkAclId": acl.id, "NetworkAclAttribute": _as_made(shown)}


@PRODUCT.reads("DescribeNetworkAcls")
def describe_network_acls(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's ACLs; its numbers are texts."""
    conditions = wanted(given, vpc_id="VpcId", id="NetworkAclId", name="NetworkAclName")
    if "ResourceId" in given:
        vswitch = call.tx.get(VSwitch, given["ResourceId"])
        conditions.append(where("id", *([vswitch.network_acl_id] if vswitch else [])))
    page = listed(call, given, NetworkAcl, *conditions, *in_vpcs_here(call, given.get("VpcId")))
    numbers = {name: str(number) for name, number in paged(page).items()}
    return {**numbers, "NetworkAcls": {"NetworkAcl": _shown(call, page.items)}}


@PRODUCT.reads("DescribeNetworkAclAttributes")
def describe_network_acl_attributes(call: ReadCall, given: Given) -> Answer:
    """One ACL."""
    id = here(call, NetworkAcl, given["NetworkAclId"], "NetworkAclId")
    (shown,) = _shown(call, [call.use(network_acls.get_network_acl, id)])
    return {"NetworkAclAttribute": shown}


@PRODUCT.writes("UpdateNetworkAclEntries")
def update_network_acl_entries(call: WriteCall, given: Given) -> Answer:
    """Give an ACL new entries in the directions that the request says to update."""
    fields: dict[str, Any] = {"id": here(call, NetworkAcl, given["NetworkAclId"], "NetworkAclId")}
    for field, word, cidr in (
        ("ingress", "Ingress", "SourceCidrIp"),
        ("egress", "Egress", "DestinationCidrIp"),
    ):
        if given.get(f"Update{word}AclEntries"):
            fields[field] = _specs(given.get(f"{word}AclEntries", ()), cidr)
    call.use(network_acls.replace_acl_entries, network_acls.ReplaceAclEntries(**fields))
    return None


@PRODUCT.writes("AssociateNetworkAcl")
def associate_network_acl(call: WriteCall, given: Given) -> Answer:
    """Bind VSwitches to an ACL, all or none."""

    def bind(vswitch_id: str, acl_id: str) -> None:
        request = vswitches.AssociateAcl(vswitch_id=vswitch_id, network_acl_id=acl_id)
        call.use(vswitches.associate_acl, request)

    return _for_each(call, given, bind)


@PRODUCT.writes("UnassociateNetworkAcl")
def unassociate_network_acl(call: WriteCall, given: Given) -> Answer:
    """Free VSwitches of an ACL, all or none."""

    def free(vswitch_id: str, acl_id: str) -> None:
        request = vswitches.DisassociateAcl(vswitch_id=vswitch_id, network_acl_id=acl_id)
        call.use(vswitches.disassociate_acl, request)

    return _for_each(call, given, free)


def _for_each(call: WriteCall, given: Given, do: Callable[[str, str], None]) -> Answer:
    acl_id = here(call, NetworkAcl, given["NetworkAclId"], "NetworkAclId")
    for resource in given["Resource"]:
        if resource.get("ResourceType", VSWITCH).lower() != VSWITCH.lower():
            raise InvalidInput("Resource.ResourceType", f"must be {VSWITCH}", resource["ResourceType"])
        do(resource["ResourceId"], acl_id)
    return None


def _specs(entries: Iterable[Mapping[str, Any]], cidr: str) -> tuple[AclEntrySpec, ...]:
    """Entries as a request gives them; their order is their priority."""
    return tuple(
        AclEntrySpec(
            action=entry.get("Policy", "accept").lower(),
            protocol=entry.get("Protocol", "all").lower(),
            port_range=entry.get("Port") or None,
            cidr=entry.get(cidr, ""),
            name=entry.get("NetworkAclEntryName", ""),
            description=entry.get("Description", ""),
        )
        for entry in entries
    )


def _shown(call: AnyCall, found: Sequence[NetworkAcl]) -> list[dict[str, Any]]:
    labels = labels_for(call, found)
    bound = by(call.tx.select(VSwitch, where("network_acl_id", *ids(found))), "network_acl_id")
    return [
        {
            "NetworkAclId": acl.id,
            "NetworkAclName": acl.name,
            "Description": acl.description,
            "VpcId": acl.vpc_id,
            "RegionId": home_of(call, acl) or "",
            "OwnerId": account(acl.owner_uid),
            "Status": "Available",
            "CreationTime": time_text(acl.created_at),
            "IngressAclEntries": {"IngressAclEntry": _entries(acl, acl.ingress, "i", "SourceCidrIp")},
            "EgressAclEntries": {"EgressAclEntry": _entries(acl, acl.egress, "e", "DestinationCidrIp")},
            "Resources": {
                "Resource": [
                    {"ResourceId": id, "ResourceType": VSWITCH, "Status": "BINDED"}
                    for id in ids(bound.get(acl.id))
                ]
            },
            "Tags": shown_labels(call, IN_VPC, labels.get(acl.id))["Tags"],
        }
        for acl in found
    ]


def _as_made(shown: Any) -> Any:
    """An ACL as the answer to its making tells it."""
    if isinstance(shown, dict):
        return {name: _as_made(value) for name, value in shown.items() if name not in NOT_WHEN_MADE}
    return [_as_made(one) for one in shown] if isinstance(shown, list) else shown


def _entries(acl: NetworkAcl, entries: Iterable[AclEntry], letter: str, cidr: str) -> list[dict[str, str]]:
    """Entries have no life of their own: their ids are their places."""
    stem = acl.id.partition("-")[2]
    return [
        {
            "NetworkAclEntryId": f"nae-{stem}{letter}{place}",
            "NetworkAclEntryName": entry.name,
            "Description": entry.description,
            "EntryType": "custom",
            "IpVersion": f"IPv{entry.cidr.version}",
            "Policy": entry.action.value,
            "Protocol": entry.protocol.value,
            "Port": _ports(entry),
            cidr: str(entry.cidr),
        }
        for place, entry in enumerate(entries)
    ]


def _ports(entry: AclEntry) -> str:
    everything = (entry.port_low, entry.port_high) == ALL_PORTS
    return "-1/-1" if everything else f"{entry.port_low}/{entry.port_high}"
