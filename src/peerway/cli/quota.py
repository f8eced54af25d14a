"""`peerway quota`: limits of an account."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.options import AllAccounts, Limit, Output
from peerway.cli.session import session_of

ApplicationArgument = Annotated[str, typer.Argument(metavar="APPLICATION")]
Answer = Annotated[str | None, typer.Option("--answer", help="What to tell the tenant.", show_default=False)]

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
    session_of(ctx).show_pages("quota", "/quotas", output, profile=profile, uid=uid)


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


@app.command()
def apply(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the quota.")],
    desired: Annotated[int, typer.Argument(metavar="LIMIT", help="The limit it should have.", min=0)],
    reason: Annotated[str | None, typer.Option(help="Why.", show_default=False)] = None,
    output: Output = None,
) -> None:
    """Ask an operator for a higher limit."""
    body = {"name": name, "desired": desired, "reason": reason}
    session_of(ctx).create("/quota-applications", body, output)


@app.command()
def applications(
    ctx: typer.Context,
    state: Annotated[
        str | None, typer.Option(help="Only those pending, approved or rejected.", show_default=False)
    ] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List applications for higher limits."""
    session_of(ctx).show_pages(
        "quota-application",
        "/quota-applications",
        output,
        limit=limit,
        state=state,
        all_accounts=all_accounts,
    )


@app.command()
def approve(
    ctx: typer.Context, application: ApplicationArgument, answer: Answer = None, output: Output = None
) -> None:
    """Grant what an application asks for (operators)."""
    session_of(ctx).act(f"/quota-applications/{application}", "approve", output, body={"answer": answer})


@app.command()
def reject(
    ctx: typer.Context, application: ApplicationArgument, answer: Answer = None, output: Output = None
) -> None:
    """Turn an application down (operators)."""
    session_of(ctx).act(f"/quota-applications/{application}", "reject", output, body={"answer": answer})


@app.command()
def withdraw(ctx: typer.Context, application: ApplicationArgument, output: Output = None) -> None:
    """Take an application back."""
    session_of(ctx).remove(f"/quota-applications/{application}", output, None)
