"""What Alibaba Cloud's Terraform provider does for network ACLs."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.terraform import Refused
from tests.support.terraform_graph import removed, told
from tests.support.terraform_vpc import Tagged, tags_of


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
