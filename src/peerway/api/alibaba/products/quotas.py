"""Quotas 2020-05-10: limits, how far they are used, and applications for higher ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer, load_product
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import where
from peerway.app.usecases.quota_applications import ApplyForQuota, apply_for_quota, get_application
from peerway.app.usecases.quotas import QuotaStatus, list_quotas, used_in_region
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.quota import QuotaApplication
from peerway.domain.text import check_number
from peerway.profiles.model import QuotaScope

PRODUCT = load_product(__package__, "quotas.toml")

PROFILE: Final = "alibaba"
PRODUCTS: Final[Mapping[str, str]] = PRODUCT.extra["products"]
PRODUCT_OF: Final[Mapping[str, str]] = PRODUCT.extra["product_of"]
UNITS: Final[Mapping[str, str]] = PRODUCT.extra["units"]
STATUSES: Final[Mapping[str, str]] = PRODUCT.extra["application_status"]

#: The only category that there are quotas of.
CATEGORY: Final = "CommonQuota"
#: The dimension that narrows usage.
REGION: Final = "regionId"
#: Items in a page unless the caller asks for another number, and the most it may ask for.
PAGE_SIZE, PAGE_LIMIT = 30, 100


@PRODUCT.finds("ListProducts")
def list_products(_: ReadCall, given: Given) -> Answer:
    """Products that have quotas."""
    products = [
        {
            "ProductCode": code,
            "ProductName": name,
            "ProductNameEn": name,
            "CommonQuotaSupport": "support",
            "FlowControlSupport": "unsupport",
            "WhiteListLabelQuotaSupport": "unsupport",
            "Dynamic": False,
        }
        for code, name in PRODUCTS.items()
    ]
    return _page("ProductInfo", products, given)


@PRODUCT.reads("ListProductQuotas")
def list_product_quotas(call: ReadCall, given: Given) -> Answer:
    """A product's quotas with their usage."""
    _product(given["ProductCode"])
    if given.get("QuotaCategory", CATEGORY) != CATEGORY:
        return _page("Quotas", [], given)
    statuses = _statuses(call, given["ProductCode"])
    exact, word = given.get("QuotaActionCode"), given.get("KeyWord", "").lower()
    wanted = [one for one in statuses if exact in {None, one.name} and word in one.name.lower()]
    return _page("Quotas", [_quota(call, one, given) for one in wanted], given)


@PRODUCT.reads("GetProductQuota")
def get_product_quota(call: ReadCall, given: Given) -> Answer:
    """One quota with its usage."""
    return {"Quota": _quota(call, _status(call, given), given)}


@PRODUCT.writes("CreateQuotaApplication")
def create_quota_application(call: WriteCall, given: Given) -> Answer:
    """Ask for a higher limit; an operator answers."""
    status = _status(call, given)
    desired = given["DesireValue"]
    if desired != int(desired):
        raise InvalidInput("DesireValue", "must be a whole number", desired)
    request = ApplyForQuota(name=status.name, desired=int(desired), reason=given["Reason"])
    return _application(call.use(apply_for_quota, request))


@PRODUCT.finds("GetQuotaApplication")
def get_quota_application(call: ReadCall, given: Given) -> Answer:
    """One application."""
    return {"QuotaApplication": _application(call.use(get_application, given["ApplicationId"]))}


@PRODUCT.reads("ListQuotaApplications")
def list_quota_applications(call: ReadCall, given: Given) -> Answer:
    """The account's applications."""
    mine = call.tx.select(QuotaApplication, where("owner_uid", call.caller.uid))
    shown = [_application(one) for one in mine if _is_known(call, one.name)]
    fields = ("ProductCode", "QuotaActionCode", "QuotaCategory", "Status")
    wanted = [
        one
        for one in shown
        if all(one[field] == given[field] for field in fields if field in given)
        and given.get("KeyWord", "").lower() in one["QuotaActionCode"].lower()
    ]
    return _page("QuotaApplications", wanted, given)


def _product(code: str) -> None:
    if code not in PRODUCTS:
        raise InvalidInput("ProductCode", f"must be one of {', '.join(PRODUCTS)}", code)


def _statuses(call: AnyCall, product: str) -> list[QuotaStatus]:
    """Quotas of one product: the cloud's own and the installation's."""
    statuses = call.list(list_quotas)
    return [
        one
        for one in statuses
        if one.profile in {PROFILE, None} and PRODUCT_OF.get(one.name, "vpc") == product
    ]


def _status(call: AnyCall, given: Given) -> QuotaStatus:
    _product(given["ProductCode"])
    name = given["QuotaActionCode"]
    for one in _statuses(call, given["ProductCode"]):
        if one.name == name:
            return one
    raise NotFound("quota", name[:64], field="QuotaActionCode")


def _is_known(call: AnyCall, name: str) -> bool:
    """Whether a quota is one of this cloud's or the installation's: an account may have applied for others by other ways."""
    profile = call.world.require_profile(PROFILE)
    return name in call.world.limits or any(quota.name == name for quota in profile.quotas)


def _page(field: str, items: Sequence[Any], given: Given) -> dict[str, Any]:
    """A page of a short list; the token is the place where it goes on."""
    size = check_number(given.get("MaxResults", PAGE_SIZE), "MaxResults", 1, PAGE_LIMIT)
    token = given.get("NextToken", "0")
    if not token.isascii() or not token.isdigit() or len(token) > 9:
        raise InvalidInput("NextToken", "must be the one that was answered", token)
    end = int(token) + size
    following = str(end) if end < len(items) else ""
    page = items[int(token) : end]
    return {field: page, "TotalCount": len(items), "MaxResults": size, "NextToken": following}


def _quota(call: AnyCall, status: QuotaStatus, given: Given) -> dict[str, Any]:
    dimensions = {one["Key"]: one["Value"] for one in given.get("Dimensions", ()) if one["Key"] == REGION}
    region = dimensions.get(REGION) if status.scope is QuotaScope.ACCOUNT_REGION else None
    used = status.used if region is None else call.use(used_in_region, region)
    return {
        "ProductCode": given["ProductCode"],
        "QuotaActionCode": status.name,
        "QuotaName": status.name,
        "QuotaDescription": status.name.replace("_", " "),
        "QuotaArn": f"acs:quotas:*:*:quota/{given['ProductCode']}/{status.name}",
        "QuotaCategory": CATEGORY,
        "QuotaType": "normal",
        "QuotaUnit": _unit(status),
        "TotalQuota": float(status.limit),
        "TotalUsage": float(used),
        "Adjustable": True,
        "ApplicableType": "continuous",
        "ApplicableRange": [],
        "SupportedRange": [],
        "Consumable": True,
        "GlobalQuota": status.scope is not QuotaScope.ACCOUNT_REGION,
        "Dimensions": dimensions,
        "QuotaItems": [],
        "UnadjustableDetail": "",
        "ApplyReasonTips": "",
    }


def _unit(status: QuotaStatus) -> str:
    return UNITS.get(status.scope.value, "Count") if status.scope else "Count"


def _application(application: QuotaApplication) -> dict[str, Any]:
    approved = {"ApproveValue": float(application.desired)} if application.state == "approved" else {}
    effective = time_text(application.answered_at) if approved and application.answered_at else ""
    return {
        "ApplicationId": application.id,
        "ProductCode": PRODUCT_OF.get(application.name, "vpc"),
        "QuotaActionCode": application.name,
        "QuotaName": application.name,
        "QuotaDescription": application.name.replace("_", " "),
        "QuotaArn": f"acs:quotas:*:*:quota/{PRODUCT_OF.get(application.name, 'vpc')}/{application.name}",
        "QuotaCategory": CATEGORY,
        "QuotaUnit": "Count",
        "DesireValue": application.desired,
        "Reason": application.reason,
        "Status": STATUSES[application.state.value],
        "AuditReason": application.answer,
        "Comment": application.answer,
        "ApplyTime": time_text(application.created_at),
        "EffectiveTime": effective,
        "ExpireTime": "",
        "NoticeType": 0,
        "Dimension": {},
        **approved,
    }
