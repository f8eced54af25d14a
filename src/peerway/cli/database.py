"""`peerway database`: databases on private addresses, and who may connect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.errors import WrongUsage
from peerway.cli.options import (
    AllAccounts,
    Description,
    Limit,
    Name,
    Output,
    Timeout,
    VpcFilter,
    Wait,
    wait_s,
)
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="database",
    help="Databases on private addresses, with a whitelist.",
    add_completion=False,
    no_args_is_help=True,
)

DatabaseArgument = Annotated[str, typer.Argument(metavar="DATABASE", autocompletion=ids_of("/databases"))]
Whitelist = Annotated[
    list[str] | None,
    typer.Option("--allow", help="Range that may connect; may be repeated.", show_default=False),
]


@app.command()
def create(
    ctx: typer.Context,
    vswitch: Annotated[
        str, typer.Option(help="VSwitch that its address is from.", autocompletion=ids_of("/vswitches"))
    ],
    engine: Annotated[str, typer.Option(help="postgresql or mysql.")] = "postgresql",
    port: Annotated[
        int | None, typer.Option(help="Port; the engine's usual one without it.", show_default=False)
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Its address; the first free one without it.", show_default=False)
    ] = None,
    allow: Whitelist = None,
    name: Name = None,
    description: Description = None,
    netns: Annotated[
        Path | None,
        typer.Option(help="Network namespace that it lives in already (operators).", show_default=False),
    ] = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Make a database's address and its guest; `peerway exec` starts the engine in it."""
    body = {
        "vswitch_id": vswitch,
        "engine": engine,
        "port": port,
        "address": address,
        "whitelist": allow or [],
        "name": name,
        "description": description,
        "netns": None if netns is None else str(netns.absolute()),
    }
    session_of(ctx).create("/databases", body, output, wait_s(wait, timeout))


@app.command("list")
def list_databases(
    ctx: typer.Context,
    vpc: VpcFilter = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List databases."""
    session_of(ctx).show_pages(
        "database", "/databases", output, limit=limit, vpc_id=vpc, all_accounts=all_accounts
    )


@app.command()
def show(ctx: typer.Context, database: DatabaseArgument, output: Output = None) -> None:
    """Show a database."""
    session_of(ctx).read(f"/databases/{database}", output)


@app.command()
def update(
    ctx: typer.Context,
    database: DatabaseArgument,
    name: Name = None,
    description: Description = None,
    allow: Whitelist = None,
    allow_nobody: Annotated[bool, typer.Option("--allow-nobody", help="Empty the whitelist.")] = False,
    output: Output = None,
) -> None:
    """Change texts, or who may connect from now on."""
    if allow and allow_nobody:
        raise WrongUsage("give --allow or --allow-nobody, not both")
    whitelist = [] if allow_nobody else allow or None
    body = given(name=name, description=description, whitelist=whitelist)
    session_of(ctx).change(f"/databases/{database}", body, output)


@app.command()
def allow(
    ctx: typer.Context,
    database: DatabaseArgument,
    cidr: Annotated[str, typer.Argument(metavar="CIDR", help="Range that may connect, too.")],
    output: Output = None,
) -> None:
    """Add a range to the whitelist; what somebody else changes at the same moment is lost."""
    session = session_of(ctx)
    path = f"/databases/{database}"
    whitelist = session.client.get(path)["whitelist"]
    body = {"whitelist": [*whitelist, *({cidr} - {*whitelist})]}
    session.change(path, body, output)


@app.command()
def delete(
    ctx: typer.Context,
    database: DatabaseArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Delete a database."""
    session_of(ctx).remove(f"/databases/{database}", output, wait_s(wait, timeout))
