"""One running installation with the kernel data plane for all topology tests; each test makes its own accounts."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from tests.support.live import Cloud, Tenant, running_cloud
from tests.support.sites import Oracles


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel") as running:
        yield running


@pytest.fixture(scope="session")
def _names() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def tenant(cloud: Cloud, _names: Iterator[int]) -> Callable[..., Tenant]:
    """Makes accounts."""
    return lambda **fields: cloud.tenant(f"tenant-{next(_names)}", **fields)


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)
