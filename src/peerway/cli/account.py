"""`peerway account`: accounts and their credentials (operators), and who one is."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from peerway.cli.client import Item
from peerway.cli.completion import ids_of
from peerway.cli.options import Limit, Output
from peerway.cli.profiles import store
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="account", help="Accounts and their credentials.", add_completion=False, no_args_is_help=True
)
credential = typer.Typer(
    name="credential", help="Access keys and tokens of an account.", no_args_is_help=True
)
app.add_typer(credential)

UidArgument = Annotated[str, typer.Argument(metavar="UID", autocompletion=ids_of("/accounts"))]


class Site(StrEnum):
    """Where an account is registered."""

    #: The mainland China site.
    CHINA = "china"
    #: The international site.
    INTERNATIONAL = "international"


class Role(StrEnum):
    """What a credential may do."""

    #: Reads.
    READER = "reader"
    #: Reads and changes.
    MEMBER = "member"
    #: Runs the installation.
    OPERATOR = "operator"


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Unique display name.")],
    site: Annotated[Site, typer.Option(help="Where it is registered.")] = Site.CHINA,
    real_name: Annotated[
        bool, typer.Option("--real-name", help="It has an enterprise real-name registration.")
    ] = False,
    balance: Annotated[str | None, typer.Option(help="Money it has.", show_default=False)] = None,
    save_profile: Annotated[
        str | None, typer.Option(help="Also save it as a profile of this command line.", show_default=False)
    ] = None,
    output: Output = None,
) -> None:
    """Make an account and print its first credential, which is shown this once."""
    session = session_of(ctx)
    body = {"name": name, "site": site.value, "real_name": real_name, "balance": balance}
    made = secrets_of(session.client.create("/accounts", body))
    if save_profile:
        store(save_profile, {"url": session.connection.url, "token": made["token"]})
    session.show(made, output)


def secrets_of(answer: Item) -> Item:
    """What the owner of a new account must keep."""
    return {name: answer[name] for name in ("uid", "access_key_id", "access_key_secret", "token")}


@app.command("list")
def list_accounts(ctx: typer.Context, limit: Limit = None, output: Output = None) -> None:
    """List the accounts: all for an operator, else one's own."""
    session_of(ctx).show_pages("account", "/accounts", output, limit=limit)


@app.command()
def show(ctx: typer.Context, uid: UidArgument, output: Output = None) -> None:
    """Show an account."""
    session_of(ctx).read(f"/accounts/{uid}", output)


@app.command()
def update(
    ctx: typer.Context,
    uid: UidArgument,
    name: Annotated[str | None, typer.Option(help="Unique display name.", show_default=False)] = None,
    real_name: Annotated[
        bool | None,
        typer.Option(help="Whether it has an enterprise real-name registration.", show_default=False),
    ] = None,
    balance: Annotated[str | None, typer.Option(help="Money it has.", show_default=False)] = None,
    output: Output = None,
) -> None:
    """Change an account."""
    body = given(name=name, real_name=real_name, balance=balance)
    session_of(ctx).change(f"/accounts/{uid}", body, output)


@app.command()
def whoami(ctx: typer.Context, output: Output = None) -> None:
    """Show as whom the API knows you."""
    session_of(ctx).read("/whoami", output)


@credential.command("create")
def create_credential(
    ctx: typer.Context,
    uid: UidArgument,
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.MEMBER,
    output: Output = None,
) -> None:
    """Make another credential and print it; it is shown this once."""
    session = session_of(ctx)
    answer = session.client.create(f"/accounts/{uid}/credentials", {"role": role.value})
    session.show(answer, output)


@credential.command("list")
def list_credentials(
    ctx: typer.Context, uid: UidArgument, limit: Limit = None, output: Output = None
) -> None:
    """List an account's credentials, without their secrets."""
    session_of(ctx).show_pages("credential", f"/accounts/{uid}/credentials", output, limit=limit)


@credential.command("delete")
def delete_credential(
    ctx: typer.Context,
    access_key_id: Annotated[str, typer.Argument(metavar="ACCESS_KEY_ID")],
    output: Output = None,
) -> None:
    """Delete a credential: nobody gets in with it from now on."""
    session_of(ctx).remove(f"/credentials/{access_key_id}", output)
