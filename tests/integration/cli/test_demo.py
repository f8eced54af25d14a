"""The main job as `make demo` runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

JOB = Path(__file__).parents[3] / "examples" / "main_job.py"


def demo(dataplane):
    """Run the demo: exit status and what it told."""
    done = subprocess.run(
        [sys.executable, str(JOB), "--dataplane", dataplane],
        capture_output=True,
        check=False,
        text=True,
        timeout=110,
    )
    return done.returncode, done.stdout + done.stderr


def test_demo_without_packets_says_what_it_leaves_out():
    """Where nothing can carry packets the demo predicts, says so, and names what could not be shown."""
    status, told = demo("memory")
    assert status == 0, told
    assert "answers are predictions" in told
    assert "Left out: throughput and round trip times" in told


@pytest.mark.kernel
@pytest.mark.slow
def test_demo_carries_the_main_job():
    """PEER-1, PEER-4, PEER-7, PEER-8, PEER-9, NET-7: every step holds on real packets, and the figures are told."""
    status, told = demo("kernel")
    assert status == 0, told
    assert "TCP across regions" in told
    assert "Left out" not in told
