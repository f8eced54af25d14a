"""The commands that the documents promise are there and say what they do."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMISED = ("setup", "demo", "test", "test-all", "bench", "check", "lock", "clean", "help")


@pytest.fixture(scope="module")
def help_text():
    """What `make help` prints."""
    return subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, check=True, text=True).stdout


@pytest.mark.parametrize("target", PROMISED)
def test_help_tells_of_promised_target(help_text, target):
    """`make help` has a line for each command that README and CONTRIBUTING name."""
    assert re.search(rf"^  make {target} +\S", help_text, flags=re.MULTILINE)


def test_help_tells_of_every_target(help_text):
    """A target without a `##` text would be hidden from users."""
    targets = re.findall(
        r"^\.PHONY: (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert sorted(targets) == sorted(re.findall(r"^  make (\S+)", help_text, flags=re.MULTILINE))


def test_ci_runs_the_readme_test_command():
    """CI proves the very command that README gives to users."""
    command = "make test"
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^{command}$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("script", [".ci/run", "scripts/prepare"])
def test_script_can_be_run(script):
    """A script that lost its executable bit fails only on a fresh clone."""
    assert (ROOT / script).stat().st_mode & 0o111
