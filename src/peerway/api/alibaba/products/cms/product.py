"""The product, and what its modules share: the frame of answers, its metrics, pages and notations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from peerway.api.clouds.action import load_product
from peerway.api.clouds.call import AnyCall
from peerway.api.clouds.parameters import Given
from peerway.domain.alarm import Dimensions, Statistic
from peerway.domain.errors import InvalidInput
from peerway.domain.text import check_number
from peerway.profiles.metrics import MetricNamespace

PRODUCT = load_product(__package__, "cms.toml")

#: Product whose namespaces these are.
PROFILE: Final = "alibaba"

#: What a rule watches that watches everything of its account.
EVERYTHING: Final = {"resource": "_ALL"}

#: The product's words for statistics, and the other way round.
STATISTICS: Final[Mapping[str, Statistic]] = {
    word: Statistic(value) for word, value in PRODUCT.extra["statistics"].items()
}
WORDS: Final[Mapping[Statistic, str]] = {value: word for word, value in STATISTICS.items()}


def done(**fields: Any) -> dict[str, Any]:
    """An answer: code, success and message stand beside its fields."""
    return {"Code": "200", "Message": "", "Success": True, **fields}


def own_namespace(call: AnyCall, name: str) -> MetricNamespace:
    """A namespace of this product's; others are unknown here."""
    own = {one.name: one for one in call.world.metrics.of_profile(PROFILE)}
    found = own.get(name)
    if found is None:
        raise InvalidInput("Namespace", f"must be one of {', '.join(own)}", name, code="unknown_namespace")
    return found


def page_of(
    given: Given, size: int, most: int = 1000, names: tuple[str, str] = ("PageNumber", "PageSize")
) -> tuple[int, int]:
    """Number and size of the page asked for."""
    number = check_number(given.get(names[0], 1), names[0], 1, 1_000_000)
    return number, check_number(given.get(names[1], size), names[1], 1, most)


def millis(at: datetime) -> int:
    """Milliseconds since 1970."""
    return int(at.astimezone(UTC).timestamp() * 1000)


def read_dimensions(raw: Any, field: str) -> tuple[Dimensions, ...]:
    """Resources as JSON: an object, or a list of them; nothing where everything is meant."""
    rows = raw if isinstance(raw, list) else [raw]
    for row in rows:
        if not isinstance(row, dict) or not row or not all(isinstance(one, str) for one in row.values()):
            raise InvalidInput(field, "must be a JSON object of texts, or a list of them", raw)
    return tuple(tuple(row.items()) for row in rows if row != EVERYTHING)


def write_dimensions(watches: tuple[Dimensions, ...]) -> str:
    """Resources as JSON."""
    return orjson.dumps([dict(one) for one in watches] or [EVERYTHING]).decode()
