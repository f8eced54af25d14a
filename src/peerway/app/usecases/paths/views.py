"""What is told of a path's report: the shape of a stored answer, and of the API's.

Owns the fields only. Who is told what is `reports`' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peerway.analysis.diagnosis.report import FindingCode, Verdict, Way
from peerway.analysis.telling.hops import Words
from peerway.domain.prefixes import Address
from peerway.fabric.outcomes import Check, Outcome
from peerway.fabric.packets import Packet


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowView:
    """From where to where a packet goes."""

    #: Source address.
    source: Address
    #: Source port; 0 for protocols without ports.
    source_port: int
    #: Destination address.
    destination: Address
    #: Destination port; 0 for protocols without ports.
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteView:
    """What translation makes of a packet's addresses and ports."""

    #: As it came.
    before: FlowView
    #: As it goes on.
    after: FlowView


@dataclass(frozen=True, slots=True, kw_only=True)
class HopView:
    """A check on the way; at another account's router nothing but that it is there."""

    #: Whether it is at another account's router.
    foreign: bool = False
    #: VPC or VBR that it happens at.
    router_id: str | None = None
    #: Account of that.
    owner_uid: str | None = None
    #: Region of that.
    region_id: str | None = None
    #: What is looked at.
    check: Check | None = None
    #: Id of what is looked at.
    subject: str | None = None
    #: Id of what decides; null when nothing matched and the default decides.
    source: str | None = None
    #: How the packet ends here; null when it goes on.
    outcome: Outcome | None = None
    #: The deciding object in its own words.
    words: Words | None = None
    #: What translation does here; null for nothing.
    rewrite: RewriteView | None = None
    #: The whole in one sentence.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyView:
    """A change that helps."""

    #: What it does: `add_route`, `allow_in_group` ...
    change: str
    #: What it is made with.
    settings: dict[str, Any]
    #: The commands that make it, in order.
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockerView:
    """What stops a packet, or would once what stops it earlier is lifted."""

    #: Which packet.
    way: Way
    #: Where; null for what happens inside a guest or at another account's.
    hop: HopView | None
    #: What is wrong, in one sentence.
    text: str
    #: Account whose it is; null for another account's.
    owner_uid: str | None
    #: What would lift it; null when nothing narrow enough does.
    remedy: RemedyView | None
    #: Why there is no remedy; empty when there is one.
    why_none: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One row of the troubleshooting table that applies."""

    #: Which row.
    code: FindingCode
    #: What was found, in one sentence.
    text: str
    #: What it is about.
    subjects: tuple[str, ...]
    #: What would help; null when nothing narrow does.
    remedy: RemedyView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """A call of this API; as part of a file of changes, as it stands."""

    #: By which later calls refer to its answer; null when none does.
    name: str | None
    #: Method.
    method: str
    #: Path below `/api/v1`.
    path: str
    #: Body; null without one.
    body: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalView:
    """A change of the reader's that may not be made."""

    #: The change.
    remedy: RemedyView
    #: Why.
    text: str
    #: The same, for programs.
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningView:
    """What the changes would open beyond what was asked."""

    #: Who could ask; of other accounts' nothing but that there are some.
    sources: tuple[str, ...]
    #: Who could be asked; likewise.
    targets: tuple[str, ...]
    #: For what, such as `tcp 22, 80-443; icmp`; null where another account is concerned.
    what: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixView:
    """What came of trying the changes."""

    #: Whether they are proposed: they bring it about, and open nothing else.
    proposed: bool
    #: What comes of the question once all are made, the other accounts' included.
    verdict: Verdict
    #: The reader's own changes, in the order to make them: none is to spare.
    remedies: tuple[RemedyView, ...]
    #: The same as calls of this API.
    calls: tuple[CallView, ...]
    #: Whether other accounts have to make changes, too: ask them.
    asks_others: bool
    #: Those of the reader's that can be made only when the other accounts have made theirs.
    later: tuple[RemedyView, ...]
    #: Those of the reader's that may not be made.
    refused: tuple[RefusalView, ...]
    #: What else they would open.
    opens: tuple[OpeningView, ...]
    #: Whether all that they might open was looked at.
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """The answer to a question about a path."""

    #: What comes of it.
    verdict: Verdict
    #: Revision of the network that it is true for.
    revision: int
    #: The request as the source sends it; null when it is not known how it would come in, or the source is stopped.
    packet: Packet | None
    #: How the request ends; null when that is the other account's business.
    request_outcome: Outcome | None
    #: How the reply ends; null without one, and when that is the other account's business.
    reply_outcome: Outcome | None
    #: Checks on the request's way.
    request: tuple[HopView, ...]
    #: Checks on the reply's way; empty when nobody replies.
    reply: tuple[HopView, ...]
    #: Everything that stops the two packets, in the order that they meet it.
    blockers: tuple[BlockerView, ...]
    #: Rows of the troubleshooting table that apply.
    findings: tuple[FindingView, ...]
    #: The fewest changes that lift what can be lifted, in the order to make them.
    remedies: tuple[RemedyView, ...]
    #: What came of trying them; null when fixes were not asked for, or there is nothing to try.
    fix: FixView | None
    #: What comes of it when the target asks the source the same; null when that can't be asked.
    reverse: Verdict | None
    #: What else is to be known.
    notes: tuple[str, ...]
    #: The whole in plain sentences.
    sentences: tuple[str, ...]
    #: Whether all is told that was found; not so when part of it is another account's.
    whole: bool
