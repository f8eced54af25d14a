"""Fixtures of the clouds' doors' tests."""

from collections.abc import Iterator

import pytest
from tests.support.api import Site, make_site

from peerway.api.serving.services import Limits


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The doors over a store of this module's; tests make accounts of their own."""
    yield from make_site(Limits(failures_per_second=1000))
