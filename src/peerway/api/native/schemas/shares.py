"""Shares."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, TenantListParameters, Word


class CreateShareBody(Body):
    """A VSwitch for another account."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"vswitch_id": "vsw-0123456789abcdefghij", "user_uid": "1000000000000002"}]
        }
    )

    vswitch_id: Word = Field(description="Own VSwitch.")
    user_uid: Word = Field(description="Account that may use it.")


class ShareList(TenantListParameters):
    """Which shares."""

    vpc_id: Word | None = Field(None, description="Only those of this VPC.")
