"""`peerway status` and `peerway failures`: how far the installation is, and what it could not do."""

from __future__ import annotations

import typer

from peerway.cli.options import Output
from peerway.cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command()
def status(ctx: typer.Context, output: Output = None) -> None:
    """Say how far the installation is.

    The data plane has done what was asked for when its revision has reached the store's.
    """
    session_of(ctx).read("/status", output)


@app.command()
def failures(ctx: typer.Context, output: Output = None) -> None:
    """List what the data plane could not do and tries again.

    Operators see those of all accounts.
    """
    session_of(ctx).show_pages("failure", "/failures", output)
