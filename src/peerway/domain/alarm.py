"""Alarm rules, and the people and groups that they tell (MON-2).

Owns the values and their rules. Whether a rule fires is decided elsewhere, from `state` on it is only noted here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from peerway.domain.resource import Resource


class AlarmLevel(StrEnum):
    """How bad it is, worst first."""

    #: Somebody has to come.
    CRITICAL = "critical"
    #: Somebody has to look.
    WARN = "warn"
    #: Somebody may want to know.
    INFO = "info"


class Comparison(StrEnum):
    """How a value is held against a threshold."""

    #: At least.
    AT_LEAST = ">="
    #: More than.
    ABOVE = ">"
    #: At most.
    AT_MOST = "<="
    #: Less than.
    BELOW = "<"
    #: Exactly.
    EQUAL = "=="
    #: Anything but.
    UNEQUAL = "!="


class Statistic(StrEnum):
    """What is made of the samples of a period."""

    #: All of them together.
    SUM = "sum"
    #: Their mean.
    AVERAGE = "average"
    #: The greatest.
    MAXIMUM = "maximum"
    #: The least.
    MINIMUM = "minimum"
    #: The last.
    VALUE = "value"


class AlarmState(StrEnum):
    """What a rule says."""

    #: Nothing is wrong.
    OK = "ok"
    #: It fires.
    ALARM = "alarm"
    #: Nothing was measured.
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One threshold of a rule: it holds when the value breaks it so many periods in a row."""

    #: How bad that is.
    level: AlarmLevel = AlarmLevel.CRITICAL
    #: Name of the metric in the rule's namespace.
    metric: str
    #: What is made of the samples of a period.
    statistic: Statistic = Statistic.AVERAGE
    #: How the value is held against the threshold.
    comparison: Comparison
    #: The threshold, in the metric's unit.
    threshold: Decimal
    #: Length of a period, s.
    period_s: int = 60
    #: Periods in a row.
    times: int = 1


#: One object a rule watches, as name-value pairs in order of the names: `(("instanceId", "pcc-…"),)`.
Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AlarmTarget:
    """A machine that a rule tells, beside people."""

    #: Unique within the rule.
    id: str
    #: Where it is, in the product's own notation.
    arn: str
    #: Level from which on it is told.
    level: str = ""
    #: What it is sent, as JSON text; empty for the product's own.
    parameters: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRule(Resource):
    """What is watched, what is too much, and who is told."""

    #: Id that its owner calls it by, unique within the account; by default its `id`.
    rule_id: str
    #: Display name.
    name: str
    #: Product whose names the metrics have (`alibaba`, `tencent`, `jdcloud`, `native`).
    profile: str
    #: Where the metrics' names come from (`acs_vpcpeer`, `QCE/PCX`).
    namespace: str
    #: Thresholds.
    conditions: tuple[Condition, ...]
    #: Whether all of one level have to hold, or any.
    all_conditions: bool = False
    #: What it watches; empty for everything of the account.
    watches: tuple[Dimensions, ...] = ()
    #: Names of the contact groups it tells.
    group_names: tuple[str, ...] = ()
    #: URL it calls; empty for none.
    webhook: str = ""
    #: Subject of its mails; empty for the product's own.
    subject: str = ""
    #: When it may fire, such as `06:00-20:00`; empty for always.
    effective: str = ""
    #: When it may not; empty for never.
    silent: str = ""
    #: Pause before the same alarm is told again, s.
    silence_s: int = 86_400
    #: What no data mean, in the product's own word; empty for its default.
    no_data: str = ""
    #: Machines it tells.
    targets: tuple[AlarmTarget, ...] = ()
    #: A rule that is switched off watches nothing.
    enabled: bool = True
    #: What it says.
    state: AlarmState = AlarmState.NO_DATA
    #: Since when; None while it has never been evaluated.
    state_since: datetime | None = None
    #: When it was changed last.
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Resource):
    """Somebody who is told."""

    #: Unique within the account.
    name: str
    #: Free text.
    description: str = ""
    #: Mail address; empty for none.
    mail: str = ""
    #: Telephone number for text messages; empty for none.
    sms: str = ""
    #: URL of a chat room's robot; empty for none.
    webhook: str = ""
    #: Instant messenger's name; empty for none.
    messenger: str = ""
    #: Language of the messages, in the product's notation; empty for its default.
    language: str = ""
    #: When it was changed last.
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactGroup(Resource):
    """Contacts that are told together."""

    #: Unique within the account.
    name: str
    #: Free text.
    description: str = ""
    #: Names of its contacts; some may be gone.
    contact_names: tuple[str, ...] = ()
    #: URLs that are called beside them.
    webhooks: tuple[str, ...] = ()
    #: Whether it gets product news, too.
    subscribed: bool = False
    #: What products keep beside all that, as JSON text; empty for nothing.
    extra: str = ""
    #: When it was changed last.
    changed_at: datetime
