"""The commands that start or examine a part of Peerway on this machine: `up`, `api`, `worker`, `agent`, `doctor`.

Reads options and hands over to `bootstrap` at once. Loaded for these commands only: the server's packages take long to load.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from peerway.bootstrap import (
    AgentOptions,
    ApiOptions,
    Common,
    DataPlaneChoice,
    LogFormat,
    PeerwayError,
    UpOptions,
    choose_dataplane,
    diagnose,
    run_agent,
    run_api,
    run_up,
    run_worker,
)
from peerway.cli.client import Item
from peerway.cli.errors import CommandError
from peerway.cli.options import Output
from peerway.cli.session import session_of

OptionsT = TypeVar("OptionsT", bound=Common)

app = typer.Typer(add_completion=False)

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
Cleanup = Annotated[
    bool, typer.Option("--cleanup", help="Remove everything made in the kernel when stopping.")
]


def hand_over(run: Callable[[OptionsT], int], options: OptionsT) -> NoReturn:
    """Run a part of Peerway and end with its status; what it refuses to start with becomes one line."""
    try:
        status = run(options)
    except PeerwayError as error:
        raise CommandError(f"{error} [{error.code}]") from error
    raise typer.Exit(status)


@app.command()
def up(
    data: Data = DEFAULTS.data,
    listen: Listen = DEFAULTS.listen,
    dataplane: DataPlane = DataPlaneChoice.AUTO,
    dev_account: Annotated[
        bool,
        typer.Option(
            "--dev-account", help="Make sure that there is an operator; the ready file has its keys."
        ),
    ] = False,
    ready_file: Annotated[
        Path | None,
        typer.Option(help="File to write, mode 0600, when everything is ready.", show_default=False),
    ] = None,
    cleanup: Cleanup = False,
    database: Database = None,
    requests_per_second: Rate = DEFAULTS.requests_per_second,
    log_format: Log = DEFAULTS.log_format,
) -> None:
    """Run all of Peerway in the foreground.

    API, periodic work and data plane, with their state in the data folder. SIGTERM and Ctrl-C stop it cleanly.
    """
    options = UpOptions(
        data=data,
        database=database,
        log_format=log_format,
        listen=listen,
        dataplane=dataplane,
        requests_per_second=requests_per_second,
        dev_account=dev_account,
        ready_file=ready_file,
        cleanup=cleanup,
    )
    hand_over(run_up, options)


@app.command()
def api(
    data: Data = DEFAULTS.data,
    listen: Listen = DEFAULTS.listen,
    dataplane: DataPlane = DataPlaneChoice.AUTO,
    database: Database = None,
    requests_per_second: Rate = DEFAULTS.requests_per_second,
    log_format: Log = DEFAULTS.log_format,
) -> None:
    """Run the API alone.

    It needs no privileges; an agent on the same data folder carries the packets.
    """
    options = ApiOptions(
        data=data,
        database=database,
        log_format=log_format,
        listen=listen,
        dataplane=dataplane,
        requests_per_second=requests_per_second,
    )
    hand_over(run_api, options)


@app.command()
def worker(
    data: Data = DEFAULTS.data, database: Database = None, log_format: Log = DEFAULTS.log_format
) -> None:
    """Run the periodic work alone.

    Requests that nobody answers expire here.
    """
    hand_over(run_worker, Common(data=data, database=database, log_format=log_format))


@app.command()
def agent(
    data: Data = DEFAULTS.data,
    cleanup: Cleanup = False,
    database: Database = None,
    log_format: Log = DEFAULTS.log_format,
) -> None:
    """Run the agent alone: the part that touches the data plane.

    Killing or upgrading it drops no packet: what it made stays, unless --cleanup is given.
    """
    hand_over(run_agent, AgentOptions(data=data, database=database, log_format=log_format, cleanup=cleanup))


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
