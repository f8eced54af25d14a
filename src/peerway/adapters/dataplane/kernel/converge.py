"""The order of programming: from what namespaces hold to what they shall hold.

Owns what is known of the kernel's state and the sequence that is safe: first what must stop, then filters, then wires, then
routes. Runs in the visiting thread.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from errno import EADDRNOTAVAIL, ENODEV, ENOENT, ESRCH
from socket import AF_INET, AF_INET6

from peerway.adapters.dataplane.kernel import codec
from peerway.adapters.dataplane.kernel.codec import (
    GETLINK,
    GETROUTE,
    End,
    Message,
    condemn_interface,
    interface_request,
    is_local,
    new_wire,
    route_request,
)
from peerway.adapters.dataplane.kernel.desired import Desired, Guest
from peerway.adapters.dataplane.kernel.flows import Flows, forgetting
from peerway.adapters.dataplane.kernel.host_ports import HostPorts
from peerway.adapters.dataplane.kernel.names import (
    BORROWED_GROUP,
    CONDEMNED_GROUP,
    LOCAL_TABLE,
    is_router,
    router_namespace,
)
from peerway.adapters.dataplane.kernel.namespaces import Namespaces
from peerway.adapters.dataplane.kernel.nft_client import FilterLoader
from peerway.adapters.dataplane.kernel.nft_state import FilterMemory
from peerway.adapters.dataplane.kernel.plan import Branch, Wire
from peerway.adapters.dataplane.kernel.read import read_share, read_state
from peerway.adapters.dataplane.kernel.reaper import Reaper
from peerway.adapters.dataplane.kernel.ruleset import Ruleset, removal
from peerway.adapters.dataplane.kernel.state import Interface, State, extend, retract
from peerway.adapters.dataplane.kernel.tracked import Allowed, Tracking
from peerway.domain.errors import Unavailable

#: How long new IPv6 addresses may take to be ready, all together, and how often to look.
_ADDRESS_PATIENCE_S, _ADDRESS_STEP_S = 0.5, 0.0005
_WHY_WHOLE = "lines share an interface by 802.1Q tags, if the kernel has 802.1Q"
_GONE = {ENOENT, ESRCH, EADDRNOTAVAIL, ENODEV}


class Converger:
    """Brings the namespaces of a holder to a desired state."""

    def __init__(self, namespaces: Namespaces, reaper: Reaper, loader: FilterLoader) -> None:
        self._namespaces = namespaces
        self._reaper = reaper
        self._loader = loader
        self._filters = FilterMemory(namespaces)
        self._tracking = Tracking(namespaces)
        self._flows = Flows(namespaces, loader)
        self._host_ports = HostPorts()
        self._desired = Desired()
        self._actual: dict[str, State] = {}
        self._doubtful: set[str] = set()
        self._rising: dict[str, list[int]] = {}
        self._fresh: dict[str, set[bytes]] = {}
        self._condemned: dict[str, set[int]] = {}
        #: Object id → what went wrong in the last run.
        self.failures: dict[str, str] = {}
        #: Ids of the objects touched in the last run.
        self.touched: set[str] = set()

    def close(self) -> None:
        """End the filter worker and let go of the host's namespace."""
        self._loader.close()
        self._host_ports.close()

    def run(self, desired: Desired, router_ids: Iterable[str]) -> None:
        """Make these routers, their links and their instances as desired, and remove namespaces that nobody wants."""
        self.failures, self.touched, self._desired = {}, set(), desired
        self._forget_left(desired)
        unwanted = self._cut_unwanted(desired)
        made = self._namespaces.make(desired.namespaces())
        self._namespaces.attach(desired.attached())
        for name in made:
            self._begin(name)
        self.touched |= {name[2:] for name in made}
        routers = [id for id in router_ids if id in desired.routers]
        for step in (
            self._retract,
            self._filter,
            self._wire,
            self._branch,
            self._extend,
            self._track,
            self._offload,
            self._furnish,
        ):
            for id in routers:
                step(desired, id)
        self._await_carriers()
        self._await_addresses()
        self._sweep()
        self._reaper.release(self._namespaces.release(unwanted))
        for name in self._doubtful:
            self._actual.pop(name, None)
        self._doubtful.clear()

    def read(self, name: str) -> State:
        """What a router's namespace really holds."""
        with self._namespaces.netlink(name) as netlink:
            state = read_state(netlink)
        state.filter = self._filters.read(name)
        # An agent that was killed before its reaper came to them has left these.
        left = {index for index in state.condemned if not self._reaper.pending(name, index)}
        if left:
            self._condemned.setdefault(name, set()).update(left)
        return state

    def read_far(self, far: Guest) -> State:
        """What the driver has in an instance's namespace or one of the host's; the rest is not its business.

        `OSError` for an attached namespace that is gone.
        """
        with self._namespaces.netlink(far.namespace) as netlink:
            return read_share(netlink, far.plan.state.interfaces.keys())

    def believe(self, name: str, state: State) -> None:
        """Take what was read for what is there."""
        self._actual[name] = state

    def forget(self, name: str) -> None:
        """Believe nothing of a namespace that could not be read."""
        self._actual.pop(name, None)

    def _begin(self, name: str) -> None:
        """A new namespace holds nothing; a router's loses the rule that asks for local addresses first, once for each packet."""
        self._actual[name] = State()
        if is_router(name):
            self._tracking.begin(name)
            self._flows.forget(name)
            self._send(
                name,
                [
                    codec.rule(version, 0, "", b"", 0, LOCAL_TABLE, name[2:], delete=True)
                    for version in (AF_INET, AF_INET6)
                ],
            )

    def _state(self, name: str) -> State:
        if name not in self._actual:
            far = None if is_router(name) else self._desired.far(name)
            self._actual[name] = self.read(name) if far is None else self.read_far(far)
        return self._actual[name]

    def _forget_left(self, desired: Desired) -> None:
        """What an attached namespace held that nobody wants now says nothing about what it holds when somebody does again."""
        for name in desired.left:
            if desired.far(name) is None:
                self._actual.pop(name, None)
        desired.left.clear()

    def _cut_unwanted(self, desired: Desired) -> set[str]:
        """Stop all traffic of namespaces that go; returns them for the reaper."""
        unwanted = self._namespaces.names() - {name for name, _ in desired.namespaces()}
        for name in unwanted:
            self.touched.add(name[2:])
            if is_router(name):
                self._stop(name, State(), {}, name[2:])
            self._actual.pop(name, None)
            self._filters.forget(name)
            self._tracking.forget(name)
            self._flows.forget(name)
        return unwanted

    def _retract(self, desired: Desired, id: str) -> None:
        plan, name = desired.routers[id], router_namespace(id)
        self._stop(name, plan.state, plan.owners, id, self._torn(desired, id))

    def _torn(self, desired: Desired, id: str) -> set[int]:
        """Where a router has the one end of a wire, but the other is not where it shall be: both have to be made anew."""
        name, torn = router_namespace(id), set[int]()
        for wire in desired.wires(id):
            here, there = (wire.near, wire.far) if wire.near[0] == name else (wire.far, wire.near)
            with suppress(OSError):  # that its namespace can't be entered is said when the wire's turn comes
                if there[1].number not in self._state(there[0]).interfaces:
                    torn.add(here[1].number)
        return torn

    def give_back(self) -> None:
        """Before everything ends: the host gets its interfaces back."""
        for id, plan in self._desired.routers.items():
            name = router_namespace(id)
            if name in self._namespaces and any(not branch.kind for branch in plan.branches):
                self._stop(name, State(), {}, id)

    def _stop(
        self, name: str, wanted: State, owners: Mapping[int, str], id: str, torn: Collection[int] = ()
    ) -> None:
        actual = self._state(name)
        before = dict(actual.interfaces)
        self._send(name, retract(actual, wanted, owners, id, torn))
        gone = {index: one for index, one in before.items() if index not in actual.interfaces}
        borrowed = {index: one for index, one in gone.items() if one.group == BORROWED_GROUP}
        self._send(name, [self._host_ports.home(index, one.port, id) for index, one in borrowed.items()])
        if condemned := gone.keys() - borrowed.keys():
            self._condemned.setdefault(name, set()).update(condemned)

    def _filter(self, desired: Desired, id: str) -> None:
        name, ruleset = router_namespace(id), desired.rulesets[id]
        actual, digest = self._state(name), "" if ruleset is None else ruleset.digest
        if actual.filter != digest:
            self.touched.add(id)
            if self._filters.loaded(name) is not None:  # and somebody may have changed it since
                actual.filter = self._filters.read(name)
            try:
                with self._namespaces.opened(name) as fd:
                    self._loader.load(fd, self._text(name, actual, ruleset))
            except Unavailable as error:
                self._withhold(desired, id, error.text)
                return
            if not self._knows(name, actual):
                self._tracking.forget(name)
                self._flows.forget(name)
            if self._flows.may_be(name):
                self._send(name, forgetting(id))
            self._filters.remember(name, ruleset)
            actual.filter = digest
        desired.routers[id].state.filter = digest

    def _text(self, name: str, actual: State, ruleset: Ruleset | None) -> str:
        if ruleset is None:
            return removal()
        old = self._filters.loaded(name)
        if old is not None and self._knows(name, actual):
            return ruleset.swap(old)
        return ruleset.text() if actual.filter == "" else removal() + ruleset.text()

    def _knows(self, name: str, actual: State) -> bool:
        """Whether the filter in the kernel is the one that was loaded last."""
        old = self._filters.loaded(name)
        return actual.filter == ("" if old is None else old.digest)

    def _withhold(self, desired: Desired, id: str, why: str) -> None:
        """A filter that can't be loaded must not leave its instances open: they are cut off until it can."""
        guarded = desired.guarded(id)
        self.failures[id] = why
        self.failures |= dict.fromkeys(guarded, "cut off: the filter of its router could not be loaded")
        desired.plan(id, withheld=guarded)
        self._retract(desired, id)
        name = router_namespace(id)
        self._state(name).filter = desired.routers[id].state.filter = self._filters.read(name)

    def _wire(self, desired: Desired, id: str) -> None:
        """Make the missing wires whose near end is at this router."""
        name = router_namespace(id)
        messages: list[Message] = []
        made: list[Wire] = []
        with ExitStack() as opened:
            for wire in desired.wires(id):
                if wire.near[0] != name:
                    continue
                try:
                    if self._clear_way(wire):
                        far = opened.enter_context(self._namespaces.opened(wire.far[0]))
                        messages.append(new_wire(wire.near[1], wire.far[1], far, wire.owner))
                        made.append(wire)
                except OSError as error:
                    self.failures[wire.owner] = f"its namespace can't be entered: {error.strerror}"
            refused = self._send(name, messages)
        for wire in made:
            if wire.owner not in refused:
                self._note(*wire.near, checked=True)
                self._note(*wire.far, checked=is_router(wire.far[0]))

    def _branch(self, desired: Desired, id: str) -> None:
        """Make the missing interfaces of uplinks that come out of the host's."""
        plan, name = desired.routers[id], router_namespace(id)
        self.failures |= plan.refused
        for branch in plan.branches:
            if branch.end.number in self._state(name).interfaces:
                continue
            if self._in_the_way(name, branch.end.number):
                self._settle()
            self.touched.add(branch.owner)
            try:
                with self._namespaces.opened(name) as fd:
                    self._host_ports.bring(branch, fd)
            except Unavailable as error:
                self.failures[branch.owner] = _taken(desired, branch) or error.text
                self._doubtful.add(name)
            else:
                self._note(name, branch.end, checked=True, port="" if branch.kind else branch.host)

    def _settle(self) -> None:
        """Have everything condemned deleted now, which takes time."""
        self._sweep()
        self._reaper.settle()

    def _note(self, name: str, end: End, *, checked: bool, port: str = "") -> None:
        new = Interface(end.name, end.mac, end.group, up=False, checked=checked, port=port)
        self._state(name).interfaces[end.number] = new
        self._flows.renew(name, end.name)

    def _clear_way(self, wire: Wire) -> bool:
        """Whether the wire has to be made; what is left of an earlier one in its place is taken away first, which takes time."""
        sides = (wire.near, wire.far)
        halves = [(name, end.number) for name, end in sides if end.number in self._state(name).interfaces]
        if len(halves) == 2:
            return False
        for name, index in halves:
            self._drop_interface(name, index, wire.owner)
        if any(self._in_the_way(name, end.number) for name, end in sides):
            self._settle()
        return True

    def _in_the_way(self, name: str, index: int) -> bool:
        return index in self._condemned.get(name, ()) or self._reaper.pending(name, index)

    def _drop_interface(self, name: str, index: int, owner: str) -> None:
        state = self._state(name)
        self._send(name, [condemn_interface(index, CONDEMNED_GROUP, owner)])
        self._condemned.setdefault(name, set()).add(index)
        del state.interfaces[index]
        state.addresses = {one for one in state.addresses if one.interface != index}
        state.neighbours = {one for one in state.neighbours if one.interface != index}
        state.routes = {to: way for to, way in state.routes.items() if not way.uses(index)}

    def _sweep(self) -> None:
        """Have switched-off interfaces deleted; at the end of a run, because the kernel does nothing else meanwhile."""
        for name, indexes in self._condemned.items():
            with self._namespaces.opened(name) as fd:
                self._reaper.sweep(name, fd, indexes)
        self._condemned.clear()

    def _extend(self, desired: Desired, id: str) -> None:
        plan, name = desired.routers[id], router_namespace(id)
        actual = self._state(name)
        self._send(name, list(extend(actual, plan.state, plan.owners, id)))
        before = actual.interfaces
        rising = [
            i for i, one in plan.state.interfaces.items() if one.up and (i not in before or not before[i].up)
        ]
        if rising:
            self._rising[name] = rising
        self._actual[name] = plan.state

    def _track(self, desired: Desired, id: str) -> None:
        """End connections whose translation is not the router's any more; routes and rules are for new ones by now."""
        ruleset = desired.rulesets[id]
        try:
            self._tracking.ensure(router_namespace(id), Allowed() if ruleset is None else ruleset.allowed)
        except Unavailable as error:
            self.failures.setdefault(id, error.text)

    def _offload(self, desired: Desired, id: str) -> None:
        """Have established flows take the short way; those that do already look at routes and filter once more."""
        name, ruleset, plan = router_namespace(id), desired.rulesets[id], desired.routers[id]
        if ruleset is None or not ruleset.offloads:
            self._flows.forget(name)
            return
        if self._flows.may_be(name):
            self._send(name, forgetting(id))
        there = [one for i, one in plan.state.interfaces.items() if plan.owners[i] not in self.failures]
        missing = self._flows.missing(name, ruleset.offloading(there))
        # Not into a filter that somebody has changed: it would be taken for what was loaded.
        if missing and self._filters.read(name) == ruleset.digest:
            self._flows.join(name, ruleset, missing)
            self._filters.remember(name, ruleset)

    def _await_carriers(self) -> None:
        """Until the kernel has noticed that both ends are on it drops what is sent; asking for the interface makes it notice."""
        for name, indexes in self._rising.items():
            with self._namespaces.netlink(name) as netlink:
                netlink.get([(GETLINK, interface_request(index)) for index in indexes])
        self._rising.clear()

    def _await_addresses(self) -> None:
        """The kernel accepts packets to a new IPv6 address only after a piece of work of its own, soon."""
        deadline = time.monotonic() + _ADDRESS_PATIENCE_S
        for name, addresses in self._fresh.items():
            questions = [(GETROUTE, route_request(address)) for address in addresses]
            with self._namespaces.netlink(name) as netlink:
                while not all(map(is_local, netlink.get(questions))) and time.monotonic() < deadline:
                    time.sleep(_ADDRESS_STEP_S)
        self._fresh.clear()

    def _furnish(self, desired: Desired, id: str) -> None:
        """Set up the instances' own sides, and the uplinks' far ends."""
        plan = desired.routers[id]
        far = [desired.guests.get(one) for one in plan.endpoints] + [
            desired.outsides.get(one) for one in plan.uplinks
        ]
        for guest in far:
            if guest is None or guest.router_id != id or guest.plan.id in self.failures:
                continue
            owner = guest.plan.id
            try:
                actual = self._state(guest.namespace)
                self._send(guest.namespace, list(extend(actual, guest.plan.state, guest.plan.owners, owner)))
                added = {
                    one.address
                    for one in guest.plan.state.addresses - actual.addresses
                    if len(one.address) == 16
                }
                if added:
                    self._fresh[guest.namespace] = added
                self._actual[guest.namespace] = guest.plan.state
            except OSError as error:
                self.failures[owner] = f"its namespace can't be entered: {error.strerror}"

    def _send(self, name: str, messages: Sequence[Message]) -> set[str]:
        """Send a batch; returns the owners of refused messages."""
        if not messages:
            return set()
        with self._namespaces.netlink(name) as netlink:
            refusals = netlink.execute(messages)
        self.touched |= {message.owner for message in messages}
        refused: set[str] = set()
        for refusal in refusals:
            message = messages[refusal.position]
            if message.removes and refusal.number in _GONE:
                continue
            self.failures.setdefault(message.owner, f"the kernel refused: {refusal.text}")
            refused.add(message.owner)
            self._doubtful.add(name)
        return refused


def _taken(desired: Desired, branch: Branch) -> str:
    """That another uplink has the whole interface, if that is what is wrong."""
    for plan in desired.routers.values():
        for other in plan.branches:
            if not other.kind and other.host == branch.host and other.owner != branch.owner:
                return f"interface {branch.host} is the port of {other.owner}, whole: {_WHY_WHOLE}"
    return ""
