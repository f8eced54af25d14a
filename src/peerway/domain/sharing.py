"""VPCs shared with other accounts (NET-9): values only."""

from __future__ import annotations

from dataclasses import dataclass

from peerway.domain.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Resource):
    """A VSwitch that another account may put its own things into. `owner_uid` is the VPC's owner."""

    #: VPC of the VSwitch.
    vpc_id: str
    #: VSwitch.
    vswitch_id: str
    #: Account that may use it.
    user_uid: str
