"""`peerway audit`: who did what."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.options import AllAccounts, Limit, Output
from peerway.cli.session import session_of

app = typer.Typer(name="audit", help="Who did what.", add_completion=False, no_args_is_help=True)


@app.command("list")
def list_entries(
    ctx: typer.Context,
    uid: Annotated[
        str | None,
        typer.Option(help="Those of this account (operators); yours without it.", show_default=False),
    ] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List what was done, oldest first; JSON and YAML show the resource before and after."""
    session_of(ctx).show_pages("audit", "/audit", output, limit=limit, uid=uid, all_accounts=all_accounts)
