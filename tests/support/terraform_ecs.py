"""What Alibaba Cloud's Terraform provider does for security groups and their rules; instances are in `terraform_instance`."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.terraform import ECS, Provider, Refused
from tests.support.terraform_graph import Resource, found, removed, told


class SecurityGroup(Resource):
    """`alicloud_security_group`."""

    defaults: ClassVar = {"description": "", "security_group_name": "", "tags": {}}

    def create(self, **asked: Any) -> str:
        """Made; whether members reach each other is a request of its own."""
        provider = self.provider
        fields = {
            "VpcId": asked["vpc_id"],
            "SecurityGroupName": asked.get("security_group_name"),
            "Description": asked.get("description"),
            "ClientToken": provider.token("CreateSecurityGroup"),
        }
        id = str(provider.call("CreateSecurityGroup", ECS, **fields)["SecurityGroupId"])
        self.update(id, **{name: asked[name] for name in ("inner_access_policy", "tags") if name in asked})
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """Its attributes by the older stack, then the list."""
        own = found(lambda: self.provider.query("DescribeSecurityGroupAttribute", ECS, SecurityGroupId=id))
        if own is None:
            return None
        answer = self.provider.call("DescribeSecurityGroups", ECS, SecurityGroupId=id)
        (listed,) = answer["SecurityGroups"]["SecurityGroup"]
        read = told(
            {**listed, "InnerAccessPolicy": own["InnerAccessPolicy"]},
            vpc_id="VpcId",
            security_group_name="SecurityGroupName",
            description="Description",
            security_group_type="SecurityGroupType",
            resource_group_id="ResourceGroupId",
            inner_access_policy="InnerAccessPolicy",
        )
        return {**read, "tags": {tag["TagKey"]: tag["TagValue"] for tag in listed["Tags"]["Tag"]}}

    def update(self, id: str, **changed: Any) -> None:
        """A request for each kind of change."""
        provider = self.provider
        if "inner_access_policy" in changed:
            policy = {"InnerAccessPolicy": changed["inner_access_policy"]}
            token = provider.token("ModifySecurityGroupPolicy")
            provider.call("ModifySecurityGroupPolicy", ECS, SecurityGroupId=id, **policy, ClientToken=token)
        names = {"security_group_name": "SecurityGroupName", "description": "Description"}
        fields = {names[name]: value for name, value in changed.items() if name in names}
        if fields:
            provider.call("ModifySecurityGroupAttribute", ECS, SecurityGroupId=id, **fields)
        if "tags" in changed:
            pairs = [{"Key": key, "Value": value} for key, value in changed["tags"].items()]
            about = {"ResourceType": "securitygroup", "ResourceId": [id]}
            provider.call("TagResources", ECS, **about, Tag=pairs)

    def delete(self, id: str) -> None:
        """Asked again for as long as it is used; not waited for."""

        def send() -> Any:
            return self.provider.call("DeleteSecurityGroup", ECS, SecurityGroupId=id)

        removed(self.provider, send, "DependencyViolation")


class SecurityGroupRule(Resource):
    """`alicloud_security_group_rule`: changed and removed by GET over TLS, whatever protocol is configured."""

    defaults: ClassVar = {"description": "", "policy": "accept", "priority": 1}
    FAR: ClassVar = {"ingress": "Source", "egress": "Dest"}
    ACTIONS: ClassVar = {"ingress": "", "egress": "Egress"}

    def create(self, **asked: Any) -> str:
        """Added when the group is there; its id is all of it."""
        provider, group = self.provider, asked["security_group_id"]
        provider.query("DescribeSecurityGroupAttribute", ECS, SecurityGroupId=group)
        action = f"AuthorizeSecurityGroup{self.ACTIONS[asked['type']]}"
        token = provider.token(action)
        permission = {**self._values(asked), "Description": asked.get("description")}
        provider.call(action, ECS, SecurityGroupId=group, ClientToken=token, Permissions=[permission])
        far = str(asked.get("cidr_ip") or asked["source_security_group_id"]).replace(":", "_")
        words = (asked["type"], asked["ip_protocol"], asked["port_range"], "intranet", far)
        return ":".join((group, *words, asked.get("policy", "accept"), str(asked.get("priority", 1))))

    def read(self, id: str) -> dict[str, Any] | None:
        """The rule with those values: the provider compares protocol and policy in small letters."""
        group, way, protocol, ports, _, far, policy, priority = id.split(":")
        wanted = {"SecurityGroupId": group, "Direction": way, "NicType": "intranet"}
        answer = found(lambda: self.provider.query("DescribeSecurityGroupAttribute", ECS, **wanted))
        for one in [] if answer is None else answer["Permissions"]["Permission"]:
            cidr, other = one[f"{self.FAR[way]}CidrIp"], one[f"{self.FAR[way]}GroupId"]
            values = (one["IpProtocol"].lower(), one["PortRange"], one["Policy"].lower(), one["Priority"])
            if (*values, cidr or other) == (protocol, ports, policy, priority, far):
                return {
                    "security_group_id": group,
                    "type": one["Direction"],
                    "ip_protocol": protocol,
                    "port_range": ports,
                    "nic_type": one["NicType"],
                    "policy": policy,
                    "priority": int(priority),
                    "description": one["Description"],
                    **({"cidr_ip": cidr} if cidr else {"source_security_group_id": other}),
                }
        return None

    def update(self, id: str, **changed: Any) -> None:
        """Its description."""
        asked = {**self.asked(), **changed}
        action = "ModifySecurityGroupEgressRule" if asked["type"] == "egress" else "ModifySecurityGroupRule"
        self._over_tls(action, asked)

    def delete(self, id: str) -> None:
        """A group that is not there has no rule."""
        asked = self.asked()
        try:
            self._over_tls(f"RevokeSecurityGroup{self.ACTIONS[asked['type']]}", asked)
        except Refused as refused:
            if refused.code != "InvalidSecurityGroupId.NotFound":
                raise
        assert self.read(id) is None

    def _over_tls(self, action: str, asked: dict[str, Any]) -> None:
        fields = {**self._values(asked), "Description": asked.get("description", "")}
        group = asked["security_group_id"]
        self.provider.query(action, ECS, "GET", protocol="https", SecurityGroupId=group, **fields)

    def _values(self, asked: dict[str, Any]) -> dict[str, Any]:
        far = self.FAR[asked["type"]]
        return {
            "IpProtocol": asked["ip_protocol"],
            "PortRange": asked["port_range"],
            "NicType": "intranet",
            "Policy": asked.get("policy", "accept"),
            "Priority": asked.get("priority", 1),
            f"{far}CidrIp": asked.get("cidr_ip"),
            f"{far}GroupId": asked.get("source_security_group_id"),
        }


def zones(provider: Provider) -> list[str]:
    """The data source `alicloud_zones`: those where VSwitches can be made."""
    listed = provider.query("DescribeZones", ECS)["Zones"]["Zone"]
    return [
        zone["ZoneId"] for zone in listed if "VSwitch" in zone["AvailableResourceCreation"]["ResourceTypes"]
    ]
