"""What Alibaba Cloud's Terraform provider does for VPCs, VSwitches, route tables, their entries and network ACLs."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.terraform import Provider, Refused
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
TAGGED = {"Vpc": "VPC", "VSwitch": "VSWITCH", "RouteTable": "ROUTETABLE", "NetworkAcl": "NETWORKACL"}


class Tagged(Resource):
    """A resource with tags: written one by one, read with the rest."""

    def tag(self, id: str, tags: dict[str, str]) -> None:
        """Make the tags those."""
        about = {"ResourceType": TAGGED[type(self).__name__], "ResourceId": [id]}
        old = list(self.state.get("tags", {}).keys() - tags.keys())
        if old:
            self.provider.call("UnTagResources", **about, TagKey=old)
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            self.provider.call("TagResources", **about, Tag=pairs)


def tags_of(thing: dict[str, Any]) -> dict[str, str]:
    """Tags of an answer; the list is there when it is empty."""
    return {tag["Key"]: tag["Value"] for tag in thing["Tags"]["Tag"]}


class Vpc(Tagged):
    """`alicloud_vpc`."""

    defaults: ClassVar = {"description": "", "vpc_name": "", "tags": {}}

    def create(self, **asked: Any) -> str:
        """Made; good once it is `Available` and has a system table."""
        provider = self.provider
        fields = {
            "CidrBlock": asked["cidr_block"],
            "VpcName": asked.get("vpc_name"),
            "Description": asked.get("description"),
            "EnableIpv6": asked.get("enable_ipv6"),
            "ClientToken": provider.token("CreateVpc"),
        }
        made = provider.retried(
            "TaskConflict", "UnknownError", send=lambda: provider.call("CreateVpc", **fields)
        )
        assert made["VRouterId"]
        id = str(made["VpcId"])
        provider.wait(id, lambda: self._status(id), "Available")
        self.tag(id, asked.get("tags", {}))
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """The VPC, then the table of type `System` among its tables."""
        thing = found(lambda: self.provider.call("DescribeVpcAttribute", VpcId=id))
        if thing is None:
            return None
        assert thing["SecondaryCidrBlocks"]["SecondaryCidrBlock"] == []
        assert thing["UserCidrs"]["UserCidr"] == []
        tables = self.provider.call("DescribeRouteTableList", VpcId=id)["RouterTableList"]
        system = [
            table
            for table in tables["RouterTableListType"]
            if (table["RouteTableType"], table["VpcId"]) == ("System", id)
        ]
        own = told(
            thing,
            cidr_block="CidrBlock",
            vpc_name="VpcName",
            description="Description",
            enable_ipv6="EnabledIpv6",
            status="Status",
            resource_group_id="ResourceGroupId",
            dns_hostname_status="DnsHostnameStatus",
        )
        router = told(system[0], route_table_id="RouteTableId", router_id="RouterId")
        assert router["router_id"] == thing["VRouterId"]
        return {**own, **router, "tags": tags_of(thing)}

    def update(self, id: str, **changed: Any) -> None:
        """Texts, then tags."""
        names = {"vpc_name": "VpcName", "description": "Description"}
        fields = {names[name]: value for name, value in changed.items() if name in names}
        if fields:
            self.provider.call("ModifyVpcAttribute", VpcId=id, **fields)
        if "tags" in changed:
            self.tag(id, changed["tags"])

    def delete(self, id: str) -> None:
        """Asked again for as long as something is in it."""
        retried = ("DependencyViolation.VSwitch", "DependencyViolation.SecurityGroup", "IncorrectVpcStatus")
        token = self.provider.token("DeleteVpc")

        def send() -> Any:
            return self.provider.call("DeleteVpc", VpcId=id, ClientToken=token)

        removed(self.provider, send, *retried, gone=["InvalidResource.NotFound"])
        self.provider.wait(id, lambda: self._status(id))

    def _status(self, id: str) -> str | None:
        thing = found(lambda: self.provider.call("DescribeVpcAttribute", VpcId=id))
        return None if thing is None or not thing["VpcId"] else str(thing["Status"])


class VSwitch(Tagged):
    """`alicloud_vswitch`: the wait for its end is made for an answer without an id."""

    defaults: ClassVar = {"description": "", "vswitch_name": "", "tags": {}}

    def create(self, **asked: Any) -> str:
        """Made; good once it is `Available`."""
        provider = self.provider
        fields = {
            "VpcId": asked["vpc_id"],
            "ZoneId": asked["zone_id"],
            "CidrBlock": asked["cidr_block"],
            "VSwitchName": asked.get("vswitch_name"),
            "Description": asked.get("description"),
        }
        retried = ("TaskConflict", "IncorrectStatus.cbnStatus", "InvalidStatus.RouteEntry", "IncorrectStatus")
        retried += ("OperationFailed.IdempotentTokenProcessing", "IncorrectVSwitchStatus")
        retried += ("OperationConflict", "LastTokenProcessing")

        def send() -> Any:
            return provider.call("CreateVSwitch", **fields, ClientToken=provider.token("CreateVSwitch"))

        id = str(provider.retried(*retried, send=send)["VSwitchId"])
        provider.wait(id, lambda: (self.read(id) or {})["status"], "Available")
        self.tag(id, asked.get("tags", {}))
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """Its id is in the target of the request, the rest in the form."""
        target = {"VSwitchId": id}
        thing = found(lambda: self.provider.call("DescribeVSwitchAttributes", target=target))
        if thing is None or not thing["VSwitchId"]:
            return None
        read = told(
            thing,
            vpc_id="VpcId",
            zone_id="ZoneId",
            cidr_block="CidrBlock",
            vswitch_name="VSwitchName",
            description="Description",
            ipv6_cidr_block="Ipv6CidrBlock",
            create_time="CreationTime",
            status="Status",
        )
        return {**read, "tags": tags_of(thing)}

    def update(self, id: str, **changed: Any) -> None:
        """Texts, then tags."""
        names = {"vswitch_name": "VSwitchName", "description": "Description"}
        fields = {names[name]: value for name, value in changed.items() if name in names}
        if fields:
            self.provider.call("ModifyVSwitchAttribute", VSwitchId=id, **fields)
        if "tags" in changed:
            self.tag(id, changed["tags"])

    def delete(self, id: str) -> None:
        """Asked again for as long as something is in it."""
        busy = ("OperationConflict", "IncorrectRouteEntryStatus", "InternalError", "TaskConflict")
        inside = ("", ".NetworkInterface", ".Instance", ".RouteTable", ".NetworkAcl", ".SNAT")

        def send() -> Any:
            return self.provider.call("DeleteVSwitch", VSwitchId=id)

        retried = (*busy, *(f"DependencyViolation{what}" for what in inside))
        removed(
            self.provider, send, *retried, gone=["InvalidVswitchID.NotFound", "InvalidVSwitchId.NotFound"]
        )
        self.provider.wait(id, lambda: (self.read(id) or {}).get("status"))


def table_read(provider: Provider, id: str) -> dict[str, Any] | None:
    """The provider's look at a route table."""
    answer = found(lambda: provider.call("DescribeRouteTableList", RouteTableId=id))
    tables = [] if answer is None else answer["RouterTableList"]["RouterTableListType"]
    return dict(tables[0]) if tables else None


class RouteTable(Tagged):
    """`alicloud_route_table`."""

    defaults: ClassVar = {"description": "", "route_table_name": "", "tags": {}}

    def create(self, **asked: Any) -> str:
        """Made; good once it is `Available`."""
        provider = self.provider
        fields = {
            "VpcId": asked["vpc_id"],
            "RouteTableName": asked.get("route_table_name"),
            "Description": asked.get("description"),
            "ClientToken": provider.token("CreateRouteTable"),
        }
        retried = ("OperationConflict", "LastTokenProcessing", "IncorrectStatus", "SystemBusy")
        made = provider.retried(*retried, send=lambda: provider.call("CreateRouteTable", **fields))
        id = str(made["RouteTableId"])
        provider.wait(id, lambda: (table_read(provider, id) or {}).get("Status"), "Available")
        self.tag(id, asked.get("tags", {}))
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """By its id, from a list."""
        thing = table_read(self.provider, id)
        if thing is None:
            return None
        read = told(
            thing,
            vpc_id="VpcId",
            route_table_name="RouteTableName",
            description="Description",
            associate_type="AssociateType",
            create_time="CreationTime",
            resource_group_id="ResourceGroupId",
            route_propagation_enable="RoutePropagationEnable",
            status="Status",
        )
        return {**read, "tags": tags_of(thing)}

    def update(self, id: str, **changed: Any) -> None:
        """Texts, then tags."""
        names = {"route_table_name": "RouteTableName", "description": "Description"}
        fields = {names[name]: value for name, value in changed.items() if name in names}
        if fields:
            self.provider.call("ModifyRouteTableAttributes", RouteTableId=id, **fields)
        if "tags" in changed:
            self.tag(id, changed["tags"])

    def delete(self, id: str) -> None:
        """Asked again for as long as it has entries."""
        retried = ("OperationConflict", "DependencyViolation.RouteEntry", "IncorrectRouteTableStatus")

        def send() -> Any:
            return self.provider.call("DeleteRouteTable", RouteTableId=id)

        removed(self.provider, send, *retried)
        self.provider.wait(id, lambda: (table_read(self.provider, id) or {}).get("Status"))


class RouteTableAttachment(Resource):
    """`alicloud_route_table_attachment`."""

    def create(self, **asked: Any) -> str:
        """Bound; good once the table's list of VSwitches tells."""
        ids = {"RouteTableId": asked["route_table_id"], "VSwitchId": asked["vswitch_id"]}
        token = self.provider.token("AssociateRouteTable")

        def send() -> Any:
            return self.provider.call("AssociateRouteTable", **ids, ClientToken=token)

        self.provider.retried(
            "TaskConflict", "IncorrectVSwitchStatus", "IncorrectRouteTableStatus", send=send
        )
        id = ":".join(ids.values())
        self.provider.wait(id, lambda: (self.read(id) or {}).get("status"), "Available")
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """By the table's list of VSwitches."""
        table_id, vswitch_id = id.split(":")
        table = table_read(self.provider, table_id)
        if table is None or vswitch_id not in table["VSwitchIds"]["VSwitchId"]:
            return None
        return {"route_table_id": table_id, "vswitch_id": vswitch_id, "status": table["Status"]}

    def delete(self, id: str) -> None:
        """Unbound."""
        table_id, vswitch_id = id.split(":")
        ids = {"RouteTableId": table_id, "VSwitchId": vswitch_id}

        def send() -> Any:
            token = self.provider.token("UnassociateRouteTable")
            return self.provider.call("UnassociateRouteTable", **ids, ClientToken=token)

        removed(self.provider, send, "TaskConflict", "IncorrectRouteTableStatus", "IncorrectVSwitchStatus")
        self.provider.wait(id, lambda: (self.read(id) or {}).get("status"))


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


class NetworkAcl(Tagged):
    """`alicloud_network_acl`: each of its requests waits until the list is `Available` again."""

    defaults: ClassVar = {"description": "", "tags": {}}
    ENTRY: ClassVar = {
        "description": "Description",
        "network_acl_entry_name": "NetworkAclEntryName",
        "policy": "Policy",
        "port": "Port",
        "protocol": "Protocol",
    }
    FAR: ClassVar = {
        "ingress": ("source_cidr_ip", "SourceCidrIp"),
        "egress": ("destination_cidr_ip", "DestinationCidrIp"),
    }

    def create(self, **asked: Any) -> str:
        """Made empty; then its entries, what it is bound to, and its tags."""
        names = {"vpc_id": "VpcId", "network_acl_name": "NetworkAclName", "description": "Description"}
        fields = {field: asked[name] for name, field in names.items() if name in asked}
        token = self.provider.token("CreateNetworkAcl")
        made = self.provider.call("CreateNetworkAcl", **fields, ClientToken=token)
        id = str(made["NetworkAclAttribute"]["NetworkAclId"])
        self._settled(id)
        later = {name: value for name, value in asked.items() if name not in names}
        self.update(id, **later)
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """Entries and bindings as they are: an entry that nobody asked for would show in every plan."""
        thing = self._shown(id)
        if thing is None:
            return None
        read = told(
            thing,
            vpc_id="VpcId",
            network_acl_name="NetworkAclName",
            description="Description",
            create_time="CreationTime",
            status="Status",
        )
        for way, (name, field) in self.FAR.items():
            rows = thing[f"{way.title()}AclEntries"][f"{way.title()}AclEntry"]
            read[f"{way}_acl_entries"] = [told(row, **self.ENTRY, **{name: field}) for row in rows]
        bound = [
            told(one, resource_id="ResourceId", resource_type="ResourceType") for one in self._bound(thing)
        ]
        return {**read, "resources": bound, "tags": tags_of(thing)}

    def update(self, id: str, **changed: Any) -> None:
        """Texts, entries, bindings, tags: a request for each that is changed."""
        texts = {"network_acl_name": "NetworkAclName", "description": "Description"}
        fields = {texts[name]: value for name, value in changed.items() if name in texts}
        if fields:
            self._send(id, "ModifyNetworkAclAttributes", **fields)
        entries: dict[str, Any] = {}
        for way, far in self.FAR.items():
            if f"{way}_acl_entries" in changed:
                names = dict([*self.ENTRY.items(), far])
                rows = [
                    {names[name]: value for name, value in row.items()}
                    for row in changed[f"{way}_acl_entries"]
                ]
                entries |= {f"Update{way.title()}AclEntries": "true", f"{way.title()}AclEntries": rows}
        if entries:
            self._send(id, "UpdateNetworkAclEntries", **entries)
        if "resources" in changed:
            old, new = self.state.get("resources", []), changed["resources"]
            for action, rows in (("Unassociate", old), ("Associate", new)):
                other = new if rows is old else old
                moved = [
                    {"ResourceId": row["resource_id"], "ResourceType": row["resource_type"]}
                    for row in rows
                    if row not in other
                ]
                if moved:
                    self._send(id, f"{action}NetworkAcl", Resource=moved)
        if "tags" in changed:
            self.tag(id, changed["tags"])

    def delete(self, id: str) -> None:
        """Let go of what it is bound to, then removed."""
        bound = self._bound(self._shown(id) or {"Resources": {"Resource": []}})
        if bound:
            rows = [{"ResourceId": one["ResourceId"], "ResourceType": one["ResourceType"]} for one in bound]
            self._send(id, "UnassociateNetworkAcl", Resource=rows)

        def send() -> Any:
            token = self.provider.token("DeleteNetworkAcl")
            return self.provider.call("DeleteNetworkAcl", NetworkAclId=id, ClientToken=token)

        removed(self.provider, send, "NetworkAclExistBinding", "OperationConflict", "IncorrectStatus")
        self.provider.wait(id, lambda: (self._shown(id) or {}).get("Status"))

    def _send(self, id: str, action: str, **fields: Any) -> None:
        retried = ("TaskConflict", "OperationConflict", "LastTokenProcessing", "IncorrectStatus")

        def send() -> Any:
            token = self.provider.token(action)
            return self.provider.call(action, NetworkAclId=id, ClientToken=token, **fields)

        self.provider.retried(*retried, send=send)
        self._settled(id)

    def _settled(self, id: str) -> None:
        self.provider.wait(id, lambda: (self._shown(id) or {}).get("Status"), "Available")

    def _shown(self, id: str) -> dict[str, Any] | None:
        try:
            answer = self.provider.call("DescribeNetworkAclAttributes", NetworkAclId=id)
        except Refused as refused:
            if refused.not_found:
                return None
            raise
        return dict(answer["NetworkAclAttribute"])

    @staticmethod
    def _bound(thing: dict[str, Any]) -> list[dict[str, Any]]:
        rows = thing["Resources"]["Resource"]
        assert all(row["Status"] == "BINDED" for row in rows)
        return list(rows)
