"""Network paths, their analyses, and what there is to know about who reaches what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import ConfigDict, Field, JsonValue

from peerway.api.native.schemas.common import Body, Parameters, TenantListParameters, Text, Word, flat
from peerway.app.usecases.paths.many_questions import Ruling
from peerway.app.usecases.paths.views import ReportView
from peerway.domain.path import AnalysisState, PathAnalysis, PathProtocol, Point

#: What a point is written as.
POINT = "Id of an instance, database, load balancer, VSwitch or VBR, an address, or `ID@ADDRESS`."

#: Most questions in one request.
MOST_QUESTIONS: Final = 10_000

EXAMPLE: dict[str, JsonValue] = {
    "source": "i-0123456789abcdefghij",
    "target": "10.2.1.4",
    "protocol": "tcp",
    "port": 443,
}


class QuestionBody(Body):
    """Whether the one can reach the other."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    source: Word = Field(description=f"Who asks. {POINT}")
    target: Word = Field(description=f"Who is asked. {POINT}")
    protocol: Word = Field("icmp", description="`tcp`, `udp` or `icmp`.")
    port: int = Field(0, ge=0, le=65535, description="Port of the target; 0 for icmp.")
    source_port: int = Field(
        0, ge=0, le=65535, description="Port of the source; 0 for one that its system chooses."
    )


class CreateNetworkPathBody(QuestionBody):
    """A question to keep."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**EXAMPLE, "name": "web to database"}]})

    name: Text = Field("", description="Display name.")
    description: Text = Field("", description="Free text.")


class UpdateNetworkPathBody(Body):
    """What is to change; a field that is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "web to cache"}]})

    name: Text = Field("", description="New name.")
    description: Text = Field("", description="New description.")


class AnalysePathBody(Body):
    """How a path is to be analysed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"fixes": True}]})

    fixes: bool = Field(
        False, description="Whether the smallest set of changes that helps is looked for, too."
    )


class AnalyseQuestionBody(QuestionBody):
    """A question to answer once."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    fixes: bool = Field(
        False, description="Whether the smallest set of changes that helps is looked for, too."
    )


class PairQuery(Parameters):
    """Between whom."""

    source: Word = Field(description=f"Who asks. {POINT}")
    target: Word = Field(description=f"Who is asked. {POINT}")


class BatchBody(Body):
    """Many questions."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"questions": [EXAMPLE]}]})

    questions: list[QuestionBody] = Field(max_length=MOST_QUESTIONS, description="The questions.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """What comes of many questions."""

    #: Revision of the network that all of them are true for.
    revision: int
    #: The answers, in the order of the questions.
    answers: list[Ruling]


class NetworkPathList(TenantListParameters):
    """Which paths."""

    source_id: Word | None = Field(None, description="Only those from this resource.")
    target_id: Word | None = Field(None, description="Only those to this resource.")


class PathAnalysisList(TenantListParameters):
    """Which analyses."""

    path_id: Word | None = Field(None, description="Only those of this path.")
    state: AnalysisState | None = Field(None, description="Only those in this state.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisFailure:
    """Why there is no answer."""

    #: What went wrong, for programs.
    code: str
    #: The same for people.
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisAnswer:
    """One time a question was asked, and the answer."""

    #: Id.
    id: str
    #: Account that asked.
    owner_uid: str
    #: When it was asked.
    created_at: datetime
    #: Revision of this object.
    revision: int
    #: The path it was asked for; null for a question that was not kept.
    path_id: str | None
    #: Who asks.
    source: Point
    #: Who is asked.
    target: Point
    #: With which protocol.
    protocol: PathProtocol
    #: At which port of the target; 0 for icmp.
    port: int
    #: From which port; 0 for one that the source's system chooses.
    source_port: int
    #: Whether fixes were asked for, too.
    fixes: bool
    #: Whether it tells of all accounts, as an operator asked.
    all_accounts: bool
    #: `pending`, `finished` or `failed`.
    state: AnalysisState
    #: When the answer was there; null before.
    finished_at: datetime | None
    #: Revision of the network that the answer is true for.
    network_revision: int | None
    #: Whether the target is reached and its answers come back; null when that is not known.
    reachable: bool | None
    #: The answer; null in lists, and while there is none.
    result: ReportView | None
    #: Why there is no answer; null when there is one or may be one yet.
    failure: AnalysisFailure | None


def shown(analysis: PathAnalysis) -> dict[str, Any]:
    """An analysis as `AnalysisAnswer`; its result, which is stored as JSON, goes out as it is."""
    fields = flat(analysis)
    text = fields.pop("result")
    kept = orjson.Fragment(text) if text else None
    failed = analysis.state is AnalysisState.FAILED
    return {**fields, "result": None if failed else kept, "failure": kept if failed else None}
