"""Route tables and entries at Alibaba Cloud's door: both lists, several next hops, batches, and what is refused with which code."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.alibaba_vpc import HERE, THERE, VpcDoor
from tests.support.api import Account, Site

from peerway.domain.peering import Peering
from peerway.domain.router_interface import RouterInterface


@dataclass
class Net:
    """A VPC with a VSwitch and an instance, and the door to it."""

    door: VpcDoor
    vpc: dict[str, Any]
    vswitch: str
    instance: str

    @property
    def table(self) -> str:
        """The system table's id."""
        return str(self.vpc["RouteTableId"])

    def add(self, cidr: str = "10.9.0.0/16", **fields: Any) -> str:
        """A new entry, to the instance unless it is told otherwise; its id."""
        hop = {} if fields.keys() & {"NextHopId", "NextHopList"} else {"NextHopId": self.instance}
        asked = {"RouteTableId": self.table, "DestinationCidrBlock": cidr, **hop, **fields}
        return str(self.door("CreateRouteEntry", **asked)["RouteEntryId"])

    def code(self, cidr: str = "10.9.0.0/16", **fields: Any) -> str:
        """The code of the error when that is not possible."""
        asked = {"RouteTableId": self.table, "DestinationCidrBlock": cidr, **fields}
        return self.door.code("CreateRouteEntry", **asked)

    def peering(self, cidr: str = "10.8.0.0/16", account: Account | None = None) -> str:
        """A connection to another VPC, of the same account unless another is named, which then has to accept it."""
        own = self.door.account.ok("GET", f"/vpcs/{self.vpc['VpcId']}")
        made = self.door.account.peering(own, (account or self.door.account).vpc(cidr))
        self.door.settle(Peering)
        return str(made["id"])

    def interfaces(self, count: int) -> list[str]:
        """Active interfaces to as many other VPCs of the account, in another region."""
        account, ids = self.door.account, []
        site = self.door.site
        for name in ("router_interfaces_per_account", "router_interfaces_per_router"):
            site.operator.ok("PUT", f"/quotas/{name}", {"uid": account.uid, "limit": 100})
        for place in range(count):
            far_vpc = account.vpc(f"10.{20 + place}.0.0/16", THERE)
            own_vpc = account.ok("GET", f"/vpcs/{self.vpc['VpcId']}")
            near = account.interface(own_vpc, "initiator", opposite_region_id=THERE, spec="Small.1")
            far = account.interface(far_vpc, "acceptor", opposite_region_id=HERE)
            for one, other in ((near, far), (far, near)):
                body = {"opposite_interface_id": other["id"]}
                account.ok("PATCH", f"/router-interfaces/{one['id']}", body)
            account.ok("POST", f"/router-interfaces/{near['id']}/connect")
            self.door.settle(RouterInterface)
            ids.append(near["id"])
        return ids


@pytest.fixture
def net(site: Site) -> Iterator[Net]:
    """A new account's."""
    door = VpcDoor(site, site.account(real_name=True))
    vpc = door.vpc()
    vswitch = door.vswitch(vpc)
    instance = door.account.ok("POST", "/instances", {"vswitch_id": vswitch})["id"]
    yield Net(door, vpc, vswitch, instance)
    door.close()


def test_entries_are_listed_with_their_next_hops(net: Net) -> None:
    """API-2, NET-5: the older list tells the next hop of an entry twice; system entries are there; both lists agree."""
    peering = net.peering()
    id = net.add(
        "10.8.0.0/16", NextHopType="VpcPeer", NextHopId=peering, RouteEntryName="to", Description="peer"
    )
    entries = net.door.entries(net.table)
    assert entries.keys() == {"10.0.1.0/24", "100.64.0.0/10", "10.8.0.0/16"}
    hop = {"NextHopType": "VpcPeer", "NextHopId": peering, "Enabled": 1, "Weight": 0}
    assert entries["10.8.0.0/16"] == {
        "RouteTableId": net.table,
        "RouteEntryId": id,
        "RouteEntryName": "to",
        "Description": "peer",
        "DestinationCidrBlock": "10.8.0.0/16",
        "Type": "Custom",
        "Status": "Available",
        "NextHopType": "VpcPeer",
        "InstanceId": peering,
        "NextHops": {"NextHop": [hop]},
    }
    assert [(one["Type"], one["NextHopType"], one["InstanceId"]) for one in entries.values()][:2] == [
        ("System", "local", ""),
        ("System", "service", ""),
    ]
    answer = net.door("DescribeRouteEntryList", RouteTableId=net.table, RouteEntryType="Custom")
    (entry,) = answer["RouteEntrys"]["RouteEntry"]
    assert (answer["TotalCount"], answer["NextToken"], entry["IpVersion"]) == (1, "", "IPv4")
    told = entry["NextHops"]["NextHop"][0]
    assert {name: told[name] for name in hop} == hop
    (table,) = net.door("DescribeRouteTables", VRouterId=net.vpc["VRouterId"])["RouteTables"]["RouteTable"]
    assert (table["RouteTableId"], table["VRouterId"], table["RouteTableType"]) == (
        net.table,
        net.vpc["VRouterId"],
        "System",
    )


def test_the_newer_list_filters_and_pages(net: Net) -> None:
    """API-2: ten entries a page unless asked otherwise, by tokens; filters by what an entry shows."""
    for place in range(12):
        net.add(f"10.9.{place}.0/24", RouteEntryName=f"r{place}")

    def found(**parameters: Any) -> dict[str, Any]:
        return net.door("DescribeRouteEntryList", RouteTableId=net.table, **parameters)

    def ranges(answer: dict[str, Any]) -> list[str]:
        return [one["DestinationCidrBlock"] for one in answer["RouteEntrys"]["RouteEntry"]]

    first = found()
    last = found(NextToken=first["NextToken"])
    assert (first["TotalCount"], len(ranges(first)), ranges(last)) == (
        14,
        10,
        [f"10.9.{place}.0/24" for place in range(8, 12)],
    )
    assert ranges(found(RouteEntryName="r3")) == ["10.9.3.0/24"]
    assert ranges(found(DestCidrBlockList=["10.9.1.0/24", "10.9.2.0/24"])) == ["10.9.1.0/24", "10.9.2.0/24"]
    assert found(NextHopId=net.instance)["TotalCount"] == 12
    assert found(NextHopType="local")["TotalCount"] == 1
    assert found(IpVersion="ipv6")["TotalCount"] == 0
    assert found(ServiceType="TR")["TotalCount"] == 0
    for wrong in ({"MaxResult": 101}, {"NextToken": "x"}):
        assert net.door.code("DescribeRouteEntryList", RouteTableId=net.table, **wrong) == "InvalidParameter"


def test_destinations_that_can_not_be(net: Net) -> None:
    """API-3: CreateRouteEntry's codes about destinations; an address alone is a host's."""
    net.add("10.9.0.1")
    assert net.door.entries(net.table)["10.9.0.1/32"]["NextHopType"] == "Instance"
    hop = {"NextHopId": net.instance}
    assert net.code("10.9.0.1/32", **hop) == "RouterEntryConflict.Duplicated"
    assert net.code("10.9.0.1/16", **hop) == "InvalidCidrBlock.Malformed"
    assert net.code("moon", **hop) == "InvalidCidrBlock.Malformed"
    assert net.code("10.0.1.0/24", **hop) == "InvalidCidrBlock"
    assert net.code("10.0.1.128/25", **hop) == "InvalidCidrBlock"
    assert net.code("100.64.1.0/24", **hop) == "InvalidCidrBlock"
    assert net.code(RouteEntryName="http://x", **hop) == "InvalidParameter"
    assert net.door.code("CreateRouteEntry", RouteTableId=net.table) == "MissingParameter"
    asked = {"DestinationCidrBlock": "10.9.0.0/16", **hop}
    for id in ("vtb-0123456789abcdefghij",):
        assert net.door.refused("CreateRouteEntry", RouteTableId=id, **asked) == (
            "InvalidRouteTableId.NotFound",
            404,
        )
    assert net.door.refused("CreateRouteEntry", RouteTableId=net.table, DryRun=True, **asked) == (
        "DryRunOperation",
        400,
    )


def test_next_hops_that_can_not_be(net: Net) -> None:
    """API-3: CreateRouteEntry's codes about next hops, misspelt as the cloud's are."""
    asked = {"RouteTableId": net.table, "DestinationCidrBlock": "10.9.0.0/16"}
    missing = {"NextHopId": "i-0123456789abcdefghij"}
    assert net.door.refused("CreateRouteEntry", **asked, **missing) == ("InvalidInstanId.NotFound", 404)
    assert net.code(NextHopType="VpcPeer", NextHopId="pcc-x") == "InvalidNextHopId.NotFound"
    assert net.code(NextHopType="NatGateway", NextHopId="nat-x") == "InvalidNextHopId.NotFound"
    assert net.code(NextHopType="Moon", NextHopId="x") == "InvalidNextHopType"
    assert net.code(NextHopType="local", NextHopId="x") == "InvalidNextHopType"
    assert net.code(NextHopType="HaVip", NextHopId="x") == "InvalidNextHopType"
    assert net.code() == "InvalidNexthopTypeAndList.BothNull"
    several = [{"NextHopId": id, "NextHopType": "RouterInterface"} for id in ("ri-a", "ri-b")]
    assert net.code(NextHopId=net.instance, NextHopList=several) == "InvalidNexthopTypeAndList.BothNotNull"
    assert net.code(NextHopList=several) == "InvalidNextHopId.NotFound"
    assert net.code(NextHopList=several[:1]) == "InvalidNexthopListSize"
    assert net.code(NextHopList=[{**one, "Weight": 256} for one in several]) == "INVALID_WEIGHT_PARAM"
    pending = net.peering(account=net.door.site.account(real_name=True))
    assert net.code(NextHopType="VpcPeer", NextHopId=pending) == "IncorrectStatus.VpcPeer"


def test_the_quota_of_entries_has_a_code(net: Net) -> None:
    """API-3: QuotaExceeded once a table is full."""
    net.add()
    grant = {"uid": net.door.account.uid, "limit": 1}
    net.door.site.operator.ok("PUT", "/quotas/custom_entries_per_table", grant)
    assert net.code("10.10.0.0/16", NextHopId=net.instance) == "QuotaExceeded"


def test_several_router_interfaces_share(net: Net) -> None:
    """EC-11: an entry over several interfaces is told with all of them and their weights, and deleted by naming them."""
    ids = net.interfaces(2)
    weights = dict(zip(ids, (100, 50), strict=True))
    hops = [{"NextHopId": id, "NextHopType": "RouterInterface", "Weight": weights[id]} for id in ids]
    net.add("10.99.0.0/16", NextHopList=hops)
    entry = net.door.entries(net.table)["10.99.0.0/16"]
    assert entry["NextHops"]["NextHop"] == [{**hop, "Enabled": 1} for hop in hops]
    assert (entry["NextHopType"], entry["InstanceId"]) == ("RouterInterface", "")
    named = {"RouteTableId": net.table, "DestinationCidrBlock": "10.99.0.0/16"}
    assert net.door.code("DeleteRouteEntry", **named, NextHopList=hops[:1]) == "InvalidNextHop"
    net.door("DeleteRouteEntry", **named, NextHopList=hops)


def test_an_entry_is_changed(net: Net) -> None:
    """NET-5: name, description and next hop, by its id or by its table and destination."""
    id = net.add()
    net.door("ModifyRouteEntry", RouteEntryId=id, RouteEntryName="renamed", Description="again")
    peering = net.peering()
    named = {"RouteTableId": net.table, "DestinationCidrBlock": "10.9.0.0/16"}
    net.door("ModifyRouteEntry", **named, NewNextHopType="VpcPeer", NewNextHopId=peering)
    entry = net.door.entries(net.table)["10.9.0.0/16"]
    assert [entry[name] for name in ("RouteEntryId", "RouteEntryName", "Description", "InstanceId")] == [
        id,
        "renamed",
        "again",
        peering,
    ]
    missing = {"NewNextHopType": "VpcPeer", "NewNextHopId": "pcc-x"}
    assert net.door.code("ModifyRouteEntry", RouteEntryId=id, **missing) == "InvalidNextHopId.NotFound"
    assert net.door.code("ModifyRouteEntry", RouteEntryId=id, NewNextHopType="Moon") == "InvalidNextHopType"
    assert net.door.code("ModifyRouteEntry", RouteEntryName="x") == "MissingParameter"
    assert net.door.code("ModifyRouteEntry", RouteEntryId="rte-x") == "InvalidRouteEntry.NotFound"


def test_an_entry_is_deleted(net: Net) -> None:
    """API-3: by its id, or by table, destination and next hop; a second time it is not found, which Terraform takes for done."""
    named = {"RouteTableId": net.table, "DestinationCidrBlock": "10.9.0.0/16"}
    net.add()
    assert net.door.code("DeleteRouteEntry", **named, NextHopId="i-other") == "InvalidNextHop"
    net.door("DeleteRouteEntry", **named, NextHopId=net.instance)
    assert net.door.refused("DeleteRouteEntry", **named) == ("InvalidRouteEntry.NotFound", 400)
    id = net.add()
    net.door("DeleteRouteEntry", RouteEntryId=id)
    assert net.door.refused("DeleteRouteEntry", RouteEntryId=id) == ("InvalidRouteEntry.NotFound", 400)
    system = {"RouteTableId": net.table, "DestinationCidrBlock": "10.0.1.0/24"}
    assert net.door.refused("DeleteRouteEntry", **system) == ("OperationDenied", 400)


def test_batches_do_what_they_can(net: Net) -> None:
    """API-2: of several entries each is made or refused by itself, with its code; the same when they are deleted."""

    def item(cidr: str, hop: str = net.instance, **fields: Any) -> dict[str, Any]:
        base = {"RouteTableId": net.table, "DstCidrBlock": cidr, "NextHop": hop, "NextHopType": "Instance"}
        return {**base, **fields}

    asked = [
        item("10.9.0.0/16", Name="first"),
        item("10.0.1.0/24"),
        item("10.9.0.0/16"),
        item("10.10.0.1"),
        item("10.11.0.0/16", "i-missing"),
    ]
    answer = net.door("CreateRouteEntries", RouteEntries=asked)
    assert (answer["SuccessCount"], answer["FailedCount"], len(answer["RouteEntryIds"])) == (2, 3, 2)
    assert [(one["DstCidrBlock"], one["FailedCode"]) for one in answer["FailedRouteEntries"]] == [
        ("10.0.1.0/24", "InvalidCidrBlock"),
        ("10.9.0.0/16", "RouterEntryConflict.Duplicated"),
        ("10.11.0.0/16", "InvalidInstanId.NotFound"),
    ]
    entries = net.door.entries(net.table)
    assert {entries[cidr]["RouteEntryId"] for cidr in ("10.9.0.0/16", "10.10.0.1/32")} == set(
        answer["RouteEntryIds"]
    )
    gone = net.door(
        "DeleteRouteEntries",
        RouteEntries=[
            {"RouteTableId": net.table, "DstCidrBlock": "10.9.0.0/16", "NextHop": net.instance},
            {"RouteTableId": net.table, "DstCidrBlock": "10.0.1.0/24"},
            {"RouteTableId": net.table, "RouteEntryId": entries["10.10.0.1/32"]["RouteEntryId"]},
        ],
    )
    assert (gone["SuccessCount"], gone["FailedCount"]) == (2, 1)
    assert gone["FailedRouteEntries"][0]["FailedCode"] == "OperationDenied"
    assert net.door.entries(net.table).keys() == {"10.0.1.0/24", "100.64.0.0/10"}
    assert net.door.code("CreateRouteEntries", RouteEntries=asked, DryRun=True) == "DryRunOperation"
    assert net.door.code("CreateRouteEntries", RouteEntries=asked * 11) == "InvalidParameter"
    assert net.door.entries(net.table).keys() == {"10.0.1.0/24", "100.64.0.0/10"}


def test_custom_tables(net: Net) -> None:
    """NET-5: made, bound to VSwitches of the same VPC, listed with them, freed, deleted."""
    made = net.door(
        "CreateRouteTable", VpcId=net.vpc["VpcId"], RouteTableName="own", Tag=[{"Key": "a", "Value": "b"}]
    )
    id = made["RouteTableId"]
    net.door("ModifyRouteTableAttributes", RouteTableId=id, RouteTableName="mine", Description="d")
    net.door("AssociateRouteTable", RouteTableId=id, VSwitchId=net.vswitch)
    (table,) = net.door("DescribeRouteTableList", RouteTableType="Custom")["RouterTableList"][
        "RouterTableListType"
    ]
    assert [
        table[name] for name in ("RouteTableId", "RouteTableName", "Description", "VSwitchIds", "Tags")
    ] == [
        id,
        "mine",
        "d",
        {"VSwitchId": [net.vswitch]},
        {"Tag": [{"Key": "a", "Value": "b"}]},
    ]
    bound = net.door("DescribeVSwitchAttributes", VSwitchId=net.vswitch)["RouteTable"]
    assert bound == {"RouteTableId": id, "RouteTableType": "Custom"}
    assert net.door("DescribeVSwitches", RouteTableId=id)["TotalCount"] == 1
    assert net.door.refused("DeleteRouteTable", RouteTableId=id) == ("DependencyViolation.VSwitch", 400)
    net.door("UnassociateRouteTable", RouteTableId=id, VSwitchId=net.vswitch)
    assert net.door.code("UnassociateRouteTable", RouteTableId=id, VSwitchId=net.vswitch) == (
        "InvalidAssociation.NotFound"
    )
    net.door("DeleteRouteTable", RouteTableId=id)
    assert net.door.refused("DeleteRouteTable", RouteTableId=id) == ("InvalidRouteTableId.NotFound", 404)


def test_tables_that_can_not_be_bound(net: Net) -> None:
    """API-3: the system table, one of another VPC, and what is missing."""
    other = net.door.vpc("10.50.0.0/16")
    foreign = net.door("CreateRouteTable", VpcId=other["VpcId"])["RouteTableId"]

    def error(table: str, vswitch: str = net.vswitch) -> tuple[str, int]:
        return net.door.refused("AssociateRouteTable", RouteTableId=table, VSwitchId=vswitch)

    assert error(net.table) == ("OperationDenied", 400)
    assert error(foreign) == ("InvalidRouteTableId.NotFound", 404)
    assert error("vtb-x") == ("InvalidRouteTableId.NotFound", 404)
    assert error(foreign, "vsw-x") == ("InvalidVSwitchId.NotFound", 404)
    assert net.door.refused("DeleteRouteTable", RouteTableId=net.table) == ("OperationDenied", 400)
    gateway = {"VpcId": net.vpc["VpcId"], "AssociateType": "Gateway"}
    assert net.door.code("CreateRouteTable", **gateway) == "InvalidParameter"
    assert net.door("DescribeRouteTableList", RouterType="VBR")["TotalCount"] == 0
    assert net.door("DescribeRouteTableList", RouterId=other["VRouterId"])["TotalCount"] == 2
    assert net.door("DescribeRouteTableList", RouteTableName="none")["TotalCount"] == 0
