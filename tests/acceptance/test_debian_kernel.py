"""The data plane on Debian's own kernel: what the kernel underneath may lack, and everything else once more."""

import re
import sys

import pytest
from tests.support import machine

pytestmark = [pytest.mark.machine, pytest.mark.kernel]

#: The emulated machine is ten to thirty times as slow as this one.
BOOT_S, TEST_S = 900, 400


def passes_there(*arguments: str, timeout_s: float = BOOT_S) -> str:
    """Run tests there, all of which must pass; returns pytest's closing line."""
    if lacking := machine.missing():
        pytest.skip(lacking)
    options = ["-p", "no:cacheprovider", "-p", "no:xdist", "-o", f"timeout={TEST_S}", "-q", "--color=no"]
    ended = machine.run([sys.executable, "-m", "pytest", *options, *arguments], timeout_s=timeout_s)
    assert ended.status == 0, ended.output
    return ended.output.strip().splitlines()[-1]


@pytest.mark.timeout(BOOT_S)
def test_flows_take_the_short_way_and_lines_share_a_port() -> None:
    """PEER-6, NET-7, EC-10: flowtables and 802.1Q, with none of their tests left out."""
    closing = passes_there(
        "tests/integration/kernel/test_flows.py", "tests/integration/kernel/test_tagged_lines.py"
    )
    assert re.fullmatch(r"\d+ passed in .*", closing), closing


@pytest.mark.slow
@pytest.mark.timeout(4 * BOOT_S)
def test_data_plane_keeps_its_contract() -> None:
    """The contract suite, with flowtables in use."""
    files = [
        f"tests/contract/test_{name}.py"
        for name in ("dataplane_contract", "dataplane_filters", "services_contract")
    ]
    passes_there("-k", "kernel", *files, timeout_s=4 * BOOT_S)


@pytest.mark.slow
@pytest.mark.timeout(4 * BOOT_S)
def test_live_traffic_there() -> None:
    """What happens to packets on their way. Not how exactly a rate is kept: that depends on the machine's speed."""
    passes_there(
        "tests/integration/kernel/test_flows_under_change.py",
        "tests/integration/kernel/test_live_traffic.py",
        "tests/integration/kernel/test_repair.py",
        *("-k", "not every_change_of_its_cap"),
        timeout_s=4 * BOOT_S,
    )
