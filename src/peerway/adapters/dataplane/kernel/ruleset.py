"""Security policies and ACLs as nftables text; pure.

Owns the shape of the filter. A router's table has two kinds of chains: *fixed* ones, which say what is asked for whom, and
*filters*, one for each distinct rule list, named by their content and never changed. A change of rules is one transaction:
new filters are added, the fixed chains are refilled, old filters are deleted.

What a packet meets:
1. an instance's IPv6 source must be its own (IPv4 sources are checked by the reverse path);
2. ACLs, for every packet that leaves or enters a VSwitch;
3. security policies, once for each connection: the verdict is kept as the connection's mark, whose value is a digest of all
   that the verdict depends on. After a change no connection carries the new mark, so the next packet of each, in either
   direction, is judged again by the connection's first direction: revoked ones stop at once, others carry on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from peerway.adapters.dataplane.kernel.encode import subnet_groups
from peerway.adapters.dataplane.kernel.filters import Unit, declare, filter_units
from peerway.adapters.dataplane.kernel.names import LINK_GROUP, endpoint_interface
from peerway.fabric.model import Endpoint, Filter, Router

TABLE = "inet peerway"
#: The source check stands in a table of its own, so that IPv4 packets of routers without policies meet no filter at all.
GUARD = "ip6 peerway"
_HOOK = "type filter hook forward priority filter; policy accept;"
_GUARD_HOOK = "type filter hook forward priority filter - 1; policy accept;"


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A router's filter."""

    #: The source check; empty for none.
    guard: tuple[str, ...]
    #: Filters by name, in the order they must be added.
    units: Mapping[str, Unit]
    #: Rules of the fixed chains by chain name, callers first; `forward` is the hook.
    fixed: Mapping[str, tuple[str, ...]]
    #: Digest of all of it.
    digest: str

    def text(self) -> str:
        """Text that loads it where no filter is."""
        parts = [part for unit in self.units.values() for part in unit.declarations]
        return self._guard_text() + (_block([*parts, *self._chains()]) if self.fixed else "")

    def swap(self, old: Ruleset) -> str:
        """Text that turns the old ruleset into this one in one transaction, touching only what differs."""
        if not (old.fixed and self.fixed):
            return removal() + self.text()
        added = [
            part for name, unit in self.units.items() if name not in old.units for part in unit.declarations
        ]
        gone = [unit for name, unit in old.units.items() if name not in self.units]
        chains = [chain for unit in gone for chain in unit.chains]
        lines = (
            [f"table {GUARD}\ndelete table {GUARD}\n", self._guard_text()] if self.guard != old.guard else []
        )
        lines += [_block(added)] if added else []
        lines += [f"flush chain {TABLE} {chain}\n" for chain in (*old.fixed, *chains)]
        lines.append(_block(self._chains()))
        chains = [*(chain for chain in old.fixed if chain not in self.fixed), *chains]
        lines += [f"delete chain {TABLE} {chain}\n" for chain in chains]
        lines += [f"delete map {TABLE} {name}\n" for unit in gone for name in unit.maps]
        return "".join(lines)

    def _guard_text(self) -> str:
        return _block([declare("chain", "forward", (_GUARD_HOOK, *self.guard))], GUARD) if self.guard else ""

    def _chains(self) -> Iterator[str]:
        for name in reversed(list(self.fixed)):  # a chain must be declared before a rule names it
            rules = self.fixed[name]
            yield declare("chain", name, (_HOOK, *rules) if name == "forward" else rules)


def removal() -> str:
    """Text that takes any filter away; slower than loading, the kernel waits for packets on their way."""
    return "".join(f"table {table}\ndelete table {table}\n" for table in (GUARD, TABLE))


def compile_ruleset(router: Router) -> Ruleset | None:
    """The filter of a router; None when it filters nothing."""
    build = _Build(router)
    guard = build.check_sources()
    build.ask_acls()
    build.ask_policies()
    if not (guard or build.fixed):
        return None
    digest = blake2b(repr((guard, sorted(build.units), build.fixed)).encode(), digest_size=16).hexdigest()
    mark = hex(int(digest[:8], 16) or 1)
    fixed = {
        name: tuple(rule.replace("$MARK", mark) for rule in rules) for name, rules in build.fixed.items()
    }
    return Ruleset(guard, build.units, fixed, digest)


class _Build:
    """Collects the chains of one router; the order of `fixed` is callers first."""

    def __init__(self, router: Router) -> None:
        self.units: dict[str, Unit] = {}
        self.fixed: dict[str, list[str]] = {}
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
        guarded = f"iifgroup != {LINK_GROUP}" + (f" iifname != {self._gateways}" if self._gateways else "")
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
            "iifname vmap " + _set(f"{name} : {self._jump(policy.egress, 'to')}" for name, policy in guarded),
            "oifname vmap "
            + _set(f"{name} : {self._jump(policy.ingress, 'from')}" for name, policy in guarded),
            *settle,
        ]
        self.fixed["answered"] = [
            "oifname vmap "
            + _set(f"{name} : {self._jump(policy.egress, 'back_to')}" for name, policy in guarded),
            "iifname vmap "
            + _set(f"{name} : {self._jump(policy.ingress, 'back_from')}" for name, policy in guarded),
            *settle,
        ]

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
    return f"table {table} {{\n{''.join(parts)}}}\n"
