"""What an account may have, and what became of its requests."""

from __future__ import annotations

import uuid
from typing import Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.products.vpc.product import PRODUCT
from peerway.app.usecases.limits import limit_of
from peerway.app.usecases.quotas import require_quota
from peerway.domain.errors import InvalidInput
from peerway.domain.quota import ENTRIES_PER_ACL

#: Told for what has no limit.
UNLIMITED: Final = 2_147_483_647


@PRODUCT.finds("DescribeVpcLimits")
def describe_vpc_limits(call: ReadCall, given: Given) -> Answer:
    """Limits by name."""
    return {
        "VpcLimitSet": [{"LimitType": name, "LimitValue": _limit(call, name)} for name in given["LimitTypes"]]
    }


@PRODUCT.finds("DescribeAccountAttributes")
def describe_account_attributes(_: ReadCall, __: Given) -> Answer:
    """There is nothing but VPCs."""
    return {"AccountAttributeSet": [{"AttributeName": "supported-platforms", "AttributeValues": ["VPC"]}]}


@PRODUCT.finds("DescribeVpcTaskResult")
def describe_vpc_task_result(_: ReadCall, given: Given) -> Answer:
    """A request that was answered is done."""
    try:
        uuid.UUID(given["TaskId"])
    except ValueError:
        raise InvalidInput("TaskId", "is malformed", given["TaskId"], code="malformed_id") from None
    return {"Status": "SUCCESS", "Output": "", "Result": []}


def _limit(call: AnyCall, name: str) -> int:
    limits = PRODUCT.extra["limits"]
    if name not in limits:
        raise InvalidInput("LimitTypes", "must be known", name)
    if name.startswith("network-acl-max-"):
        return ENTRIES_PER_ACL
    if not limits[name]:
        return UNLIMITED
    ours, default = require_quota(call.world, limits[name])
    return limit_of(call.tx, ours, call.caller.uid, default)
