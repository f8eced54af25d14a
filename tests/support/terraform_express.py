"""What Alibaba Cloud's Terraform provider does for router interfaces and their connections."""

from __future__ import annotations

from typing import Any

from tests.support.terraform import ECS, STS, Provider, filters
from tests.support.terraform_graph import Resource


def read(terraform: Provider, id: str) -> dict[str, Any] | None:
    """The provider's look at an interface; None when it is not there."""
    answer = terraform.query("DescribeRouterInterfaces", Filter=filters(RouterInterfaceId=id))
    found = answer["RouterInterfaceSet"]["RouterInterfaceType"]
    return dict(found[0]) if found else None


def state(terraform: Provider, id: str) -> str | None:
    """The interface's state, as the provider's waits see it."""
    found = read(terraform, id)
    return None if found is None else str(found["Status"])


def create_interface(terraform: Provider, router: str, role: str, far: str, spec: str) -> str:
    """`alicloud_router_interface` made."""
    regions = terraform.query("DescribeRegions", ECS)["Regions"]["Region"]
    assert far in {one["RegionId"] for one in regions}, "else the provider refuses the region itself"
    kind = "VBR" if router.startswith("vbr-") else "VRouter"
    fields = {"RouterType": kind, "RouterId": router, "Role": role, "Spec": spec, "OppositeRegionId": far}
    if kind == "VBR":
        found = terraform.query("DescribeVirtualBorderRouters", Filter=filters(VbrId=router))
        fields["AccessPointId"] = found["VirtualBorderRouterSet"]["VirtualBorderRouterType"][0][
            "AccessPointId"
        ]
    token = terraform.token("CreateRouterInterface")
    made = terraform.query(
        "CreateRouterInterface", **fields, InstanceChargeType="PostPaid", ClientToken=token
    )
    id = str(made["RouterInterfaceId"])
    terraform.wait(id, lambda: state(terraform, id), "Idle")
    texts = {"Name": f"tf-{role}", "Description": "by terraform"}
    terraform.query("ModifyRouterInterfaceAttribute", RouterInterfaceId=id, **texts)
    found = read(terraform, id)
    assert found is not None
    assert {name: found[name] for name in texts} == texts
    assert (found["Role"], found["Spec"], found["ChargeType"]) == (role, spec, "AfterPay")
    assert (found["RouterId"], found["OppositeRegionId"]) == (router, far)
    return id


def create_connection(terraform: Provider, id: str, other: Provider, other_id: str, owner: str = "") -> None:
    """`alicloud_router_interface_connection` made: one a side, the initiator's last."""
    own, opposite = read(terraform, id), read(other, other_id)
    assert own is not None
    assert opposite is not None
    if own["OppositeInterfaceId"] == other_id and own["Status"] == "Inactive":
        terraform.query("ActivateRouterInterface", RouterInterfaceId=id)
        terraform.wait(id, lambda: state(terraform, id), "Active")
        return
    terraform.query(
        "ModifyRouterInterfaceAttribute",
        RouterInterfaceId=id,
        OppositeInterfaceId=other_id,
        OppositeRouterId=opposite["RouterId"],
        OppositeRouterType=opposite["RouterType"],
        OppositeInterfaceOwnerId=owner or terraform.query("GetCallerIdentity", STS)["AccountId"],
    )
    terraform.wait(id, lambda: state(terraform, id), "Idle")
    if own["Role"] == "InitiatingSide":
        terraform.retried(
            "IncorrectOppositeInterfaceInfo.NotSet",
            send=lambda: terraform.query("ConnectRouterInterface", RouterInterfaceId=id),
        )
        terraform.wait(id, lambda: state(terraform, id), "Active")
    refresh_connection(terraform, id)


def refresh_connection(terraform: Provider, id: str) -> None:
    """The connection read: what makes the provider take it for gone must not be; one that is switched off is switched on."""
    told = read(terraform, id)
    assert told is not None
    kept = ("OppositeInterfaceId", "OppositeRouterId", "OppositeRouterType", "OppositeInterfaceOwnerId")
    assert all(told[name] for name in kept)
    if told["Status"] == "Inactive":
        terraform.query("ActivateRouterInterface", RouterInterfaceId=id)
        terraform.wait(id, lambda: state(terraform, id), "Active")


def delete_connection(terraform: Provider, id: str) -> None:
    """The connection destroyed: the interface is switched off, and still tells its other side."""
    if state(terraform, id) == "Active":
        terraform.query("DeactivateRouterInterface", RouterInterfaceId=id)
        terraform.wait(id, lambda: state(terraform, id), "Inactive")
    told = read(terraform, id)
    assert told is not None
    assert told["OppositeInterfaceId"]


def delete_interface(terraform: Provider, id: str) -> None:
    """`alicloud_router_interface` destroyed."""
    delete_connection(terraform, id)
    retried = (
        "IncorrectStatus",
        "DependencyViolation.RouterInterfaceReferedByRouteEntry",
        "OperationConflict",
    )
    token = terraform.token("DeleteRouterInterface")

    def send() -> Any:
        return terraform.query("DeleteRouterInterface", RouterInterfaceId=id, ClientToken=token)

    terraform.retried(*retried, send=send)
    terraform.wait(id, lambda: state(terraform, id))


class RouterInterface(Resource):
    """`alicloud_router_interface`."""

    def create(self, **asked: Any) -> str:
        """Made; good once it is `Idle`."""
        far, role = asked["opposite_region"], asked["role"]
        return create_interface(self.provider, asked["router_id"], role, far, asked["specification"])

    def read(self, id: str) -> dict[str, Any] | None:
        """From a list, by a filter."""
        found = read(self.provider, id)
        if found is None:
            return None
        return {
            "router_id": found["RouterId"],
            "router_type": found["RouterType"],
            "role": found["Role"],
            "specification": found["Spec"],
            "opposite_region": found["OppositeRegionId"],
            "instance_charge_type": "PrePaid" if found["ChargeType"] == "Prepaid" else "PostPaid",
        }

    def delete(self, id: str) -> None:
        """Switched off if that was not done, then removed."""
        delete_interface(self.provider, id)


class RouterInterfaceConnection(Resource):
    """`alicloud_router_interface_connection`: one a side, the initiator's after the acceptor's."""

    def create(self, **asked: Any) -> str:
        """The other side named; connected by the initiator."""
        id, other = str(asked["interface_id"]), str(asked["opposite_interface_id"])
        create_connection(self.provider, id, self.provider, other)
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """The interface: without another side there is no connection."""
        found = read(self.provider, id)
        if found is None or not found["OppositeInterfaceId"]:
            return None
        return {"interface_id": id, "opposite_interface_id": found["OppositeInterfaceId"]}

    def delete(self, id: str) -> None:
        """Switched off."""
        delete_connection(self.provider, id)
