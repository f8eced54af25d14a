"""Who asks: bearer tokens against the store.

Owns how a credential travels in a request. What it may do is the use cases' business.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.types import Scope

from peerway.api.serving.identities import Identities, count, hold_back
from peerway.api.serving.tools import Tools
from peerway.api.serving.trace import header
from peerway.app.usecases import accounts
from peerway.domain.account import Caller
from peerway.domain.errors import Unauthenticated

#: Longest `Authorization` header that is looked at.
LONGEST: Final = 1024


class Authenticator:
    """Finds the caller of a request."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._callers: Identities[Caller] = Identities(tools, accounts.authenticate)

    async def authenticate(self, scope: Scope, request_id: str) -> Caller:
        """The caller; `Unauthenticated`, or `RateLimited` when its account asks, or its address fails, too often."""
        try:
            caller = await self._callers.find(_token(scope))
        except Unauthenticated as error:
            raise hold_back(self._tools, scope, error) from None
        count(self._tools, caller.uid)
        return replace(caller, request_id=request_id)


def _token(scope: Scope) -> str:
    given = header(scope, b"authorization")
    if given is None:
        raise Unauthenticated("an Authorization header with a bearer token is needed")
    scheme, _, token = given.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(given) > LONGEST:
        raise Unauthenticated("the Authorization header must read: Bearer TOKEN")
    return token.strip()
