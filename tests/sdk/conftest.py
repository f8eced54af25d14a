"""The clouds' own SDKs as clients: what they do to Python's warnings stays with them, and some run in a process of their own."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from darabonba.core import DaraCore

with warnings.catch_warnings():
    # It ignores all warnings of the process from then on. Imported here first, its filter is gone when the tests import it.
    import QcloudApi.modules.base  # noqa: F401

#: From Python 3.12 on the SDKs' way to tell the time is deprecated; on 3.11 they warn of nothing.
DATED_CLOCKS = (
    r"ignore:datetime\.datetime\.utc(now|fromtimestamp)\(\) is deprecated:DeprecationWarning"
    r":(Tea|alibabacloud_|aliyunsdk|darabonba|jdcloud_sdk|tencentcloud|QcloudApi)"
)


def pytest_configure(config):
    """Ignore what nobody here can mend, in those modules only."""
    config.addinivalue_line("filterwarnings", DATED_CLOCKS)


@pytest.fixture(scope="module", autouse=True)
def _sessions() -> Iterator[None]:
    """Closes the connections that Alibaba Cloud's SDK keeps for as long as the process lasts."""
    yield
    while DaraCore._sessions:
        DaraCore._sessions.popitem()[1].close()


#: The SDKs that can't stand beside the others, a folder each: `tccli`, `jdcloud-old`.
APART = Path(sys.prefix, "sdk")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def apart(tmp_path) -> Run:
    """Runs Python with one of the SDKs that stand apart: `apart("jdcloud-old", "-c", "import jdcloud_sdk")`.

    The home folder is the test's own; what is given by name joins the environment.
    """

    def run(sdk: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(APART / sdk)}
        return subprocess.run(
            [sys.executable, *arguments],
            env=own | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def tccli(apart) -> Run:
    """Runs Tencent Cloud's command line: `tccli("vpc", "DescribeVpcs", ...)`."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return apart("tccli", str(APART / "tccli" / "bin" / "tccli"), *arguments, **environment)

    return run
