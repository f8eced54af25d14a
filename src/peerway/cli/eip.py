"""`peerway eip`: public addresses."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.errors import WrongUsage
from peerway.cli.options import AllAccounts, Limit, Name, Output, VpcFilter
from peerway.cli.session import session_of

app = typer.Typer(name="eip", help="Public addresses.", add_completion=False, no_args_is_help=True)

EipArgument = Annotated[str, typer.Argument(metavar="EIP", autocompletion=ids_of("/eips"))]


@app.command()
def allocate(
    ctx: typer.Context,
    region: Annotated[str, typer.Option(help="Region it is for.", autocompletion=ids_of("/regions"))],
    name: Name = None,
    output: Output = None,
) -> None:
    """Take a public address from the region's outside network."""
    session_of(ctx).create("/eips", {"region_id": region, "name": name}, output)


@app.command("list")
def list_eips(
    ctx: typer.Context,
    vpc: VpcFilter = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List public addresses and what they stand for."""
    session_of(ctx).show_pages("eip", "/eips", output, limit=limit, vpc_id=vpc, all_accounts=all_accounts)


@app.command()
def show(ctx: typer.Context, eip: EipArgument, output: Output = None) -> None:
    """Show a public address."""
    session_of(ctx).read(f"/eips/{eip}", output)


@app.command()
def associate(
    ctx: typer.Context,
    eip: EipArgument,
    instance: Annotated[
        str | None,
        typer.Option(
            help="The instance it is to stand for.",
            autocompletion=ids_of("/instances"),
            show_default=False,
        ),
    ] = None,
    nat: Annotated[
        str | None,
        typer.Option(
            help="The NAT gateway it is to serve.",
            autocompletion=ids_of("/nat-gateways"),
            show_default=False,
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Have an address stand for an instance, or serve a NAT gateway."""
    if (instance is None) == (nat is None):
        raise WrongUsage("give --instance or --nat, and only one of them")
    target = "instance" if nat is None else "nat_gateway"
    body = {"target": target, "target_id": instance or nat}
    session_of(ctx).act(f"/eips/{eip}", "associate", output, body=body)


@app.command()
def disassociate(ctx: typer.Context, eip: EipArgument, output: Output = None) -> None:
    """Free an address for another use; connections through it end at once."""
    session_of(ctx).act(f"/eips/{eip}", "disassociate", output)


@app.command()
def release(ctx: typer.Context, eip: EipArgument, output: Output = None) -> None:
    """Give an address back."""
    session_of(ctx).remove(f"/eips/{eip}", output)
