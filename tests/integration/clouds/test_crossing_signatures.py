"""Signatures of one cloud, service, time or place where another's belongs: none of them opens a door (API-2, API-4)."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from tests.support.api import Site, make_site
from tests.support.belongings import action_of
from tests.support.every_door import SIGNERS, Answer, Knocker, Sent

from peerway.api.serving.services import Limits

#: One reading action of each door, and how it may be signed.
READS = [
    ("alibaba", "alibaba vpc", "DescribeVpcs", "v1"),
    ("alibaba", "alibaba vpc", "DescribeVpcs", "v3"),
    ("tencent", "tencent vpc", "DescribeVpcs", ""),
    ("tencent", "tencent vpc", "DescribeVpcs", "v1"),
    ("tencent-v2", "tencent-v2 vpc", "DescribeVpcEx", ""),
    ("jdcloud", "jdcloud vpc", "describeVpcs", ""),
]
#: Those of them that may come twice: the clients of TC3 send nothing that tells two of one second apart.
REPEATABLE = {("tencent", "")}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The doors with a small bound on failures."""
    yield from make_site(Limits(failures_per_second=5))


@pytest.fixture
def knocker(site: Site) -> Iterator[Knocker]:
    """Somebody's way in; the failures of the test before are forgotten."""
    with closing(Knocker(site.account())) as found:
        yield found


def signed(knocker: Knocker, door: str, product: str, name: str, way: str) -> Sent:
    """A request that is right."""
    return SIGNERS[door](knocker, action_of(product, name), {}, way)


def refused(answer: Answer) -> bool:
    """Whether an answer is no success, nor anything that only a caller who was let in is told."""
    return bool(answer.code)


@pytest.mark.parametrize(("door", "product", "name", "way"), READS)
def test_a_request_comes_once(knocker: Knocker, door: str, product: str, name: str, way: str) -> None:
    """API-2: the very same bytes a second time are a replay, wherever clients send a nonce."""
    sent = signed(knocker, door, product, name, way)
    assert knocker.send(sent).code == ""
    assert refused(knocker.send(sent)) == ((door, way) not in REPEATABLE)


@pytest.mark.parametrize(("door", "product", "name", "way"), READS)
def test_a_signature_for_one_door_opens_no_other(
    knocker: Knocker, door: str, product: str, name: str, way: str
) -> None:
    """API-4: headers of one cloud with the target and body of another are refused in the words of whichever takes them."""
    mine = signed(knocker, door, product, name, way)
    for other, *asked in READS:
        if other != door:
            theirs = signed(knocker, other, *asked)
            for headers in (mine.headers, {**theirs.headers, **mine.headers}):
                mixed = replace(theirs, headers=headers)
                if "authorization" in {name.lower() for name in mine.headers}:
                    assert not opened(knocker, mixed), (mixed, door)


def opened(knocker: Knocker, sent: Sent) -> bool:
    """Whether any door lets the request in, whichever takes it; one that is signed in parameters is still itself."""
    if "Signature=" in sent.target or b"Signature=" in sent.body:
        return False
    for door in (sent.door, "alibaba", "tencent", "tencent-v2", "jdcloud"):
        try:
            return not refused(knocker.send(replace(sent, door=door)))
        except (AssertionError, KeyError, ValueError):
            knocker.close()
    return False


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-acs-action", "DeleteVpc"),
        ("x-acs-version", "2014-05-26"),
        ("x-acs-date", "2020-01-01T00:00:00Z"),
        ("x-acs-signature-nonce", "another"),
        ("x-acs-region-id", "cn-beijing"),
        ("x-acs-security-token", "x"),
        ("host", "elsewhere"),
    ],
)
def test_alibabas_v3_covers_all_that_tells_something(knocker: Knocker, header: str, value: str) -> None:
    """API-2: a header that says what is asked, changed or added on the way."""
    sent = signed(knocker, *READS[1])
    assert refused(knocker.send(replace(sent, headers={**sent.headers, header: value})))


def test_alibabas_v1_believes_no_header(knocker: Knocker) -> None:
    """API-2: what is asked stands in the signed parameters alone."""
    sent = signed(knocker, *READS[0])
    headers = {
        **sent.headers,
        "x-acs-action": "DeleteVpc",
        "x-acs-version": "2014-05-26",
        "x-acs-region-id": "cn-x",
    }
    assert knocker.send(replace(sent, headers=headers)).code == ""


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"x-tc-timestamp": "1"}, b"{}"),
        ({"host": "elsewhere"}, b"{}"),
        ({}, b'{"Limit": "1"}'),
        ({"x-tc-version": "2018-07-24"}, b"{}"),
    ],
)
def test_tencents_tc3_covers_time_host_body_and_service(
    knocker: Knocker, headers: dict[str, str], body: bytes
) -> None:
    """API-2: its clients sign no more than these (decision 33)."""
    sent = signed(knocker, *READS[2])
    assert refused(knocker.send(replace(sent, headers={**sent.headers, **headers}, body=body)))


def test_a_flood_of_wrong_signatures_keeps_nobody_out(knocker: Knocker) -> None:
    """API-4: an address that fails too often is told so, in each cloud's words; good requests from there are served."""
    wrong = Knocker(replace(knocker.account, secret="wrong"))
    codes = set()
    with closing(wrong):
        for place in range(200):
            case = READS[place % len(READS)]
            codes.add(wrong.send(signed(wrong, *case)).code)
            if place % 10 == 0:
                assert knocker.send(signed(knocker, *case)).code == ""
    assert {"Throttling.User", "RequestLimitExceeded", "RESOURCE_EXHAUSTED"} <= codes


@pytest.mark.parametrize("key_id", ["", "é", "a" * 200, "a b", "../x", "%00", "x'--", "a/b", "LTAI,x"])
@pytest.mark.parametrize(("door", "product", "name", "way"), READS)
def test_odd_key_ids_are_refused(
    knocker: Knocker, door: str, product: str, name: str, way: str, key_id: str
) -> None:
    """API-4: ids that no key has."""
    with closing(Knocker(replace(knocker.account, key_id=key_id))) as odd:
        assert refused(odd.send(signed(odd, door, product, name, way)))
