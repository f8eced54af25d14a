"""Probes and shells of instances and databases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, Word
from peerway.app.dataplane import Verdict


class ProbeBody(Body):
    """A question that real packets answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"target": "10.2.1.1"}, {"target": "10.2.1.1", "protocol": "tcp", "port": 80}]
        }
    )

    target: Word = Field(
        description="Address, or id of one of the caller's instances, databases or load balancers."
    )
    protocol: Literal["icmp", "tcp", "udp"] = Field("icmp", description="`icmp` also stands for ICMPv6.")
    port: int = Field(0, ge=0, le=65535, description="Destination port, for tcp and udp.")
    count: int = Field(1, ge=1, le=20, description="How many probes, one after the other.")
    timeout_ms: int = Field(1000, ge=10, le=10_000, description="How long to wait for each answer.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOutcome:
    """One probe."""

    #: `answered`, `silent`, or `predicted` by a data plane that carries no packets.
    verdict: Verdict
    #: Round trip time; null when nothing came back or nothing was sent.
    round_trip_ms: float | None
    #: What else is known.
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """What the probes found."""

    #: Instance or database that sent.
    source_id: str
    #: Address they were sent to.
    target: str
    #: Data plane that was asked.
    dataplane: str
    #: How many were sent.
    sent: int
    #: How many were answered, or predicted to be.
    answered: int
    #: Each of them.
    results: list[ProbeOutcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellAnswer:
    """Where to run commands in the guest."""

    #: Path of the agent's unix socket on the host.
    socket: str
