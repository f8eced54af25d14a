"""Accounts, credentials and the audit log."""

import json

import pytest

from peerway.app.usecases.accounts import (
    CreateAccount,
    CreateCredential,
    DeleteCredential,
    UpdateAccount,
    authenticate,
    create_account,
    create_credential,
    delete_credential,
    ensure_operator,
    get_account,
    list_accounts,
    list_credentials,
    update_account,
)
from peerway.app.usecases.audit import list_audit
from peerway.app.usecases.vpcs import UpdateVpc, update_vpc
from peerway.domain.account import Account, Caller, Credential, Role
from peerway.domain.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthenticated,
)


def test_token_proves_the_account(estate):
    """NET-1: the bearer of the token is the account; the store keeps neither token nor secret in the clear."""
    made = estate.do(create_account, estate.operator, CreateAccount(name="dave"))
    caller = estate.store.read(lambda tx: authenticate(tx, made.token))
    assert (caller.uid, caller.role, caller.key_id) == (made.account.uid, Role.MEMBER, made.credential.id)
    stored = estate.get(Credential, made.credential.id)
    assert made.token not in repr(stored)
    assert estate.world.sealer.unseal(stored.sealed_secret) == made.access_key_secret
    for token in ("", "x", made.access_key_secret, "\ud800"):
        with pytest.raises(Unauthenticated):
            estate.store.read(lambda tx, token=token: authenticate(tx, token))


def test_ended_credential_proves_nothing(estate, alice):
    """NET-1: a deleted credential authenticates nobody."""
    made = estate.do(create_credential, alice, CreateCredential(role="reader"))
    assert estate.store.read(lambda tx: authenticate(tx, made.token)).role is Role.READER
    estate.do(delete_credential, alice, DeleteCredential(id=made.credential.id))
    with pytest.raises(Unauthenticated):
        estate.store.read(lambda tx: authenticate(tx, made.token))


def test_operator_account_is_made_once(estate):
    """NET-1: each start gives a fresh credential of the same account with money and a registration."""
    again = estate.store.write(lambda tx: ensure_operator(tx, estate.world))
    assert again.account.uid == estate.operator.uid
    assert (again.account.real_name, again.account.balance) == (True, 1_000_000)
    caller = estate.store.read(lambda tx: authenticate(tx, again.token))
    assert caller.role is Role.OPERATOR


def test_start_replaces_the_credential_of_the_start_before(estate):
    """NET-1: however often an installation starts, its operator has one credential of a start; those of people stay."""
    kept = estate.do(create_credential, estate.operator, CreateCredential(role="operator"))
    first, second = (estate.store.write(lambda tx: ensure_operator(tx, estate.world)) for _ in range(2))
    left = estate.ask(list_credentials, estate.operator).items
    assert {one.id for one in left} == {kept.credential.id, second.credential.id}
    with pytest.raises(Unauthenticated):
        estate.store.read(lambda tx: authenticate(tx, first.token))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"site": "moon"}, "site"),
        ({"real_name": "yes"}, "real_name"),
        ({"balance": "lots"}, "balance"),
        ({"balance": "NaN"}, "balance"),
        ({"balance": "1e400"}, "balance"),
        ({"balance": None}, "balance"),
    ],
)
def test_bad_account_is_refused(estate, fields, field):
    """NET-1: each wrong value is a problem with its field and rule, and nothing changes."""
    request = CreateAccount(**{"name": "dave", **fields})
    assert estate.refused(InvalidInput, create_account, estate.operator, request).field == field


def test_names_are_unique(estate, alice, bob):
    """NET-1: two accounts of one name can't be told apart."""
    estate.refused(AlreadyExists, create_account, estate.operator, CreateAccount(name="alice"))
    estate.refused(AlreadyExists, update_account, estate.operator, UpdateAccount(uid=bob.uid, name="alice"))
    same = UpdateAccount(uid=alice.uid, name="alice", balance="12.50")
    assert str(estate.do(update_account, estate.operator, same).balance) == "12.50"


def test_only_operators_manage_accounts(estate, alice, bob):
    """NET-1: tenants see themselves; operators everyone."""
    estate.refused(Forbidden, create_account, alice, CreateAccount(name="eve"))
    estate.refused(Forbidden, update_account, alice, UpdateAccount(uid=alice.uid, balance="9"))
    assert estate.ask(get_account, alice, alice.uid).name == "alice"
    with pytest.raises(NotFound):
        estate.ask(get_account, alice, bob.uid)
    assert [a.name for a in estate.ask(list_accounts, alice).items] == ["alice"]
    assert len(estate.ask(list_accounts, estate.operator).items) == 3


def test_credentials_stay_within_account_and_role(estate, alice, bob):
    """NET-1: nobody lifts itself, nobody reaches into another account."""
    error = estate.refused(Forbidden, create_credential, alice, CreateCredential(role="operator"))
    assert error.code == "role_too_high"
    estate.refused(Forbidden, create_credential, alice, CreateCredential(uid=bob.uid))
    estate.refused(InvalidInput, create_credential, alice, CreateCredential(role="king"))
    estate.refused(NotFound, create_credential, estate.operator, CreateCredential(uid="9" * 16))
    estate.refused(NotFound, delete_credential, alice, DeleteCredential(id=bob.key_id))
    estate.refused(
        Forbidden, delete_credential, Caller(bob.uid, Role.READER, ""), DeleteCredential(id=bob.key_id)
    )
    with pytest.raises(NotFound):
        estate.ask(list_credentials, alice, bob.uid)
    assert [c.id for c in estate.ask(list_credentials, estate.operator, bob.uid).items] == [bob.key_id]
    estate.do(delete_credential, estate.operator, DeleteCredential(id=bob.key_id))


def test_secrets_are_shown_once(estate, alice):
    """NET-1: a repeated token makes no second account or credential and shows nothing."""
    for use_case, caller, request, kind in (
        (create_account, estate.operator, CreateAccount(name="dave", client_token="t"), Account),
        (create_credential, alice, CreateCredential(client_token="t"), Credential),
    ):
        estate.do(use_case, caller, request)
        count = len(estate.all(kind))
        assert estate.refused(Conflict, use_case, caller, request).code == "secret_shown_once"
        assert len(estate.all(kind)) == count


def test_every_mutation_is_in_the_audit_log(estate, alice, bob):
    """NET-1: who did what to what, before and after; tenants read their own."""
    vpc = estate.vpc(alice, name="one")
    estate.do(update_vpc, alice, UpdateVpc(id=vpc.id, name="two"))
    entries = list_audit(estate.store, alice)
    assert [(e.action, e.resource_id, e.key_id) for e in entries if e.resource_id == vpc.id] == [
        ("vpc.create", vpc.id, alice.key_id),
        ("vpc.update", vpc.id, alice.key_id),
    ]
    last = entries[-1]
    assert (json.loads(last.before)["name"], json.loads(last.after)["name"]) == ("one", "two")
    assert json.loads(last.after)["cidr"] == "10.0.0.0/16"
    assert list_audit(estate.store, bob) == []
    with pytest.raises(Forbidden):
        list_audit(estate.store, bob, all_accounts=True)
    assert len(list_audit(estate.store, estate.operator, all_accounts=True)) > len(entries)


def test_no_secret_is_in_the_audit_log(estate):
    """NET-1: neither sealed secrets nor token hashes are written down twice."""
    made = estate.do(create_account, estate.operator, CreateAccount(name="dave"))
    text = repr(list_audit(estate.store, estate.operator, all_accounts=True))
    for secret in (
        made.token,
        made.access_key_secret,
        made.credential.token_hash,
        made.credential.sealed_secret,
    ):
        assert secret not in text


def test_update_without_a_change_leaves_no_trace(estate, alice):
    """NET-1: saying again what is so changes nothing."""
    vpc = estate.vpc(alice, name="one")
    before = estate.revision
    assert estate.do(update_vpc, alice, UpdateVpc(id=vpc.id, name="one")) == vpc
    assert estate.revision == before
