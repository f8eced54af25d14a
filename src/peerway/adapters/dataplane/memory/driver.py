"""The data plane that carries no packets: keeps the applied fabric and answers probes from it.

For machines without privileges and for tests. It says so: its probes are predicted, never answered. Nothing can fail or drift in
it, and nothing passes over its links, so its counters stay at zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from peerway.app.dataplane import LinkCounters, Observation, Probe, ProbeResult, Report, Verdict
from peerway.fabric.model import Fabric, Router
from peerway.fabric.packets import Packet
from peerway.fabric.walk import exchange, locate

NOTHING_PASSED = LinkCounters(
    sent_bytes=0, sent_packets=0, received_bytes=0, received_packets=0, capped_packets=0
)


class MemoryDataPlane:
    """The memory driver; see `app.dataplane.DataPlane`."""

    name = "memory"

    def __init__(self) -> None:
        self._applied = Fabric(0)

    def apply(self, fabric: Fabric) -> Report:
        """Take the fabric as applied; `touched` counts the routers, endpoints and links that differ from the one before."""
        before, self._applied = self._applied, fabric
        touched = len(_changed(before.links, fabric.links))
        for id in _changed(before.routers, fabric.routers):
            touched += _router_differences(before.routers.get(id), fabric.routers.get(id))
        return Report(fabric.revision, touched=touched)

    def observe(self) -> Observation:
        """What was applied last."""
        routers = self._applied.routers
        return Observation(
            routers=frozenset(routers),
            endpoints=frozenset(id for router in routers.values() for id in router.endpoints),
            links={link.id: link.up for link in self._applied.links.values()},
        )

    def repair(self, router_ids: Collection[str] | None = None) -> Report:  # noqa: ARG002 - the port's
        """Nothing to mend."""
        return Report(self._applied.revision)

    def probe(self, probe: Probe) -> ProbeResult:
        """Whether a packet and its answer would pass; the detail names what stops them."""
        _, sender = locate(self._applied, probe.source_id)
        own = [address for address in sender.addresses if address.version == probe.target.version]
        if not own:
            return ProbeResult(Verdict.SILENT, detail=f"no IPv{probe.target.version} address at {sender.id}")
        result = exchange(
            self._applied, Packet(own[0], probe.target, probe.protocol, probe.port, probe.source_id)
        )
        return ProbeResult(Verdict.PREDICTED if result.answered else Verdict.SILENT, detail=str(result))

    def guest_addresses(self, endpoint_id: str) -> None:
        """Nothing is known of the insides of instances; `NotFound` for an unknown one all the same."""
        locate(self._applied, endpoint_id)

    def counters(self) -> Mapping[tuple[str, str], LinkCounters]:
        """Zeros, for both ends of every link."""
        return {
            (link.id, end.router_id): NOTHING_PASSED
            for link in self._applied.links.values()
            for end in link.ends
        }

    def health(self) -> Mapping[str, bool]:
        """Nothing: no probe is sent, so there is no verdict."""
        return {}

    def on_health(self, listener: Callable[[], None]) -> None:
        """Nothing ever turns."""

    def close(self, *, destroy: bool) -> None:
        """Forget what was applied, with `destroy`; otherwise do nothing."""
        if destroy:
            self._applied = Fabric(0)


def _router_differences(before: Router | None, after: Router | None) -> int:
    """How many objects differ between two routers: their endpoints, and the router itself once for all the rest."""
    if before is after:
        return 0
    endpoints = _differences(before.endpoints if before else {}, after.endpoints if after else {})
    return endpoints + (_rest(before) != _rest(after))


def _rest(router: Router | None) -> Router | None:
    """What a router has beside its endpoints."""
    return None if router is None else replace(router, endpoints={})


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> int:
    """How many ids have another value, or none, on one of the two sides."""
    return len(_changed(before, after))


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Ids that have another value, or none, on one of the two sides. What stayed the identical object costs next to nothing."""
    known = before.get
    fresh = [id for id, value in after.items() if known(id) is not value and known(id) != value]
    return [*fresh, *(before.keys() - after.keys())]
