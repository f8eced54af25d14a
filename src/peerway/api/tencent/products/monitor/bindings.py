"""What policies are bound to: objects by their dimensions. The unique id of an object is its own id."""

from __future__ import annotations

from typing import Any

import orjson

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import AnyCall, ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.products.monitor.pages import within
from peerway.api.tencent.products.monitor.policies import bound_of, origin_id, put_again
from peerway.api.tencent.products.monitor.product import PRODUCT, policies, policy_of
from peerway.api.tencent.regions import short_of
from peerway.app.usecases.alarm_parts import nothing_of
from peerway.app.usecases.metrics import find_namespace
from peerway.domain.alarm import AlarmRule, Dimensions
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.peering import Peering


@PRODUCT.writes("BindingPolicyObject")
def binding_policy_object(call: WriteCall, given: Given) -> Answer:
    """Bind objects to a policy, beside those it has."""
    rule = _policy(call, given)
    asked = [_dimensions(one["Dimensions"]) for one in given["Dimensions"]]
    put_again(call, rule, watches=tuple(dict.fromkeys([*bound_of(call, rule), *asked])))
    return None


@PRODUCT.writes("UnBindingPolicyObject")
def unbinding_policy_object(call: WriteCall, given: Given) -> Answer:
    """Take objects off a policy; those that it does not have are no error."""
    rule = _policy(call, given)
    _keep(call, rule, [one for one in bound_of(call, rule) if unique_id(one) not in given["UniqueId"]])
    return None


@PRODUCT.writes("UnBindingAllPolicyObject")
def unbinding_all_policy_object(call: WriteCall, given: Given) -> Answer:
    """Take all objects off a policy."""
    _keep(call, _policy(call, given), [])
    return None


@PRODUCT.finds("DescribeBindingPolicyObjectList")
def describe_binding_policy_object_list(call: ReadCall, given: Given) -> Answer:
    """A window of the objects that a policy is bound to."""
    bound = bound_of(call, _policy(call, given))
    offset = within(given, "Offset", 0, 0, 1 << 31)
    limit = within(given, "Limit", 20, 1, 100)
    rows: list[dict[str, Any]] = [
        {
            "UniqueId": unique_id(one),
            "Dimensions": orjson.dumps(dict(one)).decode(),
            "IsShielded": 0,
            "Region": _region(call, one),
        }
        for one in bound[offset : offset + limit]
    ]
    return {"List": rows, "Total": len(bound), "NoShieldedSum": len(bound)}


def unique_id(dimensions: Dimensions) -> str:
    """What tells an object of a policy from the others."""
    return "/".join(value for _, value in dimensions)


def _policy(call: AnyCall, given: Given) -> AlarmRule:
    """The policy by its id, or by the number that stands for it."""
    if given.get("PolicyId"):
        return policy_of(call, given["PolicyId"])
    number = str(given.get("GroupId", 0))
    found = [rule for rule in policies(call) if origin_id(rule) == number]
    if not found:
        raise NotFound("alarm_rule", number, field="rule_id")
    return found[0]


def _keep(call: WriteCall, rule: AlarmRule, left: list[Dimensions]) -> None:
    if rule.watches:
        nothing = nothing_of(find_namespace(call.world, rule.namespace))
        put_again(call, rule, watches=tuple(left) or (nothing,))


def _dimensions(text: str) -> Dimensions:
    """`{"peeringConnectionId":"pcx-..."}` as pairs in order of their names."""
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(read, dict) or not read or not all(isinstance(one, str) for one in read.values()):
        rule = 'must be like {"peeringConnectionId":"pcx-..."}'
        raise InvalidInput("watches", rule, text)
    return tuple(sorted(read.items()))


def _region(call: AnyCall, dimensions: Dimensions) -> str:
    """Region of the caller's side, or nothing for an object that is gone."""
    peering = call.tx.get(Peering, unique_id(dimensions))
    sides = [side for side in peering.sides if side.uid == call.caller.uid] if peering else []
    return short_of(sides[0].region_id) if sides else ""
