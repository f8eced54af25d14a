"""Network paths and their analyses."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, page_of
from peerway.api.native.schemas.paths import (
    AnalysePathBody,
    AnalyseQuestionBody,
    AnalysisAnswer,
    CreateNetworkPathBody,
    NetworkPathList,
    PathAnalysisList,
    UpdateNetworkPathBody,
    shown,
)
from peerway.app.usecases.paths import analyses as path_analyses
from peerway.app.usecases.paths import paths
from peerway.domain.path import NetworkPath


async def create_network_path(call: Call, body: CreateNetworkPathBody) -> Response:
    """Keep a question about reachability, to be asked again and again."""
    request = paths.CreateNetworkPath(**body.given(), client_token=call.token)
    return await call.run(paths.create_network_path, request, 201)


async def list_network_paths(call: Call, query: Annotated[NetworkPathList, Query()]) -> Response:
    """List paths."""
    return await call.list_by(paths.list_network_paths, **query.given())


async def get_network_path(call: Call, id: Id) -> Response:
    """Show a path."""
    return await call.find(paths.get_network_path, id)


async def update_network_path(call: Call, id: Id, body: UpdateNetworkPathBody) -> Response:
    """Change a path's name or description."""
    return await call.run(paths.update_network_path, paths.UpdateNetworkPath(id=id, **body.given()))


async def delete_network_path(call: Call, id: Id) -> Response:
    """Delete a path with all its analyses."""
    return await call.run(paths.delete_network_path, paths.DeleteNetworkPath(id=id))


async def analyse_path(call: Call, id: Id, body: AnalysePathBody) -> Response:
    """Have a path analysed as the network is now.

    The answer is there a little later: ask for the analysis until its `state` is not `pending`.
    """
    request = path_analyses.AnalysePath(path_id=id, **body.given(), client_token=call.token)
    answer = await call.write(
        lambda tx: shown(path_analyses.analyse_path(tx, call.world, call.caller, request)), 201
    )
    call.wake_worker()
    return answer


async def analyse_question(call: Call, body: AnalyseQuestionBody) -> Response:
    """Have a question analysed that is not kept.

    The answer is there a little later: ask for the analysis until its `state` is not `pending`.
    """
    request = path_analyses.AnalyseQuestion(**body.given(), client_token=call.token)
    answer = await call.write(
        lambda tx: shown(path_analyses.analyse_question(tx, call.world, call.caller, request)), 201
    )
    call.wake_worker()
    return answer


async def list_path_analyses(call: Call, query: Annotated[PathAnalysisList, Query()]) -> Response:
    """List analyses, without their results."""
    return await call.read(
        lambda tx: page_of(
            path_analyses.list_path_analyses(tx, call.world, call.caller, **query.given()), shown
        )
    )


async def get_path_analysis(call: Call, id: Id) -> Response:
    """Show an analysis with its result."""
    return await call.point(
        lambda tx: shown(path_analyses.get_path_analysis(tx, call.world, call.caller, id))
    )


async def delete_path_analysis(call: Call, id: Id) -> Response:
    """Delete an analysis."""
    request = path_analyses.DeletePathAnalysis(id=id)
    return await call.write(
        lambda tx: shown(path_analyses.delete_path_analysis(tx, call.world, call.caller, request))
    )


OPERATIONS: Final = (
    Operation("POST", "/paths", create_network_path, NetworkPath, 201),
    Operation("GET", "/paths", list_network_paths, ListOf[NetworkPath]),
    Operation("GET", "/paths/{id}", get_network_path, NetworkPath),
    Operation("PATCH", "/paths/{id}", update_network_path, NetworkPath),
    Operation("DELETE", "/paths/{id}", delete_network_path, NetworkPath),
    Operation("POST", "/paths/{id}/analyses", analyse_path, AnalysisAnswer, 201),
    Operation("POST", "/analyses", analyse_question, AnalysisAnswer, 201),
    Operation("GET", "/analyses", list_path_analyses, ListOf[AnalysisAnswer]),
    Operation("GET", "/analyses/{id}", get_path_analysis, AnalysisAnswer),
    Operation("DELETE", "/analyses/{id}", delete_path_analysis, AnalysisAnswer),
)
