"""Options and arguments that many commands share, as annotated types."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.output import OutputFormat


class Direction(StrEnum):
    """Which way a packet goes, seen from the instance."""

    #: To the instance.
    INGRESS = "ingress"
    #: From the instance.
    EGRESS = "egress"


Output = Annotated[
    OutputFormat | None, typer.Option("--output", "-o", help="Format of the answer.", show_default=False)
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the data plane has done it.")]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds that --wait waits at most.", min=0)]
Limit = Annotated[
    int | None, typer.Option("--limit", help="List at most so many.", min=1, show_default=False)
]
AllAccounts = Annotated[bool, typer.Option("--all-accounts", help="Every account's (operators).")]
IfRevision = Annotated[
    int | None,
    typer.Option(
        "--if-revision",
        help="Only while it is at this revision, as `show` told it.",
        min=1,
        show_default=False,
    ),
]
Name = Annotated[str | None, typer.Option("--name", help="Display name.", show_default=False)]
Description = Annotated[str | None, typer.Option("--description", help="Free text.", show_default=False)]

VpcArgument = Annotated[str, typer.Argument(metavar="VPC", autocompletion=ids_of("/vpcs"))]
VSwitchArgument = Annotated[str, typer.Argument(metavar="VSWITCH", autocompletion=ids_of("/vswitches"))]
TableArgument = Annotated[
    str,
    typer.Argument(
        metavar="TABLE",
        help="A route table, or a VPC or VBR for its system table.",
        autocompletion=ids_of("/route-tables"),
    ),
]
InstanceArgument = Annotated[str, typer.Argument(metavar="INSTANCE", autocompletion=ids_of("/instances"))]
GuestArgument = Annotated[
    str,
    typer.Argument(
        metavar="INSTANCE",
        help="An instance, or a database for its guest.",
        autocompletion=ids_of("/instances", "/databases"),
    ),
]
GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", autocompletion=ids_of("/security-groups"))]
AclArgument = Annotated[str, typer.Argument(metavar="ACL", autocompletion=ids_of("/network-acls"))]
PeeringArgument = Annotated[str, typer.Argument(metavar="PEERING", autocompletion=ids_of("/peerings"))]

VpcOption = Annotated[
    str, typer.Option("--vpc", help="The VPC it belongs to.", autocompletion=ids_of("/vpcs"))
]
VpcFilter = Annotated[
    str | None,
    typer.Option("--vpc", help="Only those of this VPC.", autocompletion=ids_of("/vpcs"), show_default=False),
]


def guest_path(id: str) -> str:
    """Where the API has the instance or database of that id."""
    return f"/databases/{id}" if id.startswith("rds-") else f"/instances/{id}"


def wait_s(wait: bool, timeout: float) -> float | None:
    """How long to wait; None for not at all."""
    return timeout if wait else None
