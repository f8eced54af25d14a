"""Peer connections, entries to them and their alarms, as Alibaba Cloud's Terraform provider asks for them, one by one.

The provider itself is not run, as in the file beside this one. The names of the tests are its resources.
"""

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.live import Cloud, running_cloud
from tests.support.terraform import PEER, Provider
from tests.support.terraform_blocks import HERE, THERE, Providers, applied
from tests.support.terraform_cms import Contact, ContactGroup, seeds_alarm
from tests.support.terraform_peer import PeerConnection, PeerConnectionAccepter, connections
from tests.support.terraform_routes import RouteEntry, VpcRouteEntry
from tests.support.terraform_vpc import Vpc

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane that takes TLS and plain HTTP at one port."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "kernel", "--tls") as running:
        yield running


@pytest.fixture(scope="module")
def trust(cloud: Cloud) -> ssl.SSLContext:
    """What `SSL_CERT_FILE` does for the provider."""
    return ssl.create_default_context(cafile=cloud.ready["tls_certificate"])


@pytest.fixture(params=["http", "https"])
def protocol(request: pytest.FixtureRequest) -> str:
    """The `protocol` of the provider block."""
    return str(request.param)


@pytest.fixture
def providers(cloud: Cloud, trust: ssl.SSLContext, request: pytest.FixtureRequest) -> Iterator[Providers]:
    """Provider blocks of accounts of the test's own."""
    name = request.node.name.translate(str.maketrans("[]_", "---")).strip("-")
    made = Providers(cloud, trust, name)
    yield made
    for block in made.made:
        block.close()


def joined(
    providers: Providers, protocol: str, far: str = HERE
) -> tuple[Provider, list[Vpc], PeerConnection]:
    """Two VPCs of one account, and their connection."""
    provider = providers(protocol=protocol)
    there = Provider(provider.endpoint, provider.key_id, provider.secret, far, protocol, provider.trust)
    providers.made.append(there)
    vpcs = [
        Vpc(block, cidr_block=f"10.{n}.0.0/16", vpc_name=f"n{n}") for n, block in ((1, provider), (2, there))
    ]
    connection = PeerConnection(
        provider,
        peer_connection_name="link",
        description="between",
        vpc_id=vpcs[0]["id"],
        accepting_ali_uid=int(providers.uid(provider)),
        accepting_region_id=far,
        accepting_vpc_id=vpcs[1]["id"],
        tags={"a": "b"},
    )
    return provider, vpcs, connection


def test_vpc_peer_connection(providers: Providers, protocol: str) -> None:
    """API-1, API-2: within an account it is active at once; changed, tagged, moved, listed and destroyed."""
    provider, vpcs, connection = joined(providers, protocol, THERE)
    configuration = applied(*vpcs, connection)
    assert connection.state["status"] == "Activated"
    connection.change(peer_connection_name="other", description="else", bandwidth=100, link_type="Platinum")
    connection.change(tags={"c": "d"})
    group = provider.call("CreateResourceGroup", "2020-03-31", Name="shop", DisplayName="Shop")
    connection.change(resource_group_id=group["ResourceGroup"]["Id"])
    assert configuration.plan() == []
    assert [one["InstanceId"] for one in connections(provider)] == [connection.id]
    assert [one["InstanceId"] for one in connections(provider, VpcId=vpcs[1].id, Name="other")] == [
        connection.id
    ]
    assert connections(provider, Name="none") == []
    configuration.destroy()
    assert configuration.gone()
    connection.delete(connection.id)


def test_route_entry_and_vpc_route_entry(providers: Providers, protocol: str) -> None:
    """API-1, API-2: entries to a connection by both resources; the connection is not deleted while they are there."""
    provider, vpcs, connection = joined(providers, protocol)
    common = {"nexthop_type": "VpcPeer", "nexthop_id": connection["id"]}
    table = vpcs[0]["route_table_id"]
    old = RouteEntry(
        provider, route_table_id=table, destination_cidrblock="10.2.0.0/17", name="first", **common
    )
    new = VpcRouteEntry(
        provider,
        route_table_id=table,
        destination_cidrblock="10.2.128.0/17",
        route_entry_name="second",
        description="d",
        **common,
    )
    unnamed = RouteEntry(provider, route_table_id=table, destination_cidrblock="10.9.0.0/16", **common)
    configuration = applied(*vpcs, connection, old, new, unnamed)
    new.change(route_entry_name="other", description="e")
    assert configuration.plan() == []
    refused = provider.code(provider.call, "DeleteVpcPeerConnection", version=PEER, InstanceId=connection.id)
    assert refused == "OperationDenied.RouteEntryExist"
    doubled = {"RouteTableId": vpcs[0].state["route_table_id"], "DestinationCidrBlock": "10.2.0.0/17"}
    doubled |= {"NextHopType": "VpcPeer", "NextHopId": connection.id}
    assert provider.code(provider.query, "CreateRouteEntry", **doubled) == "RouterEntryConflict.Duplicated"
    configuration.destroy()
    assert configuration.gone()
    old.delete(old.id)


def test_vpc_peer_connection_accepter(providers: Providers, protocol: str) -> None:
    """API-1, API-2: accepted twice, changed and deleted by the accepter; the requester's own delete finds nothing and is done."""
    provider, other = providers("one", HERE, protocol), providers("other", THERE, protocol)
    near = Vpc(provider, cidr_block="10.1.0.0/16")
    far = Vpc(other, cidr_block="10.2.0.0/16")
    connection = PeerConnection(
        provider,
        vpc_id=near["id"],
        accepting_ali_uid=int(providers.uid(other)),
        accepting_region_id=THERE,
        accepting_vpc_id=far["id"],
        bandwidth=1024,
        link_type="Gold",
    )
    accepter = PeerConnectionAccepter(other, instance_id=connection["id"])
    configuration = applied(near, far, connection, accepter)
    again = PeerConnectionAccepter(other, instance_id=connection.id)
    again.apply()
    accepter.change(description="from the other side")
    # There is one description, so that the requester's next plan would take it back.
    drift = {"description": ("from the other side", "")}
    assert configuration.plan() == [("PeerConnection", drift)]
    entry = RouteEntry(
        provider,
        route_table_id=near.state["route_table_id"],
        destination_cidrblock="10.2.0.0/16",
        nexthop_type="VpcPeer",
        nexthop_id=connection.id,
    )
    entry.apply()
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(accepter.delete, accepter.id)
        entry.delete(entry.id)
        waits.result()
    connection.delete(connection.id)
    assert (connection.read(connection.id), accepter.read(accepter.id)) == (None, None)
    for vpc in (near, far):
        vpc.delete(vpc.id)


def test_vpc_peer_connection_that_is_rejected(providers: Providers) -> None:
    """API-1: an account that asks itself may not say no any more, and a `status` that is there already is fine."""
    provider, other = providers("one"), providers("other")
    near, far = Vpc(provider, cidr_block="10.1.0.0/16"), Vpc(other, cidr_block="10.2.0.0/16")
    connection = PeerConnection(
        provider,
        vpc_id=near["id"],
        accepting_ali_uid=int(providers.uid(other)),
        accepting_region_id=HERE,
        accepting_vpc_id=far["id"],
    )
    configuration = applied(near, far, connection)
    assert connection.state["status"] == "Accepting"
    other.call("RejectVpcPeerConnection", PEER, InstanceId=connection.id)
    assert configuration.plan() == []
    assert connection.state["status"] == "Rejected"
    configuration.destroy()
    assert configuration.gone()


def test_cms_alarm_contact_and_group(providers: Providers, protocol: str) -> None:
    """API-1, MON-2: the alarm of the guide with its contact and group: switched off and on, changed, destroyed."""
    provider, vpcs, connection = joined(providers, protocol, THERE)
    contact = Contact(provider, alarm_contact_name="ops", describe="peering", channels_mail="ops@example.com")
    group = ContactGroup(provider, alarm_contact_group_name="duty", contacts=[contact["id"]], describe="d")
    alarm = seeds_alarm(provider, group, connection["id"])
    configuration = applied(*vpcs, connection, contact, group, alarm)
    assert alarm.state["status"] == "INSUFFICIENT_DATA"
    contact.change(describe="other", channels_mail="duty@example.com")
    warn = {"statistics": "Average", "comparison_operator": "<", "threshold": "5", "times": 3}
    alarm.change(enabled=False, silence_time=3600, escalations_warn=warn, effective_interval="00:00-23:59")
    assert configuration.plan() == []
    configuration.destroy()
    assert configuration.gone()
    alarm.delete(alarm.id)
