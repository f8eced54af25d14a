"""Instances and their interfaces as answers have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peerway.api.alibaba.labels import IN_ECS, labels_for, shown_labels
from peerway.api.alibaba.products.ecs.product import PRODUCT
from peerway.api.alibaba.products.ecs.shared import interface_id, minute_of, time_of
from peerway.api.clouds.call import AnyCall
from peerway.app.store import where
from peerway.domain.gateway import Eip
from peerway.domain.labels import Labels
from peerway.domain.vpc import Instance, Vpc, VSwitch


@dataclass(frozen=True, slots=True)
class Around:
    """What is around the instances of a page, looked up once for all."""

    #: VSwitches by id.
    vswitches: Mapping[str, VSwitch]
    #: Ids of regions by VPC.
    regions: Mapping[str, str]
    #: Public addresses by instance.
    eips: Mapping[str, Eip]
    #: What the caller wrote on them.
    labels: Mapping[str, Labels]

    @classmethod
    def of(cls, call: AnyCall, instances: Sequence[Instance]) -> Around:
        """Look it up."""
        ids = [instance.id for instance in instances]
        vswitches = [call.tx.get(VSwitch, id) for id in sorted({one.vswitch_id for one in instances})]
        vpcs = [call.tx.get(Vpc, id) for id in sorted({one.vpc_id for one in instances})]
        eips = call.tx.select(Eip, where("target_id", *ids)) if ids else []
        return cls(
            {one.id: one for one in vswitches if one is not None},
            {one.id: one.region_id for one in vpcs if one is not None},
            {eip.target_id or "": eip for eip in reversed(eips)},
            labels_for(call, instances),
        )

    def zone(self, instance: Instance) -> str:
        """Zone that an instance is in."""
        vswitch = self.vswitches.get(instance.vswitch_id)
        return vswitch.zone_id if vswitch is not None else ""


def status_of(instance: Instance) -> str:
    """The cloud's word for where an instance is in its life."""
    key = f"{instance.state.value} stopped" if instance.stopped else instance.state.value
    return str(PRODUCT.extra["instance_status"][key])


def instance_shown(call: AnyCall, instance: Instance, around: Around) -> dict[str, Any]:
    """An instance in a list."""
    interface = {
        "NetworkInterfaceId": interface_id(instance),
        "MacAddress": instance.mac,
        "PrimaryIpAddress": str(instance.ipv4),
        "Type": "Primary",
        "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": str(instance.ipv4), "Primary": True}]},
        "Ipv6Sets": _ipv6(instance),
        "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
    }
    return {
        **_common(instance, around),
        **shown_labels(call, IN_ECS, around.labels.get(instance.id)),
        "StartTime": minute_of(instance.created_at),
        "NetworkInterfaces": {"NetworkInterface": [interface]},
        "RdmaIpAddress": {"IpAddress": []},
        "DedicatedHostAttribute": {
            "DedicatedHostId": "",
            "DedicatedHostName": "",
            "DedicatedHostClusterId": "",
        },
        "DedicatedInstanceAttribute": {"Affinity": "", "Tenancy": ""},
        "MetadataOptions": {"HttpEndpoint": "", "HttpTokens": ""},
    }


def attributes_shown(instance: Instance, around: Around) -> dict[str, Any]:
    """An instance by itself: here what is optimized is told in words."""
    return {**_common(instance, around), "IoOptimized": "optimized"}


def interface_shown(call: AnyCall, instance: Instance, around: Around) -> dict[str, Any]:
    """An instance's interface."""
    eip = around.eips.get(instance.id)
    public = {"AllocationId": eip.id if eip else "", "PublicIpAddress": str(eip.address) if eip else ""}
    address = {"PrivateIpAddress": str(instance.ipv4), "Primary": True, "AssociatedPublicIp": public}
    return {
        "NetworkInterfaceId": interface_id(instance),
        "NetworkInterfaceName": instance.name,
        "Description": "",
        "Type": "Primary",
        "Status": PRODUCT.extra["interface_status"][instance.state.value],
        "InstanceId": instance.id,
        "Attachment": {"InstanceId": instance.id, "DeviceIndex": 0, "NetworkCardIndex": 0},
        "VpcId": instance.vpc_id,
        "VSwitchId": instance.vswitch_id,
        "ZoneId": around.zone(instance),
        "MacAddress": instance.mac,
        "PrivateIpAddress": str(instance.ipv4),
        "PrivateIpSets": {"PrivateIpSet": [address]},
        "Ipv6Sets": _ipv6(instance),
        "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
        "AssociatedPublicIp": public,
        "SecurityGroupIds": {"SecurityGroupId": list(instance.security_group_ids)},
        "SourceDestCheck": instance.source_dest_check,
        "CreationTime": time_of(instance.created_at),
        "OwnerId": instance.owner_uid,
        "DeleteOnRelease": True,
        "ServiceManaged": False,
        "NetworkInterfaceTrafficMode": "Standard",
        "QueueNumber": 1,
        **shown_labels(call, IN_ECS, None),
    }


def _common(instance: Instance, around: Around) -> dict[str, Any]:
    eip = around.eips.get(instance.id)
    return {
        **PRODUCT.extra["like_all_instances"],
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "HostName": instance.name or instance.id,
        "Status": status_of(instance),
        "RegionId": around.regions.get(instance.vpc_id, ""),
        "ZoneId": around.zone(instance),
        "CreationTime": minute_of(instance.created_at),
        "SecurityGroupIds": {"SecurityGroupId": list(instance.security_group_ids)},
        "VpcAttributes": {
            "VpcId": instance.vpc_id,
            "VSwitchId": instance.vswitch_id,
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": [str(instance.ipv4)]},
        },
        "EipAddress": {
            "AllocationId": eip.id if eip else "",
            "IpAddress": str(eip.address) if eip else "",
            "InternetChargeType": "",
        },
        "PublicIpAddress": {"IpAddress": []},
        "InnerIpAddress": {"IpAddress": []},
        "OperationLocks": {"LockReason": []},
    }


def _ipv6(instance: Instance) -> dict[str, Any]:
    addresses = [instance.ipv6] if instance.ipv6 is not None else []
    return {"Ipv6Set": [{"Ipv6Address": str(address), "Primary": True} for address in addresses]}
