"""What the commands that start a part of Peerway have in common: their options, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from peerway.cli.errors import CommandError
from peerway.domain.errors import PeerwayError
from peerway.settings import Common, DataPlaneChoice, LogFormat, UpOptions

OptionsT = TypeVar("OptionsT", bound=Common)

#: What holds when nobody says otherwise.
DEFAULTS = UpOptions(data=Path("peerway-data"))

Data = Annotated[Path, typer.Option("--data", help="Folder with the store, the keys and the sockets.")]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        help="Store to use instead of the SQLite file in the data folder: postgresql://...",
        show_default=False,
    ),
]
Log = Annotated[
    LogFormat,
    typer.Option("--log-format", help="console for people, json for machines; auto: whoever looks on."),
]
Listen = Annotated[str, typer.Option("--listen", help="HOST:PORT; port 0 takes a free one.")]
DataPlane = Annotated[
    DataPlaneChoice,
    typer.Option("--dataplane", help="auto takes kernel where the machine allows it, else memory."),
]
Rate = Annotated[
    int, typer.Option("--requests-per-second", help="Requests that one account may make for long.", min=1)
]
LinePort = Annotated[
    str | None,
    typer.Option(
        "--line-port",
        help="Approve leased lines and give them this port (netns:PATH) at once.",
        show_default=False,
    ),
]
Tls = Annotated[
    bool, typer.Option("--tls", help="Take TLS, too, at the same port, with a certificate made here.")
]
TlsCert = Annotated[
    Path | None,
    typer.Option(
        "--tls-cert", help="Take TLS with this certificate (PEM, with its chain).", show_default=False
    ),
]
TlsKey = Annotated[
    Path | None, typer.Option("--tls-key", help="The certificate's private key (PEM).", show_default=False)
]
SampleDays = Annotated[
    int,
    typer.Option("--sample-days", help="Days for which metrics' samples are kept.", min=1, max=3650),
]
Cleanup = Annotated[
    bool, typer.Option("--cleanup", help="Remove everything made in the kernel when stopping.")
]

Flowtables = Annotated[
    bool,
    typer.Option(
        "--flowtables/--no-flowtables",
        help="Let established flows take the kernel's short way, where it has flowtables.",
    ),
]


def hand_over(run: Callable[[OptionsT], int], options: OptionsT) -> NoReturn:
    """Run a part of Peerway and end with its status; what it refuses to start with becomes one line."""
    try:
        status = run(options)
    except PeerwayError as error:
        raise CommandError(f"{error} [{error.code}]") from error
    raise typer.Exit(status)
