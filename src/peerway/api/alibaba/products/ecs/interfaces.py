"""Lists of instances and of their interfaces, and what an interface has of its own to change."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from peerway.api.alibaba.labels import label_filter
from peerway.api.alibaba.products.ecs.product import PRODUCT
from peerway.api.alibaba.products.ecs.shared import by_interface, fields_of, instance_of, listed
from peerway.api.alibaba.products.ecs.showing import (
    Around,
    attributes_shown,
    instance_shown,
    interface_shown,
    status_of,
)
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import Where, where
from peerway.app.usecases.instances import UpdateInstance, get_instance, update_instance
from peerway.domain.errors import InvalidInput
from peerway.domain.gateway import Eip
from peerway.domain.vpc import Instance, VSwitch

#: Keeps one of a list.
Keep = Callable[[Instance], bool]


@PRODUCT.reads("DescribeInstances")
def describe_instances(call: ReadCall, given: Given) -> Answer:
    """The caller's instances in the region."""
    instances, figures = instances_listed(call, given, given.get("InstanceIds"), _asked(call, given))
    around = Around.of(call, instances)
    return {"Instances": {"Instance": [instance_shown(call, one, around) for one in instances]}, **figures}


@PRODUCT.reads("DescribeInstanceStatus")
def describe_instance_status(call: ReadCall, given: Given) -> Answer:
    """Where instances are in their lives."""
    instances, figures = instances_listed(call, given, given.get("InstanceId"), _asked(call, given))
    told = [{"InstanceId": one.id, "Status": status_of(one)} for one in instances]
    return {"InstanceStatuses": {"InstanceStatus": told}, **figures}


@PRODUCT.finds("DescribeInstanceAttribute")
def describe_instance_attribute(call: ReadCall, given: Given) -> Answer:
    """One instance."""
    instance = call.use(get_instance, given["InstanceId"])
    return attributes_shown(instance, Around.of(call, [instance]))


@PRODUCT.reads("DescribeNetworkInterfaces")
def describe_network_interfaces(call: ReadCall, given: Given) -> Answer:
    """The interfaces of the caller's instances in the region."""
    ids = [instance_of(id) for id in given.get("NetworkInterfaceId", ())]
    ids += [given["InstanceId"]] if "InstanceId" in given else []
    instances, figures = instances_listed(call, given, ids or None, _asked_of_interfaces(given))
    around = Around.of(call, instances)
    shown = [interface_shown(call, one, around) for one in instances]
    return {"NetworkInterfaceSets": {"NetworkInterfaceSet": shown}, **figures}


@PRODUCT.writes("ModifyNetworkInterfaceAttribute")
def modify_network_interface_attribute(call: WriteCall, given: Given) -> Answer:
    """Change all security groups at once, and the check of source and destination addresses."""
    instance = by_interface(call, given["NetworkInterfaceId"])
    fields = fields_of("ModifyNetworkInterfaceAttribute", given)
    call.use(update_instance, UpdateInstance(id=instance.id, **fields))
    return None


def instances_listed(
    call: AnyCall, given: Given, ids: Sequence[str] | None, tests: list[Keep]
) -> tuple[list[Instance], dict[str, Any]]:
    """A page of the instances with these ids, where any are named, that meet the tests."""
    if ids is not None and not ids:
        ids = ("",)
    conditions: list[Where] = [where("id", *ids)] if ids else []
    fields = {"VpcId": "vpc_id", "VSwitchId": "vswitch_id"}
    conditions += [where(field, given[name]) for name, field in fields.items() if name in given]
    if "ZoneId" in given:
        tests = [*tests, _in_zone(call, given["ZoneId"])]
    if "SecurityGroupId" in given:
        group = given["SecurityGroupId"]
        tests = [*tests, lambda one: group in one.security_group_ids]
    keep = (lambda one: all(test(one) for test in tests)) if tests else None
    return listed(call, given, Instance, *conditions, keep=keep)


def _in_zone(call: AnyCall, zone: str) -> Keep:
    """Keeps instances in a zone; each VSwitch is looked up once."""
    found: dict[str, bool] = {}

    def keep(instance: Instance) -> bool:
        id = instance.vswitch_id
        if id not in found:
            vswitch = call.tx.get(VSwitch, id)
            found[id] = vswitch is not None and vswitch.zone_id == zone
        return found[id]

    return keep


def _asked(call: AnyCall, given: Given) -> list[Keep]:
    """What is asked of instances beyond where they are."""
    tests: list[Keep] = []
    labelled = label_filter(call, given, "instance")
    if labelled is not None:
        tests.append(labelled)
    if name := given.get("InstanceName"):
        pattern = re.compile(".*".join(map(re.escape, name.split("*"))), re.DOTALL)
        tests.append(lambda one: pattern.fullmatch(one.name) is not None)
    if status := given.get("Status"):
        if status not in (words := PRODUCT.extra["instance_status"].values()):
            raise InvalidInput("Status", f"must be one of {', '.join(dict.fromkeys(words))}", status)
        tests.append(lambda one: status_of(one) == status)
    public = [*given.get("PublicIpAddresses", ()), *given.get("EipAddresses", ())]
    if public:
        eips = call.tx.select(Eip, where("owner_uid", call.caller.uid))
        holders = {eip.target_id for eip in eips if str(eip.address) in public}
        tests.append(lambda one: one.id in holders)
    return tests + _asked_of_addresses(given.get("PrivateIpAddresses"), given.get("Ipv6Address"))


def _asked_of_interfaces(given: Given) -> list[Keep]:
    tests: list[Keep] = []
    if name := given.get("NetworkInterfaceName"):
        tests.append(lambda one: one.name == name)
    words = PRODUCT.extra["interface_status"]
    if status := given.get("Status"):
        tests.append(lambda one: words[one.state.value] == status)
    if given.get("Type", "Primary") != "Primary" or given.get("Tag"):
        tests.append(lambda _: False)
    primary = [given["PrimaryIpAddress"]] if "PrimaryIpAddress" in given else None
    return [
        *tests,
        *_asked_of_addresses(primary, None),
        *_asked_of_addresses(given.get("PrivateIpAddress"), given.get("Ipv6Address")),
    ]


def _asked_of_addresses(ipv4: Sequence[str] | None, ipv6: Sequence[str] | None) -> list[Keep]:
    tests: list[Keep] = []
    if ipv4:
        tests.append(lambda one: str(one.ipv4) in ipv4)
    if ipv6:
        tests.append(lambda one: str(one.ipv6) in ipv6)
    return tests
