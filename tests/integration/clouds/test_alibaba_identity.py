"""Who asks, quotas, resource groups and the small products around them, at Alibaba Cloud's door."""

from collections.abc import Callable, Iterator

import pytest
from tests.support.api import Account, Site
from tests.support.terraform import STS, Provider

QUOTAS, GROUPS, CDT, BSS, LOCATION = "2020-05-10", "2020-03-31", "2021-08-13", "2017-12-14", "2015-06-12"

Clouds = Callable[[Account], Provider]


@pytest.fixture
def provider(site: Site) -> Iterator[Clouds]:
    """Makes clients of accounts."""
    made: list[Provider] = []

    def make(account: Account) -> Provider:
        endpoint = str(site.client.base_url).removeprefix("http://").rstrip("/")
        made.append(Provider(endpoint, account.key_id, account.secret))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def account(site: Site) -> Account:
    """A new account."""
    return site.account()


@pytest.fixture
def cloud(provider: Clouds, account: Account) -> Provider:
    """Its client."""
    return provider(account)


def code(cloud: Provider, action: str, version: str, **parameters: object) -> str:
    """The code of a refused request."""
    return cloud.code(cloud.call, action, version=version, **parameters)


def test_the_caller_is_the_account_of_the_key(cloud: Provider, account: Account) -> None:
    """API-1: GetCallerIdentity; the account is text there."""
    found = cloud.query("GetCallerIdentity", STS)
    assert (found["AccountId"], found["Arn"]) == (account.uid, f"acs:ram::{account.uid}:root")
    assert code(cloud, "AssumeRole", STS) == "InvalidAction.NotFound"


def test_quotas_tell_limits_and_usage(cloud: Provider, account: Account) -> None:
    """PEER-12: the product's quotas under the names of its documents, with usage by region where they count by region."""
    codes = {one["ProductCode"] for one in cloud.call("ListProducts", QUOTAS)["ProductInfo"]}
    assert {"vpc", "slb"} <= codes
    one, other = account.vpc("10.1.0.0/16"), account.vpc("10.2.0.0/16")
    account.peering(one, other, profile="alibaba")
    peers = {"ProductCode": "vpc", "QuotaActionCode": "vpc_quota_peer_num"}
    quota = cloud.call("GetProductQuota", QUOTAS, **peers)["Quota"]
    assert (quota["TotalQuota"], quota["TotalUsage"], quota["QuotaCategory"]) == (20.0, 1.0, "CommonQuota")
    for region, used in (("cn-hangzhou", 1.0), ("cn-beijing", 0.0)):
        dimensions = [{"Key": "regionId", "Value": region}]
        quota = cloud.call("GetProductQuota", QUOTAS, **peers, Dimensions=dimensions)["Quota"]
        assert (quota["TotalUsage"], quota["Dimensions"]) == (used, {"regionId": region})
    first = cloud.call("ListProductQuotas", QUOTAS, ProductCode="vpc", MaxResults=3)
    rest = cloud.call(
        "ListProductQuotas", QUOTAS, ProductCode="vpc", MaxResults=100, NextToken=first["NextToken"]
    )
    names = [one["QuotaActionCode"] for page in (first, rest) for one in page["Quotas"]]
    assert len(names) == len(set(names)) == first["TotalCount"]
    assert {"vpc_quota_peer_num", "vpc_quota_peer_cross_region_bandwidth"} <= set(names)
    assert not any(name.startswith(("tencent", "jdcloud")) for name in names)
    found = cloud.call("ListProductQuotas", QUOTAS, ProductCode="vpc", KeyWord="BANDWIDTH")["Quotas"]
    assert {one["QuotaUnit"] for one in found} == {"Mbps"}
    assert code(cloud, "GetProductQuota", QUOTAS, **{**peers, "QuotaActionCode": "none"}) == "QUOTA.NOT.FOUND"
    assert code(cloud, "ListProductQuotas", QUOTAS, ProductCode="none") == "PARAMETERS.ILLEGAL"
    assert code(cloud, "ListProductQuotas", QUOTAS) == "PARAMETERS.MISSING"


def test_an_application_is_answered_by_the_operator(site: Site, cloud: Provider, account: Account) -> None:
    """PEER-12: asked for here, granted there, and the limit holds."""
    asked = {"ProductCode": "vpc", "QuotaActionCode": "vpc_quota_peer_num", "Reason": "growth"}
    made = cloud.call("CreateQuotaApplication", QUOTAS, **asked, DesireValue=30)
    assert (made["Status"], made["DesireValue"]) == ("Process", 30)
    assert code(cloud, "CreateQuotaApplication", QUOTAS, **asked, DesireValue=40) == (
        "QUOTA.APPLICATION.PROCESSING"
    )
    site.operator.ok("POST", f"/quota-applications/{made['ApplicationId']}/approve", {"answer": "fine"})
    (found,) = cloud.call("ListQuotaApplications", QUOTAS, ProductCode="vpc")["QuotaApplications"]
    assert (found["Status"], found["ApproveValue"], found["AuditReason"]) == ("Agree", 30.0, "fine")
    got = cloud.call("GetQuotaApplication", QUOTAS, ApplicationId=made["ApplicationId"])
    assert got["QuotaApplication"]["ApplicationId"] == made["ApplicationId"]
    quota = cloud.call("GetProductQuota", QUOTAS, ProductCode="vpc", QuotaActionCode="vpc_quota_peer_num")
    assert quota["Quota"]["TotalQuota"] == 30.0
    for wrong in (20, 1.5, "many"):
        assert (
            code(cloud, "CreateQuotaApplication", QUOTAS, **asked, DesireValue=wrong) == "PARAMETERS.ILLEGAL"
        )
    missing = code(cloud, "GetQuotaApplication", QUOTAS, ApplicationId="qa-none")
    assert missing == "QUOTA.APPLICATION.NOT.FOUND"


def test_resource_groups_are_made_listed_and_deleted(cloud: Provider, provider: Clouds, site: Site) -> None:
    """API-1: the default group is there from the start; names are unique; others' groups are missing."""
    listed = cloud.call("ListResourceGroups", GROUPS)
    (default,) = listed["ResourceGroups"]["ResourceGroup"]
    assert (default["Name"], listed["TotalCount"]) == ("default", 1)
    made = cloud.call("CreateResourceGroup", GROUPS, Name="shop", DisplayName="The shop")["ResourceGroup"]
    assert (made["Name"], made["DisplayName"], made["Status"]) == ("shop", "The shop", "OK")
    again = code(cloud, "CreateResourceGroup", GROUPS, Name="shop", DisplayName="The shop")
    assert again == "EntityAlreadyExists.ResourceGroup"
    page = cloud.call("ListResourceGroups", GROUPS, PageNumber=2, PageSize=1)
    assert [one["Id"] for one in page["ResourceGroups"]["ResourceGroup"]] == [made["Id"]]
    named = cloud.call("ListResourceGroups", GROUPS, Name="shop")
    assert named["TotalCount"] == 1
    stranger = provider(site.account())
    for action in ("GetResourceGroup", "DeleteResourceGroup"):
        missing = code(stranger, action, GROUPS, ResourceGroupId=made["Id"])
        assert missing == "EntityNotExists.ResourceGroup"
    got = cloud.call("GetResourceGroup", GROUPS, ResourceGroupId=default["Id"])["ResourceGroup"]
    assert got["RegionStatuses"]["RegionStatus"]
    cloud.call("DeleteResourceGroup", GROUPS, ResourceGroupId=made["Id"])
    assert (
        code(cloud, "GetResourceGroup", GROUPS, ResourceGroupId=made["Id"]) == "EntityNotExists.ResourceGroup"
    )


def test_cdt_is_open_and_nothing_was_bought(cloud: Provider) -> None:
    """API-1, API-2: what clients look at before they peer regions, and what Terraform asks when it starts."""
    for action in ("GetCdtServiceStatus", "GetCdtCbServiceStatus"):
        assert cloud.call(action, CDT)["Enabled"] is True
    for action in ("OpenCdtService", "OpenCdtCbService"):
        assert cloud.call(action, CDT)["OrderId"]
    for action in ("ListCdtInternetTraffic", "ListCdtCrossBordTraffic"):
        assert cloud.call(action, CDT)["TrafficDetails"] == []
    assert cloud.call("ListCdtTrafficTiers", CDT)["TrafficTiers"] == []
    bought = cloud.query(
        "QueryAvailableInstances", BSS, ProductCode="vipcloudfw", SubscriptionType="Subscription"
    )
    assert bought["Success"] is True
    assert bought["Data"] == {"InstanceList": [], "TotalCount": 0, "PageNum": 1, "PageSize": 20}


def test_every_endpoint_is_this_door(cloud: Provider) -> None:
    """API-2: whoever asks where a service is, is sent here and not to the cloud itself."""
    found = cloud.query("DescribeEndpoints", LOCATION, Id="cn-beijing", ServiceCode="vpc", Type="openAPI")
    (endpoint,) = found["Endpoints"]["Endpoint"]
    assert (endpoint["Endpoint"], endpoint["Id"]) == (cloud.endpoint, "cn-beijing")
    assert endpoint["SerivceCode"] == endpoint["ServiceCode"] == "vpc"
    wrong = code(cloud, "DescribeEndpoints", LOCATION, Id="mars-1", ServiceCode="vpc")
    assert wrong == "InvalidRegionId"
