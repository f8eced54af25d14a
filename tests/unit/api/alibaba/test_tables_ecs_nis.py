"""The tables of words of Ecs and Nis are total: whatever an answer is made of has a word (API-1)."""

from pathlib import Path

import pytest

from peerway.analysis.diagnosis.report import FindingCode
from peerway.api.alibaba.products import ecs, nis
from peerway.domain.path import AnalysisState, PointKind
from peerway.domain.resource import Provisioning
from peerway.domain.security import RuleAction
from peerway.fabric.outcomes import Check, Outcome

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "path-analysis-results.md"
ECS, NIS = ecs.PRODUCT.extra, nis.PRODUCT.extra


@pytest.mark.parametrize("state", Provisioning)
def test_every_state_of_an_instance_has_a_word(state):
    """The five that clients know, and nothing else; an interface has one too."""
    words = {ECS["instance_status"][state.value], ECS["instance_status"][f"{state.value} stopped"]}
    assert words <= {"Pending", "Starting", "Running", "Stopping", "Stopped"}
    assert ECS["interface_status"][state.value]


@pytest.mark.parametrize("action", RuleAction)
def test_every_action_of_a_rule_has_a_word(action):
    """As answers write it."""
    assert ECS["policies"][action.value].lower() == action.value


@pytest.mark.parametrize("outcome", Outcome)
def test_every_end_of_a_packet_has_a_code(outcome):
    """By itself, or at each check at which it ends."""
    codes = NIS["error_codes"]
    at = [check for check in Check if f"{outcome.value}@{check.value}" in codes]
    assert outcome.value in codes or len(at) == 2


def test_every_check_is_a_stage_and_every_state_a_status():
    """How far it came, where the analysis is, and what its ends are."""
    assert {check.value for check in Check} | {"none"} == set(NIS["stages"])
    assert {NIS["statuses"][state.value] for state in AnalysisState} == {"init", "finish", "error"}
    assert set(NIS["end_types"]) == {kind.value for kind in PointKind}


def test_codes_of_findings_are_findings():
    """What stands in the table of codes for itself is an outcome, a finding, or a word of the table's own."""
    plain = {key for key in NIS["error_codes"] if "@" not in key}
    known = {one.value for one in (*Outcome, *FindingCode)} | {"foreign", "unknown"}
    assert plain <= known


@pytest.mark.parametrize("kind", ["security_rule", "acl_entry", "default", "members", "whitelist"])
@pytest.mark.parametrize("action", RuleAction)
def test_every_decision_has_a_description(kind, action):
    """Whatever decides, and whatever it does."""
    assert NIS["descriptions"][f"{kind} {action.value}"]


def test_reference_has_every_code_and_stage():
    """Codes, stages, descriptions and kinds of nodes are on the page that tells of results."""
    text = PAGE.read_text("utf-8")
    words = {*NIS["error_codes"].values(), *NIS["stages"].values(), *NIS["nodes"].values()}
    assert [word for word in sorted(words) if f"`{word}`" not in text] == []
