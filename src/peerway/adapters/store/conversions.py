"""Values to what a column can hold and back, exactly.

Owns the encodings. They are part of the schema: a change here needs a migration.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
)
from operator import attrgetter
from typing import Any

from peerway.domain.alarm import (
    AlarmLevel,
    AlarmTarget,
    Comparison,
    Condition,
    Dimensions,
    Statistic,
)
from peerway.domain.labels import Tag
from peerway.domain.port import Port, PortKind
from peerway.domain.prefixes import Prefix
from peerway.domain.route_table import RoutePath
from peerway.domain.security import AclEntry, Protocol, RuleAction

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a value is stored when the engine can't take it as it is. Neither way is ever called with None."""

    #: Value to column.
    encode: Callable[[Any], Any]
    #: Column to value.
    decode: Callable[[Any], Any]


def micros(at: datetime) -> int:
    """Whole microseconds since 1970 UTC."""
    return (at - EPOCH) // MICROSECOND


def moment(count: int) -> datetime:
    """The time, UTC, so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=count)


@lru_cache(maxsize=1 << 16)
def prefix(text: str) -> Prefix:
    """The prefix of a stored text; prefixes don't change, so each text is read once."""
    return IPv6Network(text) if ":" in text else IPv4Network(text)


def choice(kind: type[StrEnum]) -> Conversion:
    """A member of an enumeration, stored as its value."""
    return Conversion(encode=attrgetter("value"), decode={one.value: one for one in kind}.__getitem__)


def encode_list(values: Sequence[object]) -> str:
    """A list of values that have an exact text, as JSON."""
    return json.dumps([str(value) for value in values], ensure_ascii=False, separators=(",", ":"))


def decode_prefixes(text: str) -> tuple[Prefix, ...]:
    """The opposite of `encode_list` for prefixes."""
    return () if text == "[]" else tuple(map(prefix, json.loads(text)))


def decode_texts(text: str) -> tuple[str, ...]:
    """The opposite of `encode_list` for texts."""
    return () if text == "[]" else tuple(json.loads(text))


def encode_acl(entries: Sequence[AclEntry]) -> str:
    """Entries of a network ACL as JSON, in their order."""
    rows = [
        [
            entry.action.value,
            entry.protocol.value,
            entry.port_low,
            entry.port_high,
            str(entry.cidr),
            entry.name,
            entry.description,
        ]
        for entry in entries
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def decode_acl(text: str) -> tuple[AclEntry, ...]:
    """The opposite of `encode_acl`; entries of old have no description."""
    return tuple(
        AclEntry(
            action=RuleAction(action),
            protocol=Protocol(protocol),
            port_low=port_low,
            port_high=port_high,
            cidr=prefix(cidr),
            name=name,
            description=description[0] if description else "",
        )
        for action, protocol, port_low, port_high, cidr, name, *description in json.loads(text)
    )


def decode_addresses(text: str) -> tuple[IPv4Address, ...]:
    """The opposite of `encode_list` for IPv4 addresses."""
    return tuple(map(IPv4Address, json.loads(text)))


def encode_paths(paths: Sequence[RoutePath]) -> str:
    """The paths of a route entry as JSON, in their order."""
    return json.dumps([[path.interface_id, path.weight] for path in paths], separators=(",", ":"))


def decode_paths(text: str) -> tuple[RoutePath, ...]:
    """The opposite of `encode_paths`."""
    return () if text == "[]" else tuple(RoutePath(id, weight) for id, weight in json.loads(text))


def encode_port(port: Port) -> str:
    """A port as `VLAN:KIND:NAME`."""
    return f"{port.vlan}:{port.kind.value}:{port.name}"


def decode_port(text: str) -> Port:
    """The opposite of `encode_port`."""
    vlan, kind, name = text.split(":", 2)
    return Port(PortKind(kind), name, int(vlan))


def encode_tags(tags: Sequence[Tag]) -> str:
    """Tags as JSON, in their order."""
    return json.dumps([[tag.key, tag.value] for tag in tags], ensure_ascii=False, separators=(",", ":"))


def decode_tags(text: str) -> tuple[Tag, ...]:
    """The opposite of `encode_tags`."""
    return () if text == "[]" else tuple(Tag(key, value) for key, value in json.loads(text))


def encode_conditions(conditions: Sequence[Condition]) -> str:
    """Conditions of an alarm rule as JSON, in their order."""
    rows = [
        [
            one.level.value,
            one.metric,
            one.statistic.value,
            one.comparison.value,
            str(one.threshold),
            one.period_s,
            one.times,
        ]
        for one in conditions
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def decode_conditions(text: str) -> tuple[Condition, ...]:
    """The opposite of `encode_conditions`."""
    return tuple(
        Condition(
            level=AlarmLevel(level),
            metric=metric,
            statistic=Statistic(statistic),
            comparison=Comparison(comparison),
            threshold=Decimal(threshold),
            period_s=period_s,
            times=times,
        )
        for level, metric, statistic, comparison, threshold, period_s, times in json.loads(text)
    )


def encode_watches(watches: Sequence[Dimensions]) -> str:
    """What an alarm rule watches, as JSON."""
    return json.dumps(watches, ensure_ascii=False, separators=(",", ":"))


def decode_watches(text: str) -> tuple[Dimensions, ...]:
    """The opposite of `encode_watches`."""
    return tuple(tuple((name, value) for name, value in one) for one in json.loads(text))


def encode_targets(targets: Sequence[AlarmTarget]) -> str:
    """Machines that an alarm rule tells, as JSON."""
    rows = [[one.id, one.arn, one.level, one.parameters] for one in targets]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def decode_targets(text: str) -> tuple[AlarmTarget, ...]:
    """The opposite of `encode_targets`."""
    return tuple(AlarmTarget(*row) for row in json.loads(text))


TIME = Conversion(micros, moment)
MONEY = Conversion(str, Decimal)
BOOL = Conversion(bool, bool)
PREFIX = Conversion(str, prefix)
PREFIXES = Conversion(encode_list, decode_prefixes)
TEXTS = Conversion(encode_list, decode_texts)
IPV4 = Conversion(str, IPv4Address)
IPV6 = Conversion(str, IPv6Address)
ADDRESS = Conversion(str, ip_address)
IPV4S = Conversion(encode_list, decode_addresses)
INTERFACE4 = Conversion(str, IPv4Interface)
INTERFACE6 = Conversion(str, IPv6Interface)
PATHS = Conversion(encode_paths, decode_paths)
PORT = Conversion(encode_port, decode_port)
ACL = Conversion(encode_acl, decode_acl)
TAGS = Conversion(encode_tags, decode_tags)
CONDITIONS = Conversion(encode_conditions, decode_conditions)
WATCHES = Conversion(encode_watches, decode_watches)
TARGETS = Conversion(encode_targets, decode_targets)
