"""The one to compare with: moto's own server as a child process, with VPCs in it. It keeps all in memory and writes nothing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bench.client import Flow, Lane, Outcome, drive
from bench.dialects import Ec2, Server
from bench.filling import cidrs
from bench.processes import await_listening, child, free_port

#: moto's entry point, with the line it logs for each request left out: that would cost it a few per cent.
ENTRY: Final = (
    "import logging, sys\n"
    "from moto.server import main\n"
    "logging.getLogger('werkzeug').setLevel(logging.ERROR)\n"
    "main(sys.argv[1:])\n"
)


@dataclass(frozen=True, slots=True)
class Moto:
    """A running server."""

    server: Server
    pid: int
    #: Ids of its VPCs.
    vpcs: tuple[str, ...]


@contextlib.contextmanager
def running_moto(vpcs: int) -> Iterator[Moto]:
    """Moto's server with that many VPCs, ended with the block."""
    port = free_port()
    with child([sys.executable, "-c", ENTRY, "-H", "127.0.0.1", "-p", str(port)]) as process:
        await_listening(process, port)
        server = Server(kind="ec2", host="127.0.0.1", port=port)
        yield Moto(server, process.pid, make_vpcs(server, vpcs))


def make_vpcs(server: Server, count: int) -> tuple[str, ...]:
    """Create VPCs, one after the other over one connection."""
    made: list[str] = []
    dialect = Ec2(f"{server.host}:{server.port}")

    def flow() -> Flow:
        for cidr in islice(cidrs(), count):
            body = yield dialect.create_vpc(cidr)
            made.append(dialect.vpc_id_of(body))

    drive([Lane(server, Outcome(), flow())])
    return tuple(made)
