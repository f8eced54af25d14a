"""Tencent Cloud's API 3.0 at its door: who is let in, and what is asked."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.support.tencent import Problem, Tencent, client_of, told


@pytest.fixture(scope="module")
def cloud(site):
    """A client of an account of its own."""
    return client_of(site.account())


def moved(cloud, drift):
    """The client with a clock that goes wrong."""
    return Tencent(cloud.endpoint, cloud.key_id, cloud.secret, at=datetime.now(UTC) + drift)


def code_of(response):
    """The code of the error that was answered."""
    with pytest.raises(Problem) as caught:
        told(response)
    return caught.value.code


def test_an_empty_list_is_an_answer(cloud):
    """API-2, API-3: an answer has its fields and the request's id inside `Response`, and exactly the type clients look for."""
    response = cloud.raw("DescribeVpcPeeringConnections")
    assert response.headers["content-type"] == "application/json"
    assert told(response) == {"TotalCount": 0, "PeerConnectionSet": []}


def test_strangers_and_forgers_are_kept_out(site, cloud):
    """API-4: an unknown key, a wrong secret, an old request, a header that says too little."""
    stranger = Tencent(cloud.endpoint, "nobody", cloud.secret)
    forger = Tencent(cloud.endpoint, cloud.key_id, "wrong")
    late, early = (moved(cloud, timedelta(minutes=minutes)) for minutes in (-6, 6))
    assert stranger.code("DescribeVpcPeeringConnections") == "AuthFailure.SecretIdNotFound"
    assert forger.code("DescribeVpcPeeringConnections") == "AuthFailure.SignatureFailure"
    assert late.code("DescribeVpcPeeringConnections") == "AuthFailure.SignatureExpire"
    assert early.code("DescribeVpcPeeringConnections") == "AuthFailure.SignatureExpire"
    headers = {"X-TC-Action": "DescribeVpcPeeringConnections", "X-TC-Version": "2017-03-12"}
    bare = httpx.post(f"http://{cloud.endpoint}/", headers=headers, json={}, trust_env=False)
    assert code_of(bare) == "AuthFailure.InvalidAuthorization"


def test_within_the_window_clocks_may_differ(cloud):
    """API-2: five minutes either way."""
    for minutes in (-4, 4):
        moved(cloud, timedelta(minutes=minutes)).call("DescribeVpcPeeringConnections")


def test_a_deleted_key_is_as_good_as_none(site):
    """API-4: at once."""
    account = site.account()
    account.ok("POST", f"/accounts/{account.uid}/credentials", {"role": "member"})
    cloud = client_of(account)
    cloud.call("DescribeVpcPeeringConnections")
    site.operator.ok("DELETE", f"/credentials/{account.key_id}")
    assert cloud.code("DescribeVpcPeeringConnections") == "AuthFailure.SecretIdNotFound"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"x-tc-version": "2016-01-01"}, "NoSuchVersion"),
        ({"x-tc-version": ""}, "MissingParameter"),
        ({"x-tc-region": "ap-nowhere"}, "UnsupportedRegion"),
        ({"x-tc-region": ""}, "MissingParameter"),
        ({"x-tc-timestamp": "1795248916"}, "AuthFailure.SignatureExpire"),
        ({"content-type": "text/plain"}, "UnsupportedProtocol"),
    ],
)
def test_what_the_headers_ask_must_be_there(cloud, change, code):
    """API-4: version, region, type."""
    assert code_of(cloud.raw("DescribeVpcPeeringConnections", None, **change)) == code


def test_an_unknown_action_is_named(cloud):
    """API-4."""
    assert cloud.code("EnableVpcPeeringConnection") == "InvalidAction"


def test_what_must_not_stand_together_is_named(cloud):
    """API-4."""
    both = {
        "PeeringConnectionIds": ["pcx-12345678"],
        "Filters": [{"Name": "state", "Values": ["ACTIVE"]}],
    }
    told = cloud.raw("DescribeVpcPeeringConnections", both).json()["Response"]["Error"]["Message"]
    assert told == "The parameter `PeeringConnectionIds` must not be given beside Filters."


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Nonsense": 1}, "UnknownParameter"),
        ({"Filters": [{"Name": "state", "Values": ["ACTIVE"], "More": 1}]}, "UnknownParameter"),
        ({"Limit": "ten"}, "InvalidParameter"),
        ({"Limit": 0}, "InvalidParameterValue.Range"),
        ({"Limit": 101}, "InvalidParameterValue.Range"),
        ({"Offset": -1}, "InvalidParameterValue.Range"),
        ({"Filters": "x"}, "InvalidParameter"),
        ({"Filters": ["x"]}, "InvalidParameter"),
        ({"Filters": [{"Values": ["ACTIVE"]}]}, "MissingParameter"),
        ({"Filters": [{"Name": "what", "Values": ["x"]}]}, "InvalidParameter.FilterInvalidKey"),
        ({"Filters": [{"Name": "state", "Values": []}]}, "InvalidParameter.FilterValuesNotList"),
        ({"PeeringConnectionIds": ["nonsense"]}, "InvalidParameterValue.Malformed"),
        ({"OrderField": "Size"}, "InvalidParameterValue"),
        (
            {"PeeringConnectionIds": ["pcx-12345678"], "Filters": [{"Name": "state", "Values": ["ACTIVE"]}]},
            "InvalidParameter.Coexist",
        ),
    ],
)
def test_parameters_are_looked_at(cloud, parameters, code):
    """API-4: strangers, wrong types, values out of bounds."""
    assert cloud.code("DescribeVpcPeeringConnections", **parameters) == code


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"{" * 5000])
def test_a_body_that_is_no_json_object_is_refused(cloud, body):
    """API-4."""
    assert code_of(cloud.raw("DescribeVpcPeeringConnections", body)) == "InvalidParameter"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_requests_may_be_signed_in_their_parameters(cloud, method):
    """API-2: and may not come twice."""
    cloud = moved(cloud, timedelta(0))
    parameters = {
        "Nonce": f"7{method}",
        "Filters.0.Name": "state",
        "Filters.0.Values.0": "ACTIVE",
        "Limit": "5",
    }
    assert told(cloud.old("DescribeVpcPeeringConnections", method, **parameters))["TotalCount"] == 0
    again = cloud.old("DescribeVpcPeeringConnections", method, **parameters)
    assert code_of(again) == "AuthFailure.SignatureFailure"
    stranger = cloud.old(
        "DescribeVpcPeeringConnections", method, **parameters | {"Nonce": f"8{method}"}, More="1"
    )
    assert code_of(stranger) == "UnknownParameter"


def test_other_doors_go_on_as_before(site, cloud):
    """Requests of the native API and of another cloud are not this one's."""
    assert site.anonymous("GET", "/").status_code == 404
    other = site.anonymous("GET", "/?Action=GetCallerIdentity&Version=2015-04-01&Format=JSON")
    assert other.json()["Code"] == "MissingAccessKeyId"
    form = site.anonymous("POST", "/", data={"Action": "GetCallerIdentity", "Version": "2015-04-01"})
    assert form.status_code == 400
