"""Load balancers, their listeners, and the instances behind them."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, ListParameters
from peerway.api.native.schemas.services import (
    AddBackendBody,
    CreateListenerBody,
    CreateLoadBalancerBody,
    ServiceList,
    UpdateBackendBody,
    UpdateListenerBody,
)
from peerway.api.native.schemas.vpcs import UpdateTextsBody
from peerway.app.usecases import listeners, load_balancers
from peerway.domain.service import Backend, Listener, LoadBalancer


async def create_load_balancer(call: Call, body: CreateLoadBalancerBody) -> Response:
    """Make a load balancer."""
    request = load_balancers.CreateLoadBalancer(**body.given(), client_token=call.token)
    return await call.run(load_balancers.create_load_balancer, request, 201)


async def list_load_balancers(call: Call, query: Annotated[ServiceList, Query()]) -> Response:
    """List load balancers."""
    return await call.list_by(load_balancers.list_load_balancers, **query.given())


async def get_load_balancer(call: Call, id: Id) -> Response:
    """Show a load balancer."""
    return await call.find(load_balancers.get_load_balancer, id)


async def update_load_balancer(call: Call, id: Id, body: UpdateTextsBody) -> Response:
    """Change name and description."""
    request = load_balancers.UpdateLoadBalancer(id=id, **body.given())
    return await call.run(load_balancers.update_load_balancer, request)


async def delete_load_balancer(call: Call, id: Id) -> Response:
    """Start the deletion of a load balancer without listeners."""
    request = load_balancers.DeleteLoadBalancer(id=id)
    return await call.run(load_balancers.delete_load_balancer, request, 202)


async def create_listener(call: Call, id: Id, body: CreateListenerBody) -> Response:
    """Have a load balancer listen at a port."""
    request = listeners.CreateListener(load_balancer_id=id, **body.given(), client_token=call.token)
    return await call.run(listeners.create_listener, request, 201)


async def list_listeners(call: Call, id: Id, query: Annotated[ListParameters, Query()]) -> Response:
    """List a load balancer's listeners."""
    return await call.list_by(listeners.list_listeners, id, **query.given())


async def get_listener(call: Call, id: Id) -> Response:
    """Show a listener."""
    return await call.find(listeners.get_listener, id)


async def update_listener(call: Call, id: Id, body: UpdateListenerBody) -> Response:
    """Change a listener's name or its health check."""
    request = listeners.UpdateListener(id=id, **body.given())
    return await call.run(listeners.update_listener, request)


async def delete_listener(call: Call, id: Id) -> Response:
    """Stop listening; the backends go with the listener."""
    request = listeners.DeleteListener(id=id)
    return await call.run(listeners.delete_listener, request)


async def add_backend(call: Call, id: Id, body: AddBackendBody) -> Response:
    """Put an instance behind a listener."""
    request = listeners.AddBackend(listener_id=id, **body.given(), client_token=call.token)
    return await call.run(listeners.add_backend, request, 201)


async def list_backends(call: Call, id: Id, query: Annotated[ListParameters, Query()]) -> Response:
    """List the instances behind a listener, and what the check says of each."""
    return await call.list_by(listeners.list_backends, id, **query.given())


async def get_backend(call: Call, id: Id) -> Response:
    """Show an instance behind a listener, with what the check says of it."""
    return await call.find(listeners.get_backend, id)


async def update_backend(call: Call, id: Id, body: UpdateBackendBody) -> Response:
    """Change a backend's share of the connections."""
    request = listeners.UpdateBackend(id=id, **body.given())
    return await call.run(listeners.update_backend, request)


async def remove_backend(call: Call, id: Id) -> Response:
    """Take an instance from behind a listener."""
    request = listeners.RemoveBackend(id=id)
    return await call.run(listeners.remove_backend, request)


OPERATIONS: Final = (
    Operation("POST", "/load-balancers", create_load_balancer, LoadBalancer, 201),
    Operation("GET", "/load-balancers", list_load_balancers, ListOf[LoadBalancer]),
    Operation("GET", "/load-balancers/{id}", get_load_balancer, LoadBalancer),
    Operation("PATCH", "/load-balancers/{id}", update_load_balancer, LoadBalancer),
    Operation("DELETE", "/load-balancers/{id}", delete_load_balancer, LoadBalancer, 202),
    Operation("POST", "/load-balancers/{id}/listeners", create_listener, Listener, 201),
    Operation("GET", "/load-balancers/{id}/listeners", list_listeners, ListOf[Listener]),
    Operation("GET", "/listeners/{id}", get_listener, Listener),
    Operation("PATCH", "/listeners/{id}", update_listener, Listener),
    Operation("DELETE", "/listeners/{id}", delete_listener, Listener),
    Operation("POST", "/listeners/{id}/backends", add_backend, Backend, 201),
    Operation("GET", "/listeners/{id}/backends", list_backends, ListOf[Backend]),
    Operation("GET", "/backends/{id}", get_backend, Backend),
    Operation("PATCH", "/backends/{id}", update_backend, Backend),
    Operation("DELETE", "/backends/{id}", remove_backend, Backend),
)
