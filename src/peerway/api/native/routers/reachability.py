"""Who reaches whom, answered at once: exact sets, maps, and many questions."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id
from peerway.api.native.schemas.paths import BatchAnswer, BatchBody, PairQuery
from peerway.app.usecases.paths import many_questions, paths, reachability
from peerway.app.usecases.paths.reachability import MapView, PairView

#: So many questions count as one request more.
A_REQUEST: Final = 100


async def get_reachability(call: Call, query: Annotated[PairQuery, Query()]) -> Response:
    """Show exactly what gets through between two points: protocols, ports and addresses.

    Of a VSwitch as target it tells of every address where something gets through.
    """
    readings, store = call.tools.readings, call.services.store

    def work() -> PairView:
        question, network = store.read(
            lambda tx: (
                reachability.pair_question(tx, call.caller, query.source, query.target),
                readings.network(tx),
            )
        )
        return reachability.reach_of_pair(readings.atlas(network), question)

    return await call.render_in_thread(work)


async def get_vpc_reachability(call: Call, id: Id) -> Response:
    """Show who reaches whom with what at a VPC: from it, in it, and into it from what is joined to it.

    One of the two is the caller's own; of the other, when it is another account's, only the range is told. Operators see all.
    """
    readings, store = call.tools.readings, call.services.store

    def work() -> MapView:
        vpc, network = store.read(
            lambda tx: (reachability.visible_vpc(tx, call.caller, id), readings.network(tx))
        )
        return reachability.map_of_vpc(readings.atlas(network), call.caller, vpc)

    return await call.render_in_thread(work)


async def ask_many(call: Call, body: BatchBody) -> Response:
    """Answer many questions at once, each with its verdict; nothing is stored.

    A question that makes no sense, or that the caller may not ask, is named by its place, and none is answered.
    """
    call.spend(len(body.questions) // A_REQUEST)
    readings, store = call.tools.readings, call.services.store

    def work() -> BatchAnswer:
        asks = [paths.Ask(**question.given()) for question in body.questions]
        questions, network = store.read(
            lambda tx: (many_questions.usable_questions(tx, call.caller, asks), readings.network(tx))
        )
        answers = many_questions.rule_on(readings.prepared(network), call.caller, questions)
        return BatchAnswer(revision=network.revision, answers=answers)

    return await call.render_in_thread(work)


OPERATIONS: Final = (
    Operation("GET", "/reachability", get_reachability, PairView),
    Operation("POST", "/reachability/batch", ask_many, BatchAnswer, asks=True),
    Operation("GET", "/vpcs/{id}/reachability", get_vpc_reachability, MapView),
)
