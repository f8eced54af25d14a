"""The examples as their readers run them: each ends well, and says that all is as it must be (EC-12, NET-6)."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
#: Scripts that tell a scenario; the main job has tests of its own.
SCENARIOS = (
    "same_region",
    "cross_region",
    "cross_account",
    "own_line",
    "partner_line",
    "shared_snat",
    "services",
    "path_analysis",
)
#: Scenarios that need packets to show anything.
OUTSIDE = frozenset({"own_line", "partner_line", "shared_snat"})


def example(name: str, dataplane: str) -> str:
    """Run an example that must succeed; what it told."""
    argv = [sys.executable, str(EXAMPLES / f"{name}.py"), "--dataplane", dataplane]
    done = subprocess.run(argv, capture_output=True, check=False, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.kernel
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_is_told_with_packets(name: str) -> None:
    """EC-12: same region, cross region, cross account, own line, partner line, shared SNAT."""
    told = example(name, "kernel")
    assert "All is as it must be." in told
    # Where PostgreSQL's user gets at no PostgreSQL, the example goes on without; tests/topology brings it one.
    left_out = [line for line in told.splitlines() if "left out" in line and "PostgreSQL" not in line]
    assert left_out == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_without_packets_says_what_it_leaves_out(name: str) -> None:
    """Where nothing carries packets, the answers are predictions, or the scenario is left out, in plain words."""
    told = example(name, "memory")
    assert "left out: real packets" in told
    assert ("carries packets there" in told) is (name in OUTSIDE)


def test_readme_lists_every_scenario() -> None:
    """A reader finds them there."""
    readme = (EXAMPLES.parent / "README.md").read_text("utf-8")
    assert [name for name in SCENARIOS if f"examples/{name}.py" not in readme] == []
