"""Notices: contact groups with URLs. What this product keeps beside them is kept as it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.products.monitor.pages import page_of
from peerway.api.tencent.products.monitor.product import PRODUCT, policies
from peerway.api.tencent.shapes import time_text
from peerway.app.usecases.contacts import (
    DeleteContactGroup,
    PutContactGroup,
    delete_contact_group,
    list_contact_groups,
    put_contact_group,
)
from peerway.domain.alarm import ContactGroup
from peerway.domain.errors import InvalidInput, NotFound

#: Most users and most URLs of a notice.
MOST_USERS: Final = 5
MOST_URLS: Final = 6

#: What is kept of a request as it came.
KEPT: Final = ("NoticeType", "NoticeLanguage", "UserNotices", "URLNotices")

#: What a notice says that another product made.
DEFAULTS: Final[Mapping[str, Any]] = {"NoticeType": "ALL", "NoticeLanguage": "zh-CN", "UserNotices": []}


@PRODUCT.writes("CreateAlarmNotice")
def create_alarm_notice(call: WriteCall, given: Given) -> Answer:
    """Make a notice; its name must be free."""
    for name, most in (("UserNotices", MOST_USERS), ("URLNotices", MOST_URLS)):
        if len(given.get(name, ())) > most:
            raise InvalidInput(name, f"must be at most {most}", len(given[name]))
    request = PutContactGroup(
        name=given["Name"],
        webhooks=tuple(one["URL"] for one in given.get("URLNotices", ())),
        extra=orjson.dumps({name: given[name] for name in KEPT if name in given}).decode(),
        fresh=True,
    )
    return {"NoticeId": call.use(put_contact_group, request).id}


@PRODUCT.finds("DescribeAlarmNotice")
def describe_alarm_notice(call: ReadCall, given: Given) -> Answer:
    """One notice."""
    group = require_notices(call, [given["NoticeId"]])[0]
    return {"Notice": notice_shape(group, _policy_ids(call).get(group.name, ()), call.caller.uid)}


@PRODUCT.reads("DescribeAlarmNotices")
def describe_alarm_notices(call: ReadCall, given: Given) -> Answer:
    """A page of the caller's notices."""
    found = [group for group in notices(call) if _fits(group, given)]
    found.sort(key=lambda group: (group.changed_at, group.id), reverse=given["Order"] == "DESC")
    telling = _policy_ids(call)
    page = page_of(given, found)
    rows = [notice_shape(group, telling.get(group.name, ()), call.caller.uid) for group in page]
    return {"TotalCount": len(found), "Notices": rows}


@PRODUCT.writes("DeleteAlarmNotices")
def delete_alarm_notices(call: WriteCall, given: Given) -> Answer:
    """Delete notices: all of them, or none when one is not there. Policies that name them go on without."""
    for group in require_notices(call, given["NoticeIds"]):
        call.use(delete_contact_group, DeleteContactGroup(name=group.name))
    return None


def notices(call: AnyCall) -> list[ContactGroup]:
    """The caller's notices."""
    return call.list(list_contact_groups)


def require_notices(call: AnyCall, ids: Sequence[str]) -> list[ContactGroup]:
    """The caller's notices of these ids, each once."""
    own = {group.id: group for group in notices(call)} if ids else {}
    for id in ids:
        if id not in own:
            raise NotFound("contact_group", id[:64], field="NoticeIds")
    return [own[id] for id in dict.fromkeys(ids)]


def notice_shape(group: ContactGroup, policy_ids: Sequence[str], uid: str) -> dict[str, Any]:
    """A notice as answers have it."""
    kept = {**DEFAULTS, **_kept(group)}
    urls = kept.get("URLNotices", [{"URL": url} for url in group.webhooks])
    return {
        "Id": group.id,
        "Name": group.name,
        "UpdatedAt": time_text(group.changed_at),
        "UpdatedBy": uid,
        "NoticeType": kept["NoticeType"],
        "NoticeLanguage": kept["NoticeLanguage"],
        "UserNotices": kept["UserNotices"],
        "URLNotices": urls,
        "CLSNotices": [],
        "PolicyIds": list(policy_ids),
        "IsPreset": 0,
        "AMPConsumerId": "",
        "Tags": [],
        "IsLoginFree": 0,
    }


def _kept(group: ContactGroup) -> Mapping[str, Any]:
    read = orjson.loads(group.extra) if group.extra else {}
    return read if isinstance(read, dict) and read.keys() <= set(KEPT) else {}


def _policy_ids(call: AnyCall) -> Mapping[str, list[str]]:
    """Policies by the names of the notices that they tell."""
    found: dict[str, list[str]] = {}
    for rule in policies(call):
        for name in rule.group_names:
            found.setdefault(name, []).append(rule.rule_id)
    return found


def _fits(group: ContactGroup, given: Given) -> bool:
    users = _kept(group).get("UserNotices", [])
    tests = (
        given.get("Name", "") in group.name,
        not given.get("NoticeIds") or group.id in given["NoticeIds"],
        not given.get("ReceiverType") or any(one["ReceiverType"] == given["ReceiverType"] for one in users),
        not given.get("UserIds") or _shares(users, "UserIds", given["UserIds"]),
        not given.get("GroupIds") or _shares(users, "GroupIds", given["GroupIds"]),
    )
    return all(tests)


def _shares(users: Iterable[Mapping[str, Any]], name: str, ids: Iterable[int]) -> bool:
    wanted = set(ids)
    return any(wanted.intersection(one.get(name, ())) for one in users)
