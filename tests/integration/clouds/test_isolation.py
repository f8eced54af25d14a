"""Tenants, readers and keys that are gone at all of the clouds' doors: every action of every catalogue (NET-1, API-3)."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from tests.support.api import Account, Site
from tests.support.belongings import Belongings, own_everything
from tests.support.every_door import DOORS, Answer, Knocker, actions
from tests.support.likely import filled, id_names, leaves

from peerway.api.clouds.action import Action, Effect
from peerway.app.store import Reader
from peerway.domain.account import Credential

#: Codes that say that somebody may not do this, and those that say that a key is none.
MAY_NOT = {
    "NoPermission",
    "Forbidden.NoPermission",
    "UnauthorizedOperation",
    "OperationDenied",
    "PERMISSION_DENIED",
}
DISABLED = {
    "alibaba": {"InvalidAccessKeyId.Inactive"},
    "tencent": {"AuthFailure.SecretIdNotFound"},
    "tencent-v2": {"InvalidSecretId"},
    "jdcloud": {"UNAUTHENTICATED"},
}
GONE = DISABLED | {"alibaba": {"InvalidAccessKeyId.NotFound"}}

#: Parameters that name another account's VPC on purpose: a half of a connection may be asked for with any that is there.
FOREIGN = {("createVpcPeering", "remoteVpcId")}

#: Texts that are new in every answer.
FRESH = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@pytest.fixture(scope="module")
def owner(site: Site) -> Belongings:
    """Somebody who has one of everything."""
    return own_everything(site)


@pytest.fixture(scope="module")
def stranger(site: Site) -> Iterator[tuple[Belongings, Knocker]]:
    """Somebody else who has, so that all but the one id of a request is in order."""
    found = own_everything(site)
    with closing(Knocker(found.owner)) as knocker:
        yield found, knocker


def unlike(id: str) -> str:
    """An id like that one which never was."""
    return id[:-4] + ("0000" if id[-4:] != "0000" else "1111")


def told(answer: Answer, id: str) -> tuple[int, str, str]:
    """What an answer says but for the id that was asked for."""
    return answer.status, answer.code, FRESH.sub("", answer.text.replace(id, "ID"))


def questions(action: Action, owner: Belongings) -> Iterator[tuple[str, str]]:
    """Each parameter that takes an id, with each of the owner's that it may be."""
    for name in sorted({leaf.name for leaf in leaves(action.parameters)}):
        for what in id_names(name):
            if (action.name, name) not in FOREIGN:
                yield name, owner.ids[what]


@pytest.mark.parametrize("door", DOORS)
def test_foreign_ids_answer_like_missing_ones(
    site: Site, owner: Belongings, stranger: tuple[Belongings, Knocker], door: str
) -> None:
    """Whatever takes an id: another tenant's is answered exactly as one that never was, tells nothing and changes nothing."""
    theirs, knocker = stranger
    names = [
        (action, *question) for at, action in actions() if at == door for question in questions(action, owner)
    ]
    assert names
    before = site.store.latest_revision()
    for action, name, id in names:
        foreign, missing = (
            knocker.ask(door, action, filled(action.parameters, theirs.ids, name, asked))
            for asked in (id, unlike(id))
        )
        assert told(foreign, id) == told(missing, unlike(id)), (action.name, name, id)
        assert_nothing_of(owner, foreign, id)
    changed = site.store.read(lambda tx: tx.changes(before, 10_000))
    assert not [one for one in changed if owner.owner.uid in one.uids]


def assert_nothing_of(owner: Belongings, answer: Answer, asked: str) -> None:
    """Nothing that the owner has is in an answer, but for the id that was asked for."""
    found = {
        what
        for what, id in owner.ids.items()
        if id != asked and re.search(rf"{re.escape(id)}\b", answer.body)
    }
    assert not found, answer
    assert owner.mark in asked or owner.mark not in answer.body, answer


def test_lists_hold_nothing_of_others(site: Site, owner: Belongings) -> None:
    """A newcomer who asks for everything there is gets nothing of anybody's."""
    knocker = Knocker(site.account())
    for door, action in actions():
        if action.operation.effect is not Effect.WRITE:
            answer = knocker.ask(door, action, {})
            assert_nothing_of(owner, answer, "")
            assert "Zanzibar" not in answer.body, answer
    knocker.close()


def another_key(owner: Belongings, role: str) -> tuple[str, Account]:
    """A further credential of the owner's: its id, and the account with it."""
    made = owner.owner.ok("POST", f"/accounts/{owner.owner.uid}/credentials", {"role": role})
    return made["id"], replace(owner.owner, key_id=made["access_key_id"], secret=made["access_key_secret"])


def test_readers_change_nothing(site: Site, owner: Belongings) -> None:
    """NET-1: every action that writes is refused to a reader in the cloud's own word for that, whatever else is wrong with it."""
    _, reader = another_key(owner, "reader")
    knocker = Knocker(reader)
    before = site.store.latest_revision()
    for door, action in actions():
        if action.operation.effect is Effect.WRITE:
            for tree in ({}, filled(action.parameters, owner.ids)):
                in_path: dict[str, Any] = {"regionId": "cn-hangzhou"} if door == "jdcloud" else {}
                answer = knocker.ask(door, action, tree or in_path)
                assert answer.code in MAY_NOT, (action.name, answer)
    assert site.store.latest_revision() == before
    knocker.close()


@pytest.mark.parametrize("door", DOORS)
def test_keys_end_at_once(site: Site, owner: Belongings, door: str) -> None:
    """NET-1: a key that was disabled, and one that was deleted, opens no door from that moment on."""
    action = next(one for at, one in actions() if at == door and one.operation.effect is Effect.READ)
    id, account = another_key(owner, "member")
    knocker = Knocker(account)
    first = knocker.ask(door, action, filled(action.parameters, owner.ids))
    assert first.code not in GONE[door] | DISABLED[door]
    site.store.write(lambda tx: tx.update(disabled(tx, id)))
    assert knocker.ask(door, action, {}).code in DISABLED[door]
    owner.owner.ok("DELETE", f"/credentials/{id}")
    assert knocker.ask(door, action, {}).code in GONE[door]
    knocker.close()


def disabled(tx: Reader, id: str) -> Credential:
    """The credential, switched off."""
    found = tx.get(Credential, id)
    assert found is not None
    return replace(found, enabled=False)
