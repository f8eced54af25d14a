"""Tencent Cloud's API of the second version: who is let in, and what is asked."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.support.tencent_v2 import TencentV2, told

DESCRIBE = "DescribeVpcPeeringConnections"


@pytest.fixture(scope="module")
def cloud(site):
    """A client of an account of its own."""
    return client(site, site.account())


def client(site, account, **fields):
    """The account's way to the API."""
    endpoint = str(site.client.base_url).removeprefix("http://").rstrip("/")
    return TencentV2(endpoint, account.key_id, account.secret, **fields)


def refusal(response):
    """Number and word of an error."""
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    content = response.json()
    return content["code"], content["codeDesc"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_empty_list_is_an_answer(cloud, method):
    """API-2, API-3: the code is the number 0 and clients of either method read it."""
    response = cloud.raw(DESCRIBE, {}, method=method)
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"code": 0, "message": "", "codeDesc": "Success", "totalCount": 0, "data": []}


def test_strangers_and_forgers_are_kept_out(site, cloud):
    """API-4: an unknown key, a wrong secret, a request of another time, a nonce twice, no signature."""
    assert TencentV2(cloud.endpoint, "nobody", cloud.secret).refused(DESCRIBE) == (4104, "InvalidSecretId")
    assert TencentV2(cloud.endpoint, cloud.key_id, "wrong").refused(DESCRIBE) == (4100, "AuthFailure")
    for minutes in (-6, 6):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        assert client(site, site.account(), at=at).refused(DESCRIBE) == (4500, "ReplayAttack")
    moment = str(int(datetime.now(UTC).timestamp()))
    twice = {"Nonce": "8", "Timestamp": moment}
    told(cloud.raw(DESCRIBE, {}, **twice))
    assert refusal(cloud.raw(DESCRIBE, {}, **twice)) == (4500, "ReplayAttack")
    bare = httpx.get(f"http://{cloud.endpoint}/v2/index.php?Action={DESCRIBE}&Region=gz", trust_env=False)
    assert refusal(bare) == (4000, "InvalidParameter")


@pytest.mark.parametrize(
    ("common", "expected"),
    [
        ({"Action": "Nonsense"}, (6100, "InvalidAction")),
        ({"Action": None}, (4000, "InvalidParameter")),
        ({"Region": "nowhere"}, (4000, "InvalidParameter")),
        ({"Region": None}, (4000, "InvalidParameter")),
        ({"Timestamp": "soon"}, (4000, "InvalidParameter")),
        ({"Timestamp": "1795248916"}, (4500, "ReplayAttack")),
        ({"SecretId": None}, (4000, "InvalidParameter")),
        ({"limit": "51"}, (4000, "InvalidParameter")),
        ({"limit": "0"}, (4000, "InvalidParameter")),
        ({"limit": "ten"}, (4000, "InvalidParameter")),
        ({"offset": "-1"}, (4000, "InvalidParameter")),
        ({"orderField": "size"}, (4000, "InvalidParameter")),
        ({"orderDirection": "up"}, (4000, "InvalidParameter")),
        ({"state": "x" * 5000}, (4000, "InvalidParameter")),
        ({"limit.0": "1", "limit.1": "2"}, (4000, "InvalidParameter")),
        ({"vpcId": "\0"}, (4000, "InvalidParameter")),
    ],
)
def test_what_is_asked_is_looked_at(cloud, common, expected):
    """API-4: action, region, time, types and bounds."""
    assert refusal(cloud.raw(DESCRIBE, {}, **common)) == expected


def test_regions_go_by_their_short_and_long_names(cloud):
    """API-2."""
    for name in ("gz", "ap-guangzhou"):
        told(cloud.raw(DESCRIBE, {}, Region=name))


def test_what_an_action_does_not_know_is_left_alone(cloud):
    """API-2: the clients of the time send along what they like, and replace underscores before they sign."""
    assert told(cloud.raw(DESCRIBE, {}, type="1", qosLevel="AU"))["totalCount"] == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(cloud, method):
    """API-4."""
    response = httpx.request(method, f"http://{cloud.endpoint}/v2/index.php", trust_env=False)
    assert refusal(response) == (4000, "InvalidParameter")


@pytest.mark.parametrize("body", [b"\xff=\xff", b"Action=A&Action=B", b"a=1&a.b=2&" * 3, b"&" * 9000, b"{}"])
def test_hostile_bodies_end_in_an_error(cloud, body):
    """API-4."""
    url = f"http://{cloud.endpoint}/v2/index.php"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    number, _ = refusal(httpx.post(url, content=body, headers=headers, trust_env=False))
    assert number in {4000, 6100}
    assert refusal(httpx.post(url, content=b"{}", trust_env=False)) == (4000, "InvalidParameter")


def test_a_body_that_is_too_large_is_refused(cloud):
    """API-4: ten megabytes."""
    url = f"http://{cloud.endpoint}/v2/index.php"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = httpx.post(url, content=b"a=" + b"b" * 10_000_000, headers=headers, trust_env=False)
    assert refusal(response) == (4000, "InvalidParameter")
