"""How every example runs: on a Peerway of its own in a temporary folder, telling each step, leaving nothing behind.

Those that are told to, run on a given Peerway instead, where `PEERWAY_URL` and `PEERWAY_TOKEN` (the operator's) name one.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from installation import Installation, given_installation, installation
from story import Failed, Story

from peerway.cli.errors import CommandError


def scenario(about: str | None, run: Callable[[Story, Installation], None], *, anywhere: bool = False) -> int:
    """Run an example; 0 when all was as it must be. One that runs `anywhere` takes the Peerway that the environment names."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--dataplane", default="auto", choices=("auto", "memory", "kernel"))
    options = parser.parse_args()
    # However it is told to stop, it cleans up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    story = Story()
    try:
        if anywhere and "PEERWAY_URL" in os.environ and "PEERWAY_TOKEN" in os.environ:
            _tell_there(story, run)
        else:
            with tempfile.TemporaryDirectory(prefix="peerway-example-") as folder:
                _tell(story, Path(folder), options.dataplane, run)
    except (Failed, CommandError) as error:
        story.must(False, str(error))  # noqa: FBT003 - a step that could not be done does not hold
    except KeyboardInterrupt:
        print("\ninterrupted: everything is cleaned up", file=sys.stderr)
        return 130
    story.end()
    return 1 if story.failures else 0


def _tell_there(story: Story, run: Callable[[Story, Installation], None]) -> None:
    with given_installation(os.environ["PEERWAY_URL"], os.environ["PEERWAY_TOKEN"]) as peerway:
        story.tell(f"Peerway at {peerway.url} is used; the accounts and networks that are made there stay.")
        run(story, peerway)


def _tell(story: Story, folder: Path, dataplane: str, run: Callable[[Story, Installation], None]) -> None:
    story.step("Start Peerway")
    with installation(folder, dataplane) as peerway:
        if not peerway.real:
            asked = dataplane == "memory"
            why = "asked for" if asked else "this machine allows no other; `peerway doctor` says why"
            story.leave_out(
                f"real packets: the data plane is `memory` ({why}), so that answers are predictions"
            )
        run(story, peerway)
        story.step("Clean up")
    story.tell("Peerway has stopped and taken with it what it made.")
