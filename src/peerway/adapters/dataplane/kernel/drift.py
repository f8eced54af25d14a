"""Naming what differs between a namespace and its plan; pure.

Owns the words people read. Object by object: the first difference found stands for all of an object's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from socket import AF_INET

from peerway.adapters.dataplane.kernel.state import Destination, Interface, State


def differences(actual: State, desired: State, owners: Mapping[int, str], router: str) -> dict[str, str]:
    """Owner id → what differs."""
    result: dict[str, str] = {}
    for owner, text in _walk(actual, desired, owners, router):
        result.setdefault(owner, text)
    return result


def _walk(actual: State, desired: State, owners: Mapping[int, str], router: str) -> Iterator[tuple[str, str]]:
    for index in actual.interfaces.keys() | desired.interfaces.keys():
        text = _interface(actual.interfaces.get(index), desired.interfaces.get(index))
        if text:
            yield owners.get(index, router), text
    for address in actual.addresses ^ desired.addresses:
        yield owners.get(address.interface, router), f"address {ip_address(address.address)} differs"
    for neighbour in actual.neighbours ^ desired.neighbours:
        yield owners.get(neighbour.interface, router), f"neighbour {ip_address(neighbour.address)} differs"
    for rule in actual.rules ^ desired.rules:
        yield router, f"policy rule {rule.priority} differs"
    for destination, way in set(actual.routes.items()) ^ set(desired.routes.items()):
        wanted = desired.routes.get(destination)
        word = "missing" if destination not in actual.routes else "wrong" if wanted else "not wanted"
        hops = (wanted or way).hops
        yield (
            owners.get(hops[0].out, router) if len(hops) == 1 else router,
            f"route {_cidr(destination)} is {word}",
        )
    if actual.filter != desired.filter:
        yield router, "the filter is missing or was changed"


def _interface(actual: Interface | None, desired: Interface | None) -> str:
    if actual == desired:
        return ""
    if actual is None:
        return "the interface is missing"
    if desired is None:
        return f"interface {actual.name} should not be there"
    if actual.up != desired.up:
        return f"the interface is switched {'on' if actual.up else 'off'}"
    return "the cap differs" if actual.rate != desired.rate else "the interface's settings differ"


def _cidr(destination: Destination) -> str:
    network = destination.network or bytes(4 if destination.version == AF_INET else 16)
    return f"{ip_address(network)}/{destination.length}"
