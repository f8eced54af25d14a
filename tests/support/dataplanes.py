"""The data planes that the contract suite is run against, one of each kind for the whole suite."""

from collections.abc import Iterator

import pytest
from tests.support.kernel import need_root

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.memory.driver import MemoryDataPlane
from peerway.app.dataplane import DataPlane
from peerway.fabric.model import Fabric

#: All drivers that must keep the contract.
DRIVERS = ["memory", pytest.param("kernel", marks=pytest.mark.kernel)]


@pytest.fixture(scope="module", params=DRIVERS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataPlane]:
    """A driver for the module; what it made is removed at the end."""
    directory = tmp_path_factory.mktemp("dataplane")
    if request.param == "kernel":
        need_root()
    driver: DataPlane = MemoryDataPlane() if request.param == "memory" else KernelDataPlane(directory)
    try:
        yield driver
    finally:
        driver.close(destroy=True)


@pytest.fixture
def dataplane(running: DataPlane) -> DataPlane:
    """The driver, holding nothing."""
    report = running.apply(Fabric(0))
    assert report.failures == {}
    return running
