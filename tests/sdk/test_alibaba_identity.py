"""Who asks, and what stands around networks, by Alibaba Cloud's own SDKs against a running Peerway."""

from collections.abc import Callable, Iterator

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest
from tests.support.alibaba_clients import Client, Common, Tea, tea_v1
from tests.support.live import Cloud, Tenant, running_cloud

Kind = Callable[..., Client]
KINDS: dict[str, Kind] = {"v3": Tea, "v1": tea_v1, "old": Common}
LOCATION, CDT = "2015-06-12", "2021-08-13"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway; no packets are asked for here."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "memory") as running:
        yield running


@pytest.fixture(scope="module")
def tenant(cloud: Cloud) -> Tenant:
    """An account."""
    return cloud.tenant("identity")


def refused_by_the_old_sdk(tenant: Tenant, secret: str) -> str:
    """The code that the old SDK makes of a refusal, for a request of its own kind."""
    host, _, port = tenant.endpoint.rpartition(":")
    client = AcsClient(tenant.key_id, secret, "cn-hangzhou", port=int(port), auto_retry=False)
    request = RpcRequest("Sts", "2015-04-01", "GetCallerIdentity")
    request.set_endpoint(host)
    request.set_protocol_type("http")
    with pytest.raises(ServerException) as refused:
        client.do_action_with_exception(request)
    client.session.close()
    return str(refused.value.get_error_code())


@pytest.mark.parametrize("kind", KINDS)
def test_the_caller_is_the_account_of_the_key(tenant: Tenant, kind: str) -> None:
    """API-1: both signatures are checked for real, and tell the account."""
    found = KINDS[kind](tenant, "sts").call("GetCallerIdentity")
    assert (found["AccountId"], found["IdentityType"]) == (tenant.uid, "Account")


def test_a_session_token_is_taken_and_not_needed(tenant: Tenant) -> None:
    """API-1: as a header of V3, as a parameter of v1."""
    for how in ({}, {"signature_algorithm": "v2"}):
        client = Tea(tenant, "sts", security_token="token", **how)
        assert client.call("GetCallerIdentity")["AccountId"] == tenant.uid


def test_an_endpoint_with_a_scheme_works(tenant: Tenant) -> None:
    """Facts 5: the SDK then sends the scheme as part of the host."""
    for endpoint in (f"http://{tenant.endpoint}", f"http://{tenant.endpoint}/"):
        assert Tea(tenant, "sts", endpoint=endpoint).call("GetCallerIdentity")["AccountId"] == tenant.uid


def test_a_wrong_secret_is_told_as_each_sdk_tells_it(tenant: Tenant) -> None:
    """Facts 3.4: the old SDK finds its own string to sign in the answer, and then knows that the secret is wrong."""
    assert Tea(tenant, "sts", access_key_secret="wrong").code("GetCallerIdentity") == "SignatureDoesNotMatch"
    wrong = Tea(tenant, "sts", access_key_secret="wrong", signature_algorithm="v2")
    assert wrong.code("GetCallerIdentity") == "SignatureDoesNotMatch"
    assert refused_by_the_old_sdk(tenant, "wrong") == "InvalidAccessKeySecret"
    unknown = Tea(tenant, "sts", access_key_id="LTAInone")
    assert unknown.code("GetCallerIdentity") == "InvalidAccessKeyId.NotFound"


@pytest.mark.parametrize("kind", KINDS)
def test_quotas_are_read_and_applied_for(cloud: Cloud, kind: str) -> None:
    """PEER-12: limits, usage and an application that the operator grants."""
    tenant = cloud.tenant(f"quotas-{kind}")
    client = KINDS[kind](tenant, "quotas")
    about = {"ProductCode": "vpc", "QuotaActionCode": "vpc_quota_peer_num"}
    region = {"Dimensions": [{"Key": "regionId", "Value": "cn-hangzhou"}]}
    quota = client.call("GetProductQuota", **about, **region)["Quota"]
    assert (quota["TotalQuota"], quota["TotalUsage"]) == (20, 0)
    listed = client.call("ListProductQuotas", ProductCode="vpc", MaxResults=100)["Quotas"]
    assert "vpc_quota_peer_cross_border_bandwidth" in {one["QuotaActionCode"] for one in listed}
    assert client.call("ListProducts")["ProductInfo"]
    made = client.call("CreateQuotaApplication", **about, DesireValue=25, Reason="growth")
    cloud.operator.post(f"/quota-applications/{made['ApplicationId']}/approve", answer="fine")
    (found,) = client.call("ListQuotaApplications", ProductCode="vpc")["QuotaApplications"]
    assert (found["Status"], found["ApproveValue"]) == ("Agree", 25)
    assert client.call("GetProductQuota", **about)["Quota"]["TotalQuota"] == 25
    assert client.code("GetProductQuota", ProductCode="vpc", QuotaActionCode="none") == "QUOTA.NOT.FOUND"


def test_what_terraform_asks_when_it_starts_is_answered(tenant: Tenant) -> None:
    """API-2: bills, endpoints and CDT."""
    for client in (Tea(tenant, "bssopenapi"), Common(tenant, "bssopenapi")):
        asked = {"ProductCode": "vipcloudfw", "SubscriptionType": "Subscription"}
        data = client.call("QueryAvailableInstances", **asked)["Data"]
        assert (data["TotalCount"], data["InstanceList"]) == (0, [])
    location = Common(tenant, LOCATION)
    found = location.call("DescribeEndpoints", Id="cn-beijing", ServiceCode="ecs", Type="openAPI")
    (endpoint,) = found["Endpoints"]["Endpoint"]
    assert endpoint["Endpoint"] == tenant.endpoint
    assert Common(tenant, CDT).call("GetCdtServiceStatus")["Enabled"] is True
