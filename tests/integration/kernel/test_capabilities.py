"""What `peerway doctor` tells of the machine."""

from pathlib import Path

import pytest

from peerway.adapters.dataplane.kernel.capabilities import Capability, capabilities, usable
from peerway.bootstrap.doctor import diagnose

pytestmark = pytest.mark.kernel

#: What the data plane can do without, each with a line of its own.
OPTIONAL = {
    "several next hops",
    "802.1Q interfaces",
    "macvlan interfaces",
    "bandwidth caps (tbf)",
    "filters (libnftables)",
    "connection tracking",
    "address translation",
    "flowtables",
    "health checks",
    "name server",
    "names in instances",
    "open files",
}


def test_everything_the_driver_uses_is_tried() -> None:
    """Each feature has a line; what is missing says what can't be done without it; nothing on the machine changes."""
    before = Path("/proc/self/mounts").read_text(encoding="utf-8"), Path("/etc/resolv.conf").read_bytes()
    found = capabilities()
    assert {one.name for one in found if not one.needed} == OPTIONAL
    assert usable(found) == (True, "")
    assert all(one.detail for one in found)
    assert [one.check for one in diagnose()] == [one.name for one in found]
    after = Path("/proc/self/mounts").read_text(encoding="utf-8"), Path("/etc/resolv.conf").read_bytes()
    assert after == before


def test_a_missing_need_rules_the_driver_out_and_a_missing_option_does_not() -> None:
    """`--dataplane auto` takes the kernel when all that is needed is there."""
    option = Capability("802.1Q interfaces", ok=False, needed=False, detail="not in this kernel")
    need = Capability("veth pairs", ok=False, needed=True, detail="not permitted")
    assert usable([option]) == (True, "")
    assert usable([option, need]) == (False, "veth pairs: not permitted")
