"""The kernel driver: the data plane port on top of the parts.

Owns the conversation with the holder and what was asked for last. Construct it at any time and any number of times; it takes
over what it finds. Calls may not be made concurrently.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from socket import socket

import structlog

from peerway.adapters.dataplane.kernel import syscalls
from peerway.adapters.dataplane.kernel.answers import domain_of
from peerway.adapters.dataplane.kernel.checks import plan_checks
from peerway.adapters.dataplane.kernel.converge import Converger
from peerway.adapters.dataplane.kernel.counters import Passed, join_ends, read_counters
from peerway.adapters.dataplane.kernel.desired import Desired, Guest
from peerway.adapters.dataplane.kernel.drift import differences
from peerway.adapters.dataplane.kernel.features import find_features
from peerway.adapters.dataplane.kernel.guest_view import read_guest
from peerway.adapters.dataplane.kernel.holder_client import HolderClient, reach_holder
from peerway.adapters.dataplane.kernel.limits import raise_file_limit
from peerway.adapters.dataplane.kernel.monitor import Monitor
from peerway.adapters.dataplane.kernel.names import RESOLVER4, is_router, router_namespace
from peerway.adapters.dataplane.kernel.namespaces import Namespaces, Visitor
from peerway.adapters.dataplane.kernel.nft_client import FilterLoader
from peerway.adapters.dataplane.kernel.probe import ask, open_socket
from peerway.adapters.dataplane.kernel.reaper import Reaper
from peerway.adapters.dataplane.kernel.resolver import Resolver
from peerway.adapters.dataplane.kernel.state import State
from peerway.app.dataplane import LinkCounters, Observation, Probe, ProbeResult, Report
from peerway.domain.errors import NotFound, Unavailable
from peerway.domain.guest import GuestView
from peerway.fabric.model import Fabric, Link

log = structlog.get_logger(__name__)

#: Namespaces kept ready, so that a new VPC or instance does not wait for one.
WARM = 4


def join(state_dir: Path) -> None:
    """Give this process the rights over the holder's namespaces; starts the holder if there is none.

    To be called once, before any thread is started, by a process that is not root; as root it changes nothing. `Unavailable` says
    why it can't be done here.
    """
    holder = reach_holder(state_dir)
    try:
        if holder.user_fd is not None:
            syscalls.setns(holder.user_fd, syscalls.CLONE_NEWUSER)
    except OSError as error:
        raise Unavailable(f"the holder's user namespace can't be entered: {error.strerror}") from error
    finally:
        holder.close()


class KernelDataPlane:
    """Real packets on this host. Its process has called `join` first, or is root."""

    name = "kernel"

    def __init__(self, state_dir: Path, *, flowtables: bool = True) -> None:
        """`flowtables`: use them where the kernel has them."""
        self._state_dir = state_dir
        self._visitor = Visitor("peerway-netns")
        self._loader = FilterLoader()
        #: What is used beyond the necessary.
        self.features = self._visitor.run(find_features, self._loader, flowtables=flowtables)
        self._desired = Desired(self.features)
        self._unfinished: set[str] = set()
        self._monitor = Monitor()
        self._resolver = Resolver()
        raise_file_limit()
        self._open()

    def _open(self) -> None:
        self._holder: HolderClient = reach_holder(self._state_dir)
        self._holder.warm(WARM)
        self._namespaces = Namespaces(self._holder)
        self._reaper = Reaper()
        self._converger = Converger(self._namespaces, self._reaper, self._loader)

    @property
    def holder_pid(self) -> int:
        """Process id of the holder."""
        return self._holder.pid

    def apply(self, fabric: Fabric) -> Report:
        """See `DataPlane.apply`."""
        self._ensure_holder()
        concerned = self._desired.update(fabric) | self._unfinished
        return self._converge(concerned)

    def _converge(self, router_ids: set[str]) -> Report:
        for id in self._unfinished:  # what was cut off for want of a filter is wanted again
            self._desired.plan(id, withheld=frozenset())
        self._visitor.run(self._converger.run, self._desired, router_ids)
        self._attend(self._desired.fabric)
        homeless = self._desired.fabric.links.keys() - self._desired.links.keys()
        failures = self._converger.failures | dict.fromkeys(homeless, "one of its routers is not here")
        self._unfinished = {id for id in router_ids if self._concerns(id, failures)}
        return Report(self._desired.fabric.revision, failures, len(self._converger.touched - failures.keys()))

    def _attend(self, fabric: Fabric) -> None:
        """Have the fabric's checks probed and its names answered; when that can't be now, the next look for drift tries again."""
        try:
            self._monitor.watch(plan_checks(fabric), self._namespaces.duplicates)
            self._resolver.serve(fabric, self._namespaces.duplicates)
        except OSError as error:
            log.warning("health checks or name servers are behind", error=str(error))

    def _concerns(self, router_id: str, failures: Mapping[str, str]) -> bool:
        plan = self._desired.routers.get(router_id)
        if plan is None:
            return False
        return router_id in failures or any(
            id in failures for id in (*plan.endpoints, *plan.links, *plan.uplinks)
        )

    def observe(self) -> Observation:
        """See `DataPlane.observe`."""
        self._ensure_holder()
        states = self._visitor.run(self._read, None)
        fabric = self._desired
        links = {id: self._link_is_up(id, states) for id in fabric.links}
        present = {
            id
            for id, guest in fabric.guests.items()
            if guest.namespace in states
            and guest.plan.state.interfaces.keys() <= states[guest.namespace].interfaces.keys()
        }
        routers = frozenset(name[2:] for name in states if is_router(name))
        return Observation(routers, frozenset(present), links, self._drift(states, None))

    def _read(self, router_ids: Collection[str] | None) -> dict[str, State]:
        """What is there, by namespace: of all routers, known or not, or of these."""
        names = {name for name in self._namespaces.names() if is_router(name)}
        if router_ids is not None:
            names &= {router_namespace(id) for id in router_ids}
        states = {name: self._converger.read(name) for name in names}
        for guest in self._far_from(router_ids):
            try:
                states[guest.namespace] = self._converger.read_far(guest)
            except (OSError, KeyError):  # an attached namespace that ended
                continue
        return states

    def _far_from(self, router_ids: Collection[str] | None) -> list[Guest]:
        """The far sides of wires: all, or those of these routers."""
        guests, outsides, plans = self._desired.guests, self._desired.outsides, self._desired.routers
        if router_ids is None:
            return [*guests.values(), *outsides.values()]
        here = [plans[id] for id in router_ids if id in plans]
        found = [guests.get(id) for plan in here for id in plan.endpoints]
        found += [outsides.get(id) for plan in here for id in plan.uplinks]
        return [guest for guest in found if guest is not None]

    def _drift(self, states: Mapping[str, State], router_ids: Collection[str] | None) -> dict[str, str]:
        drift = {
            name[2:]: "should not be there"
            for name in states
            if is_router(name) and name[2:] not in self._desired.routers
        }
        for id, plan in self._desired.routers.items():
            if router_ids is not None and id not in router_ids:
                continue
            actual = states.get(router_namespace(id))
            drift |= (
                {id: "is missing"} if actual is None else differences(actual, plan.state, plan.owners, id)
            )
        for guest in self._far_from(router_ids):
            id, actual = guest.plan.id, states.get(guest.namespace)
            if actual is None:
                drift[id] = "its namespace is gone"
            else:
                drift |= {} if id in drift else differences(actual, guest.plan.state, guest.plan.owners, id)
        return drift

    def _link_is_up(self, id: str, states: Mapping[str, State]) -> bool:
        for end in self._desired.links[id].ends:
            state, plan = states.get(router_namespace(end.router_id)), self._desired.routers[end.router_id]
            interface = None if state is None else state.interfaces.get(plan.index[f"l:{id}"])
            if interface is None or not interface.up:
                return False
        return True

    def repair(self, router_ids: Collection[str] | None = None) -> Report:
        """See `DataPlane.repair`."""
        self._ensure_holder()
        states = self._visitor.run(self._read, router_ids)
        drift = self._drift(states, router_ids)
        for name, state in states.items():
            self._converger.believe(name, state)
        for guest in self._far_from(router_ids):
            if guest.namespace not in states:
                self._converger.forget(guest.namespace)
        return self._converge(self._routers_of(drift) | self._unfinished)

    def _routers_of(self, object_ids: Iterable[str]) -> set[str]:
        result = set()
        for id in object_ids:
            if id in self._desired.guests:
                result.add(self._desired.guests[id].router_id)
            if id in self._desired.uplinks:
                result.add(self._desired.uplinks[id])
            if id in self._desired.links:
                result |= {end.router_id for end in self._desired.links[id].ends}
            if id in self._desired.routers:
                result.add(id)
        return result

    def resolv_conf(self, endpoint_id: str) -> str | None:
        """Text of /etc/resolv.conf for an instance; None when its VPC has no name server."""
        guest = self._desired.guests.get(endpoint_id)
        if guest is None or not self._resolver.serves(guest.router_id):
            return None
        return f"nameserver {RESOLVER4}\nsearch {domain_of(guest.router_id)}\n"

    def probe(self, probe: Probe) -> ProbeResult:
        """See `DataPlane.probe`."""
        guest = self._desired.guests.get(probe.source_id)
        if guest is None:
            raise NotFound("instance", probe.source_id)
        with self._visitor.run(self._enter_and_open, guest.namespace, probe) as near:
            return ask(near, probe)

    def _enter_and_open(self, namespace: str, probe: Probe) -> socket:
        with self._namespaces.opened(namespace) as fd:
            syscalls.setns(fd, syscalls.CLONE_NEWNET)
            return open_socket(probe)

    def guest_addresses(self, endpoint_id: str) -> GuestView:
        """See `DataPlane.guest_addresses`."""
        guest = self._desired.guests.get(endpoint_id)
        if guest is None:
            raise NotFound("instance", endpoint_id)
        try:
            return self._visitor.run(self._enter_and_look, guest)
        except (OSError, KeyError) as error:  # it went just now, or an attached one ended
            raise Unavailable(f"the network of {endpoint_id} can't be read") from error

    def _enter_and_look(self, guest: Guest) -> GuestView:
        with self._namespaces.netlink(guest.namespace) as netlink:
            return read_guest(netlink, frozenset(guest.plan.state.interfaces))

    def counters(self) -> Mapping[tuple[str, str], LinkCounters]:
        """See `DataPlane.counters`."""
        return self._visitor.run(self._read_counters)

    def _read_counters(self) -> dict[tuple[str, str], LinkCounters]:
        passed: dict[tuple[str, str], Passed] = {}
        for id, links in self._desired.links_of.items():
            # A router that is not there, as one that could not be made, has passed nothing.
            with suppress(OSError, KeyError):
                passed |= self._read_router(id, links)
        return join_ends(self._desired.links.values(), passed)

    def _read_router(self, id: str, links: Mapping[str, Link]) -> dict[tuple[str, str], Passed]:
        index = self._desired.routers[id].index
        capped = any(link.cap_mbps for link in links.values())
        with self._namespaces.netlink(router_namespace(id)) as netlink:
            found = read_counters(
                netlink, {index[f"l:{link_id}"]: link_id for link_id in links}, capped=capped
            )
        return {(link_id, id): one for link_id, one in found.items()}

    def health(self) -> Mapping[str, bool]:
        """See `DataPlane.health`."""
        return self._monitor.health()

    def on_health(self, listener: Callable[[], None]) -> None:
        """See `DataPlane.on_health`."""
        self._monitor.on_health(listener)

    def close(self, *, destroy: bool) -> None:
        """See `DataPlane.close`."""
        self._monitor.close()
        self._resolver.close()
        if destroy:
            self._visitor.run(self._converger.give_back)
        self._close_parts()
        if destroy:
            self._holder.end()
        else:
            self._holder.close()
        self._visitor.close()

    def _close_parts(self) -> None:
        self._reaper.close()
        self._converger.close()
        self._namespaces.close()

    def _ensure_holder(self) -> None:
        """After the death of the holder everything is gone; start from nothing."""
        if self._holder.alive():
            return
        self._attend(Fabric(-1))
        self._close_parts()
        self._holder.close()
        self._open()
        fabric, self._desired, self._unfinished = self._desired.fabric, Desired(self.features), set()
        if fabric.revision >= 0:
            self._unfinished = self._desired.update(fabric)
