"""Accounts and credentials (NET-1): made by operators, proven by bearer tokens."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import SYSTEM, existing, own, readable, require_member, require_operator
from peerway.app.usecases.fields import UNSET, Unset, choose
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Account, Caller, Credential, Role, Site
from peerway.domain.errors import AlreadyExists, Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from peerway.domain.text import check_flag, check_name

#: Most money an account may have, either sign.
BALANCE_LIMIT = Decimal("1e12")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    """Make a tenant. Its secrets can't be shown twice, so a repeat of the client token is a `Conflict`."""

    #: Unique name.
    name: str
    #: `china` or `international`.
    site: str = Site.CHINA
    #: Whether it has an enterprise real-name registration.
    real_name: bool = False
    #: Money, as decimal text.
    balance: str = "0"
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAccount:
    """Change what an account is."""

    #: The account.
    uid: str
    #: New name.
    name: str | Unset = UNSET
    #: New site.
    site: str | Unset = UNSET
    #: New registration flag.
    real_name: bool | Unset = UNSET
    #: New balance, as decimal text.
    balance: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCredential:
    """Make an access key and token for an account."""

    #: Account; None for the caller's own.
    uid: str | None = None
    #: What it may do.
    role: str = Role.MEMBER
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCredential:
    """End a credential."""

    #: Access key id.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A fresh credential with what is shown only once."""

    #: As stored.
    credential: Credential
    #: The access key's secret.
    secret: str
    #: The bearer token.
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A fresh account with its first credential, shown only once."""

    #: As stored.
    account: Account
    #: Its credential, as stored.
    credential: Credential
    #: The access key's secret.
    access_key_secret: str
    #: The bearer token.
    token: str


def create_account(tx: Writer, world: World, caller: Caller, request: CreateAccount) -> NewAccount:
    """Make an account and its first credential; operators only."""
    require_operator(caller)
    uid = world.entropy.new_uid()

    def run() -> Account:
        account = Account(
            id=uid,
            owner_uid=uid,
            created_at=tx.now,
            name=_free_name(tx, request.name),
            site=choose(Site, request.site, "site"),
            real_name=check_flag(request.real_name, "real_name"),
            balance=_check_balance(request.balance),
        )
        return insert(tx, caller, account)

    stored = idempotent(tx, caller, request.client_token, "create_account", request, run, Account)
    if stored.id != uid:
        raise Conflict(
            "the client token was used: secrets are shown once", code="secret_shown_once", id=stored.id
        )
    made = _new_credential(tx, world, caller, uid, Role.MEMBER)
    return NewAccount(
        account=stored, credential=made.credential, access_key_secret=made.secret, token=made.token
    )


def update_account(tx: Writer, world: World, caller: Caller, request: UpdateAccount) -> Account:
    """Change an account; operators only."""
    require_operator(caller)
    before = existing(tx, Account, request.uid)
    after = before
    if request.name is not UNSET and request.name != before.name:
        after = replace(after, name=_free_name(tx, request.name))
    if request.site is not UNSET:
        after = replace(after, site=choose(Site, request.site, "site"))
    if request.real_name is not UNSET:
        after = replace(after, real_name=check_flag(request.real_name, "real_name"))
    if request.balance is not UNSET:
        after = replace(after, balance=_check_balance(request.balance))
    return replace_stored(tx, caller, before, after)


def get_account(tx: Reader, world: World, caller: Caller, uid: str) -> Account:
    """An account: a tenant sees its own, an operator each."""
    if uid != caller.uid and not caller.role.may(Role.OPERATOR):
        raise NotFound("account", uid)
    return existing(tx, Account, uid)


def list_accounts(
    tx: Reader, world: World, caller: Caller, *, after: str | None = None, limit: int | None = None
) -> Page[Account]:
    """Accounts: a tenant sees its own, an operator all."""
    mine = () if caller.role.may(Role.OPERATOR) else (where("owner_uid", caller.uid),)
    return page(tx, Account, *mine, after=after, limit=limit)


def create_credential(tx: Writer, world: World, caller: Caller, request: CreateCredential) -> NewCredential:
    """Make a credential for the caller's account, or for any as an operator; never above the caller's own role."""
    require_member(caller)
    role = choose(Role, request.role, "role")
    uid = request.uid or caller.uid
    if uid != caller.uid:
        require_operator(caller)
    if not caller.role.may(role):
        raise Forbidden("a credential may not be given a higher role than the caller's", code="role_too_high")
    existing(tx, Account, uid)
    made: list[NewCredential] = []

    def run() -> Credential:
        made.append(_new_credential(tx, world, caller, uid, role))
        return made[0].credential

    stored = idempotent(tx, caller, request.client_token, "create_credential", request, run, Credential)
    if not made:
        raise Conflict(
            "the client token was used: secrets are shown once", code="secret_shown_once", id=stored.id
        )
    return made[0]


def list_credentials(
    tx: Reader,
    world: World,
    caller: Caller,
    uid: str | None = None,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Credential]:
    """Credentials of the caller's account, or of any as an operator."""
    account = get_account(tx, world, caller, uid or caller.uid)
    return page(tx, Credential, where("owner_uid", account.uid), after=after, limit=limit)


def get_credential(tx: Reader, world: World, caller: Caller, id: str) -> Credential:
    """A credential of the caller's account, or of any as an operator."""
    return readable(tx, caller, Credential, id)


def delete_credential(tx: Writer, world: World, caller: Caller, request: DeleteCredential) -> Credential:
    """End a credential at once; a member its account's, an operator any."""
    require_member(caller)
    any_account = caller.role.may(Role.OPERATOR)
    found = existing(tx, Credential, request.id) if any_account else own(tx, caller, Credential, request.id)
    remove(tx, caller, found)
    return found


def authenticate(tx: Reader, token: str) -> Caller:
    """Who the bearer of the token is; `Unauthenticated` for an unknown or disabled one. One indexed look-up."""
    found = tx.select(Credential, where("token_hash", hash_token(token)), limit=1)
    if not found or not found[0].enabled:
        raise Unauthenticated("the token is not known")
    return Caller(uid=found[0].owner_uid, role=found[0].role, key_id=found[0].id)


def ensure_operator(tx: Writer, world: World, name: str = "operator") -> NewAccount:
    """The operator's account, made when missing, with a fresh credential: tokens can't be read back from the store.

    The credential replaces the one that an earlier start made; those that people made stay.
    """
    found = tx.select(Account, where("name", name), limit=1)
    account = found[0] if found else insert(tx, SYSTEM, _operator(tx, world, name))
    for credential in tx.select(Credential, where("owner_uid", account.uid)):
        if credential.of_start:
            remove(tx, SYSTEM, credential)
    made = _new_credential(tx, world, SYSTEM, account.uid, Role.OPERATOR, of_start=True)
    return NewAccount(
        account=account, credential=made.credential, access_key_secret=made.secret, token=made.token
    )


def hash_token(token: str) -> str:
    """What the store keeps of a bearer token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _operator(tx: Writer, world: World, name: str) -> Account:
    uid = world.entropy.new_uid()
    return Account(
        id=uid, owner_uid=uid, created_at=tx.now, name=name, real_name=True, balance=Decimal(1_000_000)
    )


def _new_credential(
    tx: Writer, world: World, caller: Caller, uid: str, role: Role, *, of_start: bool = False
) -> NewCredential:
    secret, token = world.entropy.new_secret(), world.entropy.new_secret()
    credential = Credential(
        id=world.entropy.new_access_key_id(),
        owner_uid=uid,
        created_at=tx.now,
        role=role,
        token_hash=hash_token(token),
        sealed_secret=world.sealer.seal(secret),
        of_start=of_start,
    )
    return NewCredential(credential=insert(tx, caller, credential), secret=secret, token=token)


def _free_name(tx: Reader, name: object) -> str:
    text = check_name(name)
    if not text:
        raise InvalidInput("name", "must not be empty", text)
    if tx.select(Account, where("name", text), limit=1):
        raise AlreadyExists("an account of that name exists", field="name")
    return text


def _check_balance(text: object) -> Decimal:
    try:
        amount = Decimal(str(text)) if isinstance(text, str | int) else Decimal("nan")
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite() or abs(amount) > BALANCE_LIMIT:
        raise InvalidInput("balance", "must be a decimal number such as 100.50", text)
    return amount
