"""`peerway quota`: limits of an account."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.options import Output
from peerway.cli.session import session_of

app = typer.Typer(name="quota", help="Limits of an account.", add_completion=False, no_args_is_help=True)


@app.command("list")
def list_quotas(
    ctx: typer.Context,
    profile: Annotated[
        str | None, typer.Option(help="Only those of this product.", show_default=False)
    ] = None,
    uid: Annotated[
        str | None,
        typer.Option(help="Those of this account (operators); yours without it.", show_default=False),
    ] = None,
    output: Output = None,
) -> None:
    """List limits and how much of them is used."""
    session = session_of(ctx)
    session.show_all("quota", session.client.pages("/quotas", profile=profile, uid=uid), output)


@app.command()
def grant(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the quota.")],
    limit: Annotated[int, typer.Argument(metavar="LIMIT", help="The new limit.", min=0)],
    uid: Annotated[str, typer.Option(help="The account that gets it.")],
    output: Output = None,
) -> None:
    """Give an account another limit (operators)."""
    session = session_of(ctx)
    session.show(session.client.replace(f"/quotas/{name}", {"uid": uid, "limit": limit}), output)
