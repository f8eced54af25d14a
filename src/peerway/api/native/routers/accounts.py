"""Accounts, credentials and the caller itself."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.accounts import (
    AccountAnswer,
    CreateAccountBody,
    CreateCredentialBody,
    CredentialAnswer,
    NewAccountAnswer,
    NewCredentialAnswer,
    UpdateAccountBody,
    WhoAmI,
    account_answer,
    credential_answer,
    new_account_answer,
    new_credential_answer,
)
from peerway.api.native.schemas.common import Id, ListOf, ListParameters, page_of
from peerway.app.store import Reader
from peerway.app.usecases import accounts


async def whoami(call: Call) -> Response:
    """Say who the caller is."""

    def work(tx: Reader) -> WhoAmI:
        account = accounts.get_account(tx, call.world, call.caller, call.caller.uid)
        return WhoAmI(uid=account.uid, name=account.name, role=call.caller.role, key_id=call.caller.key_id)

    return await call.point(work)


async def create_account(call: Call, body: CreateAccountBody) -> Response:
    """Make a tenant and its first credential.

    Operators only. The secrets are shown this once: a repeat with the same idempotency key is a conflict.
    """
    request = accounts.CreateAccount(**body.given(), client_token=call.token)
    return await call.write(
        lambda tx: new_account_answer(accounts.create_account(tx, call.world, call.caller, request)), 201
    )


async def list_accounts(call: Call, query: Annotated[ListParameters, Query()]) -> Response:
    """List accounts: a tenant sees its own, an operator all."""
    return await call.read(
        lambda tx: page_of(
            accounts.list_accounts(tx, call.world, call.caller, **query.given()), account_answer
        )
    )


async def get_account(call: Call, uid: Id) -> Response:
    """Show an account."""
    return await call.point(lambda tx: account_answer(accounts.get_account(tx, call.world, call.caller, uid)))


async def update_account(call: Call, uid: Id, body: UpdateAccountBody) -> Response:
    """Change an account. Operators only."""
    request = accounts.UpdateAccount(uid=uid, **body.given())
    return await call.write(
        lambda tx: account_answer(accounts.update_account(tx, call.world, call.caller, request))
    )


async def create_credential(call: Call, uid: Id, body: CreateCredentialBody) -> Response:
    """Make an access key and token for an account. The secrets are shown this once."""
    request = accounts.CreateCredential(uid=uid, **body.given(), client_token=call.token)
    return await call.write(
        lambda tx: new_credential_answer(accounts.create_credential(tx, call.world, call.caller, request)),
        201,
    )


async def list_credentials(call: Call, uid: Id, query: Annotated[ListParameters, Query()]) -> Response:
    """List an account's credentials, without their secrets."""
    return await call.read(
        lambda tx: page_of(
            accounts.list_credentials(tx, call.world, call.caller, uid, **query.given()), credential_answer
        )
    )


async def get_credential(call: Call, id: Id) -> Response:
    """Show a credential; its secrets never."""
    return await call.point(
        lambda tx: credential_answer(accounts.get_credential(tx, call.world, call.caller, id))
    )


async def delete_credential(call: Call, id: Id) -> Response:
    """End a credential: nobody gets in with it from now on."""
    request = accounts.DeleteCredential(id=id)
    return await call.write(
        lambda tx: credential_answer(accounts.delete_credential(tx, call.world, call.caller, request))
    )


OPERATIONS: Final = (
    Operation("GET", "/whoami", whoami, WhoAmI),
    Operation("POST", "/accounts", create_account, NewAccountAnswer, 201),
    Operation("GET", "/accounts", list_accounts, ListOf[AccountAnswer]),
    Operation("GET", "/accounts/{uid}", get_account, AccountAnswer),
    Operation("PATCH", "/accounts/{uid}", update_account, AccountAnswer),
    Operation("POST", "/accounts/{uid}/credentials", create_credential, NewCredentialAnswer, 201),
    Operation("GET", "/accounts/{uid}/credentials", list_credentials, ListOf[CredentialAnswer]),
    Operation("GET", "/credentials/{id}", get_credential, CredentialAnswer),
    Operation("DELETE", "/credentials/{id}", delete_credential, CredentialAnswer),
)
