"""What one who asked is told of a path's report: everything, or for a tenant nothing of what is other accounts'.

Owns what stays and what goes. A report is cut down before it is stored, so that no later reader can get more of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Final, TypeVar

import orjson

from peerway.analysis.diagnosis.report import Blocker, Finding, FindingCode, Report
from peerway.analysis.remedies import (
    NEW_PEERING,
    AcceptPeering,
    ActivateInterface,
    ConnectInterface,
    CreatePeering,
    EnablePeering,
    RecoverVbr,
    Remedy,
)
from peerway.analysis.telling.hops import Hop, Rewrite
from peerway.app.usecases.paths.views import (
    BlockerView,
    CallView,
    FindingView,
    FixView,
    FlowView,
    HopView,
    OpeningView,
    RefusalView,
    RemedyView,
    ReportView,
    RewriteView,
)
from peerway.app.usecases.remedies.commands import change_of, commands_of
from peerway.app.usecases.remedies.trials import Fix, Opening
from peerway.domain.resource import Resource
from peerway.fabric.outcomes import Check, Outcome
from peerway.fabric.site import PARTS
from peerway.fabric.snapshot import Snapshot

T = TypeVar("T")

#: What a tenant is told instead of a hop at another account's router.
ELSEWHERE: Final = "on the other account's side"

#: What a tenant is told instead of a blocker there.
ASK_OWNER: Final = "something on the other account's side stops it: ask its owner"

#: Why such a blocker has no remedy.
NOT_YOURS: Final = "the change is the other account's to make"

#: Why a remedy of the reader's own is not told.
NAMES_OTHERS: Final = "the change names what is the other account's: ask its owner for the ids"

#: What a tenant is told of a finding that concerns another account, too.
CONCERNS_BOTH: Final = "it concerns the other account, too: ask its owner"

#: What a report ends with that was cut down.
PARTLY: Final = "What happens on the other account's side is not told here."

#: What stands for an id or account that is not the reader's to know.
HIDDEN: Final = "(another account's)"

#: What stands in a text for an account.
ANOTHER: Final = "another account"

#: Ids of resources, and account numbers, wherever they stand in a text.
IDS: Final = re.compile(r"\b(?:[a-z0-9]+-[a-z0-9]{20}|[1-9][0-9]{15})\b")

#: Checks whose subject may be the reader's own at another's router: an instance of its own in a VSwitch that is shared with it.
OF_GUESTS: Final = frozenset(
    {Check.SOURCE, Check.EGRESS_POLICY, Check.INGRESS_POLICY, Check.DELIVERY, Check.SERVICE}
)

#: Changes that make a link carry.
LINKING: Final = (
    CreatePeering,
    EnablePeering,
    AcceptPeering,
    ConnectInterface,
    ActivateInterface,
    RecoverVbr,
)

#: Findings that concern both sides of a link, whose state both sides know.
SHARED_FINDINGS: Final = frozenset({FindingCode.LINK_STATE})


def tell(
    report: Report,
    snapshot: Snapshot,
    uid: str | None,
    named: frozenset[str] = frozenset(),
    fix: Fix | None = None,
) -> str:
    """The report as JSON, as the account may have it; None for an operator, who may have all.

    Ids that are `named` in the question may stand in the answer.
    """
    reader = _Reader(snapshot, uid, named)
    reader.look_for_unmade(report)
    return _as_text(_view(report, fix, reader), reader)


def tell_way(
    request: Iterable[Hop], reply: Iterable[Hop], snapshot: Snapshot, uid: str | None, **more: object
) -> str:
    """A way there and back as JSON, as the account may have it, as `request` and `reply`; ids in `more` that it may not have go."""
    reader = _Reader(snapshot, uid, frozenset())
    return _as_text({**more, "request": reader.hops(request), "reply": reader.hops(reply)}, reader)


def knows(snapshot: Snapshot, uid: str, id: str) -> bool:
    """Whether the id is of something of the account's, or of a link that it is a side of; or the account's own number."""
    site = snapshot.site(id)
    if site.router is not None:
        own = site.router.owner_uid
        return uid in {own, getattr(site.router, "line_owner_uid", own)}
    peering = snapshot.peerings.get(id)
    if peering is not None:
        return uid in {side.uid for side in peering.sides}
    home = snapshot.site(snapshot.homes.get(id))
    found: Iterator[Resource] = filter(None, (getattr(home, part).get(id) for part in PARTS.values()))
    return id == uid or any(
        uid in {one.owner_uid, getattr(one, "opposite_owner_uid", one.owner_uid)} for one in found
    )


def _as_text(view: object, reader: _Reader) -> str:
    text = orjson.dumps(view, default=str).decode()
    # Texts of the reader's own hops may still name what is at the other end.
    told = IDS.sub(lambda found: found[0] if reader.knows(found[0]) else HIDDEN, text)
    return told.replace(f"account {HIDDEN}", ANOTHER)


def _view(report: Report, fix: Fix | None, reader: _Reader) -> ReportView:
    request, reply = reader.hops(report.request), reader.hops(report.reply)
    blockers = _once(map(reader.blocker, reader.within_links(report.blockers)))
    findings = _once(filter(None, map(reader.finding, report.findings)))
    remedies = tuple(filter(None, map(reader.remedy, report.remedies)))
    return ReportView(
        verdict=report.verdict,
        revision=report.revision,
        packet=report.packet,
        request_outcome=reader.outcome(report.request_outcome, report.request),
        reply_outcome=reader.outcome(report.reply_outcome, report.reply),
        request=request,
        reply=reply,
        blockers=blockers,
        findings=findings,
        remedies=remedies,
        fix=reader.fix(fix, report) if fix is not None else None,
        reverse=report.reverse,
        notes=report.notes if reader.whole else (),
        sentences=report.sentences if reader.whole else (*(one.text for one in blockers), PARTLY),
        whole=reader.whole,
    )


def _once(items: Iterable[T]) -> tuple[T, ...]:
    """The items without those that are equal to an earlier one; there are few."""
    kept: list[T] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return tuple(kept)


class _Reader:
    """One who is told of a report; finds out on the way whether that is all of it."""

    def __init__(self, snapshot: Snapshot, uid: str | None, named: frozenset[str]) -> None:
        self._snapshot = snapshot
        self._uid = uid
        self._named = named
        #: Whether nothing was kept back so far.
        self.whole = True
        #: What stands for things that only remedies make which are not told.
        self._unmade: frozenset[str] = frozenset()

    def look_for_unmade(self, report: Report) -> None:
        """Note what a report's remedies make that the reader can't be told the commands of: others are of no use without it."""
        offered = [blocker.remedy for blocker in report.blockers]
        asked = [one for one in (*report.remedies, *offered) if isinstance(one, CreatePeering)]
        if not all(map(self.remedy, asked)):
            self._unmade = frozenset({NEW_PEERING})

    def hops(self, hops: Iterable[Hop]) -> tuple[HopView, ...]:
        """The hops; neighbours at other accounts' routers become one."""
        views: list[HopView] = []
        for hop in hops:
            view = self.hop(hop)
            if not (view.foreign and views and views[-1].foreign):
                views.append(view)
        return tuple(views)

    def hop(self, hop: Hop) -> HopView:
        """One hop, or that it is another account's."""
        if not self._may_see(hop):
            self.whole = False
            return HopView(foreign=True, text=ELSEWHERE)
        told = {field.name: getattr(hop, field.name) for field in fields(hop)}
        return HopView(**{**told, "rewrite": _rewrite(hop.rewrite)})

    def outcome(self, outcome: Outcome | None, hops: tuple[Hop, ...]) -> Outcome | None:
        """How a packet ends, unless that would tell what stops it at another account's."""
        hidden = hops and not self._may_see(hops[-1]) and outcome is not Outcome.DELIVERED
        return None if hidden else outcome

    def blocker(self, blocker: Blocker) -> BlockerView:
        """What stops a packet, or that it is another account's."""
        if not self._may_see_blocker(blocker):
            self.whole = False
            return BlockerView(
                way=blocker.way, hop=None, text=ASK_OWNER, owner_uid=None, remedy=None, why_none=NOT_YOURS
            )
        remedy = self.remedy(blocker.remedy) if blocker.remedy is not None else None
        why_none = blocker.why_none
        if blocker.remedy is not None and remedy is None:
            why_none = NAMES_OTHERS if self._is(blocker.remedy.owner_uid) else NOT_YOURS
        return BlockerView(
            way=blocker.way,
            hop=self.hop(blocker.hop) if blocker.hop is not None else None,
            text=blocker.text,
            owner_uid=blocker.owner_uid if self._is(blocker.owner_uid) else None,
            remedy=remedy,
            why_none=why_none,
        )

    def within_links(self, blockers: tuple[Blocker, ...]) -> tuple[Blocker, ...]:
        """The blockers without those that are another account's, while a link to it does not carry.

        Otherwise asking for a connection would be enough to try what an account lets in that has not accepted it.
        """
        if not any(_is_link(blocker) for blocker in blockers):
            return blockers
        kept = tuple(blocker for blocker in blockers if self._may_see_blocker(blocker))
        self.whole = self.whole and len(kept) == len(blockers)
        return kept

    def finding(self, finding: Finding) -> FindingView | None:
        """A finding; of one that is about others, too, only what it is; None for one about others alone."""
        mine = any(map(self._is, finding.owner_uids)) or not finding.owner_uids
        told = all(map(self._is, finding.owner_uids)) or (mine and finding.code in SHARED_FINDINGS)
        self.whole = self.whole and told
        if not mine:
            return None
        return FindingView(
            code=finding.code,
            text=finding.text if told else CONCERNS_BOTH,
            subjects=tuple(id for id in finding.subjects if told or self.knows(id)),
            remedy=self.remedy(finding.remedy) if finding.remedy is not None and told else None,
        )

    def remedy(self, remedy: Remedy) -> RemedyView | None:
        """A change; None for one that is another account's to make, or that can't be told without its ids."""
        settings = {field.name: getattr(remedy, field.name) for field in fields(remedy)}
        named = IDS.findall(" ".join(map(str, settings.values())))
        told = self._is(remedy.owner_uid) and all(map(self.knows, named))
        if not told or not self._unmade.isdisjoint(map(str, settings.values())):
            self.whole = False
            return None
        return RemedyView(
            change=change_of(remedy), settings=settings, commands=commands_of(remedy, self._snapshot)
        )

    def _may_see_blocker(self, blocker: Blocker) -> bool:
        return self._is(blocker.owner_uid) if blocker.hop is None else self._may_see(blocker.hop)

    def fix(self, fix: Fix, report: Report) -> FixView | None:
        """What came of trying the remedies; None when the reader may know nothing of it.

        What another account has to change is reckoned with in a trial. Whatever that leads to would tell what is over there:
        whether anybody has the address, what filters it. So a trial with another account in it says the same whatever that has.
        """
        # What a guest keeps to itself, no change of the network lets out.
        captured = any(blocker.hop is None for blocker in report.blockers)
        elsewhere = not all(map(self._may_see_blocker, self.within_links(report.blockers)))
        shut = self._uid is not None and (bool(fix.others) or elsewhere)
        mine = tuple(filter(None, map(self.remedy, fix.remedies)))
        refused = [(self.remedy(one.remedy), one) for one in fix.refused]
        if elsewhere and not (mine or any(view for view, _ in refused)):
            return None
        opens = [one for one in fix.opens if not shut or all(map(self.knows, (*one.sources, *one.targets)))]
        return FixView(
            proposed=fix.proposed and not (captured or shut),
            verdict=report.verdict if captured or shut else fix.verdict,
            remedies=mine,
            # All of them, or none: each may refer to what one before it makes.
            calls=tuple(
                CallView(**{one.name: getattr(call, one.name) for one in fields(call)})
                for call in (fix.calls if len(mine) == len(fix.remedies) else ())
            ),
            asks_others=shut,
            later=tuple(filter(None, map(self.remedy, fix.later))),
            refused=tuple(
                RefusalView(remedy=view, text=one.text, code=one.code)
                for view, one in refused
                if view is not None
            ),
            opens=_once(map(self.opening, opens)),
            complete=fix.complete,
        )

    def opening(self, opening: Opening) -> OpeningView:
        """What else is opened; what of another account's could be asked for is that account's business."""
        told = all(map(self.knows, (*opening.sources, *opening.targets)))
        return OpeningView(
            sources=self.known(opening.sources),
            targets=self.known(opening.targets),
            what=opening.what if told else None,
        )

    def known(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The ids; one word for all that are not the reader's to know."""
        return tuple(dict.fromkeys(id if self.knows(id) else HIDDEN for id in ids))

    def _may_see(self, hop: Hop) -> bool:
        if self._is(hop.owner_uid):
            return True
        # An instance of the reader's own in a VSwitch that is shared with it, and what protects that.
        return hop.check in OF_GUESTS and all(map(self.knows, hop.subject.split("+")))

    def _is(self, uid: str) -> bool:
        return self._uid in {None, uid}

    def knows(self, id: str) -> bool:
        """Whether the id may be told."""
        return self._uid is None or id in self._named or knows(self._snapshot, self._uid, id)


def _is_link(blocker: Blocker) -> bool:
    """Whether it is a link that does not carry, or that is not there yet."""
    at_link = blocker.hop is not None and blocker.hop.check is Check.LINK
    return at_link or isinstance(blocker.remedy, LINKING)


def _rewrite(rewrite: Rewrite | None) -> RewriteView | None:
    if rewrite is None:
        return None
    before, after = (FlowView(**flow._asdict()) for flow in (rewrite.before, rewrite.after))
    return RewriteView(before=before, after=after)
