"""The commands of README and the guides do what these say: each page's are run, in order, as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guide"
START = "getting-started.md"
#: Pages with commands; those that start no server begin where Getting started leaves its reader.
PAGES = (
    START,
    "peering-two-accounts.md",
    "router-interfaces.md",
    "leased-lines.md",
    "names-and-groups.md",
    "internet.md",
    "sharing-and-limits.md",
    "routes-and-filters.md",
    "load-balancers-and-databases.md",
    "path-analysis.md",
    "preview-and-intents.md",
    "exec-ping-attach.md",
    "operating.md",
    "tls.md",
    "alibaba-cloud.md",
    "tencent-cloud.md",
    "jd-cloud.md",
    "../../README.md",
    "../../examples/terraform/README.md",
)
#: For readers whose instances carry packets.
KERNEL = "kernel"
#: Pages that say that they need root there: they use namespaces of the host.
AS_ROOT = {"leased-lines.md", "internet.md"}


def blocks(page: str, dataplane: str) -> list[str]:
    """The page's commands: blocks marked `sh`, and with the kernel data plane those marked `sh kernel`."""
    text = (GUIDE / page).read_text("utf-8")
    found = re.findall(r"^```sh( kernel)?\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [block for marked, block in found if dataplane == KERNEL or not marked]


def script(page: str, dataplane: str) -> str:
    """The page as a program, with the start and the end of Getting started when it has none of its own."""
    first = blocks(START, dataplane)
    parts = blocks(page, dataplane)
    if not any("peerway up" in part for part in parts):
        parts = [first[0], *parts, first[-1]]
    text = "\n".join(["set -eu -o pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT", *parts])
    # A test leaves nothing behind, whatever the page lets stand, and several may run at once.
    return text.replace("peerway up ", f"peerway up --dataplane {dataplane} --cleanup --listen 127.0.0.1:0 ")


@pytest.mark.parametrize(
    "dataplane", ["memory", pytest.param(KERNEL, marks=[pytest.mark.kernel, pytest.mark.slow])]
)
@pytest.mark.parametrize("page", PAGES)
def test_guide_can_be_followed(page, dataplane, tmp_path):
    """Every command of the page works on a fresh installation."""
    if dataplane == KERNEL and page in AS_ROOT and os.geteuid() != 0:
        pytest.skip("needs root: the page says so")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PEERWAY")}
    environ |= {
        "PATH": f"{Path(sys.executable).parent}:{environ['PATH']}",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    done = subprocess.run(
        ["bash", "-c", script(page, dataplane)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        check=False,
        text=True,
        timeout=100,
    )
    log = tmp_path / "peerway.log"
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{log.read_text() if log.exists() else ''}"
