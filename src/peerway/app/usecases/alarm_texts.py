"""Texts of alarm rules, contacts and groups: ids that owners choose, URLs, parts of the day.

May not know what a text is for.
"""

from __future__ import annotations

import re
from typing import Final

from peerway.domain.errors import InvalidInput
from peerway.domain.text import check_text

#: Longest id and longest name of a rule, longest URL, longest other text.
ID_LENGTH, URL_LENGTH, TEXT_LENGTH = 128, 2048, 512

#: `06:00-20:00`; the end may lie before the start, on the next day then. Zones as products append them are kept.
INTERVAL: Final = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d\s*-\s*([01]\d|2[0-3]):[0-5]\d(\s*,?\s*[+-]\d\d:?\d\d)?", re.ASCII
)

URL: Final = re.compile(r"https?://[^\s/]+\S*")


def check_id(text: object, field: str = "rule_id") -> str:
    """An id that an owner chose: visible characters."""
    id = check_filled(text, field, ID_LENGTH)
    if any(one.isspace() for one in id):
        raise InvalidInput(field, "must not contain blanks", id)
    return id


def check_filled(text: object, field: str, longest: int) -> str:
    """Printable text that is not empty."""
    filled = check_text(text, field, longest)
    if not filled.strip():
        raise InvalidInput(field, "must not be empty")
    return filled


def check_url(text: object, field: str) -> str:
    """A URL that can be called, or nothing."""
    url = check_text(text, field, URL_LENGTH)
    if url and not URL.fullmatch(url):
        raise InvalidInput(field, "must be a URL that begins with http:// or https://", url, code="url")
    return url


def check_interval(text: object, field: str) -> str:
    """A part of the day such as `06:00-20:00`, or nothing."""
    interval = check_text(text, field, TEXT_LENGTH)
    if not interval:
        return interval
    if not INTERVAL.fullmatch(interval.strip()):
        raise InvalidInput(field, "must be like 06:00-20:00", interval, code="interval")
    return interval
