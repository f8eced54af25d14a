"""What a preview costs on the big network: in the transaction, which holds up other writers, and outside of it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from tests.support.world import make_world

from bench.big_network import Size, vpc_id
from bench.stats import Figure, p99
from peerway.analysis.network import Network
from peerway.api.native.call import encode
from peerway.api.native.schemas.previews import preview_of
from peerway.app.following import NetworkFollower
from peerway.app.readings import Readings
from peerway.app.store import Store, Writer
from peerway.app.usecases import instances, peerings, route_entries, security_rules
from peerway.app.usecases.previews.rehearsals import rehearse
from peerway.domain.account import Caller, Role
from peerway.domain.resource import Resource
from peerway.domain.route_table import EntryOrigin

#: A use case, its request, and what it is about.
Piece = tuple[Callable[..., Any], object, Resource]


def preview_figures(store: Store, follower: NetworkFollower, size: Size, count: int) -> list[Figure]:
    """Previews of changes of different kinds all over the network, as its tenants would ask for them."""
    world, held, told = make_world(), [], []
    readings = Readings(follower)
    for use_case, request, resource in _pieces(store.read(follower.at), size, count):
        caller = Caller(resource.owner_uid, Role.MEMBER, "key")
        network = store.read(follower.at)

        def work(
            tx: Writer, use_case: Any = use_case, request: object = request, caller: Any = caller
        ) -> Any:
            return use_case(tx, world, caller, request)

        def tried(tx: Writer, work: Any = work, caller: Any = caller, known: int = network.revision) -> Any:
            started = perf_counter()
            found = rehearse(tx, world, caller, work, known)
            held.append((perf_counter() - started) * 1e3)
            return found

        rehearsal = store.write(tried)
        started = perf_counter()
        encode(preview_of(caller, readings.atlas(network), rehearsal, 200))
        told.append((perf_counter() - started) * 1e3)
    note = "an instance, its groups, a rule, a route entry and a connection by turns"
    return [
        Figure(name="preview, in the transaction: median", unit="ms", samples=tuple(held), note=note),
        Figure(name="preview, in the transaction: p99", unit="ms", samples=tuple(held), statistic=p99),
        Figure(name="preview, outside of it: median", unit="ms", samples=tuple(told), note=note),
        Figure(name="preview, outside of it: p99", unit="ms", samples=tuple(told), statistic=p99),
    ]


def _pieces(network: Network, size: Size, count: int) -> list[Piece]:
    """Changes of different kinds, none of which is made."""
    snapshot, made = network.snapshot, []
    for number in range(count):
        site = snapshot.site(vpc_id(number * 7919 % size.vpcs))
        instance, rule = next(iter(site.instances.values())), next(iter(site.security_rules.values()))
        route = next(each for each in site.route_entries.values() if each.origin is EntryOrigin.CUSTOM)
        peering = next(iter(site.peerings.values()))
        pieces: tuple[Piece, ...] = (
            (instances.delete_instance, instances.DeleteInstance(id=instance.id), instance),
            (
                instances.update_instance,
                instances.UpdateInstance(id=instance.id, security_group_ids=()),
                instance,
            ),
            (
                security_rules.delete_security_rule,
                security_rules.DeleteSecurityRule(id=rule.id),
                rule,
            ),
            (route_entries.delete_route_entry, route_entries.DeleteRouteEntry(id=route.id), route),
            (peerings.delete_peering, peerings.DeletePeering(id=peering.id, force=True), peering),
        )
        made.append(pieces[number % len(pieces)])
    return made
