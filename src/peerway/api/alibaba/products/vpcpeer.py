"""VpcPeer 2022-01-01: peer connections."""

from __future__ import annotations

from peerway.api.clouds.action import Answer, load_product
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases.peerings import get_peering

PRODUCT = load_product(__package__, "vpcpeer.toml")


@PRODUCT.finds("GetVpcPeerConnectionAttribute")
def get_vpc_peer_connection_attribute(call: ReadCall, given: Given) -> Answer:
    """One connection."""
    peering = call.use(get_peering, given["InstanceId"])
    return {"InstanceId": peering.id}
