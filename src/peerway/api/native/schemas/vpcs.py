"""VPCs, VSwitches and instances."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, Parameters, TenantListParameters, Text, Word

#: Most entries of a list in a body, here.
MOST = 64


class CreateVpcBody(Body):
    """A new VPC."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"region_id": "cn-hangzhou", "cidr": "10.1.0.0/16", "name": "shop"}]}
    )

    region_id: Word = Field(description="Region; `GET /regions` lists them.")
    cidr: Word = Field(description="IPv4 range.")
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")
    secondary_cidrs: list[Word] = Field([], max_length=MOST, description="More IPv4 ranges.")
    ipv6_cidr: Word | None = Field(None, description="IPv6 range; `auto` picks a unique local one.")
    kind: Word = Field("ecs", description="`ecs` (virtual machines) or `cps` (bare metal).")


class UpdateTextsBody(Body):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "new name"}]})

    name: Text = Field("", description="New name.")
    description: Text = Field("", description="New description.")


class CidrBody(Body):
    """One range."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"cidr": "10.2.0.0/16"}]})

    cidr: Word = Field(description="IPv4 range.")


class CidrParameters(Parameters):
    """One range."""

    cidr: Word = Field(description="IPv4 range.", examples=["10.2.0.0/16"])


class VpcList(TenantListParameters):
    """Which VPCs."""

    region_id: Word | None = Field(None, description="Only those in this region.")


class CreateVSwitchBody(Body):
    """A new VSwitch."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"vpc_id": "vpc-0123456789abcdefghij", "zone_id": "cn-hangzhou-h", "cidr": "10.1.1.0/24"}
            ]
        }
    )

    vpc_id: Word = Field(description="VPC it will be in.")
    zone_id: Word = Field(description="Zone of the VPC's region.")
    cidr: Word = Field(description="IPv4 range inside one of the VPC's.")
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")
    ipv6_cidr: Word | None = Field(
        None, description="A /64 inside the VPC's IPv6 range; `auto` picks a free one."
    )
    route_table_id: Word | None = Field(None, description="Route table; null for the VPC's system table.")


class UpdateVSwitchBody(UpdateTextsBody):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"network_acl_id": None}]})

    route_table_id: Word | None = Field(None, description="Route table; null for the VPC's system table.")
    network_acl_id: Word | None = Field(None, description="Network ACL; null unbinds.")


class VpcItemList(TenantListParameters):
    """Which ones."""

    vpc_id: Word | None = Field(None, description="Only those in this VPC.")


class CreateInstanceBody(Body):
    """A new instance."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"vswitch_id": "vsw-0123456789abcdefghij", "name": "web-1"}]}
    )

    vswitch_id: Word = Field(description="VSwitch it will be in.")
    name: Text = Field("", description="Display name.")
    ipv4: Word | None = Field(None, description="IPv4 address; null for the first free one.")
    ipv6: Word | None = Field(None, description="IPv6 address; `auto` derives it from the IPv4 address.")
    security_group_ids: list[Word] = Field(
        [], max_length=MOST, description="Security groups; without any, nothing is filtered."
    )
    source_dest_check: bool = Field(True, description="False for a self-built gateway.")
    netns: Text | None = Field(
        None, description="Path of an existing network namespace that is the guest; operators only."
    )
    stopped: bool = Field(False, description="True for one that is not on the network until it is started.")


class UpdateInstanceBody(Body):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "web-2"}]})

    name: Text = Field("", description="New name.")
    security_group_ids: list[Word] = Field(
        [], max_length=MOST, description="All security groups from now on."
    )
    source_dest_check: bool = Field(True, description="False for a self-built gateway.")


class InstanceList(VpcItemList):
    """Which instances."""

    vswitch_id: Word | None = Field(None, description="Only those in this VSwitch.")
