"""Bounds on what callers send: how much in one body, how often in a second."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.types import Receive, Scope

from peerway.api.serving.trace import header
from peerway.domain.errors import InvalidInput, TooLarge

#: Most keys that buckets are kept for; the longest unused ones go first, and a fresh bucket is a full one.
MOST_BUCKETS: Final = 50_000


class Buckets:
    """Token buckets by key: `rate` a second for long, `burst` at once."""

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, many: int = 1) -> bool:
        """Take that many tokens; False, and none is taken, when there are not so many."""
        level = self._level(key)
        allowed = level >= many
        self._buckets[key] = (level - many if allowed else level, self._monotonic())
        self._buckets.move_to_end(key)
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return allowed

    def _level(self, key: str) -> float:
        level, since = self._buckets.get(key, (self._burst, 0.0))
        return min(self._burst, level + (self._monotonic() - since) * self._rate)


async def read_body(scope: Scope, receive: Receive, most: int, timeout_s: float) -> bytes:
    """The request's body; `TooLarge` as soon as more than `most` bytes are announced or arrive.

    `InvalidInput` when it takes longer: that is the sender's fault, not ours.
    """
    announced = header(scope, b"content-length")
    if announced in {None, b"0"} and header(scope, b"transfer-encoding") is None:
        return b""
    if announced is not None and announced.isdigit() and int(announced) > most:
        raise too_large(most)
    try:
        async with asyncio.timeout(timeout_s):
            return await _all_parts(receive, most)
    except TimeoutError:
        raise InvalidInput("body", f"must arrive within {timeout_s:g} s", code="body_too_slow") from None


async def _all_parts(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidInput("body", "ended before it was complete", code="malformed_request")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            raise too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def too_large(most: int) -> TooLarge:
    """The error for a body of more than `most` bytes."""
    return TooLarge(
        f"body must have at most {most} bytes", field="body", rule=f"must have at most {most} bytes"
    )
