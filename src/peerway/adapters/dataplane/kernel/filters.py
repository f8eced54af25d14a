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
from socket import AF_INET, AF_INET6, inet_ntop

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
_BITS = {4: 32, 6: 128}
#: Whether packets with ports, and those without, are looked up for a protocol.
_PORTS = {None: (True, False), _TCP: (True,), _UDP: (True,)}


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that is added and deleted as a whole."""

    #: Text of its maps and chains, in the order of declaration.
    declarations: tuple[str, ...]
    #: Chain names, callers first.
    chains: tuple[str, ...] = ()
    #: Map names.
    maps: tuple[str, ...] = ()
    #: Flowtable names.
    flowtables: tuple[str, ...] = ()


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
    #: Rules that are asked one by one; empty when there are maps.
    boxes: tuple[Box, ...]
    #: Elements of the maps, one after the other.
    maps: tuple[str, ...]

    @property
    def tag(self) -> str:
        """What tells its maps from those of other sections."""
        return f"{self.version}{'p' if self.ports else 'n'}"


@dataclass(frozen=True, slots=True)
class _Compiled:
    #: Name made of the content.
    name: str
    #: Sections that have rules.
    sections: tuple[_Section, ...]
    #: Verdict when no rule matches.
    default: str
    #: Its maps; None for none.
    maps: Unit | None


class _Same:
    """A filter compared by identity: filters are long, and most are the very objects of the time before."""

    __slots__ = ("rules",)

    def __init__(self, rules: Filter) -> None:
        self.rules = rules

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.rules is other.rules

    def __hash__(self) -> int:
        return id(self.rules)


def filter_units(rules: Filter, way: str) -> tuple[str, dict[str, Unit]]:
    """The chain to jump to for asking a filter in one way, and the units it needs, in the order they must be added."""
    return _units(_Same(rules), way)


@lru_cache(maxsize=16384)
def _units(same: _Same, way: str) -> tuple[str, dict[str, Unit]]:
    compiled = _compile(same.rules)
    chain = f"{compiled.name}_{way}"
    units = {chain: Unit(*_chains(compiled, chain, way))}
    if compiled.maps is not None:
        units = {compiled.name: compiled.maps} | units
    return chain, units


@lru_cache(maxsize=4096)
def _compile(rules: Filter) -> _Compiled:
    boxes: dict[tuple[int, bool], list[Box]] = {}
    for rule in rules.rules:
        for ports in (True, False):
            if ports in _PORTS.get(rule.match.protocol, (False,)):
                boxes.setdefault((rule.match.remote.version, ports), []).append(_box(rule, ports=ports))
    sections = tuple(_section(*key, layers(boxes[key])) for key in sorted(boxes))
    default = _verdict(accept=rules.default is Action.ACCEPT)
    digest = blake2b(repr((sections, default)).encode(), digest_size=10).hexdigest()
    return _Compiled(f"f{digest}", sections, default, _maps(f"f{digest}", sections))


def _section(version: int, ports: bool, layered: list[list[Box]]) -> _Section:  # noqa: FBT001 - a key's part
    if sum(map(len, layered)) <= LINEAR:
        return _Section(version, ports, tuple(box for layer in layered for box in layer), ())
    maps = tuple(", ".join(_element(box, version, ports=ports) for box in layer) for layer in layered)
    return _Section(version, ports, (), maps)


def _box(rule: Rule, *, ports: bool) -> Box:
    match = rule.match
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
    # two rules, not one with a set: a transaction gets slow by the square of the sets in it
    split = [f"meta l4proto {word} goto {with_ports}" for word in ("tcp", "udp") if ported or plain]
    declarations = [declare("chain", chain, [*split, *plain, compiled.default])]
    if not split:
        return tuple(declarations), (chain,)
    declarations.insert(0, declare("chain", with_ports, [*ported, compiled.default]))
    return tuple(declarations), (chain, with_ports)


def _ask(compiled: _Compiled, section: _Section, way: str) -> Iterator[str]:
    address, port = WAYS[way]
    field = f"{_FAMILY[section.version]} {address}"
    for box in section.boxes:
        yield " ".join(_line(box, section, field, port))
    fields = f"{field} . meta l4proto" + (f" . th {port}" if section.ports else "")
    for depth in range(len(section.maps)):
        yield f"{fields} vmap @{compiled.name}_{section.tag}{depth}"


def _line(box: Box, section: _Section, field: str, port: str) -> Iterator[str]:
    everywhere = box.free == _BITS[section.version]
    yield f"meta nfproto ipv{section.version}" if everywhere else f"{field} {_network(box, section.version)}"
    if box.protocols != _ANY_PROTOCOL:
        yield f"meta l4proto {box.protocols[0]}"
    if section.ports and box.ports != _ANY_PORT:
        yield f"th {port} {_range(box.ports)}"
    yield _verdict(accept=box.accept)


def _maps(name: str, sections: Iterable[_Section]) -> Unit | None:
    declarations, names = [], []
    for section in sections:
        kind = f"{_TYPE[section.version]} . inet_proto" + (" . inet_service" if section.ports else "")
        for depth, elements in enumerate(section.maps):
            names.append(f"{name}_{section.tag}{depth}")
            lines = [f"type {kind} : verdict", "flags interval", f"elements = {{ {elements} }}"]
            declarations.append(declare("map", names[-1], lines))
    return Unit(tuple(declarations), maps=tuple(names)) if names else None


def _element(box: Box, version: int, *, ports: bool) -> str:
    fields = f"{_network(box, version)} . {_range(box.protocols)}"
    if ports:
        fields += f" . {_range(box.ports)}"
    return f"{fields} : {_verdict(accept=box.accept)}"


def _network(box: Box, version: int) -> str:
    packed = box.network.to_bytes(_BITS[version] // 8, "big")
    return f"{inet_ntop(AF_INET if version == 4 else AF_INET6, packed)}/{_BITS[version] - box.free}"


def _range(bounds: tuple[int, int]) -> str:
    low, high = bounds
    return str(low) if low == high else f"{low}-{high}"


def _verdict(*, accept: bool) -> str:
    return "return" if accept else "drop"


def declare(kind: str, name: str, lines: Iterable[str]) -> str:
    """The declaration of a map, chain or flowtable inside a table."""
    return f" {kind} {name} {{\n" + "".join(f"  {line}\n" for line in lines) + " }\n"
