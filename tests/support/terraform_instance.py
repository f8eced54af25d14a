"""What Alibaba Cloud's Terraform provider does for instances."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from tests.support.terraform import ECS, Refused
from tests.support.terraform_graph import Resource, removed, told

#: The only image and the only type: what a configuration has to name so that a plan is empty.
KIND = {"image_id": "peerway_namespace", "instance_type": "ecs.peerway.large"}

#: What the provider answers itself when a configuration doesn't.
SYSTEM_DISK_GB = 40
NAME = "ECS-Instance"


class Instance(Resource):
    """`alicloud_instance`: made and changed by the newer stack; read, started, stopped and deleted mostly by the older one."""

    unread = frozenset({"password"})
    #: All that is optional and not computed, so that another value than these would be a difference for ever.
    defaults: ClassVar = {
        **dict.fromkeys(("user_data", "auto_release_time", "hpc_cluster_id", "deployment_set_id"), ""),
        **dict.fromkeys(("dedicated_host_id", "system_disk_storage_cluster_id"), ""),
        **dict.fromkeys(("system_disk_kms_key_id", "system_disk_auto_snapshot_policy_id"), ""),
        "deletion_protection": False,
        "maintenance_notify": False,
        "maintenance_time": [],
        "network_card_index": 0,
        "tags": {},
    }

    def create(self, **asked: Any) -> str:
        """Asked again while the VSwitch is on its way; good once it is `Running`."""
        provider = self.provider
        fields = {
            "ClientToken": provider.token("RunInstances"),
            "InstanceType": asked["instance_type"],
            "ImageId": asked["image_id"],
            "SystemDisk": {
                "Category": asked.get("system_disk_category"),
                "Size": asked.get("system_disk_size", SYSTEM_DISK_GB),
            },
            "InstanceName": asked.get("instance_name", NAME),
            "InternetChargeType": "PayByTraffic",
            "InternetMaxBandwidthOut": asked.get("internet_max_bandwidth_out", 0),
            "InstanceChargeType": "PostPaid",
            "Password": asked.get("password"),
            "DryRun": False,
            "DeletionProtection": False,
            "Tag": [{"Key": key, "Value": value} for key, value in asked.get("tags", {}).items()],
            "VSwitchId": asked["vswitch_id"],
            "PrivateIpAddress": asked.get("private_ip"),
            "SecurityGroupIds": asked.get("security_groups"),
            "IoOptimized": "optimized",
        }
        made = provider.retried(
            "IncorrectVSwitchStatus", send=lambda: provider.call("RunInstances", ECS, **fields)
        )
        id = str(made["InstanceIdSets"]["InstanceIdSet"][0])
        provider.wait(id, lambda: self._status(id), "Running", fails=["Stopping"])
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """The instance, and then one thing after the other that it has: each has to be there."""
        one = self._shown(id)
        if one is None:
            return None
        (eni,) = one["NetworkInterfaces"]["NetworkInterface"]
        assert eni["Type"] == "Primary"
        read = told(
            one,
            instance_name="InstanceName",
            resource_group_id="ResourceGroupId",
            description="Description",
            status="Status",
            availability_zone="ZoneId",
            host_name="HostName",
            image_id="ImageId",
            instance_type="InstanceType",
            internet_max_bandwidth_out="InternetMaxBandwidthOut",
            instance_charge_type="InstanceChargeType",
            deletion_protection="DeletionProtection",
            auto_release_time="AutoReleaseTime",
            hpc_cluster_id="HpcClusterId",
            stopped_mode="StoppedMode",
        )
        return {
            **read,
            **self._disk(id, one["ResourceGroupId"]),
            **self._other(id, eni["NetworkInterfaceId"]),
            "deployment_set_id": one.get("DeploymentSetId", ""),
            "dedicated_host_id": one["DedicatedHostAttribute"]["DedicatedHostId"],
            "vpc_id": one["VpcAttributes"]["VpcId"],
            "vswitch_id": one["VpcAttributes"]["VSwitchId"],
            "private_ip": one["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0],
            "primary_ip_address": eni["PrimaryIpAddress"],
            "security_groups": list(one["SecurityGroupIds"]["SecurityGroupId"]),
            "tags": {tag["TagKey"]: tag["TagValue"] for tag in one["Tags"]["Tag"]},
        }

    def update(self, id: str, **changed: Any) -> None:
        """A request for each kind of change; stopped and started for what needs it."""
        provider = self.provider
        if "tags" in changed:
            self._retag(id, changed["tags"])
        if "security_groups" in changed:
            self._regroup(id, changed["security_groups"])
        names = {"instance_name": "InstanceName", "password": "Password"}
        fields = {names[name]: value for name, value in changed.items() if name in names}
        if fields:
            token = provider.token("ModifyInstanceAttribute")
            provider.call("ModifyInstanceAttribute", ECS, InstanceId=id, ClientToken=token, **fields)
        if {"password", "status"} & changed.keys():
            self._restart(id, str(changed.get("status", self.state["status"])))

    def delete(self, id: str) -> None:
        """By force, running or not; asked again while a route entry leads to it; until the list has none."""

        def send() -> Any:
            return self.provider.query("DeleteInstance", ECS, InstanceId=id, Force=True)

        busy = ("IncorrectInstanceStatus", "DependencyViolation.RouteEntry", "LastTokenProcessing")
        removed(self.provider, send, *busy, "IncorrectInstanceStatus.Initializing")
        self.provider.wait(id, lambda: self._status(id), fails=["Starting"])

    def _disk(self, id: str, group: str) -> dict[str, Any]:
        """The system disk, by its id once that is known: none would be a failure."""
        known = self.state.get("system_disk_id")
        wanted = {"InstanceId": id, "DiskType": "system", "ResourceGroupId": group}
        asked = {"DiskIds": json.dumps([known])} if known else wanted
        disk = self.provider.query("DescribeDisks", ECS, **asked)["Disks"]["Disk"][0]
        return told(
            disk,
            system_disk_id="DiskId",
            system_disk_category="Category",
            system_disk_size="Size",
            system_disk_auto_snapshot_policy_id="AutoSnapshotPolicyId",
            system_disk_storage_cluster_id="StorageClusterId",
            system_disk_encrypted="Encrypted",
            system_disk_kms_key_id="KMSKeyId",
            system_disk_performance_level="PerformanceLevel",
        )

    def _other(self, id: str, eni: str) -> dict[str, Any]:
        """User data, role, interface, maintenance and attributes."""
        provider = self.provider
        user_data = provider.query("DescribeUserData", ECS, InstanceId=id)["UserData"]
        roles = provider.query("DescribeInstanceRamRole", ECS, InstanceIds=json.dumps([id]))
        assert roles["InstanceRamRoleSets"]["InstanceRamRoleSet"] == []
        listed = provider.call("DescribeNetworkInterfaces", ECS, NetworkInterfaceId=[eni])
        (interface,) = listed["NetworkInterfaceSets"]["NetworkInterfaceSet"]
        assert [one["Primary"] for one in interface["PrivateIpSets"]["PrivateIpSet"]] == [True]
        told = provider.call("DescribeInstanceMaintenanceAttributes", ECS, InstanceId=[id])
        (kept,) = told["MaintenanceAttributes"]["MaintenanceAttribute"]
        assert provider.query("DescribeInstanceAttribute", ECS, InstanceId=id)["InstanceId"] == id
        return {
            "user_data": user_data,
            "network_interface_id": eni,
            "network_card_index": interface["Attachment"]["NetworkCardIndex"],
            "ipv6_addresses": [one["Ipv6Address"] for one in interface["Ipv6Sets"]["Ipv6Set"]],
            "maintenance_time": kept["MaintenanceWindows"]["MaintenanceWindow"],
            "maintenance_action": kept["ActionOnMaintenance"]["Value"],
            "maintenance_notify": kept["NotifyOnMaintenance"],
        }

    def _retag(self, id: str, tags: dict[str, str]) -> None:
        about = {"ResourceType": "instance", "ResourceId": [id]}
        if gone := [key for key in self.state["tags"] if key not in tags]:
            self.provider.query("UntagResources", ECS, **about, TagKey=gone)
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            self.provider.query("TagResources", ECS, **about, Tag=pairs)

    def _regroup(self, id: str, groups: list[str]) -> None:
        """Out of the old groups first; only one code of each action counts as a failure."""
        before = self.state["security_groups"]
        leave, join = "LeaveSecurityGroup", "JoinSecurityGroup"
        for action, many, fatal in (
            (leave, [one for one in before if one not in groups], "InvalidSecurityGroupId.NotFound"),
            (join, [one for one in groups if one not in before], "InvalidInstanceId.AlreadyExists"),
        ):
            for group in many:
                try:
                    self.provider.query(action, ECS, InstanceId=id, SecurityGroupId=group)
                except Refused as refused:
                    if refused.code == fatal:
                        raise

    def _restart(self, id: str, target: str) -> None:
        """Stopped when it runs, and started when it is to run."""
        if self._status(id) == "Running":
            mode = {"ForceStop": False, "StoppedMode": self.state["stopped_mode"]}
            self._switch("StopInstance", id, "Stopped", **mode)
        if target == "Running":
            self._switch("StartInstance", id, "Running")

    def _switch(self, action: str, id: str, target: str, **fields: Any) -> None:
        provider = self.provider
        provider.retried(
            "IncorrectInstanceStatus", send=lambda: provider.query(action, ECS, InstanceId=id, **fields)
        )
        provider.wait(id, lambda: self._status(id), target)

    def _status(self, id: str) -> str | None:
        one = self._shown(id)
        return None if one is None else str(one["Status"])

    def _shown(self, id: str) -> dict[str, Any] | None:
        more = ["META_OPTIONS", "NETWORK_PRIMARY_ENI_IP", "LOGIN_AS_NON_ROOT"]
        asked = {"InstanceIds": json.dumps([id]), "AdditionalAttributes": more}
        listed = self.provider.query("DescribeInstances", ECS, **asked)["Instances"]["Instance"]
        return dict(listed[0]) if listed else None
