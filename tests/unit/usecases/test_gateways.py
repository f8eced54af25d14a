"""Outside networks, public addresses, NAT gateways and IPv4 gateways (NET-8, NET-10)."""

from ipaddress import IPv4Address

import pytest

from peerway.app.usecases.dnat_entries import (
    CreateDnatEntry,
    DeleteDnatEntry,
    create_dnat_entry,
    delete_dnat_entry,
    list_dnat_entries,
)
from peerway.app.usecases.eips import (
    AllocateEip,
    AssociateEip,
    DisassociateEip,
    ReleaseEip,
    allocate_eip,
    associate_eip,
    disassociate_eip,
    get_eip,
    list_eips,
    release_eip,
)
from peerway.app.usecases.external_networks import (
    CreateExternalNetwork,
    DeleteExternalNetwork,
    create_external_network,
    delete_external_network,
    get_external_network,
    list_external_networks,
)
from peerway.app.usecases.instances import DeleteInstance, delete_instance
from peerway.app.usecases.ipv4_gateways import (
    CreateIpv4Gateway,
    DeleteIpv4Gateway,
    UpdateIpv4Gateway,
    create_ipv4_gateway,
    delete_ipv4_gateway,
    list_ipv4_gateways,
    update_ipv4_gateway,
)
from peerway.app.usecases.nat_gateways import (
    CreateNatGateway,
    DeleteNatGateway,
    UpdateNatGateway,
    create_nat_gateway,
    delete_nat_gateway,
    list_nat_gateways,
    update_nat_gateway,
)
from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.app.usecases.route_entries import CreateRouteEntry, create_route_entry
from peerway.app.usecases.snat_entries import (
    CreateSnatEntry,
    DeleteSnatEntry,
    create_snat_entry,
    delete_snat_entry,
    list_snat_entries,
)
from peerway.domain.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    IllegalState,
    InUse,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.gateway import Eip
from peerway.domain.resource import Provisioning

NETWORK = CreateExternalNetwork(region_id="cn-hangzhou", port="netns:/run/outside", pools=("203.0.113.0/29",))


@pytest.fixture
def network(estate):
    """Six public addresses for Hangzhou."""
    return estate.do(create_external_network, estate.operator, NETWORK)


@pytest.fixture
def gateway(estate, alice, network, vpc):
    """A NAT gateway of the VPC."""
    return estate.do(create_nat_gateway, alice, CreateNatGateway(vpc_id=vpc.id))


@pytest.fixture
def eip(estate, alice, network):
    """A public address of Alice's."""
    return estate.do(allocate_eip, alice, AllocateEip(region_id="cn-hangzhou"))


@pytest.fixture
def served(estate, alice, gateway, eip):
    """The address, serving the gateway."""
    request = AssociateEip(id=eip.id, target="nat_gateway", target_id=gateway.id)
    return estate.do(associate_eip, alice, request)


def out(gateway, eip, **fields):
    """An entry for connections out."""
    return CreateSnatEntry(
        nat_gateway_id=gateway.id, public=(str(eip.address),), **{"source": "10.0.0.0/16"} | fields
    )


def inward(gateway, eip, **fields):
    """An entry for connections in."""
    given = {"public": str(eip.address), "private": "10.0.1.5"} | fields
    return CreateDnatEntry(nat_gateway_id=gateway.id, **given)


WEB = {"protocol": "tcp", "public_port": 443, "private_port": 8443}


def test_tenants_neither_see_nor_change_them(estate, alice, network):
    """They name ports of the host."""
    estate.refused(Forbidden, create_external_network, alice, NETWORK)
    estate.refused(Forbidden, delete_external_network, alice, DeleteExternalNetwork(id=network.id))
    for use_case, arguments in [(get_external_network, (network.id,)), (list_external_networks, ())]:
        with pytest.raises(Forbidden):
            estate.ask(use_case, alice, *arguments)
    found = estate.ask(list_external_networks, estate.operator, region_id="cn-hangzhou")
    assert found.items == (network,)
    assert estate.ask(get_external_network, estate.operator, network.id) == network


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"port": "eth0"}, "port"),
        ({"port": "netns:relative"}, "port"),
        ({"port": "netns:/a/../b"}, "port"),
        ({"port": "interface:a-name-far-too-long"}, "port"),
        ({"region_id": "mars"}, "region_id"),
        ({"pools": ()}, "pools"),
        ({"pools": ("203.0.113.1/29",)}, "pools"),
        ({"pools": ("127.0.0.0/24",)}, "pools"),
        ({"pools": ("203.0.113.0/29", "203.0.113.4/30")}, "pools"),
        ({"local": "198.51.100.2/24"}, "local"),
        ({"port": "interface:eth1"}, "local"),
        ({"port": "interface:eth1", "local": "198.51.100.2/24"}, "gateway"),
        ({"port": "interface:eth1", "local": "x", "gateway": "198.51.100.1"}, "local"),
        ({"port": "interface:eth1", "local": "198.51.100.2/24", "gateway": "10.0.0.1"}, "gateway"),
    ],
)
def test_bad_network_is_refused(estate, fields, field):
    """Each wrong value is named with its rule."""
    given = {"region_id": "cn-hangzhou", "port": "netns:/run/outside", "pools": ("203.0.113.0/29",)}
    request = CreateExternalNetwork(**given | fields)
    refused = estate.refused(InvalidInput, create_external_network, estate.operator, request)
    assert refused.field == field


def test_host_interface_has_a_gateway(estate):
    """A network behind an interface knows its transfer network."""
    request = CreateExternalNetwork(
        region_id="cn-hangzhou",
        port="interface:eth1",
        pools=("203.0.113.0/29",),
        local="198.51.100.2/24",
        gateway="198.51.100.1",
    )
    made = estate.do(create_external_network, estate.operator, request)
    assert str(made.local) == "198.51.100.2/24"
    assert str(made.gateway) == "198.51.100.1"


def test_port_and_pool_are_taken_once(estate, network):
    """Two networks share neither a port nor a public address."""
    more = {"region_id": "cn-hangzhou", "pools": ("198.51.100.0/29",)}
    again = CreateExternalNetwork(port="netns:/run/outside", **more)
    estate.refused(AlreadyExists, create_external_network, estate.operator, again)
    clash = CreateExternalNetwork(region_id="cn-beijing", port="netns:/run/b", pools=("203.0.113.0/24",))
    estate.refused(InvalidInput, create_external_network, estate.operator, clash)


def test_used_network_stays(estate, alice, network, eip):
    """An address in use keeps its network."""
    request = DeleteExternalNetwork(id=network.id)
    estate.refused(InUse, delete_external_network, estate.operator, request)
    estate.do(release_eip, alice, ReleaseEip(id=eip.id))
    estate.do(delete_external_network, estate.operator, request)
    estate.refused(NotFound, delete_external_network, estate.operator, request)


def test_addresses_are_taken_in_order_and_run_out(estate, alice, bob, network):
    """NET-8: each account takes its own; network and broadcast address stay free; a released one is taken again."""
    taken = [estate.do(allocate_eip, who, AllocateEip(region_id="cn-hangzhou")) for who in (alice, bob) * 3]
    assert [eip.address for eip in taken] == list(network.pools[0].hosts())
    request = AllocateEip(region_id="cn-hangzhou")
    assert estate.refused(Conflict, allocate_eip, alice, request).code == "addresses_used_up"
    estate.do(release_eip, alice, ReleaseEip(id=taken[2].id))
    assert estate.do(allocate_eip, bob, request).address == taken[2].address
    assert len(estate.ask(list_eips, alice).items) == 2


def test_region_without_outside_network_has_no_addresses(estate, alice, network, vpc):
    """The error says what is missing."""
    refused = estate.refused(Conflict, allocate_eip, alice, AllocateEip(region_id="cn-beijing"))
    assert refused.code == "no_external_network"
    far = estate.vpc(alice, region_id="cn-beijing")
    estate.refused(Conflict, create_nat_gateway, alice, CreateNatGateway(vpc_id=far.id))


def test_accounts_addresses_are_limited(estate, alice, network, eip):
    """The quota is raisable like all others."""
    estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name="eips_per_account", limit=1))
    estate.refused(QuotaExceeded, allocate_eip, alice, AllocateEip(region_id="cn-hangzhou"))


def test_address_stands_for_one_thing_at_a_time(estate, alice, vswitch, gateway, eip):
    """NET-8: an instance has one at most; an address is freed before it stands for something else."""
    one, other = estate.instance(alice, vswitch), estate.instance(alice, vswitch)
    bound = estate.do(associate_eip, alice, AssociateEip(id=eip.id, target="instance", target_id=one.id))
    assert (bound.target_id, bound.vpc_id) == (one.id, vswitch.vpc_id)
    again = AssociateEip(id=eip.id, target="instance", target_id=one.id)
    assert estate.do(associate_eip, alice, again) == bound
    elsewhere = AssociateEip(id=eip.id, target="instance", target_id=other.id)
    estate.refused(Conflict, associate_eip, alice, elsewhere)
    second = estate.do(allocate_eip, alice, AllocateEip(region_id="cn-hangzhou"))
    more = AssociateEip(id=second.id, target="instance", target_id=one.id)
    assert estate.refused(AlreadyExists, associate_eip, alice, more).code == "instance_has_eip"
    estate.refused(InUse, release_eip, alice, ReleaseEip(id=eip.id))
    estate.do(disassociate_eip, alice, DisassociateEip(id=eip.id))
    assert estate.do(associate_eip, alice, elsewhere).target_id == other.id


def test_deleted_instance_frees_its_address(estate, alice, vswitch, eip):
    """As the clouds do it."""
    instance = estate.instance(alice, vswitch)
    estate.do(associate_eip, alice, AssociateEip(id=eip.id, target="instance", target_id=instance.id))
    estate.do(delete_instance, alice, DeleteInstance(id=instance.id))
    assert estate.ask(get_eip, alice, eip.id).target is None
    request = AssociateEip(id=eip.id, target="instance", target_id=instance.id)
    estate.refused(IllegalState, associate_eip, alice, request)


def test_bad_targets_are_refused(estate, alice, bob, vswitch, eip):
    """Another tenant's instance, another region's, a kind that there isn't."""
    theirs = estate.instance(bob, estate.vswitch(bob, estate.vpc(bob)))
    far_vpc = estate.vpc(alice, region_id="cn-beijing")
    far = estate.instance(alice, estate.vswitch(alice, far_vpc))
    request = AssociateEip(id=eip.id, target="instance", target_id=theirs.id)
    estate.refused(NotFound, associate_eip, alice, request)
    request = AssociateEip(id=eip.id, target="instance", target_id=far.id)
    assert estate.refused(InvalidInput, associate_eip, alice, request).field == "target_id"
    request = AssociateEip(id=eip.id, target="router", target_id=far.id)
    assert estate.refused(InvalidInput, associate_eip, alice, request).field == "target"
    estate.refused(
        NotFound, associate_eip, bob, AssociateEip(id=eip.id, target="instance", target_id=theirs.id)
    )


def test_vpc_has_at_most_5_nat_gateways(estate, alice, network, vpc):
    """NET-8: JD's limit."""
    for _ in range(5):
        estate.do(create_nat_gateway, alice, CreateNatGateway(vpc_id=vpc.id))
    refused = estate.refused(QuotaExceeded, create_nat_gateway, alice, CreateNatGateway(vpc_id=vpc.id))
    assert refused.data["quota"] == "nat_gateways_per_vpc"
    assert len(estate.ask(list_nat_gateways, alice, vpc_id=vpc.id).items) == 5


def test_gateway_goes_when_nothing_uses_it(estate, alice, vpc, gateway, served):
    """A route or an entry keeps it; its addresses become free; the data plane lets go of it last."""
    entry = estate.do(create_snat_entry, alice, out(gateway, served))
    request = CreateRouteEntry(
        route_table_id=vpc.system_table_id,
        destination="0.0.0.0/0",
        next_hop="nat_gateway",
        next_hop_id=gateway.id,
    )
    estate.settle()
    route = estate.do(create_route_entry, alice, request)
    delete = DeleteNatGateway(id=gateway.id)
    assert estate.refused(InUse, delete_nat_gateway, alice, delete).data["by_id"] == route.id
    estate.store.write(lambda tx: tx.delete(tx.get(type(route), route.id)))
    assert estate.refused(InUse, delete_nat_gateway, alice, delete).data["by_id"] == entry.id
    estate.do(delete_snat_entry, alice, DeleteSnatEntry(id=entry.id))
    assert estate.do(delete_nat_gateway, alice, delete).state is Provisioning.DELETING
    assert estate.get(Eip, served.id).target is None
    estate.refused(IllegalState, create_snat_entry, alice, out(gateway, served))


def test_sources_are_ranges_or_a_vswitch(estate, alice, bob, vswitch, gateway, served):
    """NET-8: one entry a range; the public addresses must serve the gateway."""
    made = estate.do(create_snat_entry, alice, out(gateway, served, source=None, vswitch_id=vswitch.id))
    assert made.source == vswitch.cidr
    estate.refused(AlreadyExists, create_snat_entry, alice, out(gateway, served, source=str(vswitch.cidr)))
    for fields, field in [
        ({"source": None}, "source"),
        ({"vswitch_id": vswitch.id}, "source"),
        ({"source": "10.0.0.1/16"}, "source"),
        ({"public": ()}, "public"),
        ({"public": ("203.0.113.6",)}, "public"),
        ({"public": ("x",)}, "public"),
    ]:
        given = {"source": "10.0.0.0/16", "public": (str(served.address),)} | fields
        request = CreateSnatEntry(nat_gateway_id=gateway.id, **given)
        assert estate.refused(InvalidInput, create_snat_entry, alice, request).field == field
    foreign = estate.vswitch(bob, estate.vpc(bob))
    estate.refused(
        NotFound, create_snat_entry, alice, out(gateway, served, source=None, vswitch_id=foreign.id)
    )
    estate.refused(NotFound, create_snat_entry, bob, out(gateway, served))
    assert [one.id for one in estate.ask(list_snat_entries, alice, gateway.id).items] == [made.id]


def test_ports_lead_in_once(estate, alice, gateway, served):
    """NET-8: a port of a public address leads to one place; `any` takes them all."""
    made = estate.do(create_dnat_entry, alice, inward(gateway, served, **WEB))
    assert made.private == IPv4Address("10.0.1.5")
    estate.refused(AlreadyExists, create_dnat_entry, alice, inward(gateway, served, **WEB))
    estate.refused(AlreadyExists, create_dnat_entry, alice, inward(gateway, served))
    estate.do(create_dnat_entry, alice, inward(gateway, served, **WEB | {"protocol": "udp"}))
    estate.do(delete_dnat_entry, alice, DeleteDnatEntry(id=made.id))
    assert len(estate.ask(list_dnat_entries, alice, gateway.id).items) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"protocol": "icmp"}, "protocol"),
        ({"protocol": "tcp"}, "public_port"),
        ({"protocol": "tcp", "public_port": 80}, "private_port"),
        ({"public_port": 80}, "public_port"),
        (WEB | {"public_port": 65536}, "public_port"),
        ({"private": "192.168.0.1"}, "private"),
        ({"private": "fd00::1"}, "private"),
        ({"public": "203.0.113.6"}, "public"),
    ],
)
def test_bad_way_in_is_refused(estate, alice, gateway, served, fields, field):
    """Each wrong value is named with its rule."""
    request = inward(gateway, served, **fields)
    assert estate.refused(InvalidInput, create_dnat_entry, alice, request).field == field


def test_named_address_stays_with_its_gateway(estate, alice, gateway, served):
    """An entry keeps its public address."""
    entry = estate.do(create_dnat_entry, alice, inward(gateway, served, **WEB))
    refused = estate.refused(InUse, disassociate_eip, alice, DisassociateEip(id=served.id))
    assert refused.data["by_id"] == entry.id


def test_entries_of_a_gateway_are_limited(estate, alice, gateway, served):
    """Both sorts count together."""
    grant = GrantQuota(uid=alice.uid, name="nat_entries_per_gateway", limit=1)
    estate.do(grant_quota, estate.operator, grant)
    estate.do(create_snat_entry, alice, out(gateway, served))
    estate.refused(QuotaExceeded, create_dnat_entry, alice, inward(gateway, served, **WEB))


def test_texts_change(estate, alice, gateway):
    """Name and description, at any time."""
    changed = estate.do(update_nat_gateway, alice, UpdateNatGateway(id=gateway.id, name="exit"))
    assert (changed.name, changed.description) == ("exit", "")


def test_ipv4_gateway_is_one_a_vpc(estate, alice, bob, network, vpc):
    """NET-10: made, enabled, disabled and deleted; its owner's alone."""
    request = CreateIpv4Gateway(vpc_id=vpc.id)
    gateway = estate.do(create_ipv4_gateway, alice, request)
    assert not gateway.enabled
    estate.refused(AlreadyExists, create_ipv4_gateway, alice, request)
    enable = UpdateIpv4Gateway(id=gateway.id, enabled=True, name="door")
    estate.refused(NotFound, update_ipv4_gateway, bob, enable)
    assert estate.do(update_ipv4_gateway, alice, enable).enabled
    estate.refused(InvalidInput, update_ipv4_gateway, alice, UpdateIpv4Gateway(id=gateway.id, enabled="yes"))
    estate.settle()
    route = CreateRouteEntry(
        route_table_id=vpc.system_table_id,
        destination="0.0.0.0/0",
        next_hop="ipv4_gateway",
        next_hop_id=gateway.id,
    )
    entry = estate.do(create_route_entry, alice, route)
    delete = DeleteIpv4Gateway(id=gateway.id)
    assert estate.refused(InUse, delete_ipv4_gateway, alice, delete).data["by_id"] == entry.id
    estate.store.write(lambda tx: tx.delete(tx.get(type(entry), entry.id)))
    assert estate.do(delete_ipv4_gateway, alice, delete).state is Provisioning.DELETING
    assert len(estate.ask(list_ipv4_gateways, alice).items) == 1
