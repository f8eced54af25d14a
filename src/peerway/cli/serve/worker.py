"""`peerway worker`: the periodic work alone."""

from __future__ import annotations

import typer

from peerway.bootstrap.worker import run_worker
from peerway.cli.serve.starting import DEFAULTS, Data, Database, Log, SampleDays, hand_over
from peerway.settings import Common

app = typer.Typer(add_completion=False)


@app.command()
def worker(
    data: Data = DEFAULTS.data,
    database: Database = None,
    sample_days: SampleDays = DEFAULTS.sample_days,
    log_format: Log = DEFAULTS.log_format,
) -> None:
    """Run the periodic work alone.

    Requests that nobody answers expire here, and what links carry is sampled here.
    """
    options = Common(data=data, database=database, log_format=log_format, sample_days=sample_days)
    hand_over(run_worker, options)
