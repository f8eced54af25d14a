"""What Alibaba Cloud's Terraform provider does for entries of route tables."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.terraform_graph import Resource, found, removed, told

#: What the provider asks again about entries of route tables.
ENTRY_RETRIED = (
    *("TaskConflict", "OperationConflict", "IncorrectRouteEntryStatus", "IncorrectVpcStatus"),
    *("IncorrectVSwitchStatus", "IncorrectHaVipStatus", "IncorrectInstanceStatus", "InvalidVBRStatus"),
    *("IncorrectStatus.Ipv4Gateway", "IncorrectStatus.Ipv6Address", "LastTokenProcessing"),
    *(
        "IncorrectStatus.VpcPeer",
        "IncorrectStatus.MultiScopeRiRouteEntry",
        "IncorrectStatus.RouteTableStatus",
    ),
    *("OperationFailed.DistibuteLock", "SystemBusy", "UnknownError", "IncorrectStatus.RouterInterface"),
    "IncorrectStatus.PrefixList",
)


class RouteEntry(Resource):
    """`alicloud_route_entry`, by the older stack; its id is all of it."""

    defaults: ClassVar = {"name": ""}

    def create(self, **asked: Any) -> str:
        """Made once no entry of the table is on its way; good once it is `Available`."""
        provider, table_id = self.provider, asked["route_table_id"]
        provider.wait(table_id, lambda: self._states(table_id), "Available")
        fields = {
            "RouteTableId": table_id,
            "DestinationCidrBlock": asked["destination_cidrblock"],
            "NextHopType": asked["nexthop_type"],
            "NextHopId": asked["nexthop_id"],
            "RouteEntryName": asked.get("name"),
            "ClientToken": provider.token("CreateRouteEntry"),
        }
        provider.retried(*ENTRY_RETRIED, send=lambda: provider.query("CreateRouteEntry", **fields))
        wanted = (fields["DestinationCidrBlock"], fields["NextHopType"], fields["NextHopId"])
        id = ":".join((table_id, self._table(table_id)["VRouterId"], *wanted))
        provider.wait(id, lambda: (self.read(id) or {}).get("status"), "Available")
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """By its destination and the next hop that stands in the entry itself."""
        table_id, router_id, *wanted = id.split(":")
        if not self._tables(table_id):
            return None
        table = self._table(table_id)
        assert table["VRouterId"] == router_id
        for entry in table["RouteEntrys"]["RouteEntry"]:
            if [entry["DestinationCidrBlock"], entry["NextHopType"], entry["InstanceId"]] == wanted:
                (hop,) = entry["NextHops"]["NextHop"]
                assert (hop["NextHopType"], hop["NextHopId"]) == (wanted[1], wanted[2])
                return told(
                    {**entry, "RouterId": router_id},
                    route_table_id="RouteTableId",
                    router_id="RouterId",
                    destination_cidrblock="DestinationCidrBlock",
                    nexthop_type="NextHopType",
                    nexthop_id="InstanceId",
                    name="RouteEntryName",
                    status="Status",
                )
        return None

    def delete(self, id: str) -> None:
        """By its destination and its next hop."""
        table_id, _, destination, _, hop = id.split(":")
        fields = {"RouteTableId": table_id, "DestinationCidrBlock": destination, "NextHopId": hop}

        def send() -> Any:
            return self.provider.query("DeleteRouteEntry", **fields)

        removed(self.provider, send, *ENTRY_RETRIED, "Forbbiden", gone=["InvalidRouteEntry.NotFound"])
        self.provider.wait(id, lambda: (self.read(id) or {}).get("status"))

    def _tables(self, id: str) -> list[dict[str, Any]]:
        answer = found(lambda: self.provider.query("DescribeRouteTables", RouteTableId=id))
        return [] if answer is None else list(answer["RouteTables"]["RouteTable"])

    def _table(self, id: str) -> dict[str, Any]:
        return self._tables(id)[0]

    def _states(self, table_id: str) -> str:
        states = {entry["Status"] for entry in self._table(table_id)["RouteEntrys"]["RouteEntry"]}
        return "Available" if states <= {"Available"} else "Pending"


class VpcRouteEntry(Resource):
    """`alicloud_vpc_route_entry`: the same by the newer stack; can be changed, and its id is shorter."""

    defaults: ClassVar = {"description": "", "route_entry_name": ""}
    NAMES: ClassVar = {
        "route_entry_name": "RouteEntryName",
        "description": "Description",
        "nexthop_type": "NewNextHopType",
        "nexthop_id": "NewNextHopId",
    }

    def create(self, **asked: Any) -> str:
        """Made; it is not waited for."""
        provider = self.provider
        fields = {
            "RouteTableId": asked["route_table_id"],
            "DestinationCidrBlock": asked["destination_cidrblock"],
            "NextHopType": asked["nexthop_type"],
            "NextHopId": asked["nexthop_id"],
            "RouteEntryName": asked.get("route_entry_name"),
            "Description": asked.get("description"),
            "ClientToken": provider.token("CreateRouteEntry"),
        }
        made = provider.retried(*ENTRY_RETRIED, send=lambda: provider.call("CreateRouteEntry", **fields))
        return f"{asked['route_table_id']}:{made['RouteEntryId']}"

    def read(self, id: str) -> dict[str, Any] | None:
        """By its id, from the table's list; the first next hop is taken without a look."""
        table_id, entry_id = id.split(":")
        wanted = {"RouteTableId": table_id, "RouteEntryId": entry_id}
        answer = found(lambda: self.provider.call("DescribeRouteEntryList", **wanted))
        entries = [] if answer is None else answer["RouteEntrys"]["RouteEntry"]
        if not entries:
            return None
        (entry,) = entries
        hop = told(entry["NextHops"]["NextHop"][0], nexthop_id="NextHopId", nexthop_type="NextHopType")
        read = told(
            entry,
            route_table_id="RouteTableId",
            destination_cidrblock="DestinationCidrBlock",
            route_entry_name="RouteEntryName",
            description="Description",
            status="Status",
        )
        return {**read, **hop}

    def update(self, id: str, **changed: Any) -> None:
        """Texts and the next hop in one request."""
        fields = {self.NAMES[name]: value for name, value in changed.items()}
        fields["RouteEntryId"] = id.split(":")[1]
        self.provider.retried(*ENTRY_RETRIED, send=lambda: self.provider.call("ModifyRouteEntry", **fields))

    def delete(self, id: str) -> None:
        """By its destination and its next hop, as they were read last."""
        fields = {
            "RouteTableId": id.split(":", maxsplit=1)[0],
            "DestinationCidrBlock": self.state["destination_cidrblock"],
            "NextHopId": self.state["nexthop_id"],
        }
        gone = ["InvalidRouteTable.NotFound", "InvalidRouteEntry.NotFound"]
        removed(
            self.provider, lambda: self.provider.call("DeleteRouteEntry", **fields), *ENTRY_RETRIED, gone=gone
        )
