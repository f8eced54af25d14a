"""The stored network to the compiled one: a whole snapshot, or what a change touched.

Owns how what stands at a VPC or VBR fits together into a router. Links are `fabric.links`' business, routes `fabric.routes`',
filters `fabric.filters`', ways out `fabric.uplinks`', services `fabric.services`'. Total: a reference to something that is not
there drops packets and never fails.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address
from operator import is_
from typing import TypeVar

from peerway.domain.line import VirtualBorderRouter
from peerway.domain.security import SecurityRule
from peerway.domain.service import Database
from peerway.domain.vpc import Instance, Vpc
from peerway.fabric.filters import Members, compile_acl, compile_security, group_members, policy_id
from peerway.fabric.labels import host_labels
from peerway.fabric.links import compile_link, group_givers
from peerway.fabric.model import Endpoint, Fabric, Fib, Link, Policy, Router, Subnet
from peerway.fabric.routes import Hops, compile_fib, compile_inbound, line_entries, system_entries
from peerway.fabric.services import compile_database, compile_services, compile_whitelist
from peerway.fabric.site import Site
from peerway.fabric.snapshot import Snapshot
from peerway.fabric.uplinks import compile_doors, compile_line

T = TypeVar("T")


def compile_fabric(snapshot: Snapshot) -> Fabric:
    """The whole network of a snapshot. Cost follows the snapshot."""
    return recompile(Fabric(snapshot.revision), snapshot, sorted(snapshot.sites), sorted(snapshot.link_ids()))


def recompile(
    fabric: Fabric, snapshot: Snapshot, touched: Collection[str], touched_links: Collection[str]
) -> Fabric:
    """The network of `snapshot`, when `fabric` is that of an earlier one and only these routers and links were touched since.

    Routers and links that come out equal, touched or not, stay the identical objects; so do their parts, and an index in which
    nothing changed. Cost follows the touched routers, plus a shallow copy of an index that changed.
    """
    links = _settled(fabric.links, {id: compile_link(id, snapshot) for id in touched_links})
    made = {id: _compile_router(id, snapshot, links) for id in touched}
    kept = {id: _kept_parts(fabric.routers.get(id), router) for id, router in made.items()}
    return Fabric(snapshot.revision, _settled(fabric.routers, kept), links)


def _settled(index: Mapping[str, T], made: Mapping[str, T | None]) -> Mapping[str, T]:
    """The index with what was made in its place, unless it equals what is there; None takes it out."""
    changes = {id: value for id, value in made.items() if index.get(id) != value}
    if not changes:
        return index
    settled = {**index}
    for id, value in changes.items():
        if value is None:
            del settled[id]
        else:
            settled[id] = value
    return settled


def _compile_router(id: str, snapshot: Snapshot, links: Mapping[str, Link]) -> Router | None:
    """The router of a VPC or VBR; None when there is neither."""
    site = snapshot.site(id)
    match site.router:
        case Vpc() as vpc:
            return _compile_vpc(vpc, snapshot, links)
        case VirtualBorderRouter() as vbr:
            return _compile_vbr(vbr, site, links)
        case None:
            return None


def _compile_vbr(vbr: VirtualBorderRouter, site: Site, links: Mapping[str, Link]) -> Router:
    """The router of a VBR: a table, a line, and links (EC-9)."""
    line = compile_line(vbr)
    hops = Hops(links=_links_here(site, links), line=line.id)
    entries = _grouped(site.route_entries.values(), "route_table_id")
    system = line_entries(line)
    tables = sorted({vbr.route_table_id, *site.route_tables})
    fibs = {table: compile_fib(table, system, entries.get(table, ()), hops) for table in tables}
    uplinks = {line.id: line}
    return Router(
        vbr.id,
        vbr.region_id,
        subnets={},
        endpoints={},
        fibs=fibs,
        inbound=compile_inbound(fibs[vbr.route_table_id], uplinks),
        policies={},
        acls={},
        uplinks=uplinks,
    )


def _compile_vpc(vpc: Vpc, snapshot: Snapshot, links: Mapping[str, Link]) -> Router:
    """The router of a VPC with all that hangs on it."""
    site = snapshot.site(vpc.id)
    subnets = _compile_subnets(vpc, site)
    instances = _present(site)
    doors = compile_doors(vpc.id, site, instances, snapshot.networks)
    hops = Hops(instances, _links_here(site, links), doors.uplinks)
    fibs = _compile_fibs(vpc, site, hops)
    bound = {subnet.acl_id for subnet in subnets.values() if subnet.acl_id is not None}
    return Router(
        vpc.id,
        vpc.region_id,
        subnets,
        _compile_endpoints(site, instances, doors.public),
        fibs=fibs,
        inbound=compile_inbound(fibs[vpc.system_table_id], doors.uplinks),
        policies=_compile_policies(site, instances, _foreign_members(vpc.id, snapshot, links)),
        acls={id: compile_acl(id, site.network_acls.get(id)) for id in sorted(bound)},
        uplinks=doors.uplinks,
        services=compile_services(site, subnets),
        exit_id=doors.exit_id,
    )


def _kept_parts(before: Router | None, made: Router | None) -> Router | None:
    """The router with each part that equals what it was before as the identical object."""
    if before is None or made is None:
        return made
    return Router(
        made.id,
        made.region_id,
        _kept(before.subnets, made.subnets),
        _kept(before.endpoints, made.endpoints),
        fibs=_kept(before.fibs, made.fibs),
        inbound=before.inbound if before.inbound == made.inbound else made.inbound,
        policies=_kept(before.policies, made.policies),
        acls=_kept(before.acls, made.acls),
        uplinks=_kept(before.uplinks, made.uplinks),
        services=_kept(before.services, made.services),
        exit_id=made.exit_id,
    )


def _kept(before: Mapping[str, T], after: Mapping[str, T]) -> Mapping[str, T]:
    """The values of `after`, each as the identical object it was before when it is equal; `before` itself when all are."""
    kept = {id: before[id] if before.get(id) == value else value for id, value in after.items()}
    same = len(kept) == len(before) and all(map(is_, kept.values(), before.values()))
    return before if same else kept


def _present(site: Site) -> dict[str, Instance]:
    """Instances that run and whose VSwitch is there."""
    return {
        id: instance
        for id, instance in site.instances.items()
        if instance.vswitch_id in site.vswitches and not instance.stopped
    }


def _databases(site: Site) -> list[Database]:
    """Databases whose VSwitch is there."""
    return [database for database in site.databases.values() if database.vswitch_id in site.vswitches]


def _links_here(site: Site, links: Mapping[str, Link]) -> dict[str, str]:
    """The links at a router, by what its route entries call them."""
    named = [(interface.id, interface.link_id) for interface in site.interfaces.values()]
    joined = {id: link_id for id, link_id in named if link_id is not None and link_id in links}
    return {id: id for id in site.peerings if id in links} | joined


def _compile_subnets(vpc: Vpc, site: Site) -> dict[str, Subnet]:
    """Every VSwitch; one bound to a table that is not there uses the system table."""
    return {
        vswitch.id: Subnet(
            vswitch.id,
            vswitch.prefixes,
            vswitch.route_table_id if vswitch.route_table_id in site.route_tables else vpc.system_table_id,
            vswitch.network_acl_id,
        )
        for vswitch in site.vswitches.values()
    }


def _compile_endpoints(
    site: Site, instances: Mapping[str, Instance], public: Mapping[str, IPv4Address]
) -> dict[str, Endpoint]:
    """The interfaces of instances and databases."""
    databases = _databases(site)
    labels = host_labels((*instances.values(), *databases))
    endpoints = {
        instance.id: Endpoint(
            instance.id,
            instance.vswitch_id,
            instance.addresses,
            instance.mac,
            policy_id(instance.security_group_ids),
            forwards=not instance.source_dest_check,
            netns=instance.netns,
            public=public.get(instance.id),
            labels=labels[instance.id],
        )
        for instance in instances.values()
    }
    return endpoints | {
        database.id: compile_database(database, labels[database.id]) for database in databases
    }


def _compile_fibs(vpc: Vpc, site: Site, hops: Hops) -> dict[str, Fib]:
    """Every table of the VPC, bound or not; the system table in any case."""
    system = system_entries(site.vswitches.values())
    entries = _grouped(site.route_entries.values(), "route_table_id")
    tables = {vpc.system_table_id, *site.route_tables}
    return {id: compile_fib(id, system, entries.get(id, ()), hops) for id in sorted(tables)}


def _compile_policies(site: Site, instances: Mapping[str, Instance], foreign: Members) -> dict[str, Policy]:
    """One policy for each set of groups that some instance is in, and one for each database.

    A group that is not stored adds no rule.
    """
    sets = {
        policy_id(instance.security_group_ids): instance.security_group_ids for instance in instances.values()
    }
    own = group_members(instances.values())
    members = {**own, **{id: (*own.get(id, ()), *hosts) for id, hosts in foreign.items()}}
    rules: dict[str, list[SecurityRule]] = _grouped(site.security_rules.values(), "security_group_id")
    policies = {database.id: compile_whitelist(database) for database in _databases(site)}
    for id, group_ids in sets.items():
        if id is not None:
            groups = [
                site.security_groups[group] for group in set(group_ids) if group in site.security_groups
            ]
            merged = [rule for group in groups for rule in rules.get(group.id, ())]
            policies[id] = compile_security(id, groups, merged, members)
    return policies


def _foreign_members(vpc_id: str, snapshot: Snapshot, links: Mapping[str, Link]) -> Members:
    """Members of the groups of other VPCs that this one's rules name, where an up link lets them."""
    wanted = snapshot.site(vpc_id).foreign_groups
    if not wanted:
        return {}
    givers = {
        home for link_id, home in group_givers(vpc_id, snapshot) if link_id in links and links[link_id].up
    }
    found: Members = {}
    for home in sorted(givers):
        site = snapshot.site(home)
        given = wanted & site.security_groups.keys()
        if given:
            members = group_members(_present(site).values())
            found = {**found, **{id: members[id] for id in given if id in members}}
    return found


def _grouped(values: Iterable[T], field: str) -> dict[str, list[T]]:
    """The values by one of their fields."""
    groups: dict[str, list[T]] = {}
    for value in values:
        groups.setdefault(getattr(value, field), []).append(value)
    return groups
