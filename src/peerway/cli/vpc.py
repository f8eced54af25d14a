"""`peerway vpc`: isolated networks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.options import (
    AllAccounts,
    Description,
    Limit,
    Name,
    Output,
    Timeout,
    VpcArgument,
    Wait,
    wait_s,
)
from peerway.cli.session import given, session_of

app = typer.Typer(name="vpc", help="Isolated networks.", add_completion=False, no_args_is_help=True)


class Kind(StrEnum):
    """What a VPC holds."""

    #: Virtual machines.
    ECS = "ecs"
    #: Bare metal.
    CPS = "cps"


@app.command()
def create(
    ctx: typer.Context,
    region: Annotated[str, typer.Option(help="Region it is in.", autocompletion=ids_of("/regions"))],
    cidr: Annotated[str, typer.Option(help="Primary IPv4 range, such as 10.0.0.0/16.")],
    name: Name = None,
    description: Description = None,
    secondary_cidr: Annotated[
        list[str] | None, typer.Option(help="One more IPv4 range; may be repeated.", show_default=False)
    ] = None,
    ipv6_cidr: Annotated[
        str | None, typer.Option(help="IPv6 range, or `auto` to get one.", show_default=False)
    ] = None,
    kind: Annotated[Kind, typer.Option(help="Virtual machines (ecs) or bare metal (cps).")] = Kind.ECS,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Make a VPC with its system route table."""
    body = {
        "region_id": region,
        "cidr": cidr,
        "name": name,
        "description": description,
        "secondary_cidrs": secondary_cidr or None,
        "ipv6_cidr": ipv6_cidr,
        "kind": kind.value,
    }
    session_of(ctx).create("/vpcs", body, output, wait_s(wait, timeout))


@app.command("list")
def list_vpcs(
    ctx: typer.Context,
    region: Annotated[str | None, typer.Option(help="Only those in this region.", show_default=False)] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List VPCs."""
    session_of(ctx).show_pages(
        "vpc", "/vpcs", output, limit=limit, region_id=region, all_accounts=all_accounts
    )


@app.command()
def show(ctx: typer.Context, vpc: VpcArgument, output: Output = None) -> None:
    """Show a VPC."""
    session_of(ctx).read(f"/vpcs/{vpc}", output)


@app.command()
def update(
    ctx: typer.Context,
    vpc: VpcArgument,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Change a VPC's name or description."""
    session_of(ctx).change(f"/vpcs/{vpc}", given(name=name, description=description), output)


@app.command()
def add_cidr(
    ctx: typer.Context,
    vpc: VpcArgument,
    cidr: Annotated[str, typer.Argument(metavar="CIDR", help="IPv4 range to add.")],
    output: Output = None,
) -> None:
    """Add a secondary IPv4 range."""
    session_of(ctx).act(f"/vpcs/{vpc}", "cidrs", output, body={"cidr": cidr})


@app.command()
def remove_cidr(
    ctx: typer.Context,
    vpc: VpcArgument,
    cidr: Annotated[str, typer.Argument(metavar="CIDR", help="IPv4 range to remove.")],
    output: Output = None,
) -> None:
    """Remove a secondary IPv4 range that no VSwitch uses."""
    session = session_of(ctx)
    session.show(session.client.delete(f"/vpcs/{vpc}/cidrs", cidr=cidr), output)


@app.command()
def delete(
    ctx: typer.Context, vpc: VpcArgument, wait: Wait = False, timeout: Timeout = 60, output: Output = None
) -> None:
    """Delete an empty VPC."""
    session_of(ctx).remove(f"/vpcs/{vpc}", output, wait_s(wait, timeout))
