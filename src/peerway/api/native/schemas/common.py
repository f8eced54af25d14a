"""What all bodies, parameters and answers share: strictness, bounded text, pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from peerway.app.usecases.pages import PAGE_LIMIT, PAGE_SIZE, Page
from peerway.domain.errors import InvalidInput
from peerway.domain.resource import Resource

T = TypeVar("T")

#: Id of a resource in a path.
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]

#: One word or number of the field: an id, a CIDR, a choice.
Word = Annotated[str, Field(max_length=128, pattern=r"^[ -~]*$")]

#: Text for people. The use cases bound it more tightly.
Text = Annotated[str, Field(max_length=1024)]


class Body(BaseModel):
    """A request body: unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def given(self) -> dict[str, Any]:
        """The fields that the body names, so that the use case's own defaults stand for the others."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Parameters(BaseModel):
    """Query parameters: unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """The parameters that the query names."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class ListParameters(Parameters):
    """Where in a list, and how much of it."""

    limit: int | None = Field(
        None, ge=1, le=PAGE_LIMIT, description=f"Most items in the page; {PAGE_SIZE} unless given."
    )
    after: Word | None = Field(None, description="`next` of the page before.")


class TenantListParameters(ListParameters):
    """A list that operators may see of all accounts."""

    all_accounts: bool = Field(False, description="Resources of all accounts; operators only.")


class ListOf(BaseModel, Generic[T]):
    """Part of a list."""

    items: list[T] = Field(description="In order of creation.")
    next: str | None = Field(description="Give it as `after` for the next page; null on the last one.")


def flat(resource: Resource) -> dict[str, Any]:
    """A resource's fields by name."""
    return {field.name: getattr(resource, field.name) for field in fields(resource)}


def page_of(page: Page[T], show: Callable[[T], object]) -> dict[str, Any]:
    """A page with each item as it is shown."""
    return {"items": [show(item) for item in page.items], "next": page.next}


def slice_of(items: Sequence[T], query: ListParameters) -> dict[str, Any]:
    """A page of a list that is short and always whole; its cursors are places in it."""
    if query.after is not None and not query.after.isdigit():
        raise InvalidInput("after", "is no cursor of this list", query.after)
    start = int(query.after or 0)
    end = start + (query.limit or PAGE_SIZE)
    return {"items": list(items[start:end]), "next": str(end) if end < len(items) else None}
