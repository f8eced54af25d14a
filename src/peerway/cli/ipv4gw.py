"""`peerway ipv4gw`: IPv4 gateways."""

from __future__ import annotations

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
    VpcFilter,
    VpcOption,
    Wait,
    wait_s,
)
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="ipv4gw",
    help="IPv4 gateways: let route tables decide about the internet.",
    add_completion=False,
    no_args_is_help=True,
)

GatewayArgument = Annotated[str, typer.Argument(metavar="GATEWAY", autocompletion=ids_of("/ipv4-gateways"))]


@app.command()
def create(
    ctx: typer.Context,
    vpc: VpcOption,
    name: Name = None,
    description: Description = None,
    enabled: Annotated[bool, typer.Option("--enabled", help="Let the route tables decide at once.")] = False,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Make a VPC's IPv4 gateway; until it is enabled it changes nothing."""
    body = {"vpc_id": vpc, "name": name, "description": description, "enabled": enabled}
    session_of(ctx).create("/ipv4-gateways", body, output, wait_s(wait, timeout))


@app.command("list")
def list_gateways(
    ctx: typer.Context,
    vpc: VpcFilter = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List IPv4 gateways."""
    session_of(ctx).show_pages(
        "ipv4gw", "/ipv4-gateways", output, limit=limit, vpc_id=vpc, all_accounts=all_accounts
    )


@app.command()
def show(ctx: typer.Context, gateway: GatewayArgument, output: Output = None) -> None:
    """Show an IPv4 gateway."""
    session_of(ctx).read(f"/ipv4-gateways/{gateway}", output)


@app.command()
def update(
    ctx: typer.Context,
    gateway: GatewayArgument,
    name: Name = None,
    description: Description = None,
    enabled: Annotated[
        bool | None,
        typer.Option("--enable/--disable", help="Whether the route tables decide.", show_default=False),
    ] = None,
    output: Output = None,
) -> None:
    """Change texts, or whether the route tables decide."""
    body = given(name=name, description=description, enabled=enabled)
    session_of(ctx).change(f"/ipv4-gateways/{gateway}", body, output)


@app.command()
def delete(
    ctx: typer.Context,
    gateway: GatewayArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Delete a gateway that no route leads to."""
    session_of(ctx).remove(f"/ipv4-gateways/{gateway}", output, wait_s(wait, timeout))
