"""Route tables and entries, security groups and rules, network ACLs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag

from peerway.api.native.schemas.common import Body, Text, Word
from peerway.api.native.schemas.vpcs import UpdateTextsBody
from peerway.app.usecases.network_acls import AclEntrySpec
from peerway.app.usecases.security_rule_specs import RuleSpec
from peerway.domain.route_table import HIGHEST_WEIGHT, MOST_PATHS, RoutePath

#: Most rules or entries in one body; what a group or ACL may hold is the use cases' business.
MOST = 5000


class CreateInVpcBody(Body):
    """Something new in a VPC."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"vpc_id": "vpc-0123456789abcdefghij", "name": "edge"}]}
    )

    vpc_id: Word = Field(description="VPC it belongs to.")
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")


class PathBody(Body):
    """One of several router interfaces."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"interface_id": "ri-0123456789abcdefghij", "weight": 100}]}
    )

    interface_id: Word = Field(description="Router interface of the table's router.")
    weight: int = Field(100, ge=0, le=HIGHEST_WEIGHT, description="Share of the connections; 0 to stand by.")


class CreateRouteEntryBody(Body):
    """A new custom entry."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "destination": "10.2.0.0/16",
                    "next_hop": "peering",
                    "next_hop_id": "pcc-0123456789abcdefghij",
                },
                {"destination": "10.3.0.0/16", "next_hop": "blackhole"},
                {
                    "destination": "192.168.0.0/16",
                    "next_hop": "router_interface",
                    "paths": [
                        {"interface_id": "ri-0123456789abcdefghij", "weight": 100},
                        {"interface_id": "ri-jihgfedcba9876543210", "weight": 0},
                    ],
                },
            ]
        }
    )

    destination: Word = Field(description="Destination range.")
    next_hop: Word = Field(
        description="`instance`, `peering`, `router_interface`, `line` (a border router's), `nat_gateway`, `ipv4_gateway` "
        "or `blackhole`."
    )
    next_hop_id: Word | None = Field(
        None, description="Id of the next hop; null for a blackhole, a line and with `paths`."
    )
    paths: list[PathBody] = Field(
        [],
        max_length=MOST_PATHS,
        description="2 to 16 router interfaces: all with a weight share the connections by it; of one with a weight "
        "and others with 0 these stand by.",
    )
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")

    def given(self) -> dict[str, Any]:
        """The fields that the body names."""
        named = super().given()
        if "paths" in named:
            named["paths"] = tuple(RoutePath(path.interface_id, path.weight) for path in self.paths)
        return named


class UpdateRouteEntryBody(UpdateTextsBody):
    """What is to change about an entry; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": False}]})

    enabled: bool = Field(True, description="Whether it takes packets.")


class CreateSecurityGroupBody(CreateInVpcBody):
    """A new security group."""

    inner_access: bool = Field(True, description="Whether members reach each other without a rule.")


class UpdateSecurityGroupBody(Body):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"inner_access": False}]})

    name: Text = Field("", description="New name.")
    description: Text = Field("", description="New description.")
    inner_access: bool = Field(True, description="Whether members reach each other without a rule.")


class RuleBody(Body):
    """One rule. Exactly one of `remote_cidr` and `remote_group_id` is given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "direction": "ingress",
                    "protocol": "tcp",
                    "port_range": "80/80",
                    "remote_cidr": "10.2.0.0/16",
                }
            ]
        }
    )

    direction: Word = Field(description="`ingress` or `egress`.")
    priority: int = Field(1, ge=1, le=100, description="1 (first) to 100 (last).")
    action: Word = Field("accept", description="`accept` or `drop`.")
    protocol: Word = Field("all", description="`all`, `tcp`, `udp`, `icmp`, `icmpv6` or `gre`.")
    port_range: Word | None = Field(None, description="`80/80` or `80-90`; null for all.")
    remote_cidr: Word | None = Field(None, description="Range of the far side.")
    remote_group_id: Word | None = Field(
        None, description="Group of the same VPC whose members are the far side."
    )
    description: Text = Field("", description="Free text.")

    def spec(self) -> RuleSpec:
        """The rule for the use case."""
        return RuleSpec(**self.given())


class UpdateRuleBody(Body):
    """What is to change of a rule; a field that is left out stays, and its direction does."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"port_range": "443/443"}]})

    priority: int = Field(1, ge=1, le=100, description="1 (first) to 100 (last).")
    action: Word = Field("accept", description="`accept` or `drop`.")
    protocol: Word = Field("all", description="`all`, `tcp`, `udp`, `icmp`, `icmpv6` or `gre`.")
    port_range: Word | None = Field(None, description="`80/80` or `80-90`; null for all.")
    remote_cidr: Word = Field("", description="Range of the far side; takes the place of a group.")
    remote_group_id: Word = Field("", description="Group of the far side; takes the place of a range.")
    description: Text = Field("", description="Free text.")


class RulesBody(Body):
    """Several rules, all made or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"rules": [{"direction": "ingress", "protocol": "icmp", "remote_cidr": "10.2.0.0/16"}]}
            ]
        }
    )

    rules: list[RuleBody] = Field(min_length=1, max_length=MOST, description="The rules.")


def _shape(body: Any) -> str:
    return "~many" if isinstance(body, dict) and "rules" in body else "~one"


#: One rule, or `{"rules": [...]}`. Errors leave out steps of a path that begin with ~.
OneOrMoreRules = Annotated[
    Annotated[RuleBody, Tag("~one")] | Annotated[RulesBody, Tag("~many")], Discriminator(_shape)
]


class AclEntryBody(Body):
    """One ACL entry; its place in the list is its priority."""

    action: Word = Field(description="`accept` or `drop`.")
    protocol: Word = Field("all", description="`all`, `tcp`, `udp`, `icmp`, `icmpv6` or `gre`.")
    port_range: Word | None = Field(None, description="`80/80` or `80-90`; null for all.")
    cidr: Word = Field(description="Source range for ingress, destination range for egress.")
    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")

    def spec(self) -> AclEntrySpec:
        """The entry for the use case."""
        return AclEntrySpec(**self.given())


Entries = Annotated[list[AclEntryBody], Field(max_length=MOST)]


class AclEntriesBody(Body):
    """New entries; a direction that is left out keeps its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ingress": [
                        {"action": "accept", "protocol": "tcp", "port_range": "443/443", "cidr": "0.0.0.0/0"}
                    ]
                }
            ]
        }
    )

    ingress: Entries = Field([], description="Entries towards the VSwitch, first match decides.")
    egress: Entries = Field([], description="Entries from the VSwitch, first match decides.")

    def given(self) -> dict[str, Any]:
        """The directions that the body names."""
        named = super().given()
        return {name: specs(entries) for name, entries in named.items()}


class CreateAclBody(CreateInVpcBody):
    """A new network ACL; without entries it accepts everything."""

    ingress: Entries | None = Field(None, description="Entries towards the VSwitch; null for accept-all.")
    egress: Entries | None = Field(None, description="Entries from the VSwitch; null for accept-all.")

    def given(self) -> dict[str, Any]:
        """The fields that the body names."""
        named = super().given()
        return {
            **named,
            **{name: specs(named[name]) for name in ("ingress", "egress") if named.get(name) is not None},
        }


def specs(entries: list[AclEntryBody]) -> tuple[AclEntrySpec, ...]:
    """Entries for the use case."""
    return tuple(entry.spec() for entry in entries)
