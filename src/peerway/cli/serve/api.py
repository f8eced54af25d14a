"""`peerway api`: the API alone."""

from __future__ import annotations

import typer

from peerway.bootstrap.api import run_api
from peerway.cli.serve.starting import (
    DEFAULTS,
    Data,
    Database,
    DataPlane,
    LinePort,
    Listen,
    Log,
    Rate,
    Tls,
    TlsCert,
    TlsKey,
    hand_over,
)
from peerway.settings import ApiOptions, DataPlaneChoice

app = typer.Typer(add_completion=False)


@app.command()
def api(
    data: Data = DEFAULTS.data,
    listen: Listen = DEFAULTS.listen,
    dataplane: DataPlane = DataPlaneChoice.AUTO,
    database: Database = None,
    requests_per_second: Rate = DEFAULTS.requests_per_second,
    line_port: LinePort = None,
    tls: Tls = False,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
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
        line_port=line_port,
        tls=tls,
        tls_cert=tls_cert,
        tls_key=tls_key,
    )
    hand_over(run_api, options)
