"""Who asks: bearer tokens against the store.

Owns how a credential travels in a request. What it may do is the use cases' business.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from starlette.types import Scope

from peerway.api.native.call import Tools
from peerway.api.native.limits import Buckets
from peerway.api.native.trace import header
from peerway.app.usecases import accounts
from peerway.domain.account import Caller
from peerway.domain.errors import RateLimited, Unauthenticated

#: Longest `Authorization` header that is looked at.
LONGEST: Final = 1024

#: Kinds in the change log that say who may do what.
IDENTITY: Final = frozenset({"account", "credential"})

#: Most changes looked through at once; while there are more of them everything is looked up anew.
MOST_NEWS: Final = 200

#: Most tokens remembered.
MOST_CACHED: Final = 10_000


class Authenticator:
    """Finds the caller of a request.

    A look-up is remembered until the change log tells of a changed credential or account, so that a credential that was disabled
    or deleted, by whichever process, authenticates nobody from that moment on.
    """

    def __init__(self, tools: Tools) -> None:
        services = tools.services
        self._store = services.store
        self._inline = services.inline_reads
        self._executor = tools.executor
        self._lock = threading.Lock()
        limits = services.limits
        self._accounts = tools.accounts
        self._failures = Buckets(
            limits.failures_per_second, 10 * limits.failures_per_second, services.monotonic
        )
        self._cached: OrderedDict[str, Caller] = OrderedDict()
        self._revision = -1

    async def authenticate(self, scope: Scope, request_id: str) -> Caller:
        """The caller; `Unauthenticated`, or `RateLimited` when its account asks, or its address fails, too often."""
        try:
            caller = await self._find(_token(scope))
        except Unauthenticated:
            # Only failures are held back: behind a proxy, callers with and without a good token share an address.
            if self._failures.take(_address(scope)):
                raise
            raise RateLimited("too many failed authentications from this address") from None
        if not self._accounts.take(caller.uid):
            raise RateLimited("too many requests from this account")
        return replace(caller, request_id=request_id)

    async def _find(self, token: str) -> Caller:
        if self._inline:
            return self._look_up(token)
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._look_up, token)

    def _look_up(self, token: str) -> Caller:
        with self._lock:
            return self._look_up_alone(token)

    def _look_up_alone(self, token: str) -> Caller:
        self._forget_changed()
        caller = self._cached.get(token)
        if caller is None:
            caller = self._store.read(lambda tx: accounts.authenticate(tx, token))
            self._remember(token, caller)
        return caller

    def _forget_changed(self) -> None:
        if self._revision < 0:
            self._revision = self._store.latest_revision()
        news = self._store.read(lambda tx: tx.changes(self._revision, MOST_NEWS))
        if len(news) == MOST_NEWS or any(change.kind in IDENTITY for change in news):
            self._cached.clear()
        if news:
            self._revision = news[-1].revision

    def _remember(self, token: str, caller: Caller) -> None:
        if len(self._cached) >= MOST_CACHED:
            self._cached.popitem(last=False)
        self._cached[token] = caller


def _token(scope: Scope) -> str:
    given = header(scope, b"authorization")
    if given is None:
        raise Unauthenticated("an Authorization header with a bearer token is needed")
    scheme, _, token = given.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(given) > LONGEST:
        raise Unauthenticated("the Authorization header must read: Bearer TOKEN")
    return token.strip()


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
