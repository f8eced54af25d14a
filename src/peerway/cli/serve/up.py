"""`peerway up`: all of it, in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from peerway.bootstrap.up import run_up
from peerway.cli.serve.starting import (
    DEFAULTS,
    Cleanup,
    Data,
    Database,
    DataPlane,
    Flowtables,
    LinePort,
    Listen,
    Log,
    Rate,
    SampleDays,
    Tls,
    TlsCert,
    TlsKey,
    hand_over,
)
from peerway.settings import DataPlaneChoice, UpOptions

app = typer.Typer(add_completion=False)


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
    flowtables: Flowtables = True,
    database: Database = None,
    requests_per_second: Rate = DEFAULTS.requests_per_second,
    line_port: LinePort = None,
    tls: Tls = False,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    sample_days: SampleDays = DEFAULTS.sample_days,
    log_format: Log = DEFAULTS.log_format,
) -> None:
    """Run all of Peerway in the foreground.

    API, periodic work and data plane, with their state in the data folder. SIGTERM and Ctrl-C stop it cleanly.
    """
    options = UpOptions(
        data=data,
        database=database,
        log_format=log_format,
        sample_days=sample_days,
        listen=listen,
        dataplane=dataplane,
        requests_per_second=requests_per_second,
        line_port=line_port,
        tls=tls,
        tls_cert=tls_cert,
        tls_key=tls_key,
        dev_account=dev_account,
        ready_file=ready_file,
        cleanup=cleanup,
        flowtables=flowtables,
    )
    hand_over(run_up, options)
