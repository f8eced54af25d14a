"""Instances: made, started, stopped, changed and deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from peerway.api.alibaba.labels import label_new
from peerway.api.alibaba.products.ecs.product import PRODUCT
from peerway.api.alibaba.products.ecs.shared import fields_of
from peerway.api.alibaba.products.ecs.showing import status_of
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases import instances
from peerway.app.usecases.instances import CreateInstances, DeleteInstance, UpdateInstance
from peerway.domain.errors import InvalidInput
from peerway.domain.vpc import Instance


@PRODUCT.writes("RunInstances")
def run_instances(call: WriteCall, given: Given) -> Answer:
    """Make instances that start by themselves."""
    made = _make(call, given, "RunInstances", stopped=False)
    return {"InstanceIdSets": {"InstanceIdSet": [instance.id for instance in made]}}


@PRODUCT.writes("CreateInstance")
def create_instance(call: WriteCall, given: Given) -> Answer:
    """Make an instance that is stopped until it is started."""
    (made,) = _make(call, given, "CreateInstance", stopped=True)
    return {"InstanceId": made.id}


@PRODUCT.writes("StartInstances")
def start_instances(call: WriteCall, given: Given) -> Answer:
    """Start several instances, all or none."""
    return _each(call, given, instances.start_instance, instances.StartInstance)


@PRODUCT.writes("StopInstances")
def stop_instances(call: WriteCall, given: Given) -> Answer:
    """Stop several instances, all or none."""
    return _each(call, given, instances.stop_instance, instances.StopInstance)


@PRODUCT.writes("DeleteInstance")
def delete_instance(call: WriteCall, given: Given) -> Answer:
    """Delete an instance that is stopped, or any with `Force`."""
    call.use(instances.delete_instance, _deletion(given, given["InstanceId"]))
    return None


@PRODUCT.writes("DeleteInstances")
def delete_instances(call: WriteCall, given: Given) -> Answer:
    """Delete several instances, all or none."""
    for id in given["InstanceId"]:
        call.use(instances.delete_instance, _deletion(given, id))
    return None


@PRODUCT.writes("ModifyInstanceAttribute")
def modify_instance_attribute(call: WriteCall, given: Given) -> Answer:
    """Change the name, or all security groups at once."""
    call.use(instances.update_instance, UpdateInstance(**fields_of("ModifyInstanceAttribute", given)))
    return None


def _make(call: WriteCall, given: Given, action: str, *, stopped: bool) -> list[Instance]:
    fields = {**_of_interface(given), **fields_of(action, given)}
    if "name" not in fields and "HostName" in given:
        fields["name"] = given["HostName"]
    if not fields.get("vswitch_id"):
        raise InvalidInput("VSwitchId", "is required", code="missing")
    groups = tuple(dict.fromkeys(_groups(given)))
    if groups:
        fields["security_group_ids"] = groups
    request = CreateInstances(**fields, ipv6=_ipv6(given), stopped=stopped)
    made = call.use(instances.create_instances, request)
    for instance in made:
        label_new(call, given, instance)
    return made


def _of_interface(given: Given) -> dict[str, Any]:
    """What `NetworkInterface.1` says of the primary interface."""
    interfaces: Sequence[Mapping[str, Any]] = given.get("NetworkInterface", ())
    if len(interfaces) > 1:
        raise InvalidInput("NetworkInterface", "an instance has one", len(interfaces), code="not_supported")
    names = {"VSwitchId": "vswitch_id", "PrimaryIpAddress": "ipv4", "SourceDestCheck": "source_dest_check"}
    return {field: one[name] for one in interfaces for name, field in names.items() if name in one}


def _groups(given: Given) -> Iterator[str]:
    """Security groups, wherever a request names them."""
    for one in (given, *given.get("NetworkInterface", ())):
        yield from one.get("SecurityGroupIds", ())
        if one.get("SecurityGroupId"):
            yield one["SecurityGroupId"]


def _ipv6(given: Given) -> str | None:
    addresses = given.get("Ipv6Address", ())
    if addresses:
        return str(addresses[0])
    return "auto" if given.get("Ipv6AddressCount") else None


def _deletion(given: Given, id: str) -> DeleteInstance:
    return DeleteInstance(id=id, only_stopped=not given.get("Force", False))


def _each(call: WriteCall, given: Given, use_case: Any, request: Any) -> Answer:
    """Do the same with each instance, and tell what it was and is."""
    told = []
    for id in dict.fromkeys(given["InstanceId"]):
        before = call.use(instances.get_instance, id)
        after = call.use(use_case, request(id=id))
        states = {"PreviousStatus": status_of(before), "CurrentStatus": status_of(after)}
        told.append({"InstanceId": id, "Code": "200", "Message": "success", **states})
    return {"InstanceResponses": {"InstanceResponse": told}}
