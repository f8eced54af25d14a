"""Halves of a connection that both sides make (JD Cloud's VPC peering): nobody asks and nobody accepts.

Each account makes a half from its own VPC to the other; when there are two that meet, there is a peer connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from peerway.domain.errors import InvalidInput
from peerway.domain.resource import Resource

#: Names of halves: Chinese characters, letters, digits and underscores.
NAME: Final = re.compile(r"[\u4e00-\u9fffA-Za-z0-9_]{1,32}")


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


def check_offer_name(text: object, field: str = "name") -> str:
    """The name of a half: 1 to 32 Chinese characters, letters, digits and underscores."""
    if not isinstance(text, str) or not NAME.fullmatch(text):
        raise InvalidInput(field, "must be 1 to 32 Chinese characters, letters, digits and underscores", text)
    return text
