"""Who asks: credentials looked up in the store once and remembered until they change.

Owns when a look-up may be believed. How a credential travels in a request is each door's own business.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from starlette.types import Scope

from peerway.api.serving.tools import Tools
from peerway.app.store import Reader
from peerway.domain.errors import RateLimited, Unauthenticated

#: Kinds in the change log that say who may do what.
IDENTITY: Final = frozenset({"account", "credential"})

#: Most changes looked through at once; while there are more of them everything is looked up anew.
MOST_NEWS: Final = 200

#: Most look-ups remembered.
MOST_CACHED: Final = 10_000

Found = TypeVar("Found")


class Identities(Generic[Found]):
    """What the store knows of tokens or access keys.

    A look-up is remembered until the change log tells of a changed credential or account, so that a credential that was disabled
    or deleted, by whichever process, authenticates nobody from that moment on.
    """

    def __init__(self, tools: Tools, look_up: Callable[[Reader, str], Found]) -> None:
        services = tools.services
        self._store = services.store
        self._inline = services.inline_reads
        self._executor = tools.executor
        self._read = look_up
        self._lock = threading.Lock()
        self._cached: OrderedDict[str, Found] = OrderedDict()
        self._revision = -1

    async def find(self, key: str) -> Found:
        """What is known of the token or key; raises what the look-up raises."""
        if self._inline:
            return self._look_up(key)
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._look_up, key)

    def _look_up(self, key: str) -> Found:
        with self._lock:
            self._forget_changed()
            found = self._cached.get(key)
            if found is None:
                found = self._store.read(lambda tx: self._read(tx, key))
                self._remember(key, found)
            return found

    def _forget_changed(self) -> None:
        if self._revision < 0:
            self._revision = self._store.latest_revision()
        news = self._store.read(lambda tx: tx.changes(self._revision, MOST_NEWS))
        if len(news) == MOST_NEWS or any(change.kind in IDENTITY for change in news):
            self._cached.clear()
        if news:
            self._revision = news[-1].revision

    def _remember(self, key: str, found: Found) -> None:
        if len(self._cached) >= MOST_CACHED:
            self._cached.popitem(last=False)
        self._cached[key] = found


def hold_back(tools: Tools, scope: Scope, error: Unauthenticated) -> Unauthenticated | RateLimited:
    """The error to raise for a failed authentication: another one when its address fails too often.

    Only failures are held back: behind a proxy, callers with and without a good credential share an address.
    """
    if tools.failures.take(address_of(scope)):
        return error
    return RateLimited("too many failed authentications from this address")


def count(tools: Tools, uid: str) -> None:
    """Count a request of an account; `RateLimited` when it asks too often."""
    if not tools.accounts.take(uid):
        raise RateLimited("too many requests from this account")


def address_of(scope: Scope) -> str:
    """Where a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else ""
