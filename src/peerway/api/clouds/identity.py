"""Who signed a request: access keys, the clock window, and nonces that were used before.

Owns what all signatures have in common. How a text is signed is each dialect's own business.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from starlette.types import Scope

from peerway.api.serving.identities import Identities, count, hold_back
from peerway.api.serving.tools import Tools
from peerway.app.store import Reader
from peerway.domain.account import Caller, Credential
from peerway.domain.errors import Unauthenticated

#: Most nonces remembered; beyond them the oldest are forgotten before their time.
MOST_NONCES: Final = 200_000


#: What access key ids look like; others are not looked up.
KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about who sent it."""

    #: Access key id.
    key_id: str
    #: When it was signed, UTC.
    signed_at: datetime
    #: How far that may be from now, either way.
    window: timedelta
    #: What may not come twice within the window; None where the signature has no such thing.
    nonce: str | None
    #: Whether a secret makes the signature; it raises `Unauthenticated` (`bad_signature`) when not.
    check: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Key:
    """An access key as the store has it."""

    #: Whom it stands for.
    caller: Caller
    #: Its secret.
    secret: str


class Keyring:
    """Finds out who signed a request.

    Nonces are remembered by process: with several API processes behind one address, a replay that reaches another one within the
    window passes (as it does where the signature has no nonce at all).
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._clock = tools.services.clock
        self._nonces: OrderedDict[tuple[str, bytes], datetime] = OrderedDict()
        sealer = tools.services.world.sealer

        def look_up(tx: Reader, key_id: str) -> Key:
            found = tx.get(Credential, key_id) if KEY_ID.fullmatch(key_id) else None
            if found is None:
                raise Unauthenticated("the access key is not known", code="unknown_key")
            if not found.enabled:
                raise Unauthenticated("the access key is disabled", code="key_disabled")
            caller = Caller(uid=found.owner_uid, role=found.role, key_id=found.id)
            return Key(caller, sealer.unseal(found.sealed_secret))

        self._keys: Identities[Key] = Identities(tools, look_up)

    async def admit(self, claim: Claim, scope: Scope, request_id: str) -> Caller:
        """The caller; `Unauthenticated`, or `RateLimited` when its account asks, or its address fails, too often.

        Codes: `unknown_key`, `key_disabled`, `bad_signature`, `signature_expired`, `nonce_used`.
        """
        try:
            key = await self._keys.find(claim.key_id)
            self._check_time(claim)
            claim.check(key.secret)
            self._check_nonce(claim)
        except Unauthenticated as error:
            raise hold_back(self._tools, scope, error) from None
        count(self._tools, key.caller.uid)
        return replace(key.caller, request_id=request_id)

    def _check_time(self, claim: Claim) -> None:
        if abs(self._clock.now() - claim.signed_at) > claim.window:
            raise Unauthenticated("the request was signed too long ago", code="signature_expired")

    def _check_nonce(self, claim: Claim) -> None:
        """Only once the signature is known to be right: else anybody could use up other people's nonces."""
        if claim.nonce is None:
            return
        now = self._clock.now()
        while self._nonces:
            oldest, good_until = next(iter(self._nonces.items()))
            if good_until > now and len(self._nonces) < MOST_NONCES:
                break
            del self._nonces[oldest]
        # Only one of the dialects bounds them; a digest takes little whatever it is of.
        used = (claim.key_id, sha256(claim.nonce.encode("utf-8", "surrogatepass")).digest())
        if used in self._nonces:
            raise Unauthenticated("the nonce was used before", code="nonce_used")
        self._nonces[used] = now + 2 * claim.window


def bad_signature(string_to_sign: str) -> Unauthenticated:
    """The error for a signature that the secret does not make; some clients compare the text with their own."""
    return Unauthenticated(
        "the signature does not match", code="bad_signature", string_to_sign=string_to_sign
    )
