"""How Tencent Cloud writes what all its answers have: times, tags, the numbers of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from peerway.domain.labels import Labels, Tag

#: Times have no zone and are Asia/Shanghai's.
LOCAL: Final = timezone(timedelta(hours=8))


def time_text(at: datetime) -> str:
    """`2026-11-21 16:31:54`, by the clocks of Shanghai."""
    return f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"


def app_id(uid: str) -> int:
    """The account's other number: the last ten digits of its uid."""
    return int(uid[-10:])


def tag_set(labels: Labels | None) -> list[dict[str, str]]:
    """Tags as answers have them."""
    return [{"Key": tag.key, "Value": tag.value} for tag in (labels.tags if labels else ())]


def asked_tags(given: Mapping[str, Any]) -> tuple[Tag, ...]:
    """Tags as a request has them."""
    return tuple(Tag(one["Key"], one.get("Value", "")) for one in given.get("Tags", ()))
