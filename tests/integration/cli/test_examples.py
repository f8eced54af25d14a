"""The examples as their readers run them: each ends well, and says that all is as it must be (EC-12, NET-6)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.live import running_cloud

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
    "alibaba_sdk",
    "tencent_sdk",
    "jd_sdk",
)
#: Scenarios that run on a Peerway that is there already, too: those of the clouds' SDKs (API-1).
ANYWHERE = ("alibaba_sdk", "tencent_sdk", "jd_sdk")
#: A module of each one's SDK.
MISSING = {"alibaba_sdk": "alibabacloud_cms20190101", "tencent_sdk": "tencentcloud", "jd_sdk": "jdcloud_sdk"}
#: Scenarios that need packets to show anything.
OUTSIDE = frozenset({"own_line", "partner_line", "shared_snat"})


def example(name: str, dataplane: str, **environ: str) -> str:
    """Run an example that must succeed; what it told."""
    argv = [sys.executable, str(EXAMPLES / f"{name}.py"), "--dataplane", dataplane]
    done = subprocess.run(
        argv, env=os.environ | environ, capture_output=True, check=False, text=True, timeout=110
    )
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


def test_sdk_scenarios_use_the_peerway_that_the_environment_names(tmp_path: Path) -> None:
    """API-1: as often as one likes; what they make is in accounts of its own, and stays."""
    with running_cloud(tmp_path, "memory") as cloud:
        there = {"PEERWAY_URL": cloud.ready["url"], "PEERWAY_TOKEN": cloud.ready["token"]}
        for name in (*ANYWHERE, ANYWHERE[0]):
            told = example(name, "memory", **there)
            assert f"Peerway at {there['PEERWAY_URL']} is used" in told
        assert len(cloud.operator.get("/accounts")["items"]) == 1 + 2 * 4


@pytest.mark.parametrize("name", ANYWHERE)
def test_missing_sdk_is_told_with_what_installs_it(name: str) -> None:
    """SDKs are in the test lock only: a reader without it is told what to do, not shown a traceback."""
    script = f"import sys; sys.path.insert(0, {str(EXAMPLES)!r}); sys.modules[{MISSING[name]!r}] = None; import {name}"
    argv = [sys.executable, "-c", script]
    done = subprocess.run(argv, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 1
    assert "`make setup` installs" in done.stderr
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr


def test_readme_lists_every_scenario() -> None:
    """A reader finds them there."""
    readme = (EXAMPLES.parent / "README.md").read_text("utf-8")
    assert [name for name in SCENARIOS if f"examples/{name}.py" not in readme] == []
