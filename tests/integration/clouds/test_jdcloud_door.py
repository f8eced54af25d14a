"""JD Cloud's door: who may come in, which service a path belongs to, and that nothing odd breaks it."""

from datetime import timedelta

import pytest
from tests.support.api import Site
from tests.support.jdcloud import JdClient, Refused, sign_v3


@pytest.fixture(scope="module")
def jd(site: Site) -> JdClient:
    """An account's way to the service `vpc`."""
    return JdClient(site, site.account())


def refused(client: JdClient, method: str, path: str, body: object = None) -> Refused:
    """The error of a request."""
    with pytest.raises(Refused) as caught:
        client.ask(method, path, body)
    return caught.value


def test_the_service_comes_from_the_signature(site: Site) -> None:
    """API-3: the same path is another thing to another service, and a service that is not there is told."""
    account = site.account()
    vpc, cps, vm = (JdClient(site, account, service) for service in ("vpc", "cps", "vm"))
    own, metal = vpc.vpc("10.0.0.0/16"), cps.vpc("10.1.0.0/16")
    assert [one["vpcId"] for one in vpc.ask("GET", "vpcs/")["vpcs"]] == [own]
    assert [one["vpcId"] for one in cps.ask("GET", "vpcs")["vpcs"]] == [metal]
    assert account.ok("GET", f"/vpcs/{metal}")["kind"] == "cps"
    assert refused(vpc, "GET", f"vpcs/{metal}").status == "NOT_FOUND"
    assert refused(cps, "GET", f"vpcs/{own}").status == "NOT_FOUND"
    assert refused(vm, "GET", "vpcs").status == "NOT_FOUND"


def test_regions_go_by_both_names(site: Site) -> None:
    """NET-2: JD Cloud's names and this installation's mean the same region."""
    account = site.account()
    theirs, ours = JdClient(site, account), JdClient(site, account, region="cn-beijing")
    made = theirs.vpc("10.0.0.0/16")
    assert ours.ask("GET", f"vpcs/{made}")["vpc"]["vpcId"] == made
    assert account.ok("GET", f"/vpcs/{made}")["region_id"] == "cn-beijing"
    elsewhere = JdClient(site, account, region="cn-east-2")
    assert elsewhere.ask("GET", "vpcs") == {"vpcs": [], "totalCount": 0}
    assert refused(elsewhere, "GET", f"vpcs/{made}").code == 404
    assert refused(JdClient(site, account, region="mars-1"), "GET", "vpcs").status == "INVALID_ARGUMENT"


def test_who_is_not_known_is_turned_away(site: Site, jd: JdClient) -> None:
    """API-1: no signature, an unknown key, a wrong secret, a disabled key: 401, and never the secret's business."""
    unsigned = site.anonymous("GET", "/v1/regions/cn-north-1/vpcs")
    assert (unsigned.status_code, unsigned.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    host = site.client.base_url.netloc.decode()
    for key_id, secret in (("nobody", jd.account.secret), (jd.account.key_id, "wrong")):
        target = "/v1/regions/cn-north-1/vpcs"
        headers = sign_v3(key_id, secret, "GET", target, host, b"", site.services.clock.now(), "vpc")
        answer = site.anonymous("GET", target, headers=headers)
        assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    leaver = site.account()
    leaver.ok("POST", f"/accounts/{leaver.uid}/credentials", {"role": "member"})
    assert JdClient(site, leaver).ask("GET", "vpcs")["totalCount"] == 0


@pytest.mark.parametrize("minutes", [-16, 16])
def test_the_clock_has_a_window(site: Site, jd: JdClient, minutes: int) -> None:
    """API-1: a request that was signed too long ago, or in the future, is refused."""
    host, target = site.client.base_url.netloc.decode(), "/v1/regions/cn-north-1/vpcs"
    for late, status in ((minutes, 401), (minutes // 2, 200)):
        when = site.services.clock.now() + timedelta(minutes=late)
        headers = sign_v3(jd.account.key_id, jd.account.secret, "GET", target, host, b"", when, "vpc")
        assert site.anonymous("GET", target, headers=headers).status_code == status


def test_a_request_comes_once(jd: JdClient) -> None:
    """API-1: the same nonce again is a replay."""
    assert jd.send("GET", "vpcs", **{"x-jdcloud-nonce": "once"}).status_code == 200
    again = jd.send("GET", "vpcs", **{"x-jdcloud-nonce": "once"})
    assert again.status_code == 401
    assert "nonce" in again.json()["error"]["message"]


def test_what_was_not_signed_does_not_count(jd: JdClient) -> None:
    """API-1: a body or a query that was changed on its way is refused."""
    account, client = jd.account, jd.account.client
    host = client.base_url.netloc.decode()
    target = "/v1/regions/cn-north-1/vpcs/"
    signed = b'{"vpcName": "a", "addressPrefix": "10.0.0.0/16"}'
    headers = sign_v3(
        account.key_id, account.secret, "POST", target, host, signed, jd.site.services.clock.now(), "vpc"
    )
    answer = client.post(target, content=signed.replace(b"10.0", b"10.9"), headers=headers)
    assert answer.status_code == 401
    headers = sign_v3(
        account.key_id, account.secret, "GET", target, host, b"", jd.site.services.clock.now(), "vpc"
    )
    assert client.get(f"{target}?pageNumber=2", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/v1/regions", 404),
        ("GET", "unicorns", 404),
        ("GET", "vpcs/a/b/c", 404),
        ("POST", "routeTables/vtb-1:fly", 404),
        ("PATCH", "vpcPeerings", 405),
        ("HEAD", "vpcs", 405),
        ("OPTIONS", "vpcs", 405),
        ("GET", "/v1/elsewhere", 404),
        ("GET", "vpcs/%00", 400),
        ("GET", "vpcs/%ff%fe", 404),
        ("GET", "vpcs/" + "a" * 3000, 400),
        ("GET", "vpcs?pageSize=9", 400),
        ("GET", "vpcs?pageSize=101", 400),
        ("GET", "vpcs?pageNumber=0", 400),
        ("GET", "vpcs?pageNumber=x", 400),
        ("GET", "vpcs?pageNumber=1&pageNumber=2", 400),
        ("GET", "vpcs?filters=1", 400),
        ("GET", "vpcs?filters.x.name=vpcIds", 400),
        ("GET", "vpcs?filters.1.name=colour&filters.1.values.1=red", 400),
        ("GET", "vpcs?filters.1.values.1=red", 400),
        ("GET", "vpcs?filters.1.name=vpcIds&filters.1.operator=like&filters.1.values.1=a", 400),
        ("GET", "vpcs?filters.1=x&filters.1.name=vpcIds", 400),
        ("GET", "vpcs?" + ".".join("a" * 40) + "=1", 400),
        ("GET", "vpcs?name=%ff", 400),
        ("GET", "vpcs?" + "&".join(f"a{n}=1" for n in range(5001)), 400),
    ],
)
def test_odd_requests_are_told(jd: JdClient, method: str, path: str, code: int) -> None:
    """API-1: unknown paths, methods, pages, filters and encodings get an answer of this cloud's, never a failure."""
    answer = jd.send(method, path)
    assert answer.status_code == code
    assert answer.headers["x-jdcloud-request-id"]
    if method != "HEAD":
        error = answer.json()["error"]
        assert error["code"] == code
        assert error["status"] in {"NOT_FOUND", "INVALID_ARGUMENT", "METHOD_NOT_ALLOWED"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"vpcName": "\\ud800"}',
        b"[" * 5000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"vpcName": "a"}',
        b'{"vpcName": null, "addressPrefix": "10.0.0.0/16"}',
        b'{"vpcName": 7, "addressPrefix": "10.0.0.0/16"}',
        b'{"vpcName": ["a"], "addressPrefix": "10.0.0.0/16"}',
        b'{"vpcName": "a", "addressPrefix": "10.0.0.0"}',
        b'{"vpcName": "a", "addressPrefix": {"cidr": 1}}',
        b'{"vpcName": "a\\u0000", "addressPrefix": "10.0.0.0/16"}',
        b'{"vpcName": "a", "addressPrefix": "10.0.0.0/16", "userTags": "x"}',
        b'{"vpcName": "a", "addressPrefix": "10.0.0.0/16", "userTags": [7]}',
        b'{"vpcName": "a", "addressPrefix": "10.0.0.0/16", "userTags": [{"value": "v"}]}',
    ],
)
def test_odd_bodies_are_told(jd: JdClient, body: bytes) -> None:
    """API-1: what is no JSON, of a wrong type, missing or too deep is an INVALID_ARGUMENT that names it."""
    answer = jd.send("POST", "vpcs/", body)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_a_huge_body_is_turned_away(jd: JdClient) -> None:
    """API-1: ten megabytes are too large, and said to be."""
    answer = jd.send("POST", "vpcs/", b" " * 10_000_000)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == 413


def test_nulls_and_paths_in_bodies_are_as_the_sdk_sends_them(jd: JdClient) -> None:
    """API-3: bodies repeat the path's parameters and hold nulls for what was not set; unknown fields are not looked at."""
    body = {
        "regionId": "cn-north-1",
        "vpcName": "n",
        "addressPrefix": "10.0.0.0/16",
        "description": None,
        "userTags": None,
        "resourceGroupId": None,
        "resourceTag": None,
        "colour": "red",
    }
    made = jd.ask("POST", "vpcs", body)["vpcId"]
    # What is in the path goes before what is in the body.
    jd.ask("PATCH", f"vpcs/{made}", {"vpcId": "vpc-other", "vpcName": "m", "description": None})
    assert jd.ask("GET", f"vpcs/{made}")["vpc"]["vpcName"] == "m"


def test_readers_change_nothing(site: Site) -> None:
    """NET-1: PERMISSION_DENIED for who may only look."""
    account = site.account()
    made = account.ok("POST", f"/accounts/{account.uid}/credentials", {"role": "reader"})
    account.key_id, account.secret = made["access_key_id"], made["access_key_secret"]
    reader = JdClient(site, account)
    assert reader.ask("GET", "vpcs")["totalCount"] == 0
    error = refused(reader, "POST", "vpcs", {"vpcName": "a", "addressPrefix": "10.0.0.0/16"})
    assert (error.code, error.status) == (403, "PERMISSION_DENIED")
