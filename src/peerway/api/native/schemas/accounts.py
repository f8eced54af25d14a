"""Accounts and credentials."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, Text, Word, flat
from peerway.app.usecases.accounts import NewAccount, NewCredential
from peerway.app.usecases.storing import SECRET_FIELDS
from peerway.domain.account import Account, Credential, Role, Site
from peerway.domain.resource import Resource


class CreateAccountBody(Body):
    """A new tenant."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "retail", "real_name": True, "balance": "1000"}]}
    )

    name: Text = Field(description="Unique name.")
    site: Word = Field("china", description="`china` or `international`.")
    real_name: bool = Field(False, description="Whether it has an enterprise real-name registration.")
    balance: Word = Field("0", description="Money, as decimal text.")


class UpdateAccountBody(Body):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"balance": "2500.50"}]})

    name: Text = Field("", description="New name.")
    site: Word = Field("", description="New site.")
    real_name: bool = Field(False, description="New registration flag.")
    balance: Word = Field("", description="New balance, as decimal text.")


class CreateCredentialBody(Body):
    """A new credential."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "reader"}]})

    role: Word = Field("member", description="`reader`, `member` or `operator`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialAnswer(Resource):
    """A credential without its secrets."""

    #: What it may do.
    role: Role
    #: A disabled credential authenticates nobody.
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredentialAnswer(CredentialAnswer):
    """A fresh credential; its secrets are shown this once."""

    #: Its id once more, as the clouds call it.
    access_key_id: str
    #: The access key's secret.
    access_key_secret: str
    #: The bearer token.
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAnswer(Resource):
    """An account."""

    #: Unique name.
    name: str
    #: Site it is registered at.
    site: Site
    #: Whether it has an enterprise real-name registration.
    real_name: bool
    #: Money it has.
    balance: Decimal
    #: The account's number; the same as `id`.
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccountAnswer(AccountAnswer):
    """A fresh account with its first credential; the secrets are shown this once."""

    #: Id of the credential.
    access_key_id: str
    #: Its secret.
    access_key_secret: str
    #: Its bearer token.
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoAmI:
    """The caller."""

    #: Account.
    uid: str
    #: Its name.
    name: str
    #: What the credential may do.
    role: Role
    #: Access key id of the credential.
    key_id: str


def credential_answer(credential: Credential) -> dict[str, Any]:
    """What is shown of a credential."""
    return {name: value for name, value in flat(credential).items() if name not in SECRET_FIELDS}


def new_credential_answer(made: NewCredential) -> dict[str, Any]:
    """What is shown of a fresh credential."""
    return {
        **credential_answer(made.credential),
        "access_key_id": made.credential.id,
        "access_key_secret": made.secret,
        "token": made.token,
    }


def account_answer(account: Account) -> dict[str, Any]:
    """What is shown of an account."""
    return {**flat(account), "uid": account.uid}


def new_account_answer(made: NewAccount) -> dict[str, Any]:
    """What is shown of a fresh account."""
    return {
        **account_answer(made.account),
        "access_key_id": made.credential.id,
        "access_key_secret": made.access_key_secret,
        "token": made.token,
    }
