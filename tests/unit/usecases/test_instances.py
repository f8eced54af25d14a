"""Instances: their addresses, groups and guests."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from peerway.app.usecases.instances import (
    CreateInstance,
    CreateInstances,
    DeleteInstance,
    StartInstance,
    StopInstance,
    UpdateInstance,
    create_instance,
    create_instances,
    delete_instance,
    start_instance,
    stop_instance,
    update_instance,
)
from peerway.app.usecases.security_groups import (
    CreateSecurityGroup,
    create_security_group,
)
from peerway.domain.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    IllegalState,
    InvalidInput,
    NotFound,
)
from peerway.domain.resource import Provisioning
from peerway.domain.vpc import Instance


def test_instances_get_the_next_free_address(estate, alice):
    """NET-6: the first and the last three addresses are reserved; a full VSwitch says so."""
    vswitch = estate.vswitch(alice, estate.vpc(alice), "10.0.1.0/29")
    given = [estate.instance(alice, vswitch) for _ in range(4)]
    assert [str(i.ipv4) for i in given] == [f"10.0.1.{n}" for n in (1, 2, 3, 4)]
    assert len({i.mac for i in given}) == 4
    assert all(i.mac.startswith("02:") for i in given)
    error = estate.refused(Conflict, create_instance, alice, CreateInstance(vswitch_id=vswitch.id))
    assert error.code == "addresses_used_up"


@pytest.mark.parametrize(
    "address", ["10.0.1.0", "10.0.1.253", "10.0.1.254", "10.0.1.255", "10.0.2.1", "fd00::9", "x", 5]
)
def test_bad_address_is_refused(estate, alice, address):
    """NET-6: outside the VSwitch, reserved or nonsense."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    request = CreateInstance(vswitch_id=vswitch.id, ipv4=address)
    assert estate.refused(InvalidInput, create_instance, alice, request).field == "ipv4"


def test_taken_address_is_refused(estate, alice):
    """NET-6: one address, one instance."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    estate.instance(alice, vswitch, ipv4="10.0.1.9")
    request = CreateInstance(vswitch_id=vswitch.id, ipv4="10.0.1.9")
    assert estate.refused(AlreadyExists, create_instance, alice, request).code == "address_taken"


def test_instances_ipv6_address(estate, alice):
    """NET-6: `auto` goes with the IPv4 address; a given one is inside the VSwitch and free."""
    plain = estate.vswitch(alice, estate.vpc(alice))
    for address in ("auto", "fd00::9"):
        request = CreateInstance(vswitch_id=plain.id, ipv6=address)
        assert estate.refused(InvalidInput, create_instance, alice, request).field == "ipv6"
    vpc = estate.vpc(alice, ipv6_cidr="fd00::/56")
    vswitch = estate.vswitch(alice, vpc, ipv6_cidr="fd00:0:0:1::/64")
    first = estate.instance(alice, vswitch, ipv6="auto")
    assert first.ipv6 == IPv6Address("fd00:0:0:1::a00:101")
    for address in ("fd00::9", "fd00:0:0:1::", "fd00:0:0:1::1", "10.0.0.1"):
        request = CreateInstance(vswitch_id=vswitch.id, ipv6=address)
        assert estate.refused(InvalidInput, create_instance, alice, request).field == "ipv6"
    request = CreateInstance(vswitch_id=vswitch.id, ipv6="fd00:0:0:1::a00:101")
    estate.refused(AlreadyExists, create_instance, alice, request)


def test_instance_joins_groups_of_its_vpc(estate, alice):
    """NET-7: groups of the same VPC, each once, not too many."""
    vpc, beside = estate.vpc(alice), estate.vpc(alice)
    group = estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=vpc.id))
    foreign = estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=beside.id))
    vswitch = estate.vswitch(alice, vpc)
    instance = estate.instance(alice, vswitch, security_group_ids=(group.id, group.id))
    assert instance.security_group_ids == (group.id,)
    for ids in ((foreign.id,), ("sg-none",)):
        request = UpdateInstance(id=instance.id, security_group_ids=ids)
        assert estate.refused(NotFound, update_instance, alice, request).data["field"] == "security_group_ids"
    for ids in ((group.id,) * 17, "sg", None):
        request = UpdateInstance(id=instance.id, security_group_ids=ids)
        estate.refused(InvalidInput, update_instance, alice, request)
    changed = UpdateInstance(id=instance.id, security_group_ids=(), source_dest_check=False, name="gw")
    after = estate.do(update_instance, alice, changed)
    assert (after.security_group_ids, after.source_dest_check, after.name) == ((), False, "gw")


def test_host_paths_are_for_operators(estate, alice):
    """NET-6: a guest's namespace is a path of the host, which no tenant may name."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    request = CreateInstance(vswitch_id=vswitch.id, netns="/run/netns/x")
    assert estate.refused(Forbidden, create_instance, alice, request).code == "not_operator"
    own = estate.vswitch(estate.operator, estate.vpc(estate.operator))
    assert estate.instance(estate.operator, own, netns="/run/netns/x").netns == "/run/netns/x"
    for path in ("x", "/a/../b", "/" + "x" * 255, "/a\nb", 7):
        bad = CreateInstance(vswitch_id=own.id, netns=path)
        assert estate.refused(InvalidInput, create_instance, estate.operator, bad).field == "netns"


def test_deleted_instance_frees_its_address(estate, alice):
    """NET-6: an address can be used again once the data plane has let go of it."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    instance = estate.instance(alice, vswitch, ipv4="10.0.1.9")
    estate.do(delete_instance, alice, DeleteInstance(id=instance.id))
    estate.refused(IllegalState, update_instance, alice, UpdateInstance(id=instance.id, name="x"))
    request = CreateInstance(vswitch_id=vswitch.id, ipv4="10.0.1.9")
    estate.refused(AlreadyExists, create_instance, alice, request)
    estate.settle()
    assert estate.get(Instance, instance.id) is None
    assert estate.do(create_instance, alice, request).ipv4 == IPv4Address("10.0.1.9")


def test_instances_stop_and_start_again(estate, alice):
    """A stopped instance keeps its addresses; once started, it is there when the data plane has it (NET-6)."""
    made = estate.instance(alice, estate.vswitch(alice, estate.vpc(alice)))
    estate.refused(IllegalState, stop_instance, alice, StopInstance(id=made.id))
    estate.settle()
    stopped = estate.do(stop_instance, alice, StopInstance(id=made.id))
    assert (stopped.stopped, stopped.state, stopped.ipv4) == (True, Provisioning.AVAILABLE, made.ipv4)
    assert estate.do(stop_instance, alice, StopInstance(id=made.id)) == stopped
    started = estate.do(start_instance, alice, StartInstance(id=made.id))
    assert (started.stopped, started.state) == (False, Provisioning.CREATING)
    assert estate.do(start_instance, alice, StartInstance(id=made.id)) == started
    estate.refused(IllegalState, stop_instance, alice, StopInstance(id=made.id))
    estate.settle()
    assert estate.do(start_instance, alice, StartInstance(id=made.id)).state is Provisioning.AVAILABLE


def test_instances_that_go_are_neither_stopped_nor_started(estate, alice):
    """What is being deleted, or made as one that is stopped, is left alone."""
    vswitch = estate.vswitch(alice, estate.vpc(alice))
    made = estate.instance(alice, vswitch, stopped=True)
    estate.refused(IllegalState, start_instance, alice, StartInstance(id=made.id))
    estate.settle()
    estate.do(delete_instance, alice, DeleteInstance(id=made.id))
    estate.refused(IllegalState, start_instance, alice, StartInstance(id=made.id))
    estate.refused(IllegalState, stop_instance, alice, StopInstance(id=made.id))


def test_only_stopped_instances_go_when_that_is_asked(estate, alice):
    """A deletion that is for stopped instances only is refused while one runs."""
    made = estate.instance(alice, estate.vswitch(alice, estate.vpc(alice)))
    estate.settle()
    careful = DeleteInstance(id=made.id, only_stopped=True)
    estate.refused(IllegalState, delete_instance, alice, careful)
    estate.do(stop_instance, alice, StopInstance(id=made.id))
    assert estate.do(delete_instance, alice, careful).state is Provisioning.DELETING


def test_several_instances_are_made_at_once_or_none(estate, alice):
    """A client token finds all of them again; another number of them is another request."""
    vswitch = estate.vswitch(alice, estate.vpc(alice), "10.0.1.0/29")
    request = CreateInstances(vswitch_id=vswitch.id, name="web", amount=3, numbered=True, client_token="t")
    made = estate.do(create_instances, alice, request)
    assert [one.name for one in made] == ["web001", "web002", "web003"]
    assert estate.do(create_instances, alice, request) == made
    fewer = CreateInstances(vswitch_id=vswitch.id, name="web", amount=2, numbered=True, client_token="t")
    assert estate.refused(Conflict, create_instances, alice, fewer).code == "token_reused"
    estate.refused(Conflict, create_instances, alice, CreateInstances(vswitch_id=vswitch.id, amount=2))
    assert len(estate.all(Instance)) == 3
    estate.refused(InvalidInput, create_instances, alice, CreateInstances(vswitch_id=vswitch.id, amount=101))
