"""What is health-checked, and under which name its verdict goes; pure.

Owns the names. How a check is done is the data plane's business, what a verdict changes is the model's (`Link.healthy`,
`Backend.healthy`).
"""

from __future__ import annotations

from collections.abc import Iterator

from peerway.fabric.model import Fabric, Link, Router, Service


def backend_key(listener_id: str, instance_id: str) -> str:
    """Name of the verdict on a backend; that on a link goes by the link's id."""
    return f"{listener_id}/{instance_id}"


def is_checked(link: Link, fabric: Fabric) -> bool:
    """Whether a link's health is checked now: a link that is down, or lacks a router, is not."""
    return link.check is not None and link.up and all(end.router_id in fabric.routers for end in link.ends)


def checked_services(router: Router) -> Iterator[Service]:
    """The services of a router whose backends are checked."""
    return (service for service in router.services.values() if service.check is not None)


def checked(fabric: Fabric) -> set[str]:
    """Names of all verdicts that there can be."""
    links = {link.id for link in fabric.links.values() if is_checked(link, fabric)}
    backends = {
        backend_key(service.id, backend.endpoint_id)
        for router in fabric.routers.values()
        for service in checked_services(router)
        for backend in service.backends
    }
    return links | backends
