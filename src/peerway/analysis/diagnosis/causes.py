"""What stopped a packet, by how its walk ended: each outcome with those who know what lifts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from peerway.analysis.diagnosis.assumptions import switch_on
from peerway.analysis.diagnosis.cases import Case, Cause
from peerway.analysis.diagnosis.filter_causes import acl_cause, policy_cause
from peerway.analysis.diagnosis.link_causes import link_cause
from peerway.analysis.diagnosis.report import FindingCode
from peerway.analysis.diagnosis.way_causes import way_cause
from peerway.analysis.remedies import AddSourceNat, LetForward, RecoverVbr
from peerway.analysis.telling.links import link_called
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.fabric.decisions import carries
from peerway.fabric.outcomes import Check, Outcome


def cause_of(case: Case) -> Cause:
    """What stopped the packet and what would lift it."""
    outcome = case.walk.outcome
    return _CAUSES.get(outcome, way_cause)(case)


def _plain(case: Case, why: str = "", code: FindingCode | None = None) -> Cause:
    subjects = (case.hop.subject,)
    return Cause(code=code, text=case.hop.text, owner_uid=case.hop.owner_uid, subjects=subjects, why_none=why)


def _link_down(case: Case) -> Cause:
    """The first of the links that it could take."""
    for id in case.hop.subject.split("+"):
        link = link_called(case.network, case.hop.router_id, id)
        if link is not None and not link.carries:
            return link_cause(case, link)
    return _plain(case, "the link is not there any more", FindingCode.LINK_STATE)


def _uplink_down(case: Case) -> Cause:
    cause = _plain(case, "the way out has to come up by itself", FindingCode.UPLINK)
    uplink = case.router.uplinks[case.hop.subject]
    if not carries(replace(uplink, up=True), case.packet):
        return replace(cause, why_none=f"it has no addresses of IPv{case.packet.source.version}")
    cause = replace(cause, assume=switch_on(case.router.id, uplink.id))
    vbr = case.site.router
    if isinstance(vbr, VirtualBorderRouter) and vbr.state is VbrState.TERMINATED:
        return replace(cause, remedy=RecoverVbr(owner_uid=vbr.owner_uid, vbr_id=vbr.id), why_none="")
    return cause


def _no_translation(case: Case) -> Cause:
    """A NAT gateway without an entry for the source gets one; what should not leave there at all has gone astray."""
    if (
        case.hop.check is Check.SOURCE_NAT
        and case.goal.router_id is not None
        and case.goal.holder != case.hop.subject
    ):
        return way_cause(case)
    gateway = case.site.nat_gateways.get(case.hop.subject)
    public = sorted(
        eip.address for eip in case.site.eips.values() if gateway is not None and eip.target_id == gateway.id
    )
    source = case.packet.source
    if case.hop.check is not Check.SOURCE_NAT or gateway is None or not isinstance(source, IPv4Address):
        return _plain(case, "nothing stands for the address outside", FindingCode.UPLINK)
    if not public:
        return _plain(case, f"{gateway.id} has no public address", FindingCode.UPLINK)
    remedy = AddSourceNat(
        owner_uid=gateway.owner_uid, gateway_id=gateway.id, source=IPv4Network(source), public=public[0]
    )
    return replace(_plain(case, code=FindingCode.UPLINK), remedy=remedy)


def _spoofed(case: Case) -> Cause:
    instance = case.site.instances.get(case.start.sender)
    if instance is None:
        return _plain(case, "it sends from its own address only")
    remedy = LetForward(owner_uid=instance.owner_uid, instance_id=instance.id)
    return replace(_plain(case), owner_uid=instance.owner_uid, remedy=remedy)


def _no_backend(case: Case) -> Cause:
    return _plain(case, "an instance has to be put behind it")


def _hairpin(case: Case) -> Cause:
    return _plain(case, "another instance has to be put behind the service")


#: Those who know, by outcome; for all others the packet has gone astray.
_CAUSES: Final[Mapping[Outcome, Callable[[Case], Cause]]] = {
    Outcome.DROPPED_BY_POLICY: policy_cause,
    Outcome.DROPPED_BY_ACL: acl_cause,
    Outcome.LINK_DOWN: _link_down,
    Outcome.UPLINK_DOWN: _uplink_down,
    Outcome.NO_TRANSLATION: _no_translation,
    Outcome.SPOOFED: _spoofed,
    Outcome.NO_BACKEND: _no_backend,
    Outcome.HAIRPIN: _hairpin,
}
