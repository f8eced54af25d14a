"""Load balancers, listeners, backends and databases."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, TenantListParameters, Text, Word
from peerway.api.native.schemas.vpcs import UpdateTextsBody

VSWITCH = "vsw-0123456789abcdefghij"


class CreateLoadBalancerBody(Body):
    """A load balancer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"vswitch_id": VSWITCH, "name": "web"}]})

    vswitch_id: Word = Field(description="VSwitch that its address is from.")
    address: Word | None = Field(None, description="Its address; null for the first free one.")
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")


class ServiceList(TenantListParameters):
    """Which load balancers or databases."""

    vpc_id: Word | None = Field(None, description="Only those of this VPC.")


class CreateListenerBody(Body):
    """A port that the load balancer listens at."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"protocol": "tcp", "port": 443}]})

    protocol: Word = Field(description="`tcp` or `udp`.")
    port: int = Field(ge=0, le=65535, description="Port.")
    name: Text = Field("", description="Display name.")
    check: bool = Field(True, description="Whether backends are checked.")
    check_interval_ms: int = Field(1000, ge=0, le=2**31, description="Pause between two probes.")
    check_threshold: int = Field(3, ge=0, le=2**31, description="Probes in a row that turn the verdict.")


class UpdateListenerBody(Body):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"check_interval_ms": 500}]})

    name: Text = Field("", description="New name.")
    check: bool = Field(True, description="Whether backends are checked.")
    check_interval_ms: int = Field(1000, ge=0, le=2**31, description="New pause between two probes.")
    check_threshold: int = Field(3, ge=0, le=2**31, description="New number of probes in a row.")


class AddBackendBody(Body):
    """An instance behind the listener."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"instance_id": "i-0123456789abcdefghij", "port": 8443}]}
    )

    instance_id: Word = Field(description="Instance of the same VPC.")
    port: int | None = Field(None, ge=0, le=65535, description="Port it answers at; null for the listener's.")
    weight: int = Field(100, ge=0, le=2**31, description="Share of the connections, 0 to 100.")


class UpdateBackendBody(Body):
    """A new share."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"weight": 0}]})

    weight: int = Field(ge=0, le=2**31, description="Share of the connections, 0 to 100.")


class CreateDatabaseBody(Body):
    """A database."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"vswitch_id": VSWITCH, "whitelist": ["10.1.0.0/16"]}]}
    )

    vswitch_id: Word = Field(description="VSwitch that its address is from.")
    engine: Word = Field("postgresql", description="`postgresql` or `mysql`.")
    port: int | None = Field(None, ge=0, le=65535, description="Port it answers at; null for the usual one.")
    address: Word | None = Field(None, description="Its address; null for the first free one.")
    whitelist: list[Word] = Field([], max_length=2000, description="Ranges that may connect; nobody else.")
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")
    netns: Text | None = Field(None, description="Existing network namespace it lives in; operators only.")


class UpdateDatabaseBody(UpdateTextsBody):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"whitelist": ["10.1.0.0/16"]}]})

    whitelist: list[Word] = Field([], max_length=2000, description="Ranges that may connect from now on.")
