"""Garbage at all of the clouds' doors, signed and unsigned: always the cloud's own answer, and what is refused changes nothing."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.support.api import Site, make_site
from tests.support.belongings import own_everything
from tests.support.every_door import DOORS, Knocker, Sent, actions
from tests.support.garbage import TEXTS, Garbage

from peerway.api.clouds.action import Action
from peerway.api.serving.services import Limits

#: Signatures and methods of each door.
WAYS = {
    "alibaba": ("v1", "xml", "v3"),
    "tencent": ("", "", "v1"),
    "tencent-v2": ("", "post"),
    "jdcloud": ("",),
}
#: An account whose things were deleted by luck begins anew after so many requests.
FRESH_AFTER = 1500

#: Texts of which unsigned requests are made.
WORDS = (
    "Action",
    "Version",
    "SecretId",
    "Signature",
    "AccessKeyId",
    "Timestamp",
    "Nonce",
    "SignatureNonce",
    "Region",
    "Format",
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The doors for one who never tires."""
    yield from make_site(
        Limits(failures_per_second=1_000_000, requests_per_second=1_000_000, burst=1_000_000)
    )


def takes_texts(door: str, action: Action, way: str) -> bool:
    """Whether all values of a request are texts."""
    if door == "jdcloud":
        return action.extra["method"] in {"GET", "DELETE"}
    return door != "tencent" or way == "v1"


def barrage(site: Site, seed: int, many: int, wild: float) -> Counter[str]:
    """So many requests to all actions in turn; the codes of their answers."""
    chance, catalogue = random.Random(seed), list(actions())
    codes: Counter[str] = Counter()
    for start in range(0, many, FRESH_AFTER):
        owner = own_everything(site)
        garbage = Garbage(chance, owner.ids, wild)
        with closing(Knocker(owner.owner)) as knocker:
            for _ in range(start, min(start + FRESH_AFTER, many)):
                door, action = chance.choice(catalogue)
                way = chance.choice(WAYS[door])
                tree = garbage.tree(action.parameters, texts=takes_texts(door, action, way))
                before = site.store.latest_revision()
                answer = knocker.ask(door, action, tree, way)
                kept = site.store.latest_revision() == before
                assert kept or answer.code == "", (action.name, way, tree, answer)
                codes[answer.code] += 1
    return codes


@pytest.mark.parametrize(("seed", "wild"), [(1, 0.02), (2, 0.3)])
def test_signed_garbage_is_answered(site: Site, seed: int, wild: float) -> None:
    """API-3: parameters of every kind for every action: done or refused, and what is refused changes nothing."""
    codes = barrage(site, seed, 2500, wild)
    assert len(codes) > 60, "garbage that is all alike proves little"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10, 14))
def test_ten_thousand_pieces_of_signed_garbage_are_answered(site: Site, seed: int) -> None:
    """The same for longer."""
    barrage(site, seed, 10_000, 0.02 * (seed - 9))


def unsigned(door: str, chance: random.Random) -> Sent:
    """A request that nobody signed, or not well."""
    known = [action.name for at, action in actions() if at == door]
    versions = {action.product.version for at, action in actions() if at == door}
    pairs = [(name, chance.choice(TEXTS)) for name in chance.sample((*WORDS, *TEXTS), chance.randrange(12))]
    if chance.random() < 0.7:
        asked = {"Action": chance.choice(known), "Version": chance.choice(sorted(versions))}
        pairs = [*asked.items(), *(pair for pair in pairs if pair[0] not in asked)]
    query = "&".join(f"{escape(name)}={escape(value)}" for name, value in pairs)
    if door == "jdcloud":
        path = "/".join(
            escape(chance.choice(("regions", "vpcs", "cn-north-1", *TEXTS)))
            for _ in range(chance.randrange(6))
        )
        target = f"/v1/regions/{path}"
    else:
        target = "/v2/index.php" if door == "tencent-v2" else "/"
    headers = {name: chance.choice(VALUES) for name in HEADERS[door] if chance.random() < 0.8}
    if door in {"tencent", "jdcloud"}:
        # Without these nobody could tell whose request it is.
        headers |= {"x-tc-action": known[0]} if door == "tencent" else {}
        method = chance.choice(("GET", "POST", "PUT", "DELETE"))
        return Sent(door, method, f"{target}?{query}"[:60_000], headers, chance.choice(BODIES))
    if door == "alibaba" and not query:
        query = "Action=x"
    if chance.random() < 0.5:
        return Sent(door, "GET", f"{target}?{query}"[:60_000], headers)
    form = {"content-type": "application/x-www-form-urlencoded"}
    query = query.replace("SecretId", "Secret") if door == "alibaba" else query
    return Sent(door, "POST", target, headers | form, query.encode())


HEADERS = {
    "alibaba": ("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "accept"),
    "tencent": (
        "authorization",
        "x-tc-version",
        "x-tc-timestamp",
        "x-tc-region",
        "content-type",
        "x-tc-content-sha256",
    ),
    "tencent-v2": ("content-type", "authorization", "x-tc-version"),
    "jdcloud": ("authorization", "x-jdcloud-date", "x-jdcloud-nonce", "x-jdcloud-content-sha256"),
}
BODIES = (
    *(b"", b"{}", b"[]", b"{", b'{"a":NaN}', b'{"a":1,"a":2}', b"\xff", b'{"a":"\\ud800"}'),
    *(b"[" * 2000, b'{"a":' * 20 + b"1" + b"}" * 20, b'{"a":' + b"9" * 5000 + b"}"),
)
SUM = "0" * 64
VALUES = (
    *(
        "",
        "x",
        "é",
        "a" * 5000,
        "application/json",
        "application/x-www-form-urlencoded",
        "999999999999",
        "253402300800",
        "-1",
    ),
    *(
        "2017-03-12",
        "2018-07-24",
        "cn-hangzhou",
        "ap-nowhere",
        "UNSIGNED-PAYLOAD",
        "20261121T081659Z",
        "99991231T235959Z",
    ),
    f"TC3-HMAC-SHA256 Credential=a/2026-11-21/vpc/tc3_request, SignedHeaders=content-type;host, Signature={SUM}",
    f"TC3-HMAC-SHA256 Credential=é/2026-11-21/vpc/tc3_request, SignedHeaders=content-type;host;;, Signature={SUM}",
    (
        "JDCLOUD2-HMAC-SHA256 Credential=a/20261121/b/vpc/jdcloud2_request, "
        f"SignedHeaders=host;x-jdcloud-date;x-jdcloud-nonce, Signature={SUM}"
    ),
    f"JDCLOUD3-HMAC-SHA256 Credential=a/20261121/b/vpc/jdcloud3_request, SignedHeaders=host;é, Signature={SUM}",
    f"JDCLOUD3-HMAC-SHA256 Credential=a/20261121/b/no/jdcloud3_request, SignedHeaders=host, Signature={SUM}",
    "JDCLOUD9-HMAC-SHA256 x",
    "Bearer x",
)


def escape(text: str) -> str:
    """Percent-encoded, and now and then not quite."""
    return "".join(f"%{byte:02X}" for byte in text[:300].encode()) if text not in {"%", "%zz"} else "%zz"


@pytest.mark.parametrize("door", DOORS)
def test_unsigned_garbage_is_refused(site: Site, door: str) -> None:
    """API-4: whatever is asked without a signature is refused in the cloud's own words, and changes nothing."""
    chance, codes = random.Random(door), Counter[str]()
    with closing(Knocker(site.account())) as knocker:
        before = site.store.latest_revision()
        for _ in range(1000):
            sent = unsigned(door, chance)
            answer = knocker.send(sent)
            assert answer.code, (sent, answer)
            codes[answer.code] += 1
    assert site.store.latest_revision() == before
    assert len(codes) > 1, codes
