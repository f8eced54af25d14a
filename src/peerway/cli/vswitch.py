"""`peerway vswitch`: subnets of a VPC."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.errors import WrongUsage
from peerway.cli.options import (
    AllAccounts,
    Description,
    Limit,
    Name,
    Output,
    Timeout,
    VpcFilter,
    VpcOption,
    VSwitchArgument,
    Wait,
    wait_s,
)
from peerway.cli.session import given, session_of

app = typer.Typer(name="vswitch", help="Subnets of a VPC.", add_completion=False, no_args_is_help=True)


@app.command()
def create(
    ctx: typer.Context,
    vpc: VpcOption,
    zone: Annotated[str, typer.Option(help="Zone of the VPC's region (`peerway region list` names them).")],
    cidr: Annotated[str, typer.Option(help="IPv4 range inside the VPC's.")],
    name: Name = None,
    description: Description = None,
    ipv6_cidr: Annotated[
        str | None, typer.Option(help="IPv6 /64 inside the VPC's.", show_default=False)
    ] = None,
    route_table: Annotated[
        str | None, typer.Option(help="Route table to bind; the system table without it.", show_default=False)
    ] = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Make a VSwitch."""
    body = {
        "vpc_id": vpc,
        "zone_id": zone,
        "cidr": cidr,
        "name": name,
        "description": description,
        "ipv6_cidr": ipv6_cidr,
        "route_table_id": route_table,
    }
    session_of(ctx).create("/vswitches", body, output, wait_s(wait, timeout))


@app.command("list")
def list_vswitches(
    ctx: typer.Context,
    vpc: VpcFilter = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List VSwitches."""
    session_of(ctx).show_pages(
        "vswitch", "/vswitches", output, limit=limit, vpc_id=vpc, all_accounts=all_accounts
    )


@app.command()
def show(ctx: typer.Context, vswitch: VSwitchArgument, output: Output = None) -> None:
    """Show a VSwitch."""
    session_of(ctx).read(f"/vswitches/{vswitch}", output)


@app.command()
def update(
    ctx: typer.Context,
    vswitch: VSwitchArgument,
    name: Name = None,
    description: Description = None,
    route_table: Annotated[str | None, typer.Option(help="Route table to bind.", show_default=False)] = None,
    acl: Annotated[str | None, typer.Option(help="Network ACL to bind.", show_default=False)] = None,
    no_acl: Annotated[bool, typer.Option("--no-acl", help="Unbind the network ACL.")] = False,
    output: Output = None,
) -> None:
    """Change a VSwitch: its name, description, route table or network ACL."""
    if acl and no_acl:
        raise WrongUsage("--acl and --no-acl exclude each other")
    body: dict[str, object] = {"network_acl_id": None} if no_acl else {}
    fields = {"name": name, "description": description, "route_table_id": route_table, "network_acl_id": acl}
    if not no_acl or any(value is not None for value in fields.values()):
        body |= given(**fields)
    session_of(ctx).change(f"/vswitches/{vswitch}", body, output)


@app.command()
def delete(
    ctx: typer.Context,
    vswitch: VSwitchArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Delete a VSwitch without instances."""
    session_of(ctx).remove(f"/vswitches/{vswitch}", output, wait_s(wait, timeout))
