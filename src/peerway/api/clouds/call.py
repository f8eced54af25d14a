"""One authenticated request inside a transaction, as operations see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from peerway.api.serving.services import Services
from peerway.app.store import Reader, Writer
from peerway.app.world import World
from peerway.domain.account import Caller

Tx = TypeVar("Tx", bound=Reader)
Asked = TypeVar("Asked")
T = TypeVar("T")
P = ParamSpec("P")


class Call(Generic[Tx]):
    """What an operation works with."""

    def __init__(
        self, tx: Tx, services: Services, caller: Caller, region_id: str | None, host: str = ""
    ) -> None:
        #: The transaction.
        self.tx = tx
        #: The catalogues.
        self.world: World = services.world
        #: Who asks.
        self.caller = caller
        #: Region that the request names, by this installation's id; None for none.
        self.region_id = region_id
        #: Host and port that the request was sent to, as the client calls them; empty when it does not say.
        self.host = host
        #: Whether the worker has something to do once the transaction is stored.
        self.wakes_worker = False
        self.services = services

    def use(self, use_case: Callable[[Tx, World, Caller, Asked], T], request: Asked) -> T:
        """What a use case makes of a request, or finds by an id."""
        return use_case(self.tx, self.world, self.caller, request)

    def list(
        self, use_case: Callable[Concatenate[Tx, World, Caller, P], T], *of: P.args, **query: P.kwargs
    ) -> T:
        """What a use case lists."""
        return use_case(self.tx, self.world, self.caller, *of, **query)


ReadCall = Call[Reader]
WriteCall = Call[Writer]
AnyCall = Call[Any]
