"""Address translation and load balancers as nftables chains and lookups; pure.

Owns where a connection's addresses are replaced. Each decision is one lookup, however many listeners, public addresses and
entries there are. The order around it is what the fabric says: destinations are replaced before routes and filters, sources
after them, so filters see private addresses in both directions.

On the wire of an uplink with translation there are only its own public addresses: whatever arrives for another destination, or
would leave from another source, is dropped by a look at the packet alone. That holds for packets that belong to no connection,
too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from math import gcd

from peerway.adapters.dataplane.kernel.filters import Lookup, Unit, declare
from peerway.adapters.dataplane.kernel.names import endpoint_interface, service_chain, uplink_interface
from peerway.adapters.dataplane.kernel.tracked import Allowed
from peerway.domain.prefixes import PRIVATE_RANGES, SERVICE_RANGE
from peerway.fabric.model import DestinationNat, Router, Service, SourceNat, Translation

_WORDS = {6: "tcp", 17: "udp"}

#: Lookups by name: what they are and their type.
_TYPES = {
    "publics": "type ifname . ipv4_addr",
    "balancers": "type ipv4_addr",
    "listeners": "type ipv4_addr . inet_proto . inet_service : verdict",
    "entries": "type ifname . ipv4_addr . inet_proto . inet_service : verdict",
    "forwards": "type ifname . ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service",
    "protocols": "type ifname . ipv4_addr . inet_proto : ipv4_addr",
    "refused": "type ifname . ipv4_addr . inet_proto",
    "hosts": "type ifname . ipv4_addr : ipv4_addr",
    "sources": "type ifname . ipv4_addr : ipv4_addr",
}


@dataclass(slots=True)
class Translating:
    """What a router's table needs for it."""

    #: Pools of public addresses, and the ranges that they are for, in the order they must be added.
    units: dict[str, Unit] = field(default_factory=dict)
    #: Rules of chains, callers first.
    chains: dict[str, list[str]] = field(default_factory=dict)
    #: Lookups by name.
    lookups: dict[str, Lookup] = field(default_factory=dict)
    #: Which translated connections may go on.
    allowed: Allowed = field(default_factory=Allowed)


def translate(router: Router) -> Translating:
    """The translation of a router; nothing in it for one without."""
    build = _Build(router)
    if not (build.doors or router.services):
        return build.made
    build.arrange_chains()
    build.add_services()
    for uplink in router.uplinks.values():
        if uplink.translation is not None:
            build.add_door(uplink.id, uplink.translation)
    build.finish()
    if build.doors:
        _add_ways(build.made.allowed, router)
    return build.made


def _add_ways(allowed: Allowed, router: Router) -> None:
    """By which way instances' connections leave."""
    public = set()
    for endpoint in router.endpoints.values():
        for address in endpoint.addresses:
            if isinstance(address, IPv4Address):
                allowed.tables[address] = router.fibs[router.subnets[endpoint.subnet_id].fib_id]
                public |= {address} if endpoint.public is not None else set()
    allowed.exits = frozenset(public), router.exit_id
    allowed.inner = _inner(router)


def _inner(router: Router) -> tuple[IPv4Network, ...]:
    """Destinations that don't count as public (NET-10)."""
    own = (prefix for subnet in router.subnets.values() for prefix in subnet.prefixes)
    return (*PRIVATE_RANGES, SERVICE_RANGE, *(prefix for prefix in own if isinstance(prefix, IPv4Network)))


class _Build:
    """Collects the parts."""

    def __init__(self, router: Router) -> None:
        self.made = Translating()
        self.doors = [
            f'"{uplink_interface(uplink.id)}"'
            for uplink in router.uplinks.values()
            if uplink.translation is not None
        ]
        self._router = router
        self._services = {(one.address, one.protocol, one.port): one for one in router.services.values()}
        #: Protocol and port of the services at each address.
        self._listening: dict[IPv4Address, list[tuple[int, int]]] = {}
        for address, protocol, port in self._services:
            self._listening.setdefault(address, []).append((protocol, port))
        self._elements: dict[str, dict[str, str]] = {name: {} for name in _TYPES}
        self._ranges: dict[str, str] = {}

    def arrange_chains(self) -> None:
        chains, doors = self.made.chains, f"{{ {', '.join(self.doors)} }}"
        chains["prerouting"] = [f"iifname {doors} goto outside"] if self.doors else []
        if self._services:
            chains["prerouting"] += [
                "ip daddr . meta l4proto . th dport vmap @listeners",
                "ip daddr @balancers drop",
            ]
        if not self.doors:
            return
        chains["arriving"] = [
            *self._tell_apart(),
            f"iifname {doors} meta nfproto ipv6 drop",
            f"iifname {doors} iifname . ip daddr != @publics drop",
        ]
        chains["outside"] = [
            "iifname . ip daddr . meta l4proto . th dport vmap @entries",
            "meta l4proto { tcp, udp } dnat ip to iifname . ip daddr . meta l4proto . th dport map @forwards",
            "dnat ip to iifname . ip daddr . meta l4proto map @protocols",
            "iifname . ip daddr . meta l4proto @refused drop",
            "dnat ip to iifname . ip daddr map @hosts",
            "drop",
        ]
        # what is still for a public address belongs to no connection
        chains["arrived"] = ["iifname . ip daddr @publics drop"]
        chains["leaving"] = [
            f"oifname {doors} meta nfproto ipv6 drop",
            f"oifname {doors} oifname . ip saddr != @publics drop",
        ]

    def _tell_apart(self) -> list[str]:
        """What a gateway instance sends on passes the router a second time: on its way out it is a connection of its own.

        Only its first direction is: the answers come from outside, for a public address that no other waits for.
        """
        gateways = ", ".join(
            f'"{endpoint_interface(endpoint.id)}"'
            for endpoint in self._router.endpoints.values()
            if endpoint.forwards
        )
        inner = ", ".join(map(str, collapse_addresses(_inner(self._router))))
        outwards = f"iifname {{ {gateways} }} ip daddr != {{ {inner} }} ct original zone set 1"
        return [outwards] if gateways else []

    def add_services(self) -> None:
        for (address, protocol, port), service in self._services.items():
            chain = service_chain(service.id)
            self.made.chains[chain] = [_choose(service)]
            self._elements["balancers"][str(address)] = ""
            self._elements["listeners"][f"{address} . {protocol} . {port}"] = f"goto {chain}"
            self.made.allowed.let_in(address, protocol, port, _answering(service))

    def add_door(self, uplink_id: str, translation: Translation) -> None:
        door = uplink_interface(uplink_id)
        for entry in translation.destination:
            self._let_in(door, entry)
        pools = [(low, high, one.public) for low, high, one in _disjoint(translation.source)]
        for low, high, public in pools:
            self._let_out(door, low, high, public)
        self.made.allowed.outwards[uplink_id] = pools
        addresses = {entry.public for entry in translation.destination}
        addresses |= {address for _, _, public in pools for address in public}
        self._elements["publics"] |= dict.fromkeys((f'"{door}" . {address}' for address in addresses), "")

    def _let_in(self, door: str, entry: DestinationNat) -> None:
        """One destination entry; what an earlier one has taken stays with that."""
        there = f'"{door}" . {entry.public}'
        if there in self._elements["hosts"]:
            return
        if entry.public_port:
            for protocol in _WORDS if entry.protocol is None else (entry.protocol,):
                if not self._taken(f"{there} . {protocol}"):
                    self._forward(there, entry, protocol, entry.public_port)
        elif entry.protocol is None:
            for protocol, port in self._listening.get(entry.private, ()):
                if not self._taken(f"{there} . {protocol}"):
                    self._forward(there, entry, protocol, port)
            # a load balancer's address answers nothing else; nobody has it
            self._elements["hosts"][there] = str(entry.private)
            self.made.allowed.let_in(entry.public, None, None, {(entry.private, None)})
        elif not self._taken(f"{there} . {entry.protocol}"):
            self._forward_protocol(there, entry, entry.protocol)

    def _taken(self, key: str) -> bool:
        return key in self._elements["protocols"] or key in self._elements["refused"]

    def _forward_protocol(self, there: str, entry: DestinationNat, protocol: int) -> None:
        ports = [port for one, port in self._listening.get(entry.private, ()) if one == protocol]
        for port in ports:
            self._forward(there, entry, protocol, port)
        kind, value = ("refused", "") if ports else ("protocols", str(entry.private))
        self._elements[kind][f"{there} . {protocol}"] = value
        if not ports:
            self.made.allowed.let_in(entry.public, protocol, None, {(entry.private, None)})

    def _forward(self, there: str, entry: DestinationNat, protocol: int, port: int) -> None:
        """One port; of a load balancer's address straight to a backend, as there is one replacement a connection."""
        key = f"{there} . {protocol} . {port}"
        if key in self._elements["entries"] or key in self._elements["forwards"]:
            return
        private_port = (entry.private_port if entry.public_port else 0) or port
        service = self._services.get((entry.private, protocol, private_port))
        if service is not None:
            self._elements["entries"][key] = f"goto {service_chain(service.id)}"
            self.made.allowed.let_in(entry.public, protocol, port, _answering(service))
        else:
            self._elements["forwards"][key] = f"{entry.private} . {private_port}"
            self.made.allowed.let_in(entry.public, protocol, port, {(entry.private, private_port)})

    def _let_out(self, door: str, low: int, high: int, public: tuple[IPv4Address, ...]) -> None:
        if not public:
            return
        if low == high and len(public) == 1:
            self._elements["sources"][f'"{door}" . {IPv4Address(low)}'] = str(public[0])
        else:
            self._ranges[f'"{door}" . {IPv4Address(low)}-{IPv4Address(high)}'] = f"goto {self._pool(public)}"

    def _pool(self, public: tuple[IPv4Address, ...]) -> str:
        if len(public) == 1:
            rule = f"snat ip to {public[0]}"
        else:
            places = ", ".join(f"{place} : {address}" for place, address in enumerate(public))
            rule = f"snat ip to jhash ip saddr mod {len(public)} seed 0x1 map {{ {places} }}"
        name = "p" + _digest(rule)
        self.made.units[name] = Unit((declare("chain", name, [rule]),), (name,))
        return name

    def finish(self) -> None:
        """The lookups, and the chain that asks for sources."""
        used = {word for rules in self.made.chains.values() for rule in rules for word in rule.split()}
        asked = [name for name in _TYPES if f"@{name}" in used]
        self.made.lookups |= {name: Lookup(_TYPES[name], self._elements[name]) for name in asked}
        if not self.doors:
            return
        rules = ["snat ip to oifname . ip saddr map @sources"]
        self.made.lookups["sources"] = Lookup(_TYPES["sources"], self._elements["sources"])
        if self._ranges:
            elements = ", ".join(f"{key} : {value}" for key, value in self._ranges.items())
            name = "r" + _digest(elements)
            lines = ["type ifname . ipv4_addr : verdict", "flags interval", f"elements = {{ {elements} }}"]
            self.made.units[name] = Unit((declare("map", name, lines),), maps=(name,))
            rules.append(f"oifname . ip saddr vmap @{name}")
        self.made.chains["postrouting"] = [*rules, f"oifname {{ {', '.join(self.doors)} }} drop"]


def _choose(service: Service) -> str:
    """The rule that picks a backend by weight."""
    live = service.live
    if not live:
        return "drop"
    replace = f"meta l4proto {_WORDS[service.protocol]} dnat ip to"
    if len(live) == 1:
        return f"{replace} {live[0].address}:{live[0].port}"
    unit = gcd(*(backend.weight for backend in live))
    shares, first = [], 0
    for backend in live:
        last = first + backend.weight // unit - 1
        places = str(first) if first == last else f"{first}-{last}"
        shares.append(f"{places} : {backend.address} . {backend.port}")
        first = last + 1
    return f"{replace} numgen random mod {first} map {{ {', '.join(shares)} }}"


def _answering(service: Service) -> set[tuple[IPv4Address, int | None]]:
    """The backends whose connections go on: all, also those that get no new ones now."""
    return {(backend.address, backend.port) for backend in service.backends}


def _disjoint(entries: Iterable[SourceNat]) -> list[tuple[int, int, SourceNat]]:
    """Ranges of addresses without overlap, each with the entry of the longest prefix that holds it."""
    unique: Mapping[object, SourceNat] = {one.source: one for one in reversed(list(entries))}
    ordered = sorted(
        (one for one in unique.values() if one.source.version == 4),
        key=lambda one: (int(one.source.network_address), one.source.prefixlen),
    )
    result: list[tuple[int, int, SourceNat]] = []
    around: list[SourceNat] = []
    at = 0

    def go_to(end: int) -> None:
        nonlocal at
        if around and at < end:
            result.append((at, end - 1, around[-1]))
        at = max(at, end)

    def close_before(start: int) -> None:
        while around and int(around[-1].source.broadcast_address) < start:
            go_to(int(around[-1].source.broadcast_address) + 1)
            around.pop()

    for entry in ordered:
        start = int(entry.source.network_address)
        close_before(start)
        go_to(start)
        around.append(entry)
    close_before(1 << 32)
    return result


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=10).hexdigest()
