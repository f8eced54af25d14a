"""`peerway nat`: NAT gateways, and their entries for connections out and in."""

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
    name="nat", help="NAT gateways: shared ways to the internet.", add_completion=False, no_args_is_help=True
)
snat = typer.Typer(help="Entries for connections out.", no_args_is_help=True)
dnat = typer.Typer(help="Entries for connections in.", no_args_is_help=True)
app.add_typer(snat, name="snat")
app.add_typer(dnat, name="dnat")

GatewayArgument = Annotated[str, typer.Argument(metavar="GATEWAY", autocompletion=ids_of("/nat-gateways"))]
EntryArgument = Annotated[str, typer.Argument(metavar="ENTRY")]


@app.command()
def create(
    ctx: typer.Context,
    vpc: VpcOption,
    name: Name = None,
    description: Description = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Make a NAT gateway on the outside network of the VPC's region."""
    body = {"vpc_id": vpc, "name": name, "description": description}
    session_of(ctx).create("/nat-gateways", body, output, wait_s(wait, timeout))


@app.command("list")
def list_gateways(
    ctx: typer.Context,
    vpc: VpcFilter = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List NAT gateways."""
    session_of(ctx).show_pages(
        "nat", "/nat-gateways", output, limit=limit, vpc_id=vpc, all_accounts=all_accounts
    )


@app.command()
def show(ctx: typer.Context, gateway: GatewayArgument, output: Output = None) -> None:
    """Show a NAT gateway."""
    session_of(ctx).read(f"/nat-gateways/{gateway}", output)


@app.command()
def update(
    ctx: typer.Context,
    gateway: GatewayArgument,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Change name and description."""
    body = given(name=name, description=description)
    session_of(ctx).change(f"/nat-gateways/{gateway}", body, output)


@app.command()
def delete(
    ctx: typer.Context,
    gateway: GatewayArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Delete a gateway without entries that no route leads to."""
    session_of(ctx).remove(f"/nat-gateways/{gateway}", output, wait_s(wait, timeout))


@snat.command("add")
def add_snat(
    ctx: typer.Context,
    gateway: GatewayArgument,
    public: Annotated[list[str], typer.Option(help="Public address of the gateway; may be repeated.")],
    source: Annotated[
        str | None, typer.Option(help="Range of sources, such as 10.1.0.0/16.", show_default=False)
    ] = None,
    vswitch: Annotated[
        str | None,
        typer.Option(
            help="VSwitch whose range are the sources.",
            autocompletion=ids_of("/vswitches"),
            show_default=False,
        ),
    ] = None,
    name: Name = None,
    output: Output = None,
) -> None:
    """Let sources out."""
    body = {"public": public, "source": source, "vswitch_id": vswitch, "name": name}
    session_of(ctx).create(f"/nat-gateways/{gateway}/snat-entries", body, output)


@snat.command("list")
def list_snat(
    ctx: typer.Context, gateway: GatewayArgument, limit: Limit = None, output: Output = None
) -> None:
    """List a gateway's entries for connections out."""
    session_of(ctx).show_pages("snat", f"/nat-gateways/{gateway}/snat-entries", output, limit=limit)


@snat.command("delete")
def delete_snat(ctx: typer.Context, entry: EntryArgument, output: Output = None) -> None:
    """Take an entry away; connections that it let out end at once."""
    session_of(ctx).remove(f"/snat-entries/{entry}", output)


@dnat.command("add")
def add_dnat(
    ctx: typer.Context,
    gateway: GatewayArgument,
    public: Annotated[str, typer.Option(help="Public address of the gateway.")],
    private: Annotated[str, typer.Option(help="Address in the VPC.")],
    proto: Annotated[str, typer.Option(help="tcp, udp, or any for every protocol and port.")] = "any",
    public_port: Annotated[
        int | None, typer.Option(help="Port at the public address.", show_default=False)
    ] = None,
    private_port: Annotated[
        int | None, typer.Option(help="Port at the private address.", show_default=False)
    ] = None,
    name: Name = None,
    output: Output = None,
) -> None:
    """Let connections in."""
    body = {
        "public": public,
        "private": private,
        "protocol": proto,
        "public_port": public_port,
        "private_port": private_port,
        "name": name,
    }
    session_of(ctx).create(f"/nat-gateways/{gateway}/dnat-entries", body, output)


@dnat.command("list")
def list_dnat(
    ctx: typer.Context, gateway: GatewayArgument, limit: Limit = None, output: Output = None
) -> None:
    """List a gateway's entries for connections in."""
    session_of(ctx).show_pages("dnat", f"/nat-gateways/{gateway}/dnat-entries", output, limit=limit)


@dnat.command("delete")
def delete_dnat(ctx: typer.Context, entry: EntryArgument, output: Output = None) -> None:
    """Take an entry away; connections that it let in end at once."""
    session_of(ctx).remove(f"/dnat-entries/{entry}", output)
