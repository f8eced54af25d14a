"""Entry of the agent process that `peerway up` starts; people use `peerway agent`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from peerway.bootstrap.agent import run_agent
from peerway.settings import AgentOptions, DataPlaneChoice, LogFormat


def main(argv: list[str]) -> int:
    """Read the options and run the agent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database")
    parser.add_argument("--log-format", type=LogFormat, default=LogFormat.AUTO)
    parser.add_argument("--dataplane", type=DataPlaneChoice, default=DataPlaneChoice.AUTO)
    parser.add_argument("--parent-fd", type=int)
    parser.add_argument("--cleanup", action="store_true")
    parser.add_argument("--no-flowtables", dest="flowtables", action="store_false")
    return run_agent(AgentOptions(**vars(parser.parse_args(argv))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
