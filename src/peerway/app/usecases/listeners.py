"""Listeners of load balancers, and the instances behind them (NET-6)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from peerway.app.store import Reader, Writer, where
from peerway.app.usecases.access import own, readable, require_member, require_staying
from peerway.app.usecases.fields import UNSET, Unset, given
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.pages import Page, page
from peerway.app.usecases.storing import idempotent, insert, remove, replace_stored
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, InvalidInput, NotFound
from peerway.domain.service import Backend, BackendHealth, Listener, LoadBalancer
from peerway.domain.text import check_flag, check_name, check_number
from peerway.domain.vpc import Instance, Vpc

#: Protocols that listeners speak.
PROTOCOLS = ("tcp", "udp")
#: Bounds of the pause between two probes, milliseconds, and of the probes in a row that turn a verdict.
INTERVALS, THRESHOLDS = (100, 60_000), (1, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateListener:
    """Have a load balancer listen at a port."""

    #: Load balancer.
    load_balancer_id: str
    #: `tcp` or `udp`.
    protocol: str
    #: Port.
    port: int
    #: Display name.
    name: str = ""
    #: Whether backends are checked.
    check: bool = True
    #: Pause between two probes, milliseconds.
    check_interval_ms: int = 1000
    #: Probes in a row that turn the verdict.
    check_threshold: int = 3
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateListener:
    """Change a listener's name or its health check."""

    #: The listener.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: Whether backends are checked.
    check: bool | Unset = UNSET
    #: New pause between two probes, milliseconds.
    check_interval_ms: int | Unset = UNSET
    #: New number of probes in a row.
    check_threshold: int | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteListener:
    """Stop listening; the listener's backends go with it."""

    #: The listener.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddBackend:
    """Put an instance behind a listener."""

    #: The listener.
    listener_id: str
    #: The instance.
    instance_id: str
    #: Port it answers at; None for the listener's.
    port: int | None = None
    #: Share of the connections, 0 to 100.
    weight: int = 100
    #: Makes repeats harmless.
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateBackend:
    """Change a backend's share."""

    #: The backend.
    id: str
    #: New share, 0 to 100.
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveBackend:
    """Take an instance from behind a listener."""

    #: The backend.
    id: str


def create_listener(tx: Writer, world: World, caller: Caller, request: CreateListener) -> Listener:
    """Have a load balancer listen at a port, one listener a protocol and port."""
    require_member(caller)

    def run() -> Listener:
        balancer = own(tx, caller, LoadBalancer, request.load_balancer_id, "load_balancer_id")
        require_staying(balancer, "listen")
        if request.protocol not in PROTOCOLS:
            raise InvalidInput("protocol", f"must be one of {', '.join(PROTOCOLS)}", request.protocol)
        port = check_number(request.port, "port", 1, 65535)
        present = tx.select(Listener, where("load_balancer_id", balancer.id))
        if any((one.protocol, one.port) == (request.protocol, port) for one in present):
            text = f"it listens at {request.protocol} {port} already"
            raise AlreadyExists(text, code="listener_exists", field="port")
        used = len(present)
        check_limit(
            tx,
            world,
            "listeners_per_load_balancer",
            caller.uid,
            used,
            scope=balancer.id,
            field="load_balancer_id",
        )
        listener = Listener(
            id=world.entropy.new_id("lsn"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=balancer.vpc_id,
            load_balancer_id=balancer.id,
            name=check_name(request.name),
            protocol=request.protocol,
            port=port,
            check=check_flag(request.check, "check"),
            check_interval_ms=check_number(request.check_interval_ms, "check_interval_ms", *INTERVALS),
            check_threshold=check_number(request.check_threshold, "check_threshold", *THRESHOLDS),
        )
        return insert(tx, caller, listener)

    return idempotent(tx, caller, request.client_token, "create_listener", request, run, Listener)


def get_listener(tx: Reader, world: World, caller: Caller, id: str) -> Listener:
    """A listener of the caller's."""
    return readable(tx, caller, Listener, id)


def list_listeners(
    tx: Reader,
    world: World,
    caller: Caller,
    load_balancer_id: str,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Listener]:
    """A load balancer's listeners."""
    balancer = readable(tx, caller, LoadBalancer, load_balancer_id)
    return page(tx, Listener, where("load_balancer_id", balancer.id), after=after, limit=limit)


def update_listener(tx: Writer, world: World, caller: Caller, request: UpdateListener) -> Listener:
    """Change name and health check; without a check all backends with a share get connections."""
    require_member(caller)
    before = own(tx, caller, Listener, request.id)
    settings = given(
        request,
        name=check_name,
        check=check_flag,
        check_interval_ms=lambda value, field: check_number(value, field, *INTERVALS),
        check_threshold=lambda value, field: check_number(value, field, *THRESHOLDS),
    )
    stored = replace_stored(tx, caller, before, replace(before, **settings))
    if before.check and not stored.check:
        _forget_health(tx, caller, stored)
    return stored


def delete_listener(tx: Writer, world: World, caller: Caller, request: DeleteListener) -> Listener:
    """Stop listening; connections through it end."""
    require_member(caller)
    listener = own(tx, caller, Listener, request.id)
    for backend in tx.select(Backend, where("listener_id", listener.id)):
        remove(tx, caller, backend)
    remove(tx, caller, listener)
    return listener


def add_backend(tx: Writer, world: World, caller: Caller, request: AddBackend) -> Backend:
    """Put an instance of the VPC behind a listener, once."""
    require_member(caller)

    def run() -> Backend:
        listener = own(tx, caller, Listener, request.listener_id, "listener_id")
        instance = _instance_of_vpc(tx, caller, listener, request.instance_id)
        present = tx.select(Backend, where("listener_id", listener.id))
        if any(one.instance_id == instance.id for one in present):
            text = f"instance {instance.id} is behind the listener already"
            raise AlreadyExists(text, code="backend_exists", field="instance_id")
        check_limit(
            tx,
            world,
            "backends_per_listener",
            caller.uid,
            len(present),
            scope=listener.id,
            field="listener_id",
        )
        port = listener.port if request.port is None else request.port
        backend = Backend(
            id=world.entropy.new_id("bk"),
            owner_uid=caller.uid,
            created_at=tx.now,
            vpc_id=listener.vpc_id,
            listener_id=listener.id,
            instance_id=instance.id,
            port=check_number(port, "port", 1, 65535),
            weight=check_number(request.weight, "weight", 0, 100),
        )
        return insert(tx, caller, backend)

    return idempotent(tx, caller, request.client_token, "add_backend", request, run, Backend)


def get_backend(tx: Reader, world: World, caller: Caller, id: str) -> Backend:
    """An instance behind a listener of the caller's."""
    return readable(tx, caller, Backend, id)


def list_backends(
    tx: Reader,
    world: World,
    caller: Caller,
    listener_id: str,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Page[Backend]:
    """The instances behind a listener, and what the check says of each."""
    listener = readable(tx, caller, Listener, listener_id)
    return page(tx, Backend, where("listener_id", listener.id), after=after, limit=limit)


def update_backend(tx: Writer, world: World, caller: Caller, request: UpdateBackend) -> Backend:
    """Change a backend's share of the connections."""
    require_member(caller)
    before = own(tx, caller, Backend, request.id)
    weight = check_number(request.weight, "weight", 0, 100)
    return replace_stored(tx, caller, before, replace(before, weight=weight))


def remove_backend(tx: Writer, world: World, caller: Caller, request: RemoveBackend) -> Backend:
    """Take an instance from behind a listener."""
    require_member(caller)
    backend = own(tx, caller, Backend, request.id)
    remove(tx, caller, backend)
    return backend


def remove_backends_of(tx: Writer, caller: Caller, instance_id: str) -> None:
    """Take an instance that is being deleted from behind every listener, as the clouds do."""
    for backend in tx.select(Backend, where("instance_id", instance_id)):
        remove(tx, caller, backend)


def _instance_of_vpc(tx: Reader, caller: Caller, listener: Listener, id: str) -> Instance:
    """An instance of the listener's VPC: the caller's, or for the VPC's owner anybody's that it shares the VPC with."""
    instance = tx.get(Instance, id)
    vpc = tx.get(Vpc, listener.vpc_id)
    here = instance is not None and instance.vpc_id == listener.vpc_id
    if instance is None or not here or caller.uid not in {instance.owner_uid, vpc and vpc.owner_uid}:
        raise NotFound("instance", id[:64], field="instance_id")
    return require_staying(instance)


def _forget_health(tx: Writer, caller: Caller, listener: Listener) -> None:
    for backend in tx.select(Backend, where("listener_id", listener.id)):
        replace_stored(tx, caller, backend, replace(backend, health=BackendHealth.UNKNOWN))
