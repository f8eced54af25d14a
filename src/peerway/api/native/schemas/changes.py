"""Files of changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body

#: Most changes in one file.
MOST: Final = 200

#: What a change is called.
NAME: Final = r"[A-Za-z][A-Za-z0-9_-]{0,63}"

#: A client token.
Token = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!-~]+$")]


class ChangeBody(Body):
    """One change: an operation of this API."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"method": "PATCH", "path": "/vpcs/vpc-a", "body": {"name": "a"}}]}
    )

    name: str | None = Field(None, pattern=f"^{NAME}$", description="By which later changes refer to it.")
    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field(description="The operation's method.")
    path: str = Field(
        min_length=1, max_length=1024, description="The operation's path below `/api/v1`, with its query."
    )
    body: Any = Field(None, description="The operation's body.")
    idempotency_key: Token | None = Field(None, description="As the header of the operation alone.")
    if_match: str | None = Field(
        None, max_length=1024, description="As the header `If-Match` of the operation alone."
    )


class ChangesBody(Body):
    """Changes that are made together: all of them, or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "changes": [
                        {
                            "name": "a",
                            "method": "POST",
                            "path": "/vpcs",
                            "body": {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16"},
                        },
                        {"method": "PATCH", "path": "/vpcs/${a.id}", "body": {"name": "${a.router_id}"}},
                    ]
                }
            ]
        }
    )

    changes: list[ChangeBody] = Field(
        min_length=1,
        max_length=MOST,
        description="In order. `${a.id}` in a path or body stands for the field `id` of what change `a` answered.",
    )
    answers: dict[str, Any] = Field(
        default_factory=dict,
        max_length=MOST,
        description="What changes of earlier files answered, by their names, to be referred to.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAnswer:
    """What one change answers."""

    #: Its name; null when it has none.
    name: str | None
    #: Status that the operation answers with.
    status: int
    #: What the operation answers.
    answer: Any
    #: Whether it needs what comes before it to be ready. Only a preview waits for that: split the file before this change.
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesAnswer:
    """What a file of changes answers."""

    #: In the file's order.
    changes: list[ChangeAnswer]
    #: Last revision of the changes.
    revision: int
