"""`peerway watch`: changes as they happen."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
import yaml

from peerway.cli.client import Item
from peerway.cli.options import AllAccounts, Output
from peerway.cli.output import OutputFormat
from peerway.cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command()
def watch(
    ctx: typer.Context,
    after: Annotated[
        int | None,
        typer.Option(help="Begin after this revision; with what comes next without it.", show_default=False),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only this kind, such as peering; may be repeated.", show_default=False),
    ] = None,
    all_accounts: AllAccounts = False,
    count: Annotated[
        int | None, typer.Option(help="End after so many changes.", min=1, show_default=False)
    ] = None,
    output: Output = None,
) -> None:
    """Print changes as they happen.

    One a line; begins with the next one, or after a revision.
    """
    session = session_of(ctx)
    seen = 0
    for event in session.client.watch(after, all_accounts=all_accounts):
        if kind and event["kind"] not in kind:
            continue
        sys.stdout.write(line(event, output or session.output))
        sys.stdout.flush()
        seen += 1
        if seen == count:
            return


def line(event: Item, how: OutputFormat) -> str:
    """One change as text, its end of line included."""
    match how:
        case OutputFormat.JSON:
            return json.dumps(event, ensure_ascii=False) + "\n"
        case OutputFormat.YAML:
            return "---\n" + yaml.safe_dump(event, allow_unicode=True, sort_keys=False)
        case OutputFormat.ID:
            return f"{event['id']}\n"
        case OutputFormat.TABLE:
            return f"{event['revision']:>8}  {event['event']:<8}  {event['kind']:<14}  {event['id']}\n"
