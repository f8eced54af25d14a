"""Every error that Peerway raises on purpose, in one tree.

    PeerwayError
    ├── InvalidInput       a value breaks a rule: names the field and the rule
    ├── Unauthenticated    who are you?
    ├── Forbidden          known, but not allowed to
    ├── NotFound           no such thing, or another tenant's: the answer is the same
    ├── Conflict           right in itself, wrong at this moment
    │   ├── IllegalState   the resource's state does not allow the operation
    │   ├── AlreadyExists  one like it is there already
    │   └── InUse          others depend on it
    ├── QuotaExceeded      a limit of the account or resource is reached
    ├── TooLarge           the request is bigger than the door lets in
    ├── RateLimited        too many requests from one account
    └── Unavailable        not now, try again

Each has `code` (stable, snake case), `kind`, `retry`, typed data and a text that may be shown to anyone. Doors map `kind` and
`code` to their statuses in their own `errors.py`. No secret and no other tenant's data may enter the text or the data.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What sort of failure it is; doors choose their status by it."""

    #: A value breaks a rule.
    INVALID = "invalid"
    #: Credentials missing or wrong.
    UNAUTHENTICATED = "unauthenticated"
    #: The caller may not do this.
    FORBIDDEN = "forbidden"
    #: No such thing for this caller.
    NOT_FOUND = "not_found"
    #: The current state forbids it.
    CONFLICT = "conflict"
    #: A quota is used up.
    QUOTA = "quota"
    #: Request too large.
    TOO_LARGE = "too_large"
    #: Too many requests.
    RATE = "rate"
    #: Temporarily not possible.
    UNAVAILABLE = "unavailable"


class PeerwayError(Exception):
    """Root of the tree; never raised itself."""

    #: What sort of failure it is; doors choose their status by it.
    kind: Kind = Kind.UNAVAILABLE
    #: What happened, for programs; stable. A subclass's own unless one is given.
    code: str = "error"
    #: Whether the same call may succeed later without a change by the caller.
    retry: bool = False

    def __init__(self, text: str, *, code: str | None = None, **data: str | int | None) -> None:
        super().__init__(text)
        self.text = text
        if code is not None:
            self.code = code
        self.data = {name: value for name, value in data.items() if value is not None}


class InvalidInput(PeerwayError):
    """A value breaks a rule; `field` is the request's field name, `rule` reads after it as a sentence."""

    kind = Kind.INVALID
    code = "invalid"

    def __init__(self, field: str, rule: str, value: object = None, *, code: str | None = None) -> None:
        shown = None if value is None else str(value)[:100]
        super().__init__(f"{field} {rule}", code=code, field=field, rule=rule, value=shown)
        self.field = field
        self.rule = rule


class Unauthenticated(PeerwayError):
    """Credentials are missing, unknown or disabled."""

    kind = Kind.UNAUTHENTICATED
    code = "unauthenticated"


class Forbidden(PeerwayError):
    """The caller is known and may not do this."""

    kind = Kind.FORBIDDEN
    code = "forbidden"


class NotFound(PeerwayError):
    """No such resource for this caller."""

    kind = Kind.NOT_FOUND
    code = "not_found"

    def __init__(self, resource: str, id: str, *, field: str | None = None) -> None:
        super().__init__(f"no {resource} {id}", resource=resource, id=id, field=field)


class Conflict(PeerwayError):
    """The request is right in itself and wrong at this moment."""

    kind = Kind.CONFLICT
    code = "conflict"


class IllegalState(Conflict):
    """The resource's state does not allow the operation."""

    code = "illegal_state"

    def __init__(self, resource: str, id: str, state: str, event: str, *, field: str | None = None) -> None:
        super().__init__(
            f"{resource} {id} is {state}: {event} is not possible",
            resource=resource,
            id=id,
            state=state,
            event=event,
            field=field,
        )


class AlreadyExists(Conflict):
    """One like it is there already."""

    code = "already_exists"


class InUse(Conflict):
    """Other resources depend on it."""

    code = "in_use"

    def __init__(self, resource: str, id: str, by: str, by_id: str) -> None:
        super().__init__(
            f"{resource} {id} is used by {by} {by_id}", resource=resource, id=id, by=by, by_id=by_id
        )


class QuotaExceeded(PeerwayError):
    """A limit is reached; an operator can raise it.

    Without `limit` and `used` for a side that is another account's: how full its VPC is, is that account's own business.
    """

    kind = Kind.QUOTA
    code = "quota_exceeded"

    def __init__(self, quota: str, limit: int | None, used: int | None, *, scope: str, field: str) -> None:
        figures = "" if limit is None else f": {used} of {limit}"
        super().__init__(
            f"quota {quota} of {scope} is reached{figures}",
            quota=quota,
            limit=limit,
            used=used,
            scope=scope,
            field=field,
        )


class TooLarge(PeerwayError):
    """The request is bigger than the door lets in."""

    kind = Kind.TOO_LARGE
    code = "too_large"


class RateLimited(PeerwayError):
    """Too many requests from one account."""

    kind = Kind.RATE
    code = "rate_limited"
    retry = True


class Unavailable(PeerwayError):
    """Not possible right now, through no fault of the request."""

    kind = Kind.UNAVAILABLE
    code = "unavailable"
    retry = True
