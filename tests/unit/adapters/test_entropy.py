"""Ids and secrets have the shape that the port promises, and don't repeat."""

import re

import pytest

from peerway.adapters.entropy import SystemEntropy, draw

SHAPES = {
    "id": (lambda source: source.new_id("vpc"), r"vpc-[a-z0-9]{20}"),
    "uid": (SystemEntropy.new_uid, r"[1-9][0-9]{15}"),
    "access key": (SystemEntropy.new_access_key_id, r"LTAI[0-9A-Za-z]{20}"),
    "secret": (SystemEntropy.new_secret, r"[0-9A-Za-z]{30,}"),
}


@pytest.mark.parametrize(("make", "shape"), SHAPES.values(), ids=SHAPES)
def test_entropy_keeps_the_shape(make, shape):
    """A thousand of them all match and all differ (NET-1)."""
    drawn = [make(SystemEntropy()) for _ in range(1000)]
    assert all(re.fullmatch(shape, one) for one in drawn)
    assert len(set(drawn)) == len(drawn)


def test_numbers_are_whole_and_exact_in_json():
    """From 1 on and below 2^53, and they differ."""
    drawn = [SystemEntropy().new_number() for _ in range(1000)]
    assert all(0 < one < 2**53 for one in drawn)
    assert len(set(drawn)) == len(drawn)


def test_draw_uses_the_whole_alphabet_at_each_place():
    """No place and no letter is left out."""
    drawn = [draw("abc", 4) for _ in range(400)]
    assert [set(place) for place in zip(*drawn, strict=True)] == [set("abc")] * 4
