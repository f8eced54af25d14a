"""What Alibaba Cloud's Terraform provider does for VPCs, VSwitches and route tables."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.terraform import Provider
from tests.support.terraform_graph import Resource, found, removed, told

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
