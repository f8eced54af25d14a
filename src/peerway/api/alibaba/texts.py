"""Texts and times as Alibaba Cloud writes them, the same for all its products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from peerway.api.clouds.parameters import Given
from peerway.domain.errors import InvalidInput


def check_lengths(given: Given, lengths: Mapping[str, Sequence[int]]) -> None:
    """`InvalidInput` for a text outside its shortest and longest length, or one that begins like a URL."""
    for name, (least, most) in lengths.items():
        text = given.get(name)
        if text is None:
            continue
        if not least <= len(text) <= most or text.startswith(("http://", "https://")):
            rule = f"must have {least} to {most} characters and not begin with http:// or https://"
            raise InvalidInput(name, rule, text)


def time_text(at: datetime) -> str:
    """A time to the second, such as `2026-11-21T08:31:54Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
