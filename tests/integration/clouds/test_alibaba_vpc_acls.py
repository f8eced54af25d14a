"""Network ACLs at Alibaba Cloud's door."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.alibaba_vpc import HERE, VpcDoor
from tests.support.api import Site


@pytest.fixture
def door(site: Site) -> Iterator[VpcDoor]:
    """A new account's door."""
    made = VpcDoor(site, site.account())
    yield made
    made.close()


def shown(door: VpcDoor, id: str) -> dict[str, Any]:
    """An ACL's attributes."""
    return dict(door("DescribeNetworkAclAttributes", NetworkAclId=id)["NetworkAclAttribute"])


def test_an_acl_is_made_and_shown(door: VpcDoor) -> None:
    """API-2, NET-7: it accepts everything, and is Available at once; the list's numbers are texts."""
    vpc = door.vpc()
    tag = [{"Key": "k", "Value": "v"}]
    made = door("CreateNetworkAcl", VpcId=vpc["VpcId"], NetworkAclName="gate", Description="front", Tag=tag)
    id = made["NetworkAclId"]
    assert made["NetworkAclAttribute"]["NetworkAclId"] == id
    acl = shown(door, id)
    assert [
        acl[name] for name in ("NetworkAclName", "Description", "Status", "VpcId", "RegionId", "Tags")
    ] == [
        "gate",
        "front",
        "Available",
        vpc["VpcId"],
        HERE,
        {"Tag": tag},
    ]
    entries = acl["IngressAclEntries"]["IngressAclEntry"]
    assert [(one["Policy"], one["Protocol"], one["Port"], one["SourceCidrIp"]) for one in entries] == [
        ("accept", "all", "-1/-1", "0.0.0.0/0"),
        ("accept", "all", "-1/-1", "::/0"),
    ]
    answer = door("DescribeNetworkAcls", VpcId=vpc["VpcId"], Tags=tag)
    assert [answer[name] for name in ("TotalCount", "PageNumber", "PageSize")] == ["1", "1", "10"]
    assert answer["NetworkAcls"]["NetworkAcl"] == [acl]
    assert door("DescribeNetworkAcls", NetworkAclName="none")["TotalCount"] == "0"
    door("ModifyNetworkAclAttributes", NetworkAclId=id, NetworkAclName="gate2", Description="back")
    assert (shown(door, id)["NetworkAclName"], shown(door, id)["Description"]) == ("gate2", "back")


def test_entries_are_replaced_and_copied(door: VpcDoor) -> None:
    """NET-7: only directions that are said to be updated change; names and descriptions are kept."""
    vpc = door.vpc()
    id, other = (door("CreateNetworkAcl", VpcId=vpc["VpcId"])["NetworkAclId"] for _ in range(2))
    ingress = {
        "SourceCidrIp": "10.2.0.0/16",
        "Policy": "drop",
        "Protocol": "tcp",
        "Port": "80/90",
        "NetworkAclEntryName": "no web",
        "Description": "at night",
    }
    egress = {"DestinationCidrIp": "0.0.0.0/0", "Policy": "accept", "Protocol": "icmp", "Port": "-1/-1"}
    asked = {"IngressAclEntries": [ingress], "EgressAclEntries": [egress], "UpdateIngressAclEntries": True}
    door("UpdateNetworkAclEntries", NetworkAclId=id, **asked)
    acl = shown(door, id)
    (entry,) = acl["IngressAclEntries"]["IngressAclEntry"]
    assert {name: entry[name] for name in ingress} == ingress
    assert (entry["EntryType"], entry["IpVersion"]) == ("custom", "IPv4")
    assert len(acl["EgressAclEntries"]["EgressAclEntry"]) == 2
    door("CopyNetworkAclEntries", NetworkAclId=other, SourceNetworkAclId=id)
    copied = shown(door, other)["IngressAclEntries"]["IngressAclEntry"]
    assert [one["NetworkAclEntryName"] for one in copied] == ["no web"]
    door("UpdateNetworkAclEntries", NetworkAclId=id, UpdateIngressAclEntries=True)
    assert shown(door, id)["IngressAclEntries"] == {"IngressAclEntry": []}
    for wrong in ({"Port": "90/80"}, {"Policy": "maybe"}, {"Protocol": "moon"}, {"SourceCidrIp": "x"}):
        entries = [{**ingress, **wrong}]
        code = door.code(
            "UpdateNetworkAclEntries",
            NetworkAclId=id,
            IngressAclEntries=entries,
            UpdateIngressAclEntries=True,
        )
        assert code == "InvalidParameter"
    foreign = door("CreateNetworkAcl", VpcId=door.vpc()["VpcId"])["NetworkAclId"]
    asked = {"NetworkAclId": id, "SourceNetworkAclId": foreign}
    assert door.code("CopyNetworkAclEntries", **asked) == "InvalidNetworkAcl.NotFound"


def test_vswitches_are_bound_and_freed(door: VpcDoor) -> None:
    """API-3: an ACL in use can't be deleted, a VSwitch has one at most, and both lists tell the binding."""
    vpc = door.vpc()
    vswitch = door.vswitch(vpc)
    id, other = (door("CreateNetworkAcl", VpcId=vpc["VpcId"])["NetworkAclId"] for _ in range(2))
    resource = [{"ResourceId": vswitch, "ResourceType": "VSwitch"}]
    door("AssociateNetworkAcl", NetworkAclId=id, Resource=resource)
    assert shown(door, id)["Resources"] == {"Resource": [{**resource[0], "Status": "BINDED"}]}
    assert door("DescribeVSwitchAttributes", VSwitchId=vswitch)["NetworkAclId"] == id
    found = door("DescribeNetworkAcls", ResourceId=vswitch, ResourceType="VSwitch")["NetworkAcls"][
        "NetworkAcl"
    ]
    assert [one["NetworkAclId"] for one in found] == [id]
    assert door.refused("AssociateNetworkAcl", NetworkAclId=other, Resource=resource) == (
        "NetworkAclExistBinding",
        400,
    )
    assert door.code("DeleteNetworkAcl", NetworkAclId=id) == "NetworkAclExistBinding"
    assert door.code("UnassociateNetworkAcl", NetworkAclId=other, Resource=resource) == (
        "InvalidAssociation.NotFound"
    )
    door("UnassociateNetworkAcl", NetworkAclId=id, Resource=resource)
    door("DeleteNetworkAcl", NetworkAclId=id)
    missing = ("InvalidNetworkAcl.NotFound", 404)
    assert door.refused("DescribeNetworkAclAttributes", NetworkAclId=id) == missing
    assert door.refused("AssociateNetworkAcl", NetworkAclId=id, Resource=resource) == missing
    assert door.refused("DeleteNetworkAcl", NetworkAclId=id) == missing
    bad = [{"ResourceId": vswitch, "ResourceType": "Moon"}]
    assert door.code("AssociateNetworkAcl", NetworkAclId=other, Resource=bad) == "InvalidParameter"
    gone = [{"ResourceId": "vsw-x", "ResourceType": "VSwitch"}]
    assert door.code("AssociateNetworkAcl", NetworkAclId=other, Resource=gone) == "InvalidVSwitchId.NotFound"
