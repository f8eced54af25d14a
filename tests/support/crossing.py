"""Peer connections through whichever of the clouds' doors: one vocabulary for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.support.api import Account
from tests.support.belongings import action_of
from tests.support.every_door import Answer, Knocker


@dataclass(frozen=True)
class Way:
    """How one door speaks of connections across regions."""

    product: str
    #: Actions by verb, and the parameter that the id goes in.
    verbs: Mapping[str, str]
    id: str
    #: Parameters that change the name and the bandwidth.
    name: str
    bandwidth: str


WAYS = {
    "alibaba": Way(
        "alibaba vpcpeer",
        {
            "create": "CreateVpcPeerConnection",
            "accept": "AcceptVpcPeerConnection",
            "reject": "RejectVpcPeerConnection",
            "modify": "ModifyVpcPeerConnection",
            "delete": "DeleteVpcPeerConnection",
        },
        *("InstanceId", "Name", "Bandwidth"),
    ),
    "tencent": Way(
        "tencent vpc",
        {
            "create": "CreateVpcPeeringConnection",
            "accept": "AcceptVpcPeeringConnection",
            "reject": "RejectVpcPeeringConnection",
            "modify": "ModifyVpcPeeringConnection",
            "delete": "DeleteVpcPeeringConnection",
        },
        *("PeeringConnectionId", "PeeringConnectionName", "Bandwidth"),
    ),
    "tencent-v2": Way(
        "tencent-v2 vpc",
        {
            "create": "CreateVpcPeeringConnectionEx",
            "accept": "AcceptVpcPeeringConnectionEx",
            "reject": "RejectVpcPeeringConnectionEx",
            "modify": "ModifyVpcPeeringConnectionEx",
            "delete": "DeleteVpcPeeringConnectionEx",
        },
        *("peeringConnectionId", "peeringConnectionName", "bandwidth"),
    ),
}


class Traveller:
    """An account that uses all doors."""

    def __init__(self, account: Account, endpoint: str = "") -> None:
        self.account = account
        self.knocker = Knocker(account, endpoint)

    def close(self) -> None:
        """Let go of the connection."""
        self.knocker.close()

    def do(self, product: str, name: str, tree: Mapping[str, Any]) -> Answer:
        """Any action."""
        return self.knocker.ask(product.split(maxsplit=1)[0], action_of(product, name), tree)

    def create(self, door: str, vpc: Any, peer: Any, **fields: Any) -> Answer:
        """Ask for a connection of 10 Mbit/s to a VPC in another region."""
        ours, uid, theirs, region = vpc["id"], peer["owner_uid"], peer["id"], peer["region_id"]
        trees = {
            "alibaba": {
                "VpcId": ours,
                "AcceptingAliUid": uid,
                "AcceptingVpcId": theirs,
                "AcceptingRegionId": region,
                "Bandwidth": 10,
            },
            "tencent": {
                "SourceVpcId": ours,
                "DestinationUin": uid,
                "DestinationVpcId": theirs,
                "DestinationRegion": region,
                "PeeringConnectionName": "across",
                "Bandwidth": 10,
            },
            "tencent-v2": {
                "vpcId": ours,
                "peerUin": uid,
                "peerVpcId": theirs,
                "peerRegion": region,
                "peeringConnectionName": "across",
                "bandwidth": 10,
            },
        }
        return self.do(WAYS[door].product, WAYS[door].verbs["create"], trees[door] | fields)

    def act(self, door: str, verb: str, id: str) -> Answer:
        """Accept, reject, modify or delete."""
        way = WAYS[door]
        more: dict[str, Any] = {way.name: f"by {door}", way.bandwidth: 20} if verb == "modify" else {}
        return self.do(way.product, way.verbs[verb], {way.id: id, **more})

    def looks(self, id: str) -> dict[str, str]:
        """The connection's state as each door names it; empty where there is none."""
        shown = self.do("alibaba vpcpeer", "GetVpcPeerConnectionAttribute", {"InstanceId": id})
        states = {"alibaba": json.loads(shown.body).get("Status", "")}
        listed = self.do("tencent vpc", "DescribeVpcPeeringConnections", {"PeeringConnectionIds": [id]})
        states["tencent"] = first(json.loads(listed.body)["Response"]["PeerConnectionSet"], "State")
        listed = self.do("tencent-v2 vpc", "DescribeVpcPeeringConnections", {"peeringConnectionId": id})
        states["tencent-v2"] = first(json.loads(listed.body)["data"], "state")
        return states

    def another(self) -> Traveller:
        """The same account over a connection of its own."""
        return Traveller(replace(self.account), self.knocker.endpoint)


def first(rows: list[dict[str, Any]], field: str) -> str:
    """The field of the only row."""
    return str(rows[0][field]) if rows else ""
