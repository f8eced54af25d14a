"""The tables of actions, and what the modules beside this one share."""

from __future__ import annotations

from typing import Final

from peerway.api.clouds.action import Product, load_product
from peerway.api.clouds.call import AnyCall
from peerway.app.usecases.alarms import get_alarm_rule, list_alarm_rules
from peerway.domain.alarm import AlarmRule
from peerway.domain.errors import NotFound

PRODUCT: Final[Product] = load_product(__package__, "metrics.toml", "alarms.toml", "unsupported.toml")

#: Whose metrics and rules these are.
PROFILE: Final = "tencent"


def policies(call: AnyCall) -> list[AlarmRule]:
    """The caller's policies."""
    return call.list(list_alarm_rules, lambda rule: rule.profile == PROFILE)


def policy_of(call: AnyCall, id: str) -> AlarmRule:
    """A policy of the caller's; rules of other products are none."""
    rule = call.use(get_alarm_rule, id)
    if rule.profile != PROFILE:
        raise NotFound("alarm_rule", id[:64], field="rule_id")
    return rule
