"""Tencent Cloud's signatures, against requests that its own clients made (and, where named, its documents)."""

from datetime import UTC, datetime

import pytest
from tests.support.tencent import sign_tc3

from peerway.api.clouds.wire import Wire, once, read_pairs
from peerway.api.tencent.signatures import claim_tc3, claim_v1
from peerway.domain.errors import InvalidInput, Unauthenticated

KEY, SECRET = "AKIDEXAMPLE0001", "SKEXAMPLEsecret0001"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
CREATE = (
    b'{"SourceVpcId": "vpc-aaaaaaaa", "PeeringConnectionName": "\\u7814\\u53d1 \\u6d4b\\u8bd5&a=b", '
    b'"DestinationVpcId": "vpc-bbbbbbbb", "DestinationUin": "100002840663", "DestinationRegion": "ap-beijing", '
    b'"Bandwidth": 100, "Type": "VPC_PEER", "ChargeType": "POSTPAID_BY_DAY_MAX", "QosLevel": "AU", '
    b'"Tags": [{"Key": "k", "Value": "v"}]}'
)


def tc3(method, query, media, body, host, timestamp, signature, **headers):
    """A request signed with TC3, as it came."""
    authorization = (
        f"TC3-HMAC-SHA256 Credential={KEY}/2026-11-21/vpc/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}"
    )
    known = {"content-type": media, "host": host, "x-tc-timestamp": timestamp, "authorization": authorization}
    return Wire(method, "/", query, known | headers, body)


LOCAL = "127.0.0.1:18080"
POSTED = "873416fc60734b0d0ecddaf02db53e0aeee2dcf82ab877902585d91ca601be35"
TC3 = {
    "POST": tc3("POST", "", JSON, CREATE, LOCAL, "1795248916", POSTED),
    "GET": tc3(
        "GET",
        "Filters.0.Name=state&Filters.0.Values.0=PENDING&Filters.0.Values.1=ACTIVE&Offset=0&Limit=20",
        *(FORM, b"", LOCAL, "1795248916"),
        "777177b26782d948b962a9edc59470ab897948c091900e665732241cbfbaa379",
    ),
    "POST, payload unsigned": tc3(
        *("POST", "", JSON, CREATE, LOCAL, "1795248916"),
        "1e3098a2b97fd23f5a7e47d28a39d8aaa5cfd88f297e1ea3db49cdbcde1c3bbd",
        **{"x-tc-content-sha256": "UNSIGNED-PAYLOAD"},
    ),
    "command line, scheme in Host": tc3(
        *("POST", "", JSON, b'{"PeeringConnectionId": "pcx-1"}', f"http://{LOCAL}", "1795249018"),
        "458005fce1075902822f057031fa44d27cc317cc72cb4b5952d3cb0888405174",
    ),
}

FIELDS = (
    "SourceVpcId=vpc-aaaaaaaa&PeeringConnectionName=%E7%A0%94%E5%8F%91+%E6%B5%8B%E8%AF%95%26a%3Db"
    "&DestinationVpcId=vpc-bbbbbbbb&DestinationUin=100002840663&DestinationRegion=ap-beijing&Bandwidth=100&Type=VPC_PEER"
    "&ChargeType=POSTPAID_BY_DAY_MAX&QosLevel=AU&Tags.0.Key=k&Tags.0.Value=v&Action=CreateVpcPeeringConnection"
)
PLACE = "&Version=2017-03-12&Region=ap-guangzhou&SecretId=AKIDEXAMPLE0001"
SHA1 = (
    f"{FIELDS}&RequestClient=SDK_PYTHON_3.1.189&Nonce=7879912075623155003&Timestamp=1795248916{PLACE}"
    "&SignatureMethod=HmacSHA1&Language=zh-CN&Signature=A1jGu1qW0%2FHAeiLMy%2Fo8Wzydfy0%3D"
)
SHA256 = (
    f"{FIELDS}&RequestClient=SDK_PYTHON_3.1.189&Nonce=7887324731719186656&Timestamp=1795248916{PLACE}"
    "&SignatureMethod=HmacSHA256&Language=zh-CN&Signature=a3rGsU4AKM%2BeEvNouzFHH9VJQ36WkdhGiSYz%2FEdX9K4%3D"
)
EX = (
    "vpcId=vpc-aaaaaaaa&peerVpcId=vpc-bbbbbbbb&peerUin=100002840663"
    "&peeringConnectionName=%E7%A0%94%E5%8F%91+%E6%B5%8B%E8%AF%95&peerRegion=bj&bandwidth=100&a_b=x_y"
    "&Action=CreateVpcPeeringConnectionEx&RequestClient=SDK_PYTHON_2.0.15&Region=gz&SecretId=AKIDEXAMPLE0001"
)
OLD = "/v2/index.php"
V1 = {
    "3.0 POST, SHA-1": Wire("POST", "/", "", {"content-type": FORM, "host": LOCAL}, SHA1.encode()),
    "3.0 GET, SHA-256": Wire("GET", "/", SHA256, {"content-type": FORM, "host": LOCAL}, b""),
    "v2 POST, SHA-256": Wire(
        *("POST", OLD, "", {"content-type": FORM, "host": "vpc.api.qcloud.com"}),
        (
            f"{EX}&Nonce=5123981960156977085&Timestamp=1795249016&SignatureMethod=HmacSHA256"
            "&Signature=%2Bz0TKlWzl%2FRfNyfqqlEOgvstIu8mQ9MNp%2B%2FZAH0fkDw%3D"
        ).encode(),
    ),
    "v2 POST, SHA-1": Wire(
        *("POST", OLD, "", {"content-type": FORM, "host": "localhost:18443"}),
        (
            f"{EX}&Nonce=4647148175896324309&Timestamp=1795249015&SignatureMethod=HmacSHA1"
            "&Signature=%2BrMzuyUC7kN1r93eFi1ZdvDPuIk%3D"
        ).encode(),
    ),
    "v2 GET, no method": Wire(
        *("GET", OLD),
        "vpcId=vpc-aaaaaaaa&peerVpcId=vpc-bbbbbbbb&peerUin=1&peeringConnectionName=tses"
        "&Action=CreateVpcPeeringConnection&Region=gz&SecretId=AKIDEXAMPLE0001&Nonce=1513273108540952312"
        "&Timestamp=1795249016&RequestSource=qcloudcli_1.9.20&Signature=nHqv6umzL9cEg8jncJ%2Bzsehejro%3D",
        *({"host": "vpc.api.qcloud.com"}, b""),
    ),
}


def parameters(wire):
    """Those of query and form."""
    return once([*read_pairs(wire.query), *read_pairs(wire.body.decode())])


def changed(wire, **fields):
    """The request with other parts."""
    names = ("method", "path", "query", "headers", "body")
    return Wire(*(fields.get(name, getattr(wire, name)) for name in names))


@pytest.mark.parametrize("name", TC3)
def test_a_captured_tc3_request_is_right(name):
    """API-2: requests of the SDK and the command line; the secret makes the signature, no other does."""
    claim = claim_tc3(TC3[name], "vpc")
    claim.check(SECRET)
    assert (claim.key_id, claim.nonce) == (KEY, None)
    assert claim.signed_at.date() == datetime(2026, 11, 21, tzinfo=UTC).date()
    with pytest.raises(Unauthenticated) as caught:
        claim.check("another secret")
    assert caught.value.code == "bad_signature"


@pytest.mark.parametrize(
    "part",
    [
        {"method": "PUT"},
        {"body": CREATE + b" "},
        {"path": "/other"},
        {"headers": TC3["POST"].headers | {"host": "elsewhere"}},
        {"headers": TC3["POST"].headers | {"x-tc-timestamp": "1795248917"}},
        {"headers": TC3["POST"].headers | {"content-type": "application/json; charset=utf-8"}},
    ],
)
def test_a_tc3_request_that_was_changed_is_wrong(part):
    """What the signature covers can't be another."""
    with pytest.raises(Unauthenticated):
        claim_tc3(changed(TC3["POST"], **part), "vpc").check(SECRET)


def test_an_unsigned_payload_may_be_any():
    """The client said that it does not sign it."""
    claim_tc3(changed(TC3["POST, payload unsigned"], body=b"{}"), "vpc").check(SECRET)


def test_the_published_example_is_right():
    """API-2: the request of Tencent Cloud's own page on the signature."""
    key = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
    headers = {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
        "x-tc-timestamp": "1551113065",
        "authorization": f"TC3-HMAC-SHA256 Credential={key}/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
    }
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    claim_tc3(Wire("POST", "/", "", headers, body), "cvm").check("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")


def test_headers_may_be_signed_in_lower_case():
    """The document asks for it, and clients that sign the action's name do so."""
    headers = {
        "content-type": "application/json",
        "host": LOCAL,
        "x-tc-timestamp": "1795248916",
        "x-tc-action": "describevpcs",
    }
    headers["authorization"] = sign_tc3(SECRET, KEY, headers, b"{}")
    headers["x-tc-action"] = "DescribeVpcs"
    claim_tc3(Wire("POST", "/", "", headers, b"{}"), "vpc").check(SECRET)
    headers["x-tc-action"] = "DeleteVpc"
    with pytest.raises(Unauthenticated):
        claim_tc3(Wire("POST", "/", "", headers, b"{}"), "vpc").check(SECRET)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "TC3-HMAC-SHA256 Credential=a",
        f"TC3-HMAC-SHA256 Credential={KEY}/2026-11-21/vpc/tc3_request, SignedHeaders=host, Signature={POSTED}",
        f"TC3-HMAC-SHA256 Credential={KEY}/vpc/tc3_request, SignedHeaders=content-type;host, Signature={POSTED}",
    ],
)
def test_a_header_that_says_too_little_is_refused(authorization):
    """It must name key, date and service, and cover content type and host."""
    headers = TC3["POST"].headers | {"authorization": authorization}
    with pytest.raises(Unauthenticated) as caught:
        claim_tc3(changed(TC3["POST"], headers=headers), "vpc")
    assert caught.value.code == "incomplete_signature"


def test_a_credential_for_another_service_is_refused():
    """API-2: the version tells the service apart, and is not signed."""
    with pytest.raises(Unauthenticated) as caught:
        claim_tc3(TC3["POST"], "monitor")
    assert caught.value.code == "incomplete_signature"


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "99999999999999", "999999999999"])
def test_a_time_that_is_none_is_refused(timestamp):
    """Seconds since 1970, and nothing else; not those of a year that no calendar has."""
    headers = TC3["POST"].headers | {"x-tc-timestamp": timestamp}
    with pytest.raises(InvalidInput) as caught:
        claim_tc3(changed(TC3["POST"], headers=headers), "vpc")
    assert caught.value.code == "bad_time"


@pytest.mark.parametrize("name", V1)
def test_a_captured_request_signed_in_its_parameters_is_right(name):
    """API-2: requests of both generations' clients; the nonce is the client's with its time."""
    wire = V1[name]
    given = parameters(wire)
    claim = claim_v1(wire, given)
    claim.check(SECRET)
    assert (claim.key_id, claim.nonce) == (KEY, f"{given['Nonce']} {given['Timestamp']}")
    for other in (changed(wire, headers={"host": "elsewhere"}), changed(wire, path="/other")):
        with pytest.raises(Unauthenticated):
            claim_v1(other, given).check(SECRET)
    with pytest.raises(Unauthenticated):
        claim_v1(wire, given | {"more": "1"}).check(SECRET)


def test_files_are_left_out_of_the_signature_where_a_client_does_so():
    """Values that begin with `@` name files to the second version's clients."""
    wire = V1["v2 POST, SHA-1"]
    given = parameters(wire) | {"file": "@here"}
    claim_v1(wire, given, without_files=True).check(SECRET)
    with pytest.raises(Unauthenticated):
        claim_v1(wire, given).check(SECRET)


@pytest.mark.parametrize("name", ["SecretId", "Timestamp", "Nonce", "Signature"])
def test_what_a_signature_in_parameters_needs_is_named(name):
    """One that is missing is named."""
    wire = V1["3.0 POST, SHA-1"]
    given = {key: value for key, value in parameters(wire).items() if key != name}
    with pytest.raises(InvalidInput) as caught:
        claim_v1(wire, given)
    assert (caught.value.code, caught.value.field) == ("missing", name)
