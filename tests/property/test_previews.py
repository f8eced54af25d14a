"""What is foreseen of a piece of work is what comes of it, once the data plane has done its part (preview of every change)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders.estate import Estate
from tests.builders.wide import wide_topologies

from peerway.adapters.dataplane.memory.driver import MemoryDataPlane
from peerway.adapters.entropy import SystemEntropy
from peerway.analysis.difference import difference
from peerway.analysis.network import Network
from peerway.app.following import NetworkFollower
from peerway.app.reconcilers.network import NetworkReconciler
from peerway.app.store import Writer
from peerway.app.usecases import (
    databases,
    dnat_entries,
    instances,
    ipv4_gateways,
    listeners,
    nat_gateways,
    network_acls,
    peerings,
    route_entries,
    router_interfaces,
    security_groups,
    security_rules,
    snat_entries,
    vbrs,
    vpcs,
    vswitches,
)
from peerway.app.usecases.previews.rehearsals import Rehearsal, rehearse
from peerway.domain.account import Account, Caller, Role
from peerway.domain.errors import AlreadyExists, PeerwayError
from peerway.domain.gateway import DnatEntry, Ipv4Gateway, NatGateway, SnatEntry
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering
from peerway.domain.resource import Resource
from peerway.domain.route_table import RouteEntry, RouteTable
from peerway.domain.router_interface import RouterInterface
from peerway.domain.security import NetworkAcl, SecurityGroup, SecurityRule
from peerway.domain.service import Backend, Database, Listener
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.snapshot import KINDS

#: Kinds that something is done about.
TOUCHED = (
    *(Vpc, VSwitch, Instance, RouteTable, RouteEntry, Peering, RouterInterface, SecurityGroup, SecurityRule),
    *(NetworkAcl, VirtualBorderRouter, NatGateway, SnatEntry, DnatEntry, Ipv4Gateway),
    *(Listener, Backend, Database),
)

#: A use case and its request.
Piece = tuple[Callable[..., Any], Any]


@dataclass
class Replayed(SystemEntropy):
    """Ids that count up, and can be given out a second time."""

    numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_id(self, prefix: str) -> str:
        """The next one."""
        return f"{prefix}-{next(self.numbers):020}"

    def rewind(self, start: int) -> None:
        """Begin anew."""
        self.numbers = itertools.count(start)


def pieces(  # noqa: C901, PLR0911, PLR0912 - one case a kind
    draw: st.DrawFn, resource: Resource, others: list[Resource]
) -> list[Piece]:
    """What could be done about a resource."""
    id = resource.id
    match resource:
        case Vpc():
            peer = draw(st.sampled_from([other for other in others if isinstance(other, Vpc)]))
            asked = peerings.CreatePeering(
                vpc_id=id,
                peer_uid=peer.owner_uid,
                peer_region_id=peer.region_id,
                peer_vpc_id=peer.id,
                auto_routes=draw(st.booleans()),
            )
            return [
                (peerings.create_peering, asked),
                (vpcs.delete_vpc, vpcs.DeleteVpc(id=id)),
                (vpcs.update_vpc, vpcs.UpdateVpc(id=id, name="new")),
            ]
        case VSwitch():
            acl = vswitches.UpdateVSwitch(id=id, network_acl_id=None)
            return [
                (instances.create_instance, instances.CreateInstance(vswitch_id=id)),
                (vswitches.update_vswitch, acl),
                (vswitches.delete_vswitch, vswitches.DeleteVSwitch(id=id)),
            ]
        case Instance():
            return [
                (instances.delete_instance, instances.DeleteInstance(id=id)),
                (instances.update_instance, instances.UpdateInstance(id=id, security_group_ids=())),
            ]
        case RouteTable():
            hole = {"destination": "10.99.0.0/16", "next_hop": "blackhole"}
            request = route_entries.CreateRouteEntry(route_table_id=id, **hole)
            return [(route_entries.create_route_entry, request)]
        case RouteEntry():
            return [(route_entries.delete_route_entry, route_entries.DeleteRouteEntry(id=id))]
        case Peering():
            return [
                (peerings.delete_peering, peerings.DeletePeering(id=id, force=True)),
                (peerings.accept_peering, peerings.AcceptPeering(id=id)),
            ]
        case RouterInterface():
            return [
                (
                    router_interfaces.deactivate_router_interface,
                    router_interfaces.DeactivateRouterInterface(id=id),
                ),
                (
                    router_interfaces.activate_router_interface,
                    router_interfaces.ActivateRouterInterface(id=id),
                ),
            ]
        case SecurityGroup():
            request = security_groups.UpdateSecurityGroup(id=id, inner_access=draw(st.booleans()))
            return [(security_groups.update_security_group, request)]
        case SecurityRule():
            return [(security_rules.delete_security_rule, security_rules.DeleteSecurityRule(id=id))]
        case NetworkAcl():
            empty = network_acls.ReplaceAclEntries(id=id, ingress=(), egress=())
            return [(network_acls.replace_acl_entries, empty)]
        case VirtualBorderRouter():
            return [
                (vbrs.terminate_vbr, vbrs.VbrRequest(id=id)),
                (vbrs.recover_vbr, vbrs.VbrRequest(id=id)),
            ]
        case NatGateway():
            return [(nat_gateways.delete_nat_gateway, nat_gateways.DeleteNatGateway(id=id))]
        case SnatEntry():
            return [(snat_entries.delete_snat_entry, snat_entries.DeleteSnatEntry(id=id))]
        case DnatEntry():
            return [(dnat_entries.delete_dnat_entry, dnat_entries.DeleteDnatEntry(id=id))]
        case Ipv4Gateway():
            turned = ipv4_gateways.UpdateIpv4Gateway(id=id, enabled=not resource.enabled)
            return [(ipv4_gateways.update_ipv4_gateway, turned)]
        case Listener():
            return [(listeners.delete_listener, listeners.DeleteListener(id=id))]
        case Backend():
            return [(listeners.remove_backend, listeners.RemoveBackend(id=id))]
        case Database():
            return [
                (databases.update_database, databases.UpdateDatabase(id=id, whitelist=())),
                (databases.delete_database, databases.DeleteDatabase(id=id)),
            ]
        case _:
            return []


class Lab:
    """A store with some network in it, and a data plane that does what it says."""

    def __init__(self, estate: Estate, resources: list[Resource]) -> None:
        self.estate = estate
        self.entropy = Replayed()
        self.world = replace(estate.world, entropy=self.entropy)
        self.follower = NetworkFollower()
        self.reconciler = NetworkReconciler(estate.store, MemoryDataPlane(), self.world, estate.clock)
        for uid in {resource.owner_uid for resource in resources}:
            account = Account(id=uid, owner_uid=uid, created_at=estate.clock.now(), name=uid)
            estate.store.write(lambda tx, account=account: tx.insert(account))
        for resource in resources:
            try:
                estate.store.write(lambda tx, resource=resource: tx.insert(resource))
            except AlreadyExists:  # what no store would have can be drawn, too
                continue
        self.converge()

    def converge(self) -> None:
        """Let the data plane do all there is to do."""
        while self.reconciler.step():
            pass

    def network(self) -> Network:
        """The network as it is stored."""
        return self.estate.store.read(self.follower.at)

    def rehearse(self, caller: Caller, piece: Piece) -> Rehearsal[Any] | PeerwayError:
        """What the piece would do, or how it would be refused."""
        use_case, request = piece
        known = self.network().revision

        def work(tx: Writer) -> Any:
            return use_case(tx, self.world, caller, request)

        try:
            return self.estate.store.write(lambda tx: rehearse(tx, self.world, caller, work, known))
        except PeerwayError as refusal:
            return refusal

    def do(self, caller: Caller, piece: Piece) -> Any:
        """Do the piece, and let the data plane follow."""
        use_case, request = piece
        made = self.estate.store.write(lambda tx: use_case(tx, self.world, caller, request))
        self.converge()
        return made


def without_revision(resource: Resource) -> Resource:
    """The resource as it would have been stored first."""
    return replace(resource, revision=0)


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_what_is_foreseen_is_what_comes_of_it(data):
    """Answer, network and difference of a preview are those of the work once done and settled by the reconciler; refusals, too."""
    topology = data.draw(wide_topologies())
    estate = Estate()
    try:
        lab = Lab(estate, list(topology.resources.values()))
        for step in range(data.draw(st.integers(1, 4))):
            check_piece(lab, data, step)
    finally:
        estate.close()


def check_piece(lab: Lab, data: st.DataObject, step: int) -> None:
    """Foresee something, do it, and compare."""
    stored = [resource for kind in TOUCHED for resource in lab.estate.all(kind)]
    resource = data.draw(st.sampled_from(stored))
    choices = data.draw(st.composite(lambda draw: pieces(draw, resource, stored))())
    piece = data.draw(st.sampled_from(choices))
    caller = Caller(resource.owner_uid, Role.MEMBER, "key")
    before, revision, start = lab.network(), lab.estate.revision, 1000 * step
    lab.entropy.rewind(start)
    foreseen = lab.rehearse(caller, piece)
    if isinstance(foreseen, PeerwayError):
        lab.entropy.rewind(start)
        use_case, request = piece
        real = lab.estate.refused(
            type(foreseen), lambda tx, _, *rest: use_case(tx, lab.world, *rest), caller, request
        )
        assert (real.code, real.text) == (foreseen.code, foreseen.text)
        return
    assert lab.estate.revision == revision
    lab.entropy.rewind(start)
    made = lab.do(caller, piece)
    after = lab.network()
    assert without_revision(foreseen.answer) == without_revision(made)
    for each in foreseen.changes.upserts:
        stored_now = lab.estate.get(type(each), each.id)
        assert stored_now is not None
        assert without_revision(each) == without_revision(stored_now)
    assert all(lab.estate.get(KINDS[kind], id) is None for kind, id in foreseen.changes.removals)
    predicted = before.after(foreseen.changes.revision, foreseen.changes.upserts, foreseen.changes.removals)
    assert predicted.fabric.routers == after.fabric.routers
    assert predicted.fabric.links == after.fabric.links
    told, real = difference(before, predicted), difference(before, after)
    assert set(told.changes) == set(real.changes)
    assert (told.dark, told.revived) == (real.dark, real.revived)
