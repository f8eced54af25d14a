"""Labels: tags and resource groups are each account's own, and go with what they are on."""

import pytest

from peerway.app.store import Writer
from peerway.app.usecases.labels import (
    CreateResourceGroup,
    DeleteResourceGroup,
    create_resource_group,
    delete_resource_group,
    get_resource_group,
    group_of,
    labelled,
    labels_by_resource,
    labels_of,
    list_resource_groups,
    move_to_group,
    put_tags,
    take_tags,
)
from peerway.app.usecases.peerings import (
    DeletePeering,
    RejectPeering,
    delete_peering,
    reject_peering,
)
from peerway.app.usecases.vpcs import DeleteVpc, delete_vpc
from peerway.domain.account import Caller, Role
from peerway.domain.errors import AlreadyExists, Forbidden, InUse, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.labels import MOST_TAGS, TAG_LENGTH, Labels, Tag, default_group_id, has_tags


def tag(estate, caller, resource, *tags):
    """Put tags on a resource."""
    return estate.store.write(lambda tx: put_tags(tx, caller, resource, [Tag(*one) for one in tags]))


def shown(estate, caller, resource):
    """The tags of a resource as the account sees them."""
    labels = estate.store.read(lambda tx: labels_of(tx, caller, resource))
    return [(one.key, one.value) for one in labels.tags]


def refused(estate, error, work):
    """Run a mutation that must fail with that error and change nothing."""
    before = estate.revision
    with pytest.raises(error) as caught:
        estate.store.write(work)
    assert estate.revision == before
    return caught.value


def test_tags_are_put_on_replaced_and_taken_off(estate, alice):
    """A key that is there gets the new value; what was never there can be taken off as well."""
    vpc = estate.vpc(alice)
    tag(estate, alice, vpc, ("b", "1"), ("a", "2"))
    tag(estate, alice, vpc, ("b", "3"))
    assert shown(estate, alice, vpc) == [("a", "2"), ("b", "3")]
    estate.store.write(lambda tx: take_tags(tx, alice, vpc, ["a", "none"]))
    assert shown(estate, alice, vpc) == [("b", "3")]
    before = estate.revision
    tag(estate, alice, vpc, ("b", "3"))
    assert estate.revision == before, "the same again is no change"
    estate.store.write(lambda tx: take_tags(tx, alice, vpc, None))
    assert estate.all(Labels) == []


def test_each_account_has_its_own_labels(estate, alice, bob):
    """Both sides of a connection write on it, and neither sees the other's."""
    peering = estate.ask_for(alice, estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16"))
    tag(estate, alice, peering, ("k", "alice"))
    tag(estate, bob, peering, ("k", "bob"))
    assert shown(estate, alice, peering) == [("k", "alice")]
    assert shown(estate, bob, peering) == [("k", "bob")]
    found = estate.store.read(lambda tx: labels_by_resource(tx, alice, [peering.id, "none"]))
    assert list(found) == [peering.id]
    assert estate.store.read(lambda tx: labels_by_resource(tx, alice, [])) == {}
    for kinds, count in (((), 1), (("peering",), 1), (("vpc",), 0)):
        assert len(estate.store.read(lambda tx, kinds=kinds: labelled(tx, bob, *kinds))) == count


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (Tag("", "v"), "tag_key"),
        (Tag("aliyun-x", "v"), "tag_key"),
        (Tag("ACS:x", "v"), "tag_key"),
        (Tag("see http://x", "v"), "tag_key"),
        (Tag("k" * (TAG_LENGTH + 1), "v"), "tag_key"),
        (Tag("k\n", "v"), "tag_key"),
        (Tag("k", "v" * (TAG_LENGTH + 1)), "tag_value"),
        (Tag("k", "\0"), "tag_value"),
    ],
)
def test_tags_that_can_not_be_are_refused(estate, alice, one, code):
    """Reserved, empty, too long or unprintable ones."""
    vpc = estate.vpc(alice)

    def work(tx: Writer) -> None:
        put_tags(tx, alice, vpc, [one])

    assert refused(estate, InvalidInput, work).code == code


def test_a_resource_has_so_many_tags_and_each_key_once(estate, alice):
    """The number counts what is there already; twice in one request is a mistake."""
    vpc = estate.vpc(alice)
    tag(estate, alice, vpc, *((f"k{number}", "") for number in range(MOST_TAGS)))
    tag(estate, alice, vpc, ("k0", "again"))
    refused(estate, QuotaExceeded, lambda tx: put_tags(tx, alice, vpc, [Tag("more")]))
    twice = [Tag("k0"), Tag("k0")]
    assert refused(estate, InvalidInput, lambda tx: put_tags(tx, alice, vpc, twice)).code == "tag_key_twice"


def test_wanted_tags_are_all_there(estate):
    """A wanted value of None takes any."""
    tags = (Tag("a", "1"), Tag("b", ""))
    assert has_tags(tags, {})
    assert has_tags(tags, {"a": "1", "b": None})
    assert not has_tags(tags, {"a": "2"})
    assert not has_tags(tags, {"b": "1"})
    assert not has_tags(tags, {"c": None})


def test_everything_is_in_a_group(estate, alice, bob):
    """The default one without having been made; a group that has something in it stays."""
    vpc = estate.vpc(alice)
    default = default_group_id(alice.uid)
    assert estate.ask(get_resource_group, alice, default).name == "default"
    assert group_of(None, alice.uid) == default
    group = estate.do(create_resource_group, alice, CreateResourceGroup(name="shop"))
    estate.refused(AlreadyExists, create_resource_group, alice, CreateResourceGroup(name="shop"))
    estate.refused(InvalidInput, create_resource_group, alice, CreateResourceGroup(name=""))
    assert [one.id for one in estate.ask(list_resource_groups, alice).items] == [group.id]
    labels = estate.store.write(lambda tx: move_to_group(tx, alice, vpc, group.id))
    assert group_of(labels, alice.uid) == group.id
    for caller, id in ((bob, group.id), (alice, "rg-none"), (bob, default)):
        refused(estate, NotFound, lambda tx, c=caller, id=id: move_to_group(tx, c, vpc, id))
        if caller is bob:
            with pytest.raises(NotFound):
                estate.ask(get_resource_group, caller, id)
    estate.refused(InUse, delete_resource_group, alice, DeleteResourceGroup(id=group.id))
    estate.store.write(lambda tx: move_to_group(tx, alice, vpc, default))
    estate.do(delete_resource_group, alice, DeleteResourceGroup(id=group.id))
    assert estate.all(Labels) == []


def test_labels_go_with_what_they_are_on(estate, alice, bob):
    """A thing that is removed, a connection that is taken down, and a rejected one that is deleted at once."""
    vpc, other = estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16")
    estate.settle()
    connections = [estate.peer(alice, bob, vpc, other)]
    rejected = estate.vpc(alice, "10.2.0.0/16")
    connections.append(estate.ask_for(alice, rejected, other))
    estate.do(reject_peering, bob, RejectPeering(id=connections[1].id))
    for peering in connections:
        tag(estate, alice, peering, ("k", "v"))
        tag(estate, bob, peering, ("k", "v"))
        estate.do(delete_peering, bob, DeletePeering(id=peering.id))
        estate.settle()
        assert estate.all(Labels) == []
    lonely = estate.vpc(alice, "10.9.0.0/16")
    tag(estate, alice, lonely, ("k", "v"))
    estate.settle()
    estate.do(delete_vpc, alice, DeleteVpc(id=lonely.id))
    estate.settle()
    assert estate.all(Labels) == []


def test_readers_label_nothing(estate, alice):
    """NET-1: looking is all that a reader may."""
    vpc, reader = estate.vpc(alice), Caller(alice.uid, Role.READER, alice.key_id)
    refused(estate, Forbidden, lambda tx: put_tags(tx, reader, vpc, [Tag("k")]))
    refused(estate, Forbidden, lambda tx: take_tags(tx, reader, vpc, None))
    refused(estate, Forbidden, lambda tx: move_to_group(tx, reader, vpc, default_group_id(alice.uid)))
    estate.refused(Forbidden, create_resource_group, reader, CreateResourceGroup(name="g"))
