"""Alibaba Cloud's door at its edges: forms of answers, what is believed, and whatever may be sent to it (API-1)."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from tests.support.alibaba import (
    CAPTURED_AT,
    FORM,
    SECRETS,
    Request,
    captures,
    signed_v1,
    signed_v3,
)
from tests.support.api import Account, Site, serving

from peerway.api.alibaba.catalogue import PRODUCTS
from peerway.app.clock import VirtualClock
from peerway.app.store import Reader
from peerway.domain.account import Credential, Role

STS, PEER = "2015-04-01", "2022-01-01"
IDENTITY = {"Action": "GetCallerIdentity", "Version": STS}
LIST = {"Action": "ListVpcPeerConnections", "Version": PEER}


@pytest.fixture(scope="module")
def account(site: Site) -> Account:
    """An account that all tests here share."""
    return site.account()


@pytest.fixture(scope="module")
def endpoint(site: Site) -> str:
    """The door."""
    return str(site.client.base_url).removeprefix("http://").rstrip("/")


def answer(request: Request, endpoint: str) -> tuple[int, dict[str, object]]:
    """Status and content of a JSON answer."""
    status, media, body = request.send(endpoint)
    assert media.startswith("application/json"), body
    return status, json.loads(body)


def code(request: Request, endpoint: str) -> str:
    """The code of a refused request; what is refused is never our fault."""
    status, content = answer(request, endpoint)
    assert 400 <= status < 500, content
    return str(content["Code"])


def by_v1(account: Account, query: dict[str, str], form: dict[str, str] | None = None, **how: str) -> Request:
    """A request of the account's."""
    return signed_v1(account.key_id, account.secret, query, form, **how)


def disabled(tx: Reader, key_id: str) -> Credential:
    """The credential, switched off."""
    found = tx.get(Credential, key_id)
    assert found is not None
    return dataclasses.replace(found, enabled=False)


def test_an_answer_is_flat_json_with_the_requests_id(account: Account, endpoint: str) -> None:
    """Facts 3.3: the fields of the action and `RequestId`, an upper-case UUID, by GET and POST."""
    for method in ("GET", "POST"):
        status, content = answer(by_v1(account, IDENTITY, method=method), endpoint)
        assert (status, content["AccountId"]) == (200, account.uid)
        request_id = str(content["RequestId"])
        assert (len(request_id), request_id) == (36, request_id.upper())


def test_a_refusal_has_code_message_host_and_where_to_read_on(account: Account, endpoint: str) -> None:
    """Facts 3.4: the error's envelope."""
    status, content = answer(by_v1(account, {**IDENTITY, "Action": "None"}, host="door:80"), endpoint)
    assert status == 404
    assert (content["Code"], content["HostId"]) == ("InvalidAction.NotFound", "door:80")
    assert content["Message"]
    assert content["RequestId"]
    assert str(content["Recommend"]).startswith(
        "https://api.aliyun.com/troubleshoot?q=InvalidAction.NotFound"
    )


def test_xml_is_answered_where_it_is_asked_for(account: Account, endpoint: str) -> None:
    """Facts 3.4: by `Format`, for answers and refusals; clients look for exactly this type."""
    cases = [
        (IDENTITY, "GetCallerIdentityResponse", 200),
        ({**LIST, "MaxResults": "0"}, "Error", 400),
        ({**IDENTITY, "Action": "None"}, "Error", 404),
    ]
    for query, root, wanted in cases:
        status, media, body = by_v1(account, {**query, "Format": "XML"}).send(endpoint)
        assert (status, media) == (wanted, "text/xml;charset=utf-8")
        document = ET.fromstring(body)  # noqa: S314 - made by the door itself
        assert document.tag == root
        assert document.findtext("RequestId")


def test_v1_without_a_form_is_answered_in_xml_and_v3_in_json(account: Account, endpoint: str) -> None:
    """Both as the cloud does when the request does not say."""
    wanted = signed_v1(account.key_id, account.secret, {**IDENTITY, "Format": ""})
    assert wanted.send(endpoint)[1] == "text/xml;charset=utf-8"
    newer = signed_v3(account.key_id, account.secret, (STS, "GetCallerIdentity"))
    assert newer.send(endpoint)[1] == "application/json"


def test_parameters_of_query_and_form_are_one(account: Account, endpoint: str) -> None:
    """Facts 3.1: clients part them as they like, the common ones too; the type may name a charset."""
    status, _ = answer(by_v1(account, LIST, {"MaxResults": "5", "RegionId": "cn-hangzhou"}), endpoint)
    assert status == 200
    status, content = answer(by_v1(account, {"MaxResults": "5"}, {**LIST, "Name": "测试 ~*+"}), endpoint)
    assert (status, content["MaxResults"]) == (200, 5)
    request = by_v1(account, LIST, {"MaxResults": "5"})
    charset = {**request.headers, "content-type": f"{FORM}; charset=UTF-8"}
    assert answer(dataclasses.replace(request, headers=charset), endpoint)[0] == 200


def test_an_unsigned_body_is_never_read(account: Account, endpoint: str) -> None:
    """A v1 signature covers forms alone: parameters in a body of another type are nobody's."""
    request = by_v1(account, LIST)
    for media in ("application/json", "text/plain", "multipart/form-data", ""):
        body = b"MaxResults=7&RegionId=mars-1"
        other = dataclasses.replace(request, body=body, headers={**request.headers, "content-type": media})
        fresh = by_v1(account, LIST)
        sent = dataclasses.replace(other, query=fresh.query)
        status, content = answer(sent, endpoint)
        assert (status, content["MaxResults"]) == (200, 20)
    form = dataclasses.replace(
        by_v1(account, LIST), body=b"MaxResults=7", headers={"host": "h", "content-type": FORM}
    )
    assert code(form, endpoint) == "SignatureDoesNotMatch"


def test_a_v1_request_is_what_its_parameters_say(account: Account, endpoint: str) -> None:
    """Headers that no signature covers can't turn a request into another one."""
    request = by_v1(account, {"Version": STS})
    headers = {**request.headers, "x-acs-action": "GetCallerIdentity", "x-acs-version": STS}
    assert code(dataclasses.replace(request, headers=headers), endpoint) == "MissingParameter"


def test_who_can_not_be_told_is_refused_in_the_clouds_words(
    site: Site, account: Account, endpoint: str
) -> None:
    """Facts 4.4: a code for each way in which a signature can be wrong."""
    key, secret = account.key_id, account.secret
    old = (datetime.now(UTC) - timedelta(minutes=16)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert code(Request("GET", urlencode(IDENTITY), {"host": "h"}), endpoint) == "MissingAccessKeyId"
    assert code(Request("GET", urlencode({**IDENTITY, "AccessKeyId": key}), {"host": "h"}), endpoint) == (
        "MissingSignature"
    )
    for strange in ("none", "a\0b", "'; --", "k" * 500, "键"):
        assert code(signed_v1(strange, secret, IDENTITY), endpoint) == "InvalidAccessKeyId.NotFound"
    assert code(signed_v1(key, "wrong", IDENTITY), endpoint) == "SignatureDoesNotMatch"
    assert (
        code(signed_v1(key, secret, {**IDENTITY, "Timestamp": old}), endpoint) == "InvalidTimeStamp.Expired"
    )
    assert (
        code(signed_v1(key, secret, {**IDENTITY, "Timestamp": "now"}), endpoint) == "InvalidTimeStamp.Format"
    )
    again = signed_v1(key, secret, IDENTITY)
    assert answer(again, endpoint)[0] == 200
    assert code(again, endpoint) == "SignatureNonceUsed"
    other = site.account()
    site.store.write(lambda tx: tx.update(disabled(tx, other.key_id)))
    assert code(signed_v1(other.key_id, other.secret, IDENTITY), endpoint) == "InvalidAccessKeyId.Inactive"
    bearer = Request("POST", urlencode(IDENTITY), {"host": "h", "authorization": f"Bearer {account.token}"})
    assert code(bearer, endpoint) == "MissingAccessKeyId"


def test_unknown_actions_versions_and_methods_are_refused(account: Account, endpoint: str) -> None:
    """Facts 4.4."""
    assert code(by_v1(account, {"Action": "A", "Version": "1999-01-01"}), endpoint) == "InvalidVersion"
    assert code(by_v1(account, {"Version": STS}), endpoint) == "MissingParameter"
    assert code(by_v1(account, {"Action": "GetCallerIdentity"}), endpoint) == "MissingParameter"
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert code(by_v1(account, IDENTITY, method=method), endpoint) == "UnsupportedHTTPMethod"


HOSTILE = {
    "no UTF-8": "Name=%ff%fe",
    "no UTF-8 in a name": "%c3%28=1",
    "NUL": "Name=%00",
    "NUL in a name": "%00=%00",
    "half an escape": "Name=%&x=%2&%zz=1",
    "a surrogate": "Name=%ed%a0%80",
    "value and branch": "Tags=1&Tags.1.Key=k",
    "branch and value": "Tags.1.Key=k&Tags.1=v",
    "twice": "Name=a&Name=b",
    "deep": "Tags." + "1." * 5000 + "Key=k",
    "dots": "....=1&.=2",
    "many": "&".join(f"p{number}=1" for number in range(6000)),
    "a large number": f"MaxResults={'9' * 5000}",
    "a number in other digits": "MaxResults=%D9%A3",
    "a huge place": "Tags.99999999999999999999.Key=k",
    "no place": "Tags.x.Key=k",
    "text for a list": "Tags=k",
    "a list of text": "Tags.1=k",
    "braces": "Name={0.__class__}&Tags.1.Key={id}",
    "a long name": f"{'n' * 60_000}=1",
    "a long value": f"Name={'n' * 60_000}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_parameters_never_break_the_door(account: Account, endpoint: str, name: str) -> None:
    """Whatever is sent, signed or not, by query or form: the cloud's words, never a failure and never a hang."""
    for request in (
        Request("GET", f"Action=ListVpcPeerConnections&Version={PEER}&{HOSTILE[name]}", {"host": "h"}),
        Request("POST", urlencode(LIST), {"host": "h", "content-type": FORM}, HOSTILE[name].encode()),
        dataclasses.replace(
            by_v1(account, LIST), headers={"host": "h", "content-type": FORM}, body=HOSTILE[name].encode()
        ),
        signed_v3(
            account.key_id,
            account.secret,
            (PEER, "ListVpcPeerConnections"),
            body=HOSTILE[name].encode(),
            content_type=FORM,
        ),
    ):
        status, media, body = request.send(endpoint)
        assert 200 <= status < 500, body
        if status != 200:
            # The server itself turns away a target of 64 KiB before the door sees it.
            assert media.startswith(("application/json", "text/xml", "text/plain")), body


def test_a_signed_hostile_value_is_refused_by_its_parameter(account: Account, endpoint: str) -> None:
    """The code says which parameter it was."""
    for query, wanted in (
        ({**LIST, "Name": "\0"}, "IllegalParam.Name"),
        ({**LIST, "MaxResults": "x"}, "IllegalParam.MaxResults"),
        ({**LIST, "Tags": "x"}, "IllegalParam.Tags"),
        ({**LIST, "Tags.x.Key": "x"}, "IllegalParam.Tags"),
        ({**LIST, "Name": "{secret}{0}", "MaxResults": "-1"}, "IllegalParam.MaxResults"),
    ):
        assert code(by_v1(account, query), endpoint) == wanted


def test_a_body_of_ten_megabytes_is_turned_away(account: Account, endpoint: str) -> None:
    """It is not read to its end."""
    body = b"a=" + b"x" * (10 << 20)
    request = Request("POST", urlencode(LIST), {"host": "h", "content-type": FORM}, body)
    try:
        assert code(request, endpoint) == "RequestEntityTooLarge"
    except ConnectionError:
        # The door may close while the client still sends.
        assert answer(by_v1(account, IDENTITY), endpoint)[0] == 200


def test_repeated_headers_do_not_help(account: Account, endpoint: str) -> None:
    """Of two headers of one name the first counts, for what is signed and for what is done."""
    request = signed_v3(account.key_id, account.secret, (STS, "GetCallerIdentity"))
    (line,) = [value for name, value in request.headers.items() if name == "x-acs-action"]
    after = dataclasses.replace(
        request,
        headers={**request.headers, "x-acs-action": f"{line}\r\nx-acs-action: DeleteVpcPeerConnection"},
    )
    status, content = answer(after, endpoint)
    assert (status, content["AccountId"]) == (200, account.uid)
    request = signed_v3(account.key_id, account.secret, (STS, "GetCallerIdentity"))
    before = f"Other\r\nx-acs-action: {line}"
    assert code(
        dataclasses.replace(request, headers={**request.headers, "x-acs-action": before}), endpoint
    ) == ("InvalidAction.NotFound")


@pytest.fixture(scope="module")
def then(site: Site) -> Iterator[tuple[str, VirtualClock]]:
    """The door at the time of the captures, with an account that has their keys."""
    clock = VirtualClock(CAPTURED_AT)
    world = site.services.world
    for key_id, secret in SECRETS.items():
        owner = site.account()
        sealed = world.sealer.seal(secret)
        made = Credential(
            id=key_id,
            owner_uid=owner.uid,
            created_at=CAPTURED_AT,
            role=Role.MEMBER,
            token_hash=f"none of {key_id}",
            sealed_secret=sealed,
        )
        site.store.write(lambda tx, made=made: tx.insert(made))
    with serving(dataclasses.replace(site.services, clock=clock)) as url:
        yield url.removeprefix("http://"), clock


#: What is no answer to a request that was understood.
NOT_UNDERSTOOD = {
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidAccessKeyId.NotFound",
    "InvalidTimeStamp.Expired",
    "InvalidAction.NotFound",
    "InvalidVersion",
    "SignatureNonceUsed",
    "InternalError",
}


#: The captures of products that are spoken here.
SPOKEN = [
    one for one in captures() if one.headers["x-acs-version"] in {product.version for product in PRODUCTS}
]


@pytest.mark.parametrize("captured", SPOKEN, ids=lambda request: request.name)
def test_what_the_clients_sent_is_understood_byte_by_byte(
    then: tuple[str, VirtualClock], captured: Request
) -> None:
    """API-1, API-2: each captured request gets past the signature once, and fails only for what it names."""
    endpoint, _ = then
    tampered = dataclasses.replace(captured, query=f"{captured.query}&Added=1")
    assert code(tampered, endpoint) == "SignatureDoesNotMatch"
    status, _, body = captured.send(endpoint)
    assert status < 500, body
    if status >= 400:
        told = json.loads(body)
        assert told["Code"] not in NOT_UNDERSTOOD, told
    assert code(captured, endpoint) == "SignatureNonceUsed"


def test_what_was_sent_too_long_ago_is_refused(then: tuple[str, VirtualClock]) -> None:
    """Facts 4.4: fifteen minutes either way; the last test here, since clocks move forward only."""
    endpoint, clock = then
    clock.advance(timedelta(hours=1))
    for captured in SPOKEN:
        assert code(captured, endpoint) == "InvalidTimeStamp.Expired"
