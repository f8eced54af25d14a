"""A data plane of its own for each test that may end holders, agents and links; shared networks to put on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.doors import OTHER, WORLD
from tests.support.kernel import foreign_namespace, need_root, outside

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane


@pytest.fixture(autouse=True)
def _rights(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("kernel"):
        need_root()


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """Where the holder keeps its socket; longer than a socket's path may be."""
    return tmp_path / ("long" * 30)


@pytest.fixture
def plane(state_dir: Path) -> Iterator[KernelDataPlane]:
    """A kernel data plane; everything it made is gone afterwards."""
    driver = KernelDataPlane(state_dir)
    try:
        yield driver
    finally:
        driver.close(destroy=True)


@pytest.fixture(scope="module")
def flowing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelDataPlane]:
    """A data plane that has flowtables, for a module."""
    need_root()
    driver = KernelDataPlane(tmp_path_factory.mktemp("flows"))
    try:
        if not driver.features.flowtables:
            pytest.skip("this kernel has no flowtables")
        yield driver
    finally:
        driver.close(destroy=True)


@pytest.fixture
def world() -> Iterator[str]:
    """The world outside: a namespace with two hosts, which counts what comes from private addresses."""
    with foreign_namespace() as path:
        outside(
            path,
            "ip link set lo up",
            f"ip address add {WORLD} dev lo",
            f"ip address add {OTHER} dev lo",
            "sysctl -qw net.ipv4.ip_forward=1",
            "sysctl -qw net.ipv4.conf.all.send_redirects=0",
            "sysctl -qw net.ipv4.conf.default.send_redirects=0",
            "nft add table ip watch",
            "nft 'add chain ip watch in { type filter hook prerouting priority -300; }'",
            "nft add rule ip watch in ip saddr 10.0.0.0/8 counter",
        )
        yield path
