"""The second version's tables of errors: every error has a number that is none of success, and a word."""

from collections.abc import Iterator

import pytest

from peerway.api.clouds.errors import tell
from peerway.api.tencent.v2.catalogue import PRODUCTS
from peerway.api.tencent.v2.dialect import ERRORS
from peerway.api.tencent.v2.vpc.product import PRODUCT
from peerway.domain import errors
from peerway.domain.errors import Kind, PeerwayError
from peerway.domain.peering import PeeringState
from peerway.domain.task import TaskState


def rows() -> Iterator[tuple[str, list[object]]]:
    """All rows of all tables."""
    for product in PRODUCTS:
        yield from product.errors.items()
        for action in product.actions.values():
            yield from action.errors.items()
    yield from ERRORS.items()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_error_has_words(kind):
    """API-4: whatever a use case raises."""
    error = next(made for made in _raised() if made.kind is kind)
    told = tell(error, "", (ERRORS,))
    assert told.status != 0
    assert told.code


def _raised() -> list[PeerwayError]:
    return [
        errors.InvalidInput("field", "must not be"),
        errors.Unauthenticated("who"),
        errors.Forbidden("no"),
        errors.NotFound("thing", "x"),
        errors.Conflict("not now"),
        errors.QuotaExceeded("things", 1, 1, scope="x", field="thing"),
        errors.TooLarge("much"),
        errors.RateLimited("fast"),
        errors.Unavailable("away"),
    ]


@pytest.mark.parametrize(("key", "row"), list(rows()))
def test_every_row_has_a_word_and_a_number_of_the_lists(key, row):
    """API-4: common codes from 4000 on, the monitor's below -500."""
    word, number, *text = row
    assert word.isascii(), key
    assert 4000 <= number <= 6200 or -520 <= number <= -502, key
    assert all(isinstance(one, str) for one in text)


def test_every_state_has_a_number():
    """API-3: of connections, and of tasks."""
    assert PRODUCT.extra["states"].keys() == set(PeeringState)
    assert set(PRODUCT.extra["states"].values()) == {0, 1, 2, 3, 4}
    assert PRODUCT.extra["tasks"] == {TaskState.DONE: 0, TaskState.FAILED: 1, TaskState.RUNNING: 2}
