"""Network paths and analyses of whether their targets are reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from peerway.api.alibaba.labels import label_new
from peerway.api.alibaba.products.nis.product import PRODUCT
from peerway.api.alibaba.products.nis.result import result_of
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall, WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases.paths.analyses import (
    AnalysePath,
    AnalyseQuestion,
    DeletePathAnalysis,
    analyse_path,
    analyse_question,
    delete_path_analysis,
    get_path_analysis,
)
from peerway.app.usecases.paths.paths import (
    CreateNetworkPath,
    DeleteNetworkPath,
    create_network_path,
    delete_network_path,
)
from peerway.domain.errors import InvalidInput, NotFound
from peerway.domain.path import AT, AnalysisState, PathAnalysis, PathProtocol, Point

#: Types of ends: what ids begin with, and what they are.
ENDS: Final[Mapping[str, Sequence[str]]] = PRODUCT.extra["ends"]
#: What the answer of `CreateAndAnalyzeNetworkPath` says again.
ECHOED: Final = (
    "Protocol",
    "SourceId",
    "SourceIpAddress",
    "SourcePort",
    "SourceType",
    "TargetId",
    "TargetIpAddress",
    "TargetPort",
    "TargetType",
)


@PRODUCT.writes("CreateNetworkPath")
def create_path(call: WriteCall, given: Given) -> Answer:
    """Keep a question."""
    name, text = given["NetworkPathName"], given.get("NetworkPathDescription", "")
    path = call.use(create_network_path, CreateNetworkPath(**_question(given), name=name, description=text))
    label_new(call, given, path)
    return {"NetworkPathId": path.id}


@PRODUCT.writes("DeleteNetworkPath")
def delete_paths(call: WriteCall, given: Given) -> Answer:
    """Forget questions, with their answers; all or none."""
    for id in given["NetworkPathIds"]:
        call.use(delete_network_path, DeleteNetworkPath(id=id))
    return {"Data": True}


@PRODUCT.writes("CreateNetworkReachableAnalysis")
def create_analysis(call: WriteCall, given: Given) -> Answer:
    """Have a kept question answered; the answer is there a little later."""
    analysis = call.use(analyse_path, AnalysePath(path_id=given["NetworkPathId"]))
    call.wakes_worker = True
    return {"NetworkReachableAnalysisId": analysis.id}


@PRODUCT.writes("CreateAndAnalyzeNetworkPath")
def create_and_analyze(call: WriteCall, given: Given) -> Answer:
    """Have a question answered that is not kept."""
    analysis = call.use(analyse_question, AnalyseQuestion(**_question(given)))
    call.wakes_worker = True
    echoed = {name: str(given.get(name, "")) for name in ECHOED}
    return {"NetworkReachableAnalysisId": analysis.id, **echoed}


@PRODUCT.finds("GetNetworkReachableAnalysis")
def get_analysis(call: ReadCall, given: Given) -> Answer:
    """An answer, once there is one."""
    analysis = call.use(get_path_analysis, given["NetworkReachableAnalysisId"])
    found = orjson.loads(analysis.result) if analysis.result else {}
    state = analysis.state.value
    words: Mapping[str, str] = PRODUCT.extra["statuses"]
    return {
        "AliUid": int(analysis.owner_uid),
        "CreateTime": time_text(analysis.created_at),
        "NetworkPathId": analysis.path_id or "",
        "NetworkPathParameter": orjson.dumps(_parameters(analysis)).decode(),
        "NetworkReachableAnalysisId": analysis.id,
        "NetworkReachableAnalysisStatus": words.get(f"{state} {found.get('code')}", words[state]),
        "NetworkReachableAnalysisResult": ""
        if analysis.state is AnalysisState.PENDING
        else orjson.dumps(result_of(call, analysis, found)).decode(),
        "Reachable": analysis.reachable is True,
    }


@PRODUCT.writes("DeleteNetworkReachableAnalysis")
def delete_analyses(call: WriteCall, given: Given) -> Answer:
    """Forget answers; all or none."""
    for id in given["NetworkReachableAnalysisIds"]:
        call.use(delete_path_analysis, DeletePathAnalysis(id=id))
    return {"Data": True}


def _question(given: Given) -> dict[str, Any]:
    """The question as our requests put it."""
    protocol = given.get("Protocol", PathProtocol.ICMP.value).lower()
    asked = {"source": _end(given, "Source"), "target": _end(given, "Target"), "protocol": protocol}
    if protocol == PathProtocol.ICMP:
        # Clients send ports whatever the protocol is.
        return asked
    return {**asked, "port": given.get("TargetPort", 0), "source_port": given.get("SourcePort", 0)}


def _end(given: Given, side: str) -> str:
    """One end: an id, an address, or an id with one of its addresses."""
    id: str = given.get(f"{side}Id", "")
    address: str = given.get(f"{side}IpAddress", "")
    kind = given.get(f"{side}Type") or ("" if id else "internetIp")
    if kind not in ENDS or (side == "Source" and kind == "clb"):
        raise InvalidInput(f"{side}Type", "there are no ends of this type here", kind, code="not_supported")
    prefix, word = ENDS[kind]
    if not id and not address:
        raise InvalidInput(f"{side}Id", "is required", code="missing")
    if not prefix:
        return id or address
    if not id.startswith(prefix):
        raise NotFound(word, id[:64], field=side.lower())
    return f"{id}{AT}{address}" if address else id


def _parameters(analysis: PathAnalysis) -> dict[str, Any]:
    question = analysis.question
    return {
        **_end_shown("source", question.source),
        **_end_shown("target", question.target),
        "protocol": question.protocol.value,
        "sourcePort": question.source_port,
        "targetPort": question.port,
    }


def _end_shown(side: str, point: Point) -> dict[str, str]:
    address = "" if point.address is None else str(point.address)
    kind = PRODUCT.extra["end_types"][point.kind.value]
    return {f"{side}Id": point.id or address, f"{side}Type": kind, f"{side}IpAddress": address}
