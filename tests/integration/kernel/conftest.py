"""A data plane of its own for each test that may end holders, agents and links; shared networks to put on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.kernel import need_root

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
