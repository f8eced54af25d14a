"""Leased lines that share an interface of the host by 802.1Q tags.

Only where the kernel has them; `tests/acceptance/test_debian_kernel.py` runs this with one that has.
"""

from collections.abc import Iterator

import pytest
from tests.builders.fabrics import link, vpc
from tests.support.cables import NOTICE_MS, WORLD, Cable, line, put, reaches
from tests.support.kernel import ask_from, foreign_namespace, outside

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.app.dataplane import Verdict
from peerway.fabric.model import Fabric, Link, Router, ToLink

pytestmark = pytest.mark.kernel

#: The tags of the lines to VPC 1 and VPC 2.
TAGS = (100, 200)


@pytest.fixture
def worlds() -> Iterator[tuple[Cable, list[str]]]:
    """A cable, and the two customers behind its tags: both have the same addresses."""
    with foreign_namespace() as first, foreign_namespace() as second:
        cable = Cable(first)
        outside(first, "ip address flush dev up0")
        try:
            for tag, world in zip(TAGS, (first, second), strict=True):
                outside(first, f"ip link add link up0 name up0.{tag} type vlan id {tag}")
                if world != first:
                    outside(first, f"ip link set up0.{tag} netns {world}")
                outside(
                    world,
                    "ip link set lo up",
                    f"ip address replace {WORLD} dev lo",
                    f"ip link set up0.{tag} up",
                    f"ip address add 172.30.0.2/24 dev up0.{tag}",
                    "ip route add 10.0.0.0/8 via 172.30.0.1",
                )
            yield cable, [first, second]
        finally:
            cable.cut()


def tagged(cable: Cable, *numbers: int) -> Fabric:
    """VPCs with a line of their own each, all over the one cable."""
    routers: dict[str, Router] = {}
    links: dict[str, Link] = {}
    for number in numbers:
        name, id = f"vbr-{number}", f"link-{number}"
        routers[f"vpc-{number}"] = vpc(number, {f"{WORLD}/32": ToLink(id)})
        routers[name] = line(name, cable.port(TAGS[number - 1]), id, inside=f"10.{number}.0.0/16")
        links[id] = link(id, f"vpc-{number}", name)
    return Fabric(1, routers, links)


@pytest.fixture(autouse=True)
def _tags(plane: KernelDataPlane) -> None:
    if not plane.features.vlans:
        pytest.skip("this kernel has no 802.1Q")


def test_lines_share_an_interface_and_stay_apart(
    plane: KernelDataPlane, worlds: tuple[Cable, list[str]]
) -> None:
    """EC-10: each border router has the customer on its tag and no other, though both have the same addresses."""
    cable, customers = worlds
    put(plane, tagged(cable, 1, 2))
    assert cable.at_home()
    for number, world in enumerate(customers, start=1):
        assert reaches(plane, f"i-{number}", WORLD)
        assert reaches(plane, f"i-{number}", WORLD, 6, 80)
        here, other = f"10.{number}.1.10", f"10.{3 - number}.1.10"
        assert ask_from(plane, world, WORLD, here, timeout_ms=NOTICE_MS) is Verdict.ANSWERED
        assert ask_from(plane, world, WORLD, other, timeout_ms=150) is Verdict.SILENT


def test_line_that_goes_leaves_the_other(plane: KernelDataPlane, worlds: tuple[Cable, list[str]]) -> None:
    """EC-10: one of them ends and comes again; the other one carries all the time."""
    cable, _ = worlds
    put(plane, tagged(cable, 1, 2))
    for numbers in ((2,), (1, 2)):
        put(plane, tagged(cable, *numbers))
        assert reaches(plane, "i-2", WORLD)
        assert ("i-1" in plane.observe().endpoints) is (1 in numbers)
    assert reaches(plane, "i-1", WORLD)
    put(plane, tagged(cable))
    assert cable.at_home()
