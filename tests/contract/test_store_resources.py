"""Every engine: resources come back as they went in, and the schema's unique rules hold."""

from dataclasses import replace
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.drawn import RESOURCES
from tests.support.resources import EPOCH, account, peering, vpc

from peerway.adapters.store.mapping import CODECS
from peerway.adapters.store.transaction import REVISION
from peerway.app.store import where
from peerway.domain.account import Account, Credential, Role
from peerway.domain.errors import AlreadyExists, NotFound
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.quota import QuotaGrant
from peerway.domain.resource import Resource
from peerway.domain.route_table import NextHop, RouteEntry
from peerway.domain.vpc import Instance, Vpc

UID = "1000000000000001"
COMMON = {"owner_uid": UID, "created_at": EPOCH}

#: Pairs that break one unique rule: the first, the second, the field that the error names.
CLASHES = {
    "account name": (account("1"), account("2", name="account 1"), "name"),
    "token": (
        Credential(id="1", role=Role.READER, token_hash="h", sealed_secret="", **COMMON),
        Credential(id="2", role=Role.MEMBER, token_hash="h", sealed_secret="", **COMMON),
        "token_hash",
    ),
    "destination in a table": (
        *(
            RouteEntry(
                id=id,
                vpc_id="v",
                route_table_id="t",
                destination=IPv4Network("10.0.0.0/8"),
                next_hop=NextHop.BLACKHOLE,
                **COMMON,
            )
            for id in "12"
        ),
        "destination",
    ),
    "address in a VPC": (
        Instance(
            id="1", vpc_id="v", vswitch_id="s", name="", ipv4=IPv4Address("10.0.0.1"), mac="1", **COMMON
        ),
        Instance(
            id="2", vpc_id="v", vswitch_id="s", name="", ipv4=IPv4Address("10.0.0.1"), mac="2", **COMMON
        ),
        "ipv4",
    ),
    "IPv6 address in a VPC": (
        *(
            Instance(
                id=id,
                vpc_id="v",
                vswitch_id="s",
                name="",
                ipv4=IPv4Address(f"10.0.0.{id}"),
                ipv6=IPv6Address("fd00::1"),
                mac=id,
                **COMMON,
            )
            for id in "12"
        ),
        "ipv6",
    ),
    "MAC address in a VPC": (
        Instance(
            id="1", vpc_id="v", vswitch_id="s", name="", ipv4=IPv4Address("10.0.0.1"), mac="m", **COMMON
        ),
        Instance(
            id="2", vpc_id="v", vswitch_id="s", name="", ipv4=IPv4Address("10.0.0.2"), mac="m", **COMMON
        ),
        "mac",
    ),
    "live pair": (peering("1"), peering("2", "vpc-b", "vpc-a"), "pair_key"),
    "quota of an account": (
        QuotaGrant(id="1", name="n", limit=1, **COMMON),
        QuotaGrant(id="2", name="n", limit=2, **COMMON),
        "name",
    ),
}


class Undo(Exception):
    """Ends a transaction without a trace."""


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.__name__)
def test_resource_comes_back_as_it_went_in(store, kind):
    """Whatever the types allow is stored exactly: insert, update, get and select agree with the value itself."""

    @given(st.data())
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def claim(data):
        first = data.draw(RESOURCES[kind])
        second = replace(data.draw(RESOURCES[kind]), id=first.id)

        def work(tx):
            start = tx.revision
            assert tx.insert(first) == tx.get(kind, first.id) == replace(first, revision=start + 1)
            assert tx.update(second) == tx.get(kind, first.id) == replace(second, revision=start + 2)
            assert tx.select(kind, where("owner_uid", second.owner_uid)) == [
                replace(second, revision=start + 2)
            ]
            tx.delete(second)
            assert tx.get(kind, first.id) is None
            raise Undo

        with pytest.raises(Undo):
            store.write(work)

    claim()


def test_every_kind_of_resource_is_stored():
    """A kind that the domain gains needs a table, a migration and a strategy here."""
    kinds = _kinds(Resource)
    assert kinds == {kind.__name__ for kind in CODECS} == {kind.__name__ for kind in RESOURCES}


@pytest.mark.parametrize("codec", CODECS.values(), ids=lambda codec: codec.name)
def test_table_has_a_column_for_each_attribute(codec):
    """Tables hold what the classes hold, what the engine's rules need, and nothing that was forgotten."""
    columns = [column.name for column in codec.table.columns]
    assert sorted(columns) == sorted(["seq", *codec.columns, *codec.derived])
    assert codec.columns[REVISION] == "revision"


def test_money_is_exact(store):
    """Digits that no binary fraction has, and the number of places, survive (MET: exact money)."""
    balance = Decimal("12345678901234567890.1234567890")
    store.write(lambda tx: tx.insert(account("1", balance=balance)))
    assert str(store.read(lambda tx: tx.get(Account, "1")).balance) == str(balance)


@pytest.mark.parametrize("clash", CLASHES.values(), ids=CLASHES)
def test_unique_rule_refuses_second_insert(store, clash):
    """A second one is refused with the field's name, and the transaction may go on."""
    first, second, field = clash

    def work(tx):
        tx.insert(first)
        with pytest.raises(AlreadyExists) as refused:
            tx.insert(second)
        assert refused.value.data["field"] == field
        return tx.get(type(second), second.id)

    assert store.write(work) is None
    assert store.read(lambda tx: tx.count(type(first))) == 1


@pytest.mark.parametrize("clash", CLASHES.values(), ids=CLASHES)
def test_unique_rule_refuses_update(store, clash):
    """Nor can a stored one become like another; both stay as they are, and the transaction may go on."""
    first, second, field = clash
    other = {
        "name": {"name": "free"},
        "token_hash": {"token_hash": "free"},
        "destination": {"route_table_id": "free"},
        "ipv4": {"vpc_id": "free"},
        "ipv6": {"vpc_id": "free"},
        "mac": {"vpc_id": "free"},
        "pair_key": {"state": PeeringState.REJECTED},
    }[field]
    store.write(lambda tx: (tx.insert(first), tx.insert(replace(second, **other))))

    def work(tx):
        with pytest.raises(AlreadyExists) as refused:
            tx.update(second)
        assert refused.value.data["field"] == field
        return tx.update(first)

    assert store.write(work) == replace(first, revision=3)
    assert store.read(lambda tx: tx.get(type(second), second.id)) == replace(second, **other, revision=2)


def test_id_is_taken_once(store):
    """Inserting an id again names the id."""
    store.write(lambda tx: tx.insert(vpc()))
    with pytest.raises(AlreadyExists) as refused:
        store.write(lambda tx: tx.insert(vpc()))
    assert refused.value.data == {"resource": "vpc", "field": "id"}


def test_pair_is_free_again_when_connection_is_no_longer_live(store):
    """A rejected or expired connection does not keep its VPCs from being connected anew (PEER-2)."""
    store.write(lambda tx: tx.insert(peering("1")))
    store.write(lambda tx: tx.update(peering("1", state=PeeringState.REJECTED)))
    store.write(lambda tx: tx.insert(peering("2")))
    assert store.read(lambda tx: tx.count(Peering)) == 2


def test_missing_resource_is_not_found(store):
    """Updating or deleting what isn't there says so, and changes nothing."""
    for work in (lambda tx: tx.update(vpc()), lambda tx: tx.delete(vpc())):
        with pytest.raises(NotFound):
            store.write(work)
    assert store.latest_revision() == 0
    assert store.read(lambda tx: tx.get(Vpc, "vpc-a")) is None


def _kinds(family):
    """Names of the domain's kinds; doors have some more for what they show.

    Names, as a class with slots is made twice: the first of the two has nothing below it.
    """
    found = [kind for kind in _below(family) if kind.__module__.startswith("peerway.domain.")]
    families = {parent.__name__ for kind in found for parent in kind.__bases__}
    return {kind.__name__ for kind in found} - families


def _below(family):
    return [kind for child in family.__subclasses__() for kind in (child, *_below(child))]
