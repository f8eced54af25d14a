"""The port for the clouds' protocols: what a dialect has to be able to do, and what it makes of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.responses import Response

from peerway.api.clouds.action import Action, Answer
from peerway.api.clouds.identity import Claim
from peerway.api.clouds.wire import Raw, Wire
from peerway.domain.errors import PeerwayError


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, before anything of it is believed."""

    #: The action.
    action: Action
    #: Parameters by name, as they came.
    tree: Mapping[str, Raw]
    #: Whether all of them came as text.
    texts: bool
    #: Who says to ask.
    claim: Claim
    #: Region it names, by this installation's id; None for none.
    region_id: str | None = None
    #: Form it wants its answer in, where the dialect has several.
    form: str = ""
    #: Host and port that it was sent to, as the client calls them.
    host: str = ""


class Dialect(Protocol):
    """A protocol of a cloud."""

    #: For logs and metrics.
    name: str

    def takes(self, head: Wire) -> bool:
        """Whether the request, whose body has not been read, is this dialect's if it is anybody's."""

    def claims(self, wire: Wire) -> bool:
        """Whether the whole request is this dialect's; asked of those that take its head, in their order."""

    def new_request_id(self) -> str:
        """A fresh id for a request, as this cloud writes them."""

    def read(self, wire: Wire) -> Asked:
        """What the request asks for; a `PeerwayError` when that can't be told."""

    def given(self, asked: Asked) -> dict[str, Any]:
        """The parameters, decoded and checked; `InvalidInput` naming the parameter."""

    def answer(self, wire: Wire, asked: Asked, content: Answer, request_id: str) -> Response:
        """The answer of an action that was done."""

    def refuse(self, wire: Wire, asked: Asked | None, error: PeerwayError, request_id: str) -> Response:
        """The answer of one that was not."""
