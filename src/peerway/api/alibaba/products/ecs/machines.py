"""What clients read about a machine beside its network: a system disk, user data, roles, maintenance.

An instance is a network namespace and has none of these. The provider of Terraform fails where they are not told, so they are: the
same for all instances, and empty where that is read.
"""

from __future__ import annotations

from typing import Any

from peerway.api.alibaba.labels import IN_ECS, label_filter, shown_labels
from peerway.api.alibaba.products.ecs.interfaces import Keep, instances_listed
from peerway.api.alibaba.products.ecs.product import PRODUCT
from peerway.api.alibaba.products.ecs.shared import INSTANCE, time_of
from peerway.api.alibaba.products.ecs.showing import Around
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases.instances import get_instance
from peerway.domain.vpc import Instance

#: What the id of an instance's disk begins with; the rest is the instance's.
DISK = "d-"


@PRODUCT.reads("DescribeDisks")
def describe_disks(call: ReadCall, given: Given) -> Answer:
    """The system disks of the caller's instances in the region."""
    instances, figures = instances_listed(call, given, _holders(given), _asked(call, given))
    around = Around.of(call, instances)
    return {"Disks": {"Disk": [_disk(call, one, around) for one in instances]}, **figures}


@PRODUCT.finds("DescribeUserData")
def describe_user_data(call: ReadCall, given: Given) -> Answer:
    """No user data, of an instance that is there."""
    instance = call.use(get_instance, given["InstanceId"])
    region = Around.of(call, [instance]).regions.get(instance.vpc_id, "")
    return {"InstanceId": instance.id, "RegionId": region, "UserData": ""}


@PRODUCT.finds("DescribeInstanceRamRole")
def describe_instance_ram_role(call: ReadCall, _: Given) -> Answer:
    """No instance has a role."""
    region = call.world.regions.require(call.region_id or "", "RegionId").id
    return {"InstanceRamRoleSets": {"InstanceRamRoleSet": []}, "RegionId": region, "TotalCount": 0}


@PRODUCT.reads("DescribeInstanceMaintenanceAttributes")
def describe_instance_maintenance_attributes(call: ReadCall, given: Given) -> Answer:
    """What happens to instances when their hosts are mended: the same for all."""
    instances, figures = instances_listed(call, given, given.get("InstanceId"), [])
    shown = [_maintenance(one) for one in instances]
    return {"MaintenanceAttributes": {"MaintenanceAttribute": shown}, **figures}


def _holders(given: Given) -> list[str] | None:
    """Ids of the instances whose disks are asked for; None for all."""
    instance = [given["InstanceId"]] if "InstanceId" in given else None
    if "DiskIds" not in given:
        return instance
    of_disks = [INSTANCE + id.removeprefix(DISK) for id in given["DiskIds"]]
    return [id for id in of_disks if instance is None or id in instance]


def _asked(call: AnyCall, given: Given) -> list[Keep]:
    """What is asked of disks beyond whose instances they are."""
    disk, words = PRODUCT.extra["like_all_disks"], PRODUCT.extra["disk_status"]
    tests: list[Keep] = []
    if given.get("Status", "All") != "All":
        tests.append(lambda one: words[one.state.value] == given["Status"])
    kinds = (given.get("DiskType", "all"), given.get("Category", "all"))
    if given.get("Tag") or kinds[0] not in {"all", disk["Type"]} or kinds[1] not in {"all", disk["Category"]}:
        tests.append(lambda _: False)
    grouped = label_filter(call, given, "instance")
    return tests if grouped is None else [*tests, grouped]


def _disk(call: AnyCall, instance: Instance, around: Around) -> dict[str, Any]:
    made = time_of(instance.created_at)
    disk = PRODUCT.extra["like_all_disks"]
    attached = {"InstanceId": instance.id, "Device": disk["Device"], "AttachedTime": made}
    return {
        **disk,
        # In the group that the instance is in; the tags are the instance's alone.
        **shown_labels(call, IN_ECS, around.labels.get(instance.id)),
        "Tags": {"Tag": []},
        "DiskId": DISK + instance.id.removeprefix(INSTANCE),
        "InstanceId": instance.id,
        "ImageId": PRODUCT.extra["like_all_instances"]["ImageId"],
        "RegionId": around.regions.get(instance.vpc_id, ""),
        "ZoneId": around.zone(instance),
        "Status": PRODUCT.extra["disk_status"][instance.state.value],
        "CreationTime": made,
        "AttachedTime": made,
        "Attachments": {"Attachment": [attached]},
        "MountInstances": {"MountInstance": []},
        "MountInstanceNum": 1,
        "OperationLocks": {"OperationLock": []},
    }


def _maintenance(instance: Instance) -> dict[str, Any]:
    action = PRODUCT.extra["maintenance"]["action"]
    return {
        "InstanceId": instance.id,
        "MaintenanceWindows": {"MaintenanceWindow": []},
        "ActionOnMaintenance": {
            "Value": action,
            "DefaultValue": action,
            "SupportedValues": {"SupportedValue": [action]},
        },
        "NotifyOnMaintenance": False,
    }
