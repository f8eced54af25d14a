"""The last line of an analysis: the verdict, and why (PATH-1)."""

import pytest

from peerway.cli.path_tree import verdict_of


@pytest.mark.parametrize(
    ("verdict", "outcome", "texts", "line"),
    [
        ("reachable", "delivered", (), "reachable"),
        ("unreachable", "left", ("it goes astray",), "not reachable (it goes astray)"),
        ("unknown", "left", ("nobody follows it",), "not known (nobody follows it)"),
    ],
)
def test_last_line_is_the_verdict_with_its_reason(verdict, outcome, texts, line):
    """PATH-1: what stops the packets first is the reason; what is reached needs none."""
    result = {"verdict": verdict, "request_outcome": outcome, "blockers": [{"text": text} for text in texts]}
    assert verdict_of(result).plain == line


def test_last_line_claims_nothing_of_the_outside():
    """PATH-1: where packets leave the network, the last line says that nobody knows whether they are answered."""
    line = verdict_of({"verdict": "reachable", "request_outcome": "left", "blockers": []}).plain
    assert line.startswith("reachable (it leaves the network")
    assert line.endswith("not known here)")
