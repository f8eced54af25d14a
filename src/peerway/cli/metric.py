"""`peerway metric`: what links carried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from peerway.cli.options import Limit, Output
from peerway.cli.session import session_of

app = typer.Typer(name="metric", help="What links carried.", add_completion=False, no_args_is_help=True)

Namespace = Annotated[
    str | None,
    typer.Option(help="Where the name comes from, such as acs_vpcpeer or QCE/PCX.", show_default=False),
]


@app.command("list")
def list_metrics(ctx: typer.Context, namespace: Namespace = None, output: Output = None) -> None:
    """List the metrics that can be asked for."""
    session_of(ctx).show_pages("metric", "/metrics", output, namespace=namespace)


@app.command()
def show(
    ctx: typer.Context,
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="Name of the metric, such as sent_bytes.")],
    subject: Annotated[
        str | None,
        typer.Option(
            "--of",
            help="Only this link, router interface or border router.",
            metavar="ID",
            show_default=False,
        ),
    ] = None,
    namespace: Namespace = None,
    period: Annotated[
        int | None,
        typer.Option(help="Length of a period, s; a minute without it.", min=1, show_default=False),
    ] = None,
    minutes: Annotated[int, typer.Option(help="How far to look back.", min=1)] = 60,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """Show what a metric was, minute by minute or by longer periods."""
    until = datetime.now(UTC)
    session_of(ctx).show_pages(
        "metric-point",
        "/metrics/points",
        output,
        limit=limit,
        metric=metric,
        subject=subject,
        namespace=namespace,
        period_s=period,
        since=(until - timedelta(minutes=minutes)).isoformat(),
        until=until.isoformat(),
    )
