"""Intents."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, page_of
from peerway.api.native.schemas.intents import (
    CreateIntentBody,
    IntentAnswer,
    IntentCheckAnswer,
    IntentList,
    UpdateIntentBody,
    shown,
    shown_check,
)
from peerway.app.usecases.intents import intents
from peerway.app.usecases.intents import states as intent_states


async def create_intent(call: Call, body: CreateIntentBody) -> Response:
    """Ask for something that is to hold from now on.

    It is examined soon: its `state` is `unchecked` until then. With `refuse`, changes by your account that would break it answer
    409 with the code `intent_broken`; with `flag`, and when others or failures break it, its state says so.
    """
    request = intents.CreateIntent(**body.given(), client_token=call.token)
    answer = await call.write(
        lambda tx: shown(intents.create_intent(tx, call.world, call.caller, request)), 201
    )
    call.wake_worker()
    return answer


async def list_intents(call: Call, query: Annotated[IntentList, Query()]) -> Response:
    """List intents."""
    return await call.read(
        lambda tx: page_of(intents.list_intents(tx, call.world, call.caller, **query.given()), shown)
    )


async def get_intent(call: Call, id: Id) -> Response:
    """Show an intent, how it stands, and why it does not hold."""
    return await call.point(lambda tx: shown(intents.get_intent(tx, call.world, call.caller, id)))


async def update_intent(call: Call, id: Id, body: UpdateIntentBody) -> Response:
    """Change an intent; what is asked for otherwise is examined anew."""
    request = intents.UpdateIntent(id=id, **body.given())
    answer = await call.write(lambda tx: shown(intents.update_intent(tx, call.world, call.caller, request)))
    call.wake_worker()
    return answer


async def delete_intent(call: Call, id: Id) -> Response:
    """Delete an intent."""
    request = intents.DeleteIntent(id=id)
    return await call.write(lambda tx: shown(intents.delete_intent(tx, call.world, call.caller, request)))


async def check_intent(call: Call, id: Id) -> Response:
    """Examine an intent as the network is at this moment; nothing is stored."""
    networks = call.services.networks
    return await call.read(
        lambda tx: shown_check(intent_states.check_intent(tx, networks.at(tx), call.caller, id))
    )


OPERATIONS: Final = (
    Operation("POST", "/intents", create_intent, IntentAnswer, 201),
    Operation("GET", "/intents", list_intents, ListOf[IntentAnswer]),
    Operation("GET", "/intents/{id}", get_intent, IntentAnswer),
    Operation("PATCH", "/intents/{id}", update_intent, IntentAnswer),
    Operation("DELETE", "/intents/{id}", delete_intent, IntentAnswer),
    Operation("POST", "/intents/{id}/check", check_intent, IntentCheckAnswer, asks=True),
)
