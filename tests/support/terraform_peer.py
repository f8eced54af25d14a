"""What Alibaba Cloud's Terraform provider does for peer connections."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.terraform import PEER, Provider, Refused
from tests.support.terraform_graph import Resource, found, removed, told

GONE = "ResourceNotFound.InstanceId"


def attributes(provider: Provider, id: str) -> dict[str, Any] | None:
    """Everything that the provider reads of a connection, from whichever side."""
    thing = found(lambda: provider.call("GetVpcPeerConnectionAttribute", PEER, InstanceId=id), GONE)
    if thing is None:
        return None
    read = told(
        thing,
        accepting_ali_uid="AcceptingOwnerUid",
        accepting_region_id="AcceptingRegionId",
        bandwidth="Bandwidth",
        create_time="GmtCreate",
        description="Description",
        link_type="LinkType",
        peer_connection_name="Name",
        region_id="RegionId",
        resource_group_id="ResourceGroupId",
        status="Status",
    )
    assert isinstance(read["accepting_ali_uid"], int)
    sides = {"vpc_id": thing["Vpc"]["VpcId"], "accepting_vpc_id": thing["AcceptingVpc"]["VpcId"]}
    return {**read, **sides, "tags": {tag["Key"]: tag["Value"] for tag in thing["Tags"]}}


def status(provider: Provider, id: str) -> str | None:
    """The connection's state, as the provider's waits see it."""
    read = attributes(provider, id)
    return None if read is None else str(read["status"])


class PeerConnection(Resource):
    """`alicloud_vpc_peer_connection`: no error of the business is asked again."""

    unread = frozenset({"force_delete"})
    defaults: ClassVar = {"description": "", "peer_connection_name": "", "tags": {}}

    def create(self, **asked: Any) -> str:
        """Asked for; good when it is there or waits for the other account."""
        provider = self.provider
        id = str(
            provider.call(
                "CreateVpcPeerConnection",
                PEER,
                ClientToken=provider.token("CreateVpcPeerConnection"),
                VpcId=asked["vpc_id"],
                AcceptingAliUid=asked["accepting_ali_uid"],
                AcceptingRegionId=asked["accepting_region_id"],
                AcceptingVpcId=asked["accepting_vpc_id"],
                Name=asked.get("peer_connection_name"),
                Description=asked.get("description"),
                Bandwidth=asked.get("bandwidth"),
                LinkType=asked.get("link_type"),
            )["InstanceId"]
        )
        provider.wait(id, lambda: status(provider, id), "Activated", "Accepting")
        if "status" in asked:
            verb = {"Activated": "Accept", "Rejected": "Reject"}[asked["status"]]
            provider.call(f"{verb}VpcPeerConnection", PEER, InstanceId=id)
            provider.wait(id, lambda: status(provider, id), asked["status"])
        self._tag(id, asked.get("tags", {}))
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """By its id."""
        return attributes(self.provider, id)

    def update(self, id: str, **changed: Any) -> None:
        """Texts, bandwidth and type of the link in one request; then group and tags."""
        provider = self.provider
        names = {
            "peer_connection_name": "Name",
            "description": "Description",
            "bandwidth": "Bandwidth",
            "link_type": "LinkType",
        }
        fields = {field: changed[name] for name, field in names.items() if name in changed}
        if fields:
            provider.call("ModifyVpcPeerConnection", PEER, InstanceId=id, **fields)
            provider.wait(id, lambda: status(provider, id), "Activated")
        if "resource_group_id" in changed:
            moved = {"ResourceType": "PeerConnection", "NewResourceGroupId": changed["resource_group_id"]}
            provider.call("MoveResourceGroup", PEER, ResourceId=id, **moved)
        if "tags" in changed:
            old = list(self.state["tags"].keys() - changed["tags"].keys())
            if old:
                about = {"ResourceType": "PeerConnection", "ResourceId": [id]}
                provider.call("UnTagResources", PEER, **about, TagKey=old)
            self._tag(id, changed["tags"])

    def delete(self, id: str) -> None:
        """Not asked again when it is refused; good when the accepter has removed it already."""
        remove(self.provider, id, Force=self.asked().get("force_delete", False))

    def _tag(self, id: str, tags: dict[str, str]) -> None:
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            about = {"ResourceType": "PeerConnection", "ResourceId": [id]}
            self.provider.call("TagResources", PEER, **about, Tag=pairs)


class PeerConnectionAccepter(Resource):
    """`alicloud_vpc_peer_connection_accepter`: run by the accepter's account."""

    def create(self, **asked: Any) -> str:
        """Accepted; one that is accepted already is fine."""
        provider, id = self.provider, str(asked["instance_id"])
        token = provider.token("AcceptVpcPeerConnection")
        try:
            provider.call("AcceptVpcPeerConnection", PEER, InstanceId=id, ClientToken=token)
        except Refused as refused:
            if refused.code != "IncorrectStatus.VpcPeer":
                raise
        provider.wait(id, lambda: status(provider, id), "Activated")
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """As the requester sees it."""
        read = attributes(self.provider, id)
        return None if read is None else {**read, "instance_id": id}

    def update(self, id: str, **changed: Any) -> None:
        """The accepter may change the connection, too."""
        names = {"peer_connection_name": "Name", "description": "Description", "bandwidth": "Bandwidth"}
        fields = {names[name]: value for name, value in changed.items()}

        def send() -> Any:
            return self.provider.call("ModifyVpcPeerConnection", PEER, InstanceId=id, **fields)

        self.provider.retried("IncorrectStatus.VpcPeer", send=send)
        self.provider.wait(id, lambda: status(self.provider, id), "Activated")

    def delete(self, id: str) -> None:
        """Deletes the connection itself; asked again for as long as routes lead to it."""
        retried = ("IncorrectStatus.VpcPeer", "IncorrectStatus", "OperationDenied.RouteEntryExist")
        remove(self.provider, id, *retried)


def remove(provider: Provider, id: str, *retried: str, **fields: Any) -> None:
    """The connection removed, by either account, until nothing is told of it."""

    def send() -> Any:
        token = provider.token("DeleteVpcPeerConnection")
        return provider.call("DeleteVpcPeerConnection", PEER, InstanceId=id, ClientToken=token, **fields)

    removed(provider, send, *retried, gone=[GONE])
    provider.wait(id, lambda: status(provider, id))


def connections(provider: Provider, **wanted: Any) -> list[dict[str, Any]]:
    """The data source `alicloud_vpc_peer_connections`: page after page of fifty."""
    listed: list[dict[str, Any]] = []
    token: str | None = None
    while True:
        answer = provider.call("ListVpcPeerConnections", PEER, MaxResults=50, NextToken=token, **wanted)
        for one in answer["VpcPeerConnects"]:
            fields = ("AcceptingOwnerUid", "AcceptingRegionId", "Bandwidth", "GmtCreate", "Description")
            assert None not in [one[name] for name in (*fields, "InstanceId", "Name", "Status")]
            assert one["AcceptingVpc"]["VpcId"]
            assert one["Vpc"]["VpcId"]
            listed.append(one)
        token = answer.get("NextToken")
        if not token:
            return listed
