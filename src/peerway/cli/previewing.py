"""`--preview`: every command that changes something can say instead what it would do.

Owns which commands those are. All but the named ones get the option when they are loaded, so that a new command has it without a
line of its own; a test compares the list with what the commands do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from peerway.cli.errors import Foretold
from peerway.cli.foretelling import show_preview
from peerway.cli.session import session_of

#: Groups and commands of the root that change nothing of the network, or not by one request of the API.
OTHERS = frozenset(
    {
        *("watch", "exec", "ping", "up", "api", "worker", "agent", "doctor"),
        *("status", "failures", "audit", "region", "profile", "version"),
    }
)

#: Verbs that only read, or ask.
READS = frozenset(
    {
        *("list", "show", "routes", "access-points", "applications", "whoami"),
        *("analyze", "analyses", "ports", "map", "batch", "check"),
    }
)


def with_previews(name: str, command: TyperCommand | TyperGroup) -> TyperCommand | TyperGroup:
    """The root's command of that name, in which each verb that changes something has `--preview`."""
    if name not in OTHERS:
        for verb in _changing(command):
            _add_preview(verb)
    return command


def _changing(command: TyperCommand | TyperGroup) -> Iterator[TyperCommand]:
    if not isinstance(command, TyperGroup):
        yield command
        return
    for verb, inner in command.commands.items():
        if verb not in READS and isinstance(inner, TyperCommand | TyperGroup):
            yield from _changing(inner)


_templates = typer.Typer(add_completion=False)


@_templates.command()
def _template(
    preview: Annotated[bool, typer.Option("--preview", help="Say what it would do, and do nothing.")] = False,
) -> None:
    """Has the option that is added to commands."""


def _add_preview(command: TyperCommand) -> None:
    command.params.extend(typer.main.get_command(_templates).params)
    command.invoke = partial(_invoke, command.invoke)  # type: ignore[method-assign]


def _invoke(run: Callable[[typer.Context], Any], ctx: typer.Context) -> Any:
    """Run the command; in a preview the request that would change something ends it, and what it would do is shown."""
    if not ctx.params.pop("preview"):
        return run(ctx)
    ctx.obj = session = replace(session_of(ctx), preview=True)
    ctx.call_on_close(session.close)
    try:
        return run(ctx)
    except Foretold as news:
        show_preview(news.preview, ctx.params.get("output") or session.output)
        return None
