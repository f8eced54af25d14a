"""Halves of a connection that both sides make (JD Cloud's VPC peering): nobody asks and nobody accepts.

Each account makes a half from its own VPC to the other; when there are two that meet, there is a peer connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from peerway.domain.resource import Resource


class OfferState(StrEnum):
    """How far a half has come."""

    #: The other side has not made its half.
    INITIATED = "initiated"
    #: Both halves are there: packets pass once there are routes.
    CONNECTED = "connected"
    #: The other side has removed its half.
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringOffer(Resource):
    """One account's half. There is at most one from one VPC to another."""

    #: Unique within the account.
    name: str
    #: Free text.
    description: str = ""
    #: Region of both VPCs.
    region_id: str
    #: Own VPC.
    vpc_id: str
    #: VPC that it leads to.
    remote_vpc_id: str
    #: How far it has come.
    state: OfferState = OfferState.INITIATED
    #: The peer connection while both halves are there; None otherwise.
    peering_id: str | None = None
