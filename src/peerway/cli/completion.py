"""Completion of ids by the shell: asks the API, quickly, and offers nothing when it does not answer."""

from __future__ import annotations

import os
from collections.abc import Callable

import typer

from peerway.cli.client import Client
from peerway.cli.errors import CommandError
from peerway.cli.profile import find_profile

#: Longer than this nobody wants to wait for a completion, seconds.
PATIENCE_S = 0.5
#: More than this nobody wants to read.
MOST = 50


def ids_of(*paths: str) -> Callable[[typer.Context, str], list[tuple[str, str]]]:
    """A completer that offers ids, with the names beside them, of the lists at these paths."""

    def complete(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        try:
            profile = find_profile(os.environ, ctx.find_root().params.get("profile"))
            with Client(profile, sleep=_never, timeout_s=PATIENCE_S) as client:
                found = [
                    (str(item["id"]), str(item.get("name") or ""))
                    for path in paths
                    for item in client.pages(path, limit=1000)
                ]
        except CommandError:
            return []
        return [offer for offer in found if offer[0].startswith(incomplete)][:MOST]

    return complete


def _never(_seconds: float) -> None:
    raise CommandError("no second try for a completion")
