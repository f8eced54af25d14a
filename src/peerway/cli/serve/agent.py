"""`peerway agent`: the part that touches the data plane, alone."""

from __future__ import annotations

import typer

from peerway.bootstrap.agent import run_agent
from peerway.cli.serve.starting import DEFAULTS, Cleanup, Data, Database, Flowtables, Log, hand_over
from peerway.settings import AgentOptions

app = typer.Typer(add_completion=False)


@app.command()
def agent(
    data: Data = DEFAULTS.data,
    cleanup: Cleanup = False,
    flowtables: Flowtables = True,
    database: Database = None,
    log_format: Log = DEFAULTS.log_format,
) -> None:
    """Run the agent alone: the part that touches the data plane.

    Killing or upgrading it drops no packet: what it made stays, unless --cleanup is given.
    """
    options = AgentOptions(
        data=data, database=database, log_format=log_format, cleanup=cleanup, flowtables=flowtables
    )
    hand_over(run_agent, options)
