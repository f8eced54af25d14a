"""`peerway external`: outside networks, for operators."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.options import Limit, Name, Output
from peerway.cli.session import session_of

app = typer.Typer(
    name="external",
    help="Outside networks that public addresses come from (operators).",
    add_completion=False,
    no_args_is_help=True,
)

NetworkArgument = Annotated[
    str, typer.Argument(metavar="NETWORK", autocompletion=ids_of("/external-networks"))
]


@app.command()
def create(
    ctx: typer.Context,
    region: Annotated[str, typer.Option(help="Region it serves.", autocompletion=ids_of("/regions"))],
    port: Annotated[str, typer.Option(help="interface:NAME or netns:PATH on the agent's host.")],
    pool: Annotated[list[str], typer.Option(help="Range of public addresses; may be repeated.")],
    local: Annotated[
        str | None,
        typer.Option(help="Own address on a host interface, such as 198.51.100.2/24.", show_default=False),
    ] = None,
    gateway: Annotated[
        str | None, typer.Option(help="Gateway beyond a host interface.", show_default=False)
    ] = None,
    name: Name = None,
    output: Output = None,
) -> None:
    """Connect an outside network to a region."""
    body = {
        "region_id": region,
        "port": port,
        "pools": pool,
        "local": local,
        "gateway": gateway,
        "name": name,
    }
    session_of(ctx).create("/external-networks", body, output)


@app.command("list")
def list_networks(
    ctx: typer.Context,
    region: Annotated[str | None, typer.Option(help="Only those of this region.", show_default=False)] = None,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List outside networks."""
    session_of(ctx).show_pages("external", "/external-networks", output, limit=limit, region_id=region)


@app.command()
def show(ctx: typer.Context, network: NetworkArgument, output: Output = None) -> None:
    """Show an outside network."""
    session_of(ctx).read(f"/external-networks/{network}", output)


@app.command()
def delete(ctx: typer.Context, network: NetworkArgument, output: Output = None) -> None:
    """Disconnect an outside network that nothing uses."""
    session_of(ctx).remove(f"/external-networks/{network}", output)
