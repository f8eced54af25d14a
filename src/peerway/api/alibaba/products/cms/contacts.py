"""Contacts and contact groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peerway.api.alibaba.products.cms.product import PRODUCT, done, millis, page_of
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall, WriteCall
from peerway.api.clouds.paging import numbered
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases.contacts import (
    DeleteContact,
    DeleteContactGroup,
    PutContact,
    PutContactGroup,
    delete_contact,
    delete_contact_group,
    list_contact_groups,
    put_contact,
    put_contact_group,
)
from peerway.domain.alarm import Contact, ContactGroup


@PRODUCT.writes("PutContact")
def put(call: WriteCall, given: Given) -> Answer:
    """Make or replace a contact."""
    channels = given.get("Channels", {})
    request = PutContact(
        name=given["ContactName"],
        description=given["Describe"],
        mail=channels.get("Mail", ""),
        sms=channels.get("SMS", ""),
        webhook=channels.get("DingWebHook", ""),
        messenger=channels.get("AliIM", ""),
        language=given.get("Lang", ""),
    )
    call.use(put_contact, request)
    return done()


@PRODUCT.reads("DescribeContactList")
def describe_contact_list(call: ReadCall, given: Given) -> Answer:
    """Contacts by name or by one of their channels."""
    number, size = page_of(given, 100)
    own = where("owner_uid", call.caller.uid)
    page = numbered(call.tx, Contact, own, number=number, size=size, keep=_wanted(given))
    groups = call.list(list_contact_groups)
    return done(Contacts={"Contact": [_contact(one, groups) for one in page.items]}, Total=page.total)


@PRODUCT.writes("DeleteContact")
def delete(call: WriteCall, given: Given) -> Answer:
    """Delete a contact."""
    call.use(delete_contact, DeleteContact(name=given["ContactName"]))
    return done()


@PRODUCT.writes("PutContactGroup")
def put_group(call: WriteCall, given: Given) -> Answer:
    """Make or replace a group."""
    request = PutContactGroup(
        name=given["ContactGroupName"],
        description=given.get("Describe", ""),
        contact_names=tuple(given.get("ContactNames", ())),
        subscribed=given.get("EnableSubscribed", False),
    )
    call.use(put_contact_group, request)
    return done()


@PRODUCT.reads("DescribeContactGroupList")
def describe_contact_group_list(call: ReadCall, given: Given) -> Answer:
    """Groups, whole and by name."""
    number, size = page_of(given, 100)
    page = numbered(call.tx, ContactGroup, where("owner_uid", call.caller.uid), number=number, size=size)
    return done(
        ContactGroupList={"ContactGroup": [_group(one) for one in page.items]},
        ContactGroups={"ContactGroup": [one.name for one in page.items]},
        Total=page.total,
    )


@PRODUCT.writes("DeleteContactGroup")
def delete_group(call: WriteCall, given: Given) -> Answer:
    """Delete a group."""
    call.use(delete_contact_group, DeleteContactGroup(name=given["ContactGroupName"]))
    return done()


def _wanted(given: Given) -> Callable[[Contact], bool] | None:
    name, kind, value = (given.get(one) for one in ("ContactName", "ChanelType", "ChanelValue"))
    if name is None and value is None:
        return None

    def keep(contact: Contact) -> bool:
        channels = _channels(contact)
        held = channels.values() if kind is None else [channels.get(kind)]
        return name in {None, contact.name} and (value is None or value in held)

    return keep


def _channels(contact: Contact) -> dict[str, str]:
    return {
        "Mail": contact.mail,
        "SMS": contact.sms,
        "DingWebHook": contact.webhook,
        "AliIM": contact.messenger,
    }


def _contact(contact: Contact, groups: list[ContactGroup]) -> dict[str, Any]:
    channels = {name: value for name, value in _channels(contact).items() if value}
    shown = {
        "Name": contact.name,
        "Desc": contact.description,
        "Channels": channels,
        "ChannelsState": dict.fromkeys(channels, "OK"),
        "ContactGroups": {
            "ContactGroup": [group.name for group in groups if contact.name in group.contact_names]
        },
        "CreateTime": millis(contact.created_at),
        "UpdateTime": millis(contact.changed_at),
    }
    # A language that nobody chose is not told: Terraform would want to take it away.
    return {**shown, "Lang": contact.language} if contact.language else shown


def _group(group: ContactGroup) -> dict[str, Any]:
    return {
        "Name": group.name,
        "Describe": group.description,
        "Contacts": {"Contact": list(group.contact_names)},
        "EnableSubscribed": group.subscribed,
        "EnabledWeeklyReport": False,
        "CreateTime": millis(group.created_at),
        "UpdateTime": millis(group.changed_at),
    }
