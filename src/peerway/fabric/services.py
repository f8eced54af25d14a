"""Load balancers to services, databases to endpoints (NET-6).

Owns who answers for a listener and who may ask a database.
"""

from __future__ import annotations

from collections.abc import Mapping

from peerway.domain.service import Backend as StoredBackend
from peerway.domain.service import BackendHealth, Database, Listener
from peerway.fabric.model import (
    Action,
    Backend,
    Endpoint,
    Filter,
    Match,
    Policy,
    Rule,
    Service,
    ServiceCheck,
    Subnet,
)
from peerway.fabric.site import Site

_TCP, _ICMP = 6, 1
_PROTOCOLS = {"tcp": 6, "udp": 17}


def compile_services(site: Site, subnets: Mapping[str, Subnet]) -> dict[str, Service]:
    """Every listener of a load balancer that has its VSwitch, by id."""
    backends: dict[str, list[StoredBackend]] = {}
    for backend in sorted(site.backends.values(), key=lambda backend: backend.id):
        backends.setdefault(backend.listener_id, []).append(backend)
    services = {}
    for listener in site.listeners.values():
        balancer = site.load_balancers.get(listener.load_balancer_id)
        if balancer is None or balancer.vswitch_id not in subnets:
            continue
        answering = [_compile_backend(backend, site, subnets) for backend in backends.get(listener.id, ())]
        services[listener.id] = Service(
            listener.id,
            balancer.address,
            _PROTOCOLS[listener.protocol],
            listener.port,
            tuple(backend for backend in answering if backend is not None),
            _compile_check(listener),
        )
    return services


def compile_database(database: Database, labels: tuple[str, ...]) -> Endpoint:
    """A database's interface; the filter is its own."""
    return Endpoint(
        database.id,
        database.vswitch_id,
        (database.address,),
        database.mac,
        policy_id=database.id,
        netns=database.netns,
        labels=labels,
    )


def compile_whitelist(database: Database) -> Policy:
    """Who may connect to a database: the ranges on its list, by TCP at its port; nothing else gets in."""
    rules = tuple(
        Rule(Match(remote, _TCP, database.port, database.port), Action.ACCEPT, database.id)
        for remote in database.whitelist
    )
    return Policy(database.id, ingress=Filter(rules, Action.DROP), egress=Filter((), Action.ACCEPT))


def _compile_backend(backend: StoredBackend, site: Site, subnets: Mapping[str, Subnet]) -> Backend | None:
    """An instance behind a listener; None when it isn't there or does not run."""
    instance = site.instances.get(backend.instance_id)
    if instance is None or instance.stopped or instance.vswitch_id not in subnets:
        return None
    healthy = backend.health is not BackendHealth.ABNORMAL
    return Backend(instance.id, instance.ipv4, backend.port, backend.weight, healthy)


def _compile_check(listener: Listener) -> ServiceCheck | None:
    """TCP listeners are checked by connecting, UDP ones by an echo request."""
    if not listener.check:
        return None
    protocol = _TCP if listener.protocol == "tcp" else _ICMP
    return ServiceCheck(protocol, listener.check_interval_ms, listener.check_threshold)
