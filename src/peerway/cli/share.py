"""`peerway share`: VSwitches that other accounts may use."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.options import AllAccounts, Limit, Output, VpcFilter
from peerway.cli.session import session_of

app = typer.Typer(
    name="share", help="VSwitches that other accounts may use.", add_completion=False, no_args_is_help=True
)

ShareArgument = Annotated[str, typer.Argument(metavar="SHARE", autocompletion=ids_of("/shares"))]


@app.command()
def create(
    ctx: typer.Context,
    vswitch: Annotated[str, typer.Option(help="Your VSwitch.", autocompletion=ids_of("/vswitches"))],
    uid: Annotated[str, typer.Option(help="The account that may use it.")],
    output: Output = None,
) -> None:
    """Let another account put instances, load balancers and databases into a VSwitch."""
    session_of(ctx).create("/shares", {"vswitch_id": vswitch, "user_uid": uid}, output)


@app.command("list")
def list_shares(
    ctx: typer.Context,
    vpc: VpcFilter = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List shares that you gave or got."""
    session_of(ctx).show_pages("share", "/shares", output, limit=limit, vpc_id=vpc, all_accounts=all_accounts)


@app.command()
def show(ctx: typer.Context, share: ShareArgument, output: Output = None) -> None:
    """Show a share."""
    session_of(ctx).read(f"/shares/{share}", output)


@app.command()
def delete(ctx: typer.Context, share: ShareArgument, output: Output = None) -> None:
    """End a share whose account has nothing there any more."""
    session_of(ctx).remove(f"/shares/{share}", output)
