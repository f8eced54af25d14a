"""JD Cloud's words in rules and this installation's, from the service's table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peerway.api.jdcloud.services.vpc.product import PRODUCT
from peerway.domain.errors import InvalidInput
from peerway.domain.security import Protocol

#: What JD Cloud names by a word or a number.
Word = str | int


def meaning(table: str, theirs: Word, field: str) -> str:
    """What one of JD Cloud's words means; `InvalidInput` for a word that is none."""
    words: Mapping[str, Word] = PRODUCT.extra[table]
    for ours, name in words.items():
        if name == theirs:
            return ours
    raise InvalidInput(field, f"must be one of {', '.join(map(str, words.values()))}", theirs)


def word(table: str, ours: str) -> Word:
    """JD Cloud's word."""
    found: Word = PRODUCT.extra[table][ours]
    return found


def ports_of(spec: Mapping[str, Any], protocol: Protocol) -> str | None:
    """The ports of a rule as use cases take them: all of them where the protocol has none or the rule names none."""
    if not protocol.has_ports or ("fromPort" not in spec and "toPort" not in spec):
        return None
    low, high = spec.get("fromPort", 1), spec.get("toPort", 65535)
    return f"{low}/{high}"
