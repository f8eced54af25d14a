"""One filter (an ordered rule list) as nftables maps and chains; pure.

Owns the text of rules and of packet fields. A filter can be asked in four ways, which differ only in where the packet has the
remote address and the port; all four share the maps. Packets with ports (TCP, UDP) and without are looked up apart, so that a
packet too short to have ports still meets its rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Network

from peerway.adapters.dataplane.kernel.layers import Box, layers
from peerway.fabric.model import Action, Filter, Rule

#: Ways to ask: (address, port) of the remote side in the packet. `back` is for packets of a connection's answering direction.
WAYS = {
    "to": ("daddr", "dport"),
    "from": ("saddr", "dport"),
    "back_to": ("saddr", "sport"),
    "back_from": ("daddr", "sport"),
}
#: Up to so many rules are asked one by one; beyond that a map is faster.
LINEAR = 8

_TCP, _UDP = 6, 17
_ANY_PROTOCOL, _ANY_PORT = (0, 255), (0, 65535)
_FAMILY = {4: "ip", 6: "ip6"}
_TYPE = {4: "ipv4_addr", 6: "ipv6_addr"}


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that is added and deleted as a whole."""

    #: Text of its maps and chains, in the order of declaration.
    declarations: tuple[str, ...]
    #: Chain names, callers first.
    chains: tuple[str, ...] = ()
    #: Map names.
    maps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lookup:
    """A set or map that changes element by element."""

    #: Its type, as it is declared.
    type: str
    #: Key → value; empty values for a set.
    elements: Mapping[str, str]

    @property
    def kind(self) -> str:
        """`map` or `set`."""
        return "map" if ":" in self.type else "set"

    def declaration(self, name: str) -> str:
        """Text that declares it, empty."""
        return declare(self.kind, name, [self.type])

    def written(self, keys: Iterable[str]) -> str:
        """The elements of these keys as text, in braces; nothing for none."""
        parts = [f"{key} : {self.elements[key]}" if self.elements[key] else key for key in keys]
        return f"{{ {', '.join(parts)} }}" if parts else ""


@dataclass(frozen=True, slots=True)
class _Section:
    """The rules for one IP version, with or without ports."""

    #: 4 or 6.
    version: int
    #: Whether ports are looked at.
    ports: bool
    #: The rules in layers.
    layers: tuple[tuple[Box, ...], ...]

    @property
    def linear(self) -> bool:
        """Whether the rules are asked one by one."""
        return sum(map(len, self.layers)) <= LINEAR


@dataclass(frozen=True, slots=True)
class _Compiled:
    #: Name made of the content.
    name: str
    #: Sections that have rules.
    sections: tuple[_Section, ...]
    #: Verdict when no rule matches.
    default: str


def filter_units(rules: Filter, way: str) -> tuple[str, dict[str, Unit]]:
    """The chain to jump to for asking a filter in one way, and the units it needs, in the order they must be added."""
    compiled = _compile(rules)
    chain = f"{compiled.name}_{way}"
    units = {chain: Unit(*_chains(compiled, chain, way))}
    if any(not section.linear for section in compiled.sections):
        units = {compiled.name: _maps(compiled)} | units
    return chain, units


@lru_cache(maxsize=4096)
def _compile(rules: Filter) -> _Compiled:
    sections = []
    for version in (4, 6):
        for ports in (True, False):
            boxes = [box for rule in rules.rules if (box := _box(rule, version, ports=ports)) is not None]
            if boxes:
                sections.append(_Section(version, ports, tuple(map(tuple, layers(boxes)))))
    default = _verdict(accept=rules.default is Action.ACCEPT)
    digest = blake2b(repr((sections, default)).encode(), digest_size=10).hexdigest()
    return _Compiled(f"f{digest}", tuple(sections), default)


def _box(rule: Rule, version: int, *, ports: bool) -> Box | None:
    match = rule.match
    if match.remote.version != version or (
        match.protocol is not None and (match.protocol in {_TCP, _UDP}) != ports
    ):
        return None
    return Box(
        int(match.remote.network_address),
        match.remote.max_prefixlen - match.remote.prefixlen,
        _ANY_PROTOCOL if match.protocol is None else (match.protocol, match.protocol),
        (match.port_low, match.port_high) if ports else _ANY_PORT,
        rule.action is Action.ACCEPT,
    )


def _chains(compiled: _Compiled, chain: str, way: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    with_ports = f"{chain}_p"
    plain = [
        line for section in compiled.sections if not section.ports for line in _ask(compiled, section, way)
    ]
    ported = [line for section in compiled.sections if section.ports for line in _ask(compiled, section, way)]
    split = [f"meta l4proto {{ tcp, udp }} goto {with_ports}"] if ported or plain else []
    declarations = [declare("chain", chain, [*split, *plain, compiled.default])]
    if not split:
        return tuple(declarations), (chain,)
    declarations.insert(0, declare("chain", with_ports, [*ported, compiled.default]))
    return tuple(declarations), (chain, with_ports)


def _ask(compiled: _Compiled, section: _Section, way: str) -> Iterator[str]:
    address, port = WAYS[way]
    field = f"{_FAMILY[section.version]} {address}"
    if section.linear:
        for box in (box for layer in section.layers for box in layer):
            yield " ".join(_line(box, section, field, port))
        return
    fields = f"{field} . meta l4proto" + (f" . th {port}" if section.ports else "")
    for depth in range(len(section.layers)):
        yield f"{fields} vmap @{_map_name(compiled, section, depth)}"


def _line(box: Box, section: _Section, field: str, port: str) -> Iterator[str]:
    network = _network(box, section.version)
    yield f"{field} {network}" if network.prefixlen else f"meta nfproto ipv{section.version}"
    if box.protocols != _ANY_PROTOCOL:
        yield f"meta l4proto {box.protocols[0]}"
    if section.ports and box.ports != _ANY_PORT:
        yield f"th {port} {_range(box.ports)}"
    yield _verdict(accept=box.accept)


def _maps(compiled: _Compiled) -> Unit:
    declarations, names = [], []
    for section in compiled.sections:
        if section.linear:
            continue
        kind = f"{_TYPE[section.version]} . inet_proto" + (" . inet_service" if section.ports else "")
        for depth, layer in enumerate(section.layers):
            names.append(_map_name(compiled, section, depth))
            elements = ", ".join(_element(box, section) for box in layer)
            lines = [f"type {kind} : verdict", "flags interval", f"elements = {{ {elements} }}"]
            declarations.append(declare("map", names[-1], lines))
    return Unit(tuple(declarations), maps=tuple(names))


def _element(box: Box, section: _Section) -> str:
    parts = [str(_network(box, section.version)), _range(box.protocols)]
    if section.ports:
        parts.append(_range(box.ports))
    return f"{' . '.join(parts)} : {_verdict(accept=box.accept)}"


def _map_name(compiled: _Compiled, section: _Section, depth: int) -> str:
    return f"{compiled.name}_{section.version}{'p' if section.ports else 'n'}{depth}"


def _network(box: Box, version: int) -> IPv4Network | IPv6Network:
    length = (32 if version == 4 else 128) - box.free
    return IPv4Network((box.network, length)) if version == 4 else IPv6Network((box.network, length))


def _range(bounds: tuple[int, int]) -> str:
    low, high = bounds
    return str(low) if low == high else f"{low}-{high}"


def _verdict(*, accept: bool) -> str:
    return "return" if accept else "drop"


def declare(kind: str, name: str, lines: Iterable[str]) -> str:
    """The declaration of a map or chain inside a table."""
    return f" {kind} {name} {{\n" + "".join(f"  {line}\n" for line in lines) + " }\n"
