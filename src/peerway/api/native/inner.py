"""A call inside a transaction that is open: operations that are part of something larger, and what is asked before one.

Owns how a handler's work is done at once instead of in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import Response

from peerway.api.native.call import Call, answer
from peerway.app.store import Reader, Writer
from peerway.domain.errors import InvalidInput


class InnerCall(Call):
    """The call of one operation: it reads and writes in the transaction that is open."""

    def __init__(
        self, call: Call, parameters: Mapping[str, str], tx: Writer, token: str | None = None
    ) -> None:
        scope = {**call.scope, "path_params": parameters, "query_string": b""}
        super().__init__(scope, call.receive, call.tools, call.caller, token)
        self._tx = tx
        #: What the operation stored or found, as it is answered.
        self.content: object = None

    def wake_worker(self) -> None:
        """Nothing: it is woken once the transaction is stored."""

    async def point(self, work: Callable[[Reader], object]) -> Response:
        """Look now."""
        self.content = work(self._tx)
        return answer(None)

    async def write(self, work: Callable[[Writer], object], status: int = 200) -> Response:
        """Do the work now; it is durable once the transaction is."""
        self.content = self.guarded(work)(self._tx)
        return answer(None, status)


def finished(work: Awaitable[Response]) -> Response:
    """What a handler answers that waits for nothing: here its work is done in the transaction at once."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as done:
        response: Response = done.value
        return response
    steps.close()
    raise InvalidInput("path", "names an operation that can't be part of a file")
