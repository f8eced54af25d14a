"""Outside networks, public addresses, NAT gateways and IPv4 gateways."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, ListParameters, TenantListParameters, Text, Word

NAT = "nat-0123456789abcdefghij"


class CreateExternalNetworkBody(Body):
    """An outside network that an operator connects."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"region_id": "cn-hangzhou", "port": "netns:/run/netns/outside", "pools": ["203.0.113.0/24"]}
            ]
        }
    )

    region_id: Word = Field(description="Region it serves.")
    port: Text = Field(description="Where it is on the host: `interface:NAME` or `netns:PATH`.")
    pools: list[Word] = Field(max_length=64, description="Ranges that public addresses are taken from.")
    name: Text = Field("", description="Display name.")
    local: Word | None = Field(None, description="Own address and length on a host interface.")
    gateway: Word | None = Field(None, description="Gateway beyond a host interface.")


class ExternalNetworkList(ListParameters):
    """Which outside networks."""

    region_id: Word | None = Field(None, description="Only those of this region.")


class AllocateEipBody(Body):
    """A public address."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"region_id": "cn-hangzhou"}]})

    region_id: Word = Field(description="Region it is for.")
    name: Text = Field("", description="Display name.")


class AssociateEipBody(Body):
    """What the address is to stand for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"target": "instance", "target_id": "i-0123456789abcdefghij"}]}
    )

    target: Word = Field(description="`instance` or `nat_gateway`.")
    target_id: Word = Field(description="Id of that.")


class EipList(TenantListParameters):
    """Which public addresses."""

    vpc_id: Word | None = Field(None, description="Only those in use in this VPC.")
    target_id: Word | None = Field(None, description="Only those that stand for this.")


class CreateGatewayBody(Body):
    """A NAT gateway."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"vpc_id": "vpc-0123456789abcdefghij"}]})

    vpc_id: Word = Field(description="VPC it belongs to.")
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")


class GatewayList(TenantListParameters):
    """Which gateways."""

    vpc_id: Word | None = Field(None, description="Only those of this VPC.")


class CreateSnatEntryBody(Body):
    """Sources that leave by the gateway; `source` or `vswitch_id` is given."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"source": "10.1.0.0/16", "public": ["203.0.113.7"]}]}
    )

    public: list[Word] = Field(max_length=64, description="Public addresses of the gateway.")
    source: Word | None = Field(None, description="Range of sources.")
    vswitch_id: Word | None = Field(None, description="VSwitch whose range are the sources.")
    name: Text = Field("", description="Display name.")


class CreateDnatEntryBody(Body):
    """Connections that come in by the gateway."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "public": "203.0.113.7",
                    "protocol": "tcp",
                    "public_port": 443,
                    "private": "10.1.1.10",
                    "private_port": 8443,
                }
            ]
        }
    )

    public: Word = Field(description="Public address of the gateway.")
    private: Word = Field(description="Address in the VPC.")
    protocol: Word = Field("any", description="`tcp`, `udp`, or `any` for every protocol and port.")
    public_port: int = Field(0, ge=0, le=65535, description="Port at the public address; 0 with `any`.")
    private_port: int = Field(0, ge=0, le=65535, description="Port at the private address; 0 with `any`.")
    name: Text = Field("", description="Display name.")


class CreateIpv4GatewayBody(CreateGatewayBody):
    """An IPv4 gateway."""

    enabled: bool = Field(False, description="Whether the route tables decide at once.")


class UpdateIpv4GatewayBody(Body):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True}]})

    name: Text = Field("", description="New name.")
    description: Text = Field("", description="New description.")
    enabled: bool = Field(False, description="Whether the route tables decide what leaves by the internet.")
