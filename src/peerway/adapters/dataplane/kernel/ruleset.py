"""Security policies and ACLs as nftables text; pure.

Owns the shape of a router's table. It has *fixed* chains, which say what is asked for whom; *lookups*, sets and maps that say
it for many and change element by element; and *units*, such as a chain for each distinct rule list, named by their content and
never changed. A change is one transaction: new units are added, the fixed chains that differ are refilled, old units are
deleted. Translation has its part in the same table (`translation`).

What a packet meets in the filter:
1. an instance's IPv6 source must be its own (IPv4 sources are checked by the reverse path);
2. ACLs, for every packet that leaves or enters a VSwitch;
3. security policies, once for each connection: the verdict is kept as the connection's mark, whose value is a digest of all
   that the verdict depends on. After a change no connection carries the new mark, so the next packet of each, in either
   direction, is judged again by the connection's first direction: revoked ones stop at once, others carry on.

Where the kernel has flowtables, established flows over links meet none of it from then on (`offload`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType
from typing import Final

from peerway.adapters.dataplane.kernel import offload
from peerway.adapters.dataplane.kernel.encode import subnet_groups
from peerway.adapters.dataplane.kernel.filters import Lookup, Unit, declare, filter_units
from peerway.adapters.dataplane.kernel.names import LINK_GROUP, endpoint_interface, uplink_interface
from peerway.adapters.dataplane.kernel.state import Interface
from peerway.adapters.dataplane.kernel.tracked import Allowed
from peerway.adapters.dataplane.kernel.translation import translate
from peerway.fabric.model import Endpoint, Filter, Policy, Router

TABLE = "inet peerway"
#: The source check stands in a table of its own, so that IPv4 packets of routers without policies meet no filter at all.
GUARD = "ip6 peerway"
#: Where the fixed chains hang that the kernel calls.
HOOKS: Final = MappingProxyType(
    {
        name: f"type {kind} hook {hook} priority {priority}; policy accept;"
        for name, kind, hook, priority in (
            ("arriving", "filter", "prerouting", "raw"),
            ("prerouting", "nat", "prerouting", "dstnat"),
            ("arrived", "filter", "prerouting", "dstnat + 10"),
            ("input", "filter", "input", "filter"),
            ("forward", "filter", "forward", "filter"),
            ("established", "filter", "forward", "filter + 1"),
            ("postrouting", "nat", "postrouting", "srcnat"),
            ("leaving", "filter", "postrouting", "srcnat + 10"),
        )
    }
)
_GUARD_HOOK: Final = "type filter hook forward priority filter - 1; policy accept;"


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A router's filter and translation."""

    #: The source check; empty for none.
    guard: tuple[str, ...]
    #: Filters by name, in the order they must be added.
    units: Mapping[str, Unit]
    #: Rules of the fixed chains by chain name.
    fixed: Mapping[str, tuple[str, ...]]
    #: Lookups by name.
    lookups: Mapping[str, Lookup]
    #: Translated connections that may go on.
    allowed: Allowed
    #: Digest of all of it.
    digest: str

    @property
    def offloads(self) -> bool:
        """Whether established flows may take the short way."""
        return offload.FLOWTABLE in self.units

    def offloading(self, interfaces: Iterable[Interface]) -> set[str]:
        """Those of the interfaces that have to look for flows: links', and those of instances whose flows may."""
        members = self.lookups[offload.MEMBERS].elements
        return {one.name for one in interfaces if one.group == LINK_GROUP or f'"{one.name}"' in members}

    def joining(self, interfaces: Collection[str]) -> Iterator[str]:
        """Texts that have interfaces look for flows."""
        return offload.joining(TABLE, interfaces)

    def text(self) -> str:
        """Text that loads it where no filter is."""
        return self.swap(_NOTHING) if self.fixed else self._guard_text()

    def swap(self, old: Ruleset) -> str:
        """Text that turns the old ruleset into this one in one transaction, touching only what differs."""
        if not self.fixed or not (old.fixed or old is _NOTHING):
            return removal() + self.text()
        changed = [name for name, rules in self.fixed.items() if old.fixed.get(name) != rules]
        gone = [name for name in old.fixed if name not in self.fixed]
        units = [unit for name, unit in self.units.items() if name not in old.units]
        old_units = [unit for name, unit in old.units.items() if name not in self.units]
        retired = [*gone, *(chain for unit in old_units for chain in unit.chains)]
        lines = [] if self.guard == old.guard else [*_renewed(old.guard), self._guard_text()]
        lines += [
            # a chain must be there before a map or rule names it, a map before a rule does
            _block(_chain(name) for name in changed if name not in old.fixed),
            _block(part for unit in units for part in unit.declarations),
            *_rewritten(old.lookups, self.lookups),
            *(f"flush chain {TABLE} {name}\n" for name in [*changed, *retired] if old is not _NOTHING),
            _block(_chain(name, self.fixed[name]) for name in changed),
            *_retired(old.lookups, self.lookups),
            *(f"delete map {TABLE} {name}\n" for unit in old_units for name in unit.maps),
            *(f"delete chain {TABLE} {name}\n" for name in retired),
            *(f"delete flowtable {TABLE} {name}\n" for unit in old_units for name in unit.flowtables),
        ]
        return "".join(lines)

    def _guard_text(self) -> str:
        return _block([declare("chain", "forward", (_GUARD_HOOK, *self.guard))], GUARD) if self.guard else ""


_NOTHING: Final = Ruleset((), {}, {}, {}, Allowed(), "")


def _chain(name: str, rules: Iterable[str] = ()) -> str:
    return declare("chain", name, ([HOOKS[name]] if name in HOOKS else []) + list(rules))


def _renewed(old_guard: tuple[str, ...]) -> list[str]:
    return [f"delete table {GUARD}\n"] if old_guard else []


def _rewritten(old: Mapping[str, Lookup], new: Mapping[str, Lookup]) -> Iterator[str]:
    """Text that brings lookups to their new content, and makes those that are missing."""
    yield _block(lookup.declaration(name) for name, lookup in new.items() if name not in old)
    for name, lookup in new.items():
        before: Mapping[str, str] = old[name].elements if name in old else {}
        if before == lookup.elements:
            continue
        gone = [key for key, value in before.items() if lookup.elements.get(key) != value]
        added = [key for key, value in lookup.elements.items() if before.get(key) != value]
        for verb, written in (
            ("delete", old[name].written(gone) if gone else ""),
            ("add", lookup.written(added)),
        ):
            if written:
                yield f"{verb} element {TABLE} {name} {written}\n"


def _retired(old: Mapping[str, Lookup], new: Mapping[str, Lookup]) -> Iterator[str]:
    for name, lookup in old.items():
        if name not in new:
            yield f"delete {lookup.kind} {TABLE} {name}\n"


def removal() -> str:
    """Text that takes any filter away; slower than loading, the kernel waits for packets on their way."""
    return "".join(f"table {table}\ndelete table {table}\n" for table in (GUARD, TABLE))


def compile_ruleset(router: Router, *, flowtables: bool = False) -> Ruleset | None:
    """The filter of a router; None when it filters nothing. `flowtables`: the kernel has them."""
    build = _Build(router)
    guard = build.check_sources()
    build.ask_acls()
    build.ask_policies()
    mark = hex(int(_digest(guard, build.units, build.fixed, build.lookups)[:8], 16) or 1)
    fixed = {
        name: tuple(rule.replace("$MARK", mark) for rule in rules) for name, rules in build.fixed.items()
    }
    translating = translate(router)
    fixed |= {name: tuple(rules) for name, rules in translating.chains.items()}
    if not (guard or fixed):
        return None
    units, lookups = build.units | translating.units, build.lookups | translating.lookups
    if flowtables and (members := offload.offloaded(router)):
        units[offload.FLOWTABLE] = offload.UNIT
        lookups[offload.MEMBERS] = Lookup("type ifname", {f'"{name}"': "" for name in members})
        fixed["established"] = offload.RULES
    return Ruleset(guard, units, fixed, lookups, translating.allowed, _digest(guard, units, fixed, lookups))


def _digest(
    guard: tuple[str, ...],
    units: Mapping[str, Unit],
    chains: Mapping[str, Sequence[str]],
    lookups: Mapping[str, Lookup],
) -> str:
    elements = {name: lookup.elements for name, lookup in lookups.items()}
    return blake2b(repr((guard, sorted(units), chains, elements)).encode(), digest_size=16).hexdigest()


class _Build:
    """Collects the filter of one router."""

    def __init__(self, router: Router) -> None:
        self.units: dict[str, Unit] = {}
        self.fixed: dict[str, list[str]] = {}
        self.lookups: dict[str, Lookup] = {}
        #: Jumps by the filter's identity, which holds as long as the router does, and the way it is asked.
        self._jumps: dict[tuple[int, str], str] = {}
        self._router = router
        endpoints = router.endpoints.values()
        self._gateways = _set(_interface(endpoint) for endpoint in endpoints if endpoint.forwards)

    def check_sources(self) -> tuple[str, ...]:
        subnets = self._router.subnets.values()
        if not any(prefix.version == 6 for subnet in subnets for prefix in subnet.prefixes):
            return ()
        own = _set(
            f"{_interface(endpoint)} . {address}"
            for endpoint in self._router.endpoints.values()
            for address in endpoint.addresses
            if address.version == 6
        )
        free = _set(
            [
                *(_interface(endpoint) for endpoint in self._router.endpoints.values() if endpoint.forwards),
                *(f'"{uplink_interface(id)}"' for id in self._router.uplinks),
            ]
        )
        guarded = f"iifgroup != {LINK_GROUP}" + (f" iifname != {free}" if free else "")
        return (f"{guarded} iifname . ip6 saddr != {own} drop" if own else f"{guarded} drop",)

    def ask_acls(self) -> None:
        groups = subnet_groups(self._router)
        acls = self._router.acls
        used = [
            (groups[id], acls[subnet.acl_id])
            for id, subnet in self._router.subnets.items()
            if subnet.acl_id is not None
        ]
        if not used:
            return
        inside = _set(f"{group} . {group} : goto policies" for group, _ in used)
        leaving = _set(f"{group} : {self._jump(acl.egress, 'to')}" for group, acl in used)
        entering = _set(f"{group} : {self._jump(acl.ingress, 'from')}" for group, acl in used)
        self.fixed["forward"] = [
            f"iifgroup . oifgroup vmap {inside}",
            f"iifgroup vmap {leaving}",
            f"oifgroup vmap {entering}",
        ]
        self.fixed["policies"] = []
        # never reached; it turns connection tracking on, which puts fragments together before ports are looked at
        self.fixed["whole"] = ["ct state new return"]

    def ask_policies(self) -> None:
        policies = self._router.policies
        guarded = [
            (_interface(endpoint), policies[endpoint.policy_id])
            for endpoint in self._router.endpoints.values()
            if endpoint.policy_id is not None
        ]
        if not guarded:
            return
        gateways = self._gateways
        passing = [f"iifname {gateways}", f"oifname {gateways}"] if gateways else []
        settle = [*(f"{side} accept" for side in passing), "ct mark set $MARK accept"]
        self.fixed.setdefault("forward", []).append("jump policies")
        # instances ask the router's name server; no rule is about what answers the router's own probes
        self.fixed["input"] = ["ct direction reply accept", "jump policies"]
        # a gateway's connections pass the router twice under one tracking entry, so they are judged each time
        self.fixed["policies"] = [
            *(f"{side} goto judge" for side in passing),
            "ct mark $MARK accept",
            "goto judge",
        ]
        self.fixed["judge"] = [
            "ct state invalid drop",
            f"ct state related {'accept' if gateways else 'drop'}",
            "ct direction original goto opened",
            "goto answered",
        ]
        self.fixed["opened"] = [
            f"iifname vmap {self._by_interface('opened_from', guarded, 'to')}",
            f"oifname vmap {self._by_interface('opened_to', guarded, 'from')}",
            *settle,
        ]
        self.fixed["answered"] = [
            f"oifname vmap {self._by_interface('answered_to', guarded, 'back_to')}",
            f"iifname vmap {self._by_interface('answered_from', guarded, 'back_from')}",
            *settle,
        ]

    def _by_interface(self, name: str, guarded: list[tuple[str, Policy]], way: str) -> str:
        """A map from each interface to the filter that is asked for it, in one of the ways."""
        self.lookups[name] = Lookup(
            "type ifname : verdict",
            {
                interface: self._jump(policy.egress if way in {"to", "back_to"} else policy.ingress, way)
                for interface, policy in guarded
            },
        )
        return f"@{name}"

    def _jump(self, rules: Filter, way: str) -> str:
        # Endpoints share their filters, and one with a group as its remote grows with them: each is written once.
        known = id(rules), way
        if known not in self._jumps:
            chain, units = filter_units(rules, way)
            self.units |= units
            self._jumps[known] = f"jump {chain}"
        return self._jumps[known]


def _interface(endpoint: Endpoint) -> str:
    return f'"{endpoint_interface(endpoint.id)}"'


def _set(elements: Iterable[str]) -> str:
    """An anonymous set or map; empty text for no elements, which nftables cannot write."""
    joined = ", ".join(elements)
    return f"{{ {joined} }}" if joined else ""


def _block(parts: Iterable[str], table: str = TABLE) -> str:
    joined = "".join(parts)
    return f"table {table} {{\n{joined}}}\n" if joined else ""
