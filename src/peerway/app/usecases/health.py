"""What health checks say, brought to the store. Called by a reconciler only.

A verdict is an observation and nobody's act, so it leaves no line in the audit log; the change log has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from peerway.app.store import Reader, Writer, where
from peerway.domain.router_interface import InterfaceHealth, RouterInterface
from peerway.domain.service import Backend, BackendHealth
from peerway.fabric.checks import backend_key


def known_health(tx: Reader) -> dict[str, bool | None]:
    """The verdicts on record, by link id or `LISTENER-ID/INSTANCE-ID`; None for a link whose sides' verdicts differ."""
    sides: dict[str, set[InterfaceHealth]] = {}
    for interface in tx.select(RouterInterface):
        if interface.link_id is not None:
            sides.setdefault(interface.link_id, set()).add(interface.health)
    known = {
        key: None if len(found) > 1 else found == {InterfaceHealth.NORMAL}
        for key, found in sides.items()
        if found != {InterfaceHealth.UNKNOWN}
    }
    for backend in tx.select(Backend):
        if backend.health is not BackendHealth.UNKNOWN:
            key = backend_key(backend.listener_id, backend.instance_id)
            known[key] = backend.health is BackendHealth.NORMAL
    return known


def record_health(tx: Writer, verdicts: Mapping[str, bool | None]) -> int:
    """Put verdicts on record, None for "not known"; how many resources that changed. What is gone meanwhile is passed over."""
    changed = 0
    for key, verdict in verdicts.items():
        for resource in _judged(tx, key):
            after = _with_health(resource, verdict)
            if after != resource:
                tx.update(after)
                changed += 1
    return changed


def _judged(tx: Reader, key: str) -> Iterator[RouterInterface | Backend]:
    """The resources that a verdict is about: a backend, or the sides of a link."""
    listener_id, _, instance_id = key.partition("/")
    if instance_id:
        yield from tx.select(
            Backend, where("listener_id", listener_id), where("instance_id", instance_id), limit=1
        )
        return
    initiator = tx.get(RouterInterface, key)
    if initiator is not None:
        yield initiator
        opposite = tx.get(RouterInterface, initiator.opposite_interface_id or "")
        if opposite is not None and opposite.link_id == key:
            yield opposite


def _with_health(
    resource: RouterInterface | Backend,
    verdict: bool | None,  # noqa: FBT001 - a verdict, not a switch
) -> RouterInterface | Backend:
    if isinstance(resource, Backend):
        if verdict is None:
            return replace(resource, health=BackendHealth.UNKNOWN)
        return replace(resource, health=BackendHealth.NORMAL if verdict else BackendHealth.ABNORMAL)
    if verdict is None:
        return replace(resource, health=InterfaceHealth.UNKNOWN)
    return replace(resource, health=InterfaceHealth.NORMAL if verdict else InterfaceHealth.ABNORMAL)
