"""`peerway doctor`: what this machine can do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from peerway.bootstrap.doctor import diagnose
from peerway.bootstrap.parts import choose_dataplane
from peerway.cli.client import Item
from peerway.cli.options import Output
from peerway.cli.session import session_of
from peerway.settings import DataPlaneChoice

app = typer.Typer(add_completion=False)


@app.command()
def doctor(ctx: typer.Context, output: Output = None) -> None:
    """Say what this machine can do.

    The exit status is 0 when it can carry real packets, else 1. No server is asked.
    """
    checks: list[Item] = [asdict(found) for found in diagnose()]
    chosen, reason = choose_dataplane(DataPlaneChoice.AUTO)
    kernel = chosen is DataPlaneChoice.KERNEL
    detail = f"{chosen}: {reason}" if reason else chosen.value
    checks.append({"check": "--dataplane auto takes", "ok": kernel, "detail": detail})
    session_of(ctx).show_all("check", checks, output)
    raise typer.Exit(0 if kernel else 1)
