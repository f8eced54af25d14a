"""Which operations run in the event loop."""

import pytest

from peerway.api.clouds.action import FEW, Effect, Operation


def nothing(call, given):
    """Does nothing."""


@pytest.mark.parametrize(
    ("operation", "given", "short"),
    [
        (Operation(nothing, Effect.FIND), {}, True),
        (Operation(nothing, Effect.READ), {"Ids": ["a"]}, False),
        (Operation(nothing, Effect.READ, "Ids"), {"Ids": ["a"]}, True),
        (Operation(nothing, Effect.READ, "Ids"), {"Ids": "a"}, True),
        (Operation(nothing, Effect.READ, "Ids"), {"Ids": ["a"] * (FEW + 1)}, False),
        (Operation(nothing, Effect.READ, "Ids"), {"Ids": []}, False),
        (Operation(nothing, Effect.READ, "Ids"), {}, False),
        (Operation(nothing, Effect.WRITE), {}, False),
    ],
)
def test_lists_that_are_asked_for_a_few_ids_are_short(operation, given, short):
    """A list with a few ids looks at a few rows by their keys; without them, or with many, it takes as long as it takes."""
    assert operation.finds(given) is short
