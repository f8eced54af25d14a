"""`peerway region`: regions, their zones, and the products' profiles."""

from __future__ import annotations

import typer

from peerway.cli.options import Output
from peerway.cli.session import session_of

app = typer.Typer(
    name="region", help="Regions, zones and profiles.", add_completion=False, no_args_is_help=True
)


@app.command("list")
def list_regions(ctx: typer.Context, output: Output = None) -> None:
    """List regions and their zones."""
    session_of(ctx).show_pages("region", "/regions", output)


@app.command()
def profiles(ctx: typer.Context, output: Output = None) -> None:
    """List the products whose rules a connection can follow."""
    session_of(ctx).show_pages("profile", "/profiles", output)
