"""`peerway version`."""

from __future__ import annotations

import platform
from importlib.metadata import version as version_of

import typer

from peerway.cli.options import Output
from peerway.cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command()
def version(ctx: typer.Context, output: Output = None) -> None:
    """Print the version."""
    about = {
        "peerway": version_of("peerway"),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    session_of(ctx).show(about, output)
