"""What accounts write on resources to find their way about: tags, and the resource group that a thing is in.

Labels belong to an account and a resource together: both sides of a peer connection have their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from peerway.domain.errors import InvalidInput, QuotaExceeded
from peerway.domain.resource import Resource

#: Most tags that one account puts on one resource.
MOST_TAGS: Final = 20
#: Longest key and longest value.
TAG_LENGTH: Final = 128


@dataclass(frozen=True, slots=True)
class Tag:
    """A word and what it says."""

    #: Unique among an account's tags of a resource.
    key: str
    #: May be empty.
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels(Resource):
    """What one account wrote on one resource; `id` is `labels_id` of the two."""

    #: The resource.
    resource_id: str
    #: What it is, in the words of errors (`vpc`, `peering`).
    resource_kind: str
    #: In order of their keys.
    tags: tuple[Tag, ...] = ()
    #: Resource group; None for the account's default one.
    group_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceGroup(Resource):
    """A drawer that an account sorts its resources into."""

    #: Unique within the account.
    name: str
    #: What people call it.
    display_name: str = ""


def labels_id(uid: str, resource_id: str) -> str:
    """Id of an account's labels of a resource."""
    return f"{uid}/{resource_id}"


def default_group_id(uid: str) -> str:
    """The group that everything of an account is in until it is moved; every account has it from the start."""
    return f"rg-acfm{uid[-12:]}"


def check_tags(tags: Iterable[Tag], field: str = "tags") -> tuple[Tag, ...]:
    """Tags as they are kept, or `InvalidInput`: keys are unique and not reserved, none is too long."""
    found: dict[str, Tag] = {}
    for place, tag in enumerate(tags):
        key = tag.key
        if len(tag.value) > TAG_LENGTH or not tag.value.isprintable():
            rule = f"must have at most {TAG_LENGTH} characters, all of them printable"
            raise InvalidInput(f"{field}[{place}].value", rule, tag.value, code="tag_value")
        reserved = key.lower().startswith(("aliyun", "acs:")) or "http://" in key or "https://" in key
        if not 1 <= len(key) <= TAG_LENGTH or not key.isprintable() or reserved:
            rule = (
                f"must be 1 to {TAG_LENGTH} printable characters, no URL, and not begin with aliyun or acs:"
            )
            raise InvalidInput(f"{field}[{place}].key", rule, key, code="tag_key")
        if key in found:
            raise InvalidInput(f"{field}[{place}].key", "must not be there twice", key, code="tag_key_twice")
        found[key] = tag
    return tuple(found[key] for key in sorted(found))


def merged_tags(present: Iterable[Tag], new: Iterable[Tag], resource_id: str) -> tuple[Tag, ...]:
    """What is there once new tags are put on: a known key gets the new value. `QuotaExceeded` when they become too many."""
    merged = {tag.key: tag for tag in (*present, *new)}
    if len(merged) > MOST_TAGS:
        raise QuotaExceeded("tags_per_resource", MOST_TAGS, len(merged), scope=resource_id, field="tags")
    return tuple(merged[key] for key in sorted(merged))


def has_tags(tags: Iterable[Tag], wanted: Mapping[str, str | None]) -> bool:
    """Whether all wanted tags are there; a wanted value of None takes any."""
    present = {tag.key: tag.value for tag in tags}
    return all(key in present and value in {None, present[key]} for key, value in wanted.items())
