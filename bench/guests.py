"""Commands in instances, by the agent's socket: their output line by line, and their end with the block."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from peerway.adapters.agent.address import connect

#: The script that runs there.
PROBER: Final = Path(__file__).with_name("prober.py")


@contextlib.contextmanager
def running(agent: Path, instance_id: str, words: Sequence[str]) -> Iterator[int]:
    """Run the prober in an instance; its output's descriptor. Leaving the block closes the connection, which ends it."""
    reading, writing = os.pipe()
    argv = [sys.executable, "-S", "-E", str(PROBER), *words]
    request = {"op": "exec", "instance": instance_id, "argv": argv, "env": {}, "tty": False}
    nothing = os.open(os.devnull, os.O_RDWR)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, reading)
        connection = stack.enter_context(connect(agent))
        socket.send_fds(
            connection, [json.dumps(request).encode() + b"\n"], [nothing, writing, sys.stderr.fileno()]
        )
        os.close(writing)
        os.close(nothing)
        yield reading
