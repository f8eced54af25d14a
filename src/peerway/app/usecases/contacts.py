"""Contacts and contact groups (MON-2): who alarm rules tell. Both are put by their names: a new one makes, a known one replaces."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import require_member
from peerway.app.usecases.alarm_texts import ID_LENGTH, TEXT_LENGTH, check_filled, check_url
from peerway.app.usecases.limits import CALLER, check_limit
from peerway.app.usecases.storing import insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.alarm import Contact, ContactGroup
from peerway.domain.errors import AlreadyExists, InvalidInput, NotFound
from peerway.domain.text import check_flag, check_text

#: What a group may hold.
MOST_CONTACTS: Final = 100
MOST_WEBHOOKS: Final = 10

#: Longest text that products keep beside a group.
EXTRA_LENGTH: Final = 65_536

MAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
PHONE: Final = re.compile(r"\+?[0-9][0-9 -]{3,24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PutContact:
    """Make a contact, or replace the one of that name."""

    #: Unique within the account.
    name: str
    #: Free text.
    description: str = ""
    #: Mail address.
    mail: str = ""
    #: Telephone number for text messages.
    sms: str = ""
    #: URL of a chat room's robot.
    webhook: str = ""
    #: Instant messenger's name.
    messenger: str = ""
    #: Language of the messages.
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteContact:
    """Delete a contact; groups that name it lose it."""

    #: Its name.
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutContactGroup:
    """Make a group, or replace the one of that name."""

    #: Unique within the account.
    name: str
    #: Free text.
    description: str = ""
    #: Names of its contacts; each has to exist.
    contact_names: tuple[str, ...] = ()
    #: URLs that are called beside them.
    webhooks: tuple[str, ...] = ()
    #: Whether it gets product news.
    subscribed: bool = False
    #: What products keep beside all that, as JSON text.
    extra: str = ""
    #: Whether one of that name must not be there yet.
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteContactGroup:
    """Delete a group; rules that name it go on without."""

    #: Its name.
    name: str


def put_contact(tx: Writer, world: World, caller: Caller, request: PutContact) -> Contact:
    """Make or replace a contact."""
    require_member(caller)
    name = check_filled(request.name, "name", ID_LENGTH)
    before = _contact(tx, caller, name)
    contact = Contact(
        id=before.id if before else world.entropy.new_id("contact"),
        owner_uid=caller.uid,
        created_at=before.created_at if before else tx.now,
        revision=before.revision if before else 0,
        name=name,
        description=check_text(request.description, "description", TEXT_LENGTH),
        mail=_matching(request.mail, "mail", MAIL, "must be a mail address"),
        sms=_matching(request.sms, "sms", PHONE, "must be a telephone number"),
        webhook=check_url(request.webhook, "webhook"),
        messenger=check_text(request.messenger, "messenger", TEXT_LENGTH),
        language=check_text(request.language, "language", TEXT_LENGTH),
        changed_at=before.changed_at if before else tx.now,
    )
    if before is None:
        used = tx.count(Contact, where("owner_uid", caller.uid))
        check_limit(
            tx, world, "contacts_per_account", caller.uid, used, scope=f"account {caller.uid}", field=CALLER
        )
        return insert(tx, caller, contact)
    return (
        before
        if contact == before
        else replace_stored(tx, caller, before, replace(contact, changed_at=tx.now))
    )


def get_contact(tx: Reader, world: World, caller: Caller, name: str) -> Contact:
    """A contact of the caller's, by its name."""
    found = _contact(tx, caller, name)
    if found is None:
        raise NotFound("contact", name[:64], field="name")
    return found


def list_contacts(tx: Reader, world: World, caller: Caller) -> list[Contact]:
    """The caller's contacts, in order of creation; there are as many as the limit allows."""
    return tx.select(Contact, where("owner_uid", caller.uid))


def delete_contact(tx: Writer, world: World, caller: Caller, request: DeleteContact) -> Contact:
    """Delete a contact, and take it out of the caller's groups."""
    require_member(caller)
    contact = get_contact(tx, world, caller, request.name)
    for group in list_contact_groups(tx, world, caller):
        if contact.name in group.contact_names:
            left = tuple(name for name in group.contact_names if name != contact.name)
            replace_stored(tx, caller, group, replace(group, contact_names=left, changed_at=tx.now))
    remove(tx, caller, contact)
    return contact


def put_contact_group(tx: Writer, world: World, caller: Caller, request: PutContactGroup) -> ContactGroup:
    """Make or replace a group; `NotFound` for a contact that does not exist, `AlreadyExists` for a fresh one that is there."""
    require_member(caller)
    name = check_filled(request.name, "name", ID_LENGTH)
    before = _group(tx, caller, name)
    if before is not None and check_flag(request.fresh, "fresh"):
        raise AlreadyExists(f"there is a contact group {name}", code="group_exists", field="name")
    group = ContactGroup(
        id=before.id if before else world.entropy.new_id("contact-group"),
        owner_uid=caller.uid,
        created_at=before.created_at if before else tx.now,
        revision=before.revision if before else 0,
        name=name,
        description=check_text(request.description, "description", TEXT_LENGTH),
        contact_names=_known(tx, world, caller, request.contact_names),
        webhooks=_webhooks(request.webhooks),
        subscribed=check_flag(request.subscribed, "subscribed"),
        extra=_extra(request.extra),
        changed_at=before.changed_at if before else tx.now,
    )
    if before is None:
        used = tx.count(ContactGroup, where("owner_uid", caller.uid))
        check_limit(
            tx,
            world,
            "contact_groups_per_account",
            caller.uid,
            used,
            scope=f"account {caller.uid}",
            field=CALLER,
        )
        return insert(tx, caller, group)
    return (
        before if group == before else replace_stored(tx, caller, before, replace(group, changed_at=tx.now))
    )


def get_contact_group(tx: Reader, world: World, caller: Caller, name: str) -> ContactGroup:
    """A group of the caller's, by its name."""
    found = _group(tx, caller, name)
    if found is None:
        raise NotFound("contact_group", name[:64], field="name")
    return found


def list_contact_groups(tx: Reader, world: World, caller: Caller) -> list[ContactGroup]:
    """The caller's groups, in order of creation; there are as many as the limit allows."""
    return tx.select(ContactGroup, where("owner_uid", caller.uid))


def delete_contact_group(
    tx: Writer, world: World, caller: Caller, request: DeleteContactGroup
) -> ContactGroup:
    """Delete a group."""
    require_member(caller)
    group = get_contact_group(tx, world, caller, request.name)
    remove(tx, caller, group)
    return group


def _contact(tx: Reader, caller: Caller, name: str) -> Contact | None:
    own = tx.select(Contact, where("owner_uid", caller.uid))
    return next((contact for contact in own if contact.name == name), None)


def _group(tx: Reader, caller: Caller, name: str) -> ContactGroup | None:
    own = tx.select(ContactGroup, where("owner_uid", caller.uid))
    return next((group for group in own if group.name == name), None)


def _known(tx: Reader, world: World, caller: Caller, names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > MOST_CONTACTS:
        raise InvalidInput("contact_names", f"must be at most {MOST_CONTACTS}", len(names))
    present = {contact.name for contact in list_contacts(tx, world, caller)}
    for name in names:
        if name not in present:
            raise NotFound("contact", name[:64], field="contact_names")
    return tuple(dict.fromkeys(names))


def _webhooks(urls: tuple[str, ...]) -> tuple[str, ...]:
    if len(urls) > MOST_WEBHOOKS:
        raise InvalidInput("webhooks", f"must be at most {MOST_WEBHOOKS}", len(urls))
    return tuple(check_url(check_filled(url, "webhooks", TEXT_LENGTH), "webhooks") for url in urls)


def _extra(text: str) -> str:
    if len(text) > EXTRA_LENGTH:
        raise InvalidInput("extra", f"must have at most {EXTRA_LENGTH} characters")
    return text


def _matching(text: object, field: str, pattern: re.Pattern[str], rule: str) -> str:
    value = check_text(text, field, TEXT_LENGTH)
    if value and not pattern.fullmatch(value):
        raise InvalidInput(field, rule, value, code=field)
    return value
