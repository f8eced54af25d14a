"""One packet that was stopped, as those see it who look for what would let it pass: values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from peerway.analysis.diagnosis.assumptions import Assumption
from peerway.analysis.diagnosis.report import FindingCode, Way
from peerway.analysis.network import Network
from peerway.analysis.remedies import Remedy
from peerway.analysis.telling.hops import Hop
from peerway.domain.path import Question
from peerway.domain.vpc import Instance
from peerway.fabric.model import Router
from peerway.fabric.outcomes import Check, Step, Walk
from peerway.fabric.packets import Packet
from peerway.fabric.site import Site


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a packet should end."""

    #: Router of who should get it; None when nobody is known that has the address.
    router_id: str | None
    #: Instance, database or uplink that should get it; None for whoever has the address.
    holder: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A packet that did not end where it should."""

    #: The network, with what was lifted before.
    network: Network
    #: What was asked.
    question: Question
    #: Which of the two packets.
    way: Way
    #: As it was sent.
    start: Packet
    #: Its way.
    walk: Walk
    #: The check that stopped it, told.
    hop: Hop
    #: Where it should end.
    goal: Goal
    #: What lifts the blockers before this one.
    remedies: Sequence[Remedy]

    @property
    def packet(self) -> Packet:
        """As it is where it was stopped."""
        return self.walk.packet

    @property
    def router(self) -> Router:
        """Where it was stopped."""
        return self.network.fabric.routers[self.hop.router_id]

    @property
    def site(self) -> Site:
        """What stands there."""
        return self.network.snapshot.site(self.hop.router_id)

    @property
    def origin(self) -> Router:
        """The router that it was sent at."""
        return self.network.fabric.routers[self.walk.steps[0].router_id]

    def step(self, *checks: Check) -> Step | None:
        """The first step of one of these kinds."""
        return next((step for step in self.walk.steps if step.check in checks), None)

    def owner_of(self, router_id: str) -> str:
        """Account of a router."""
        router = self.network.snapshot.site(router_id).router
        return router.owner_uid if router is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What stopped the packet, and what would let it pass."""

    #: Which row of the troubleshooting table it is.
    code: FindingCode | None
    #: In one sentence.
    text: str
    #: Account whose it is.
    owner_uid: str
    #: What it is about.
    subjects: tuple[str, ...] = ()
    #: What would lift it; None when nothing narrow enough does.
    remedy: Remedy | None = None
    #: Why there is no remedy.
    why_none: str = ""
    #: The network as if it were lifted, where no remedy does it; None when nothing comes behind it.
    assume: Assumption | None = None
    #: The instance that has to be started, where that is it.
    starts: Instance | None = None
