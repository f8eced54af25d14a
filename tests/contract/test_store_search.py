"""Every engine: searches find what a plain filter finds, page by page, and each page is read from an index."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.resources import EPOCH, peering, vpc

from peerway.adapters.store.engines import engine_for
from peerway.adapters.store.mapping import CODECS
from peerway.adapters.store.migrations import upgrade
from peerway.adapters.store.search import Searches
from peerway.app.store import among, where
from peerway.domain.errors import InvalidInput
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.peering import Peering, PeeringSide, PeeringState
from peerway.domain.resource import Provisioning
from peerway.domain.route_table import RouteTable, TableKind
from peerway.domain.vpc import Vpc, VSwitch

SIDES = ("requester.uid", "accepter.uid")
UIDS = st.sampled_from("123")
PEERINGS = st.lists(
    st.builds(
        lambda ours, theirs, state: peering(
            "?",
            owner_uid=ours,
            requester=PeeringSide(ours, "r", "v"),
            accepter=PeeringSide(theirs, "r", "w"),
            state=state,
        ),
        UIDS,
        UIDS,
        st.sampled_from([PeeringState.REJECTED, PeeringState.EXPIRED, PeeringState.DELETED]),
    ),
    max_size=12,
)
CONDITIONS = st.lists(
    st.one_of(
        st.builds(lambda uids: where(SIDES, *uids), st.lists(UIDS, max_size=3)),
        st.builds(lambda uids: where("owner_uid", *uids), st.lists(UIDS, max_size=3)),
        st.builds(
            lambda states: where("state", *states),
            st.lists(st.sampled_from(PeeringState), min_size=1, max_size=9),
        ),
    ),
    max_size=3,
)


class Undo(Exception):
    """Ends a transaction without a trace."""


def meets(resource, condition):
    """The slow twin of a search."""
    owner = {"requester.uid": resource.requester.uid, "accepter.uid": resource.accepter.uid}
    values = [owner[name] if name in owner else getattr(resource, name) for name in condition.fields]
    return any(value in condition.values for value in values)


def test_search_agrees_with_slow_twin(store):
    """Any conditions, any page size: pages laid end to end are the filtered list in order of creation, and count counts it."""

    @given(PEERINGS, CONDITIONS, st.integers(1, 5))
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def claim(connections, conditions, size):
        def work(tx):
            stored = [tx.insert(replace(one, id=f"pcc-{n}")) for n, one in enumerate(connections)]
            expected = [one for one in stored if all(meets(one, condition) for condition in conditions)]
            assert tx.select(Peering, *conditions) == expected
            assert tx.count(Peering, *conditions) == len(expected)
            assert pages(tx, conditions, size) == [
                expected[at : at + size] for at in range(0, len(expected), size)
            ]
            raise Undo

        with pytest.raises(Undo):
            store.write(work)

    claim()


def pages(tx, conditions, size, kind=Peering):
    """All pages of a list, without the empty one that may come last."""
    found, after = [], None
    while page := tx.select(kind, *conditions, after=after, limit=size):
        found.append(page)
        after = tx.cursor(page[-1])
    return found


def test_skipping_from_either_end_comes_to_the_same(store):
    """A page by its number is the list's part, whether or not the list's length is known."""

    def work(tx):
        for n in range(7):
            tx.insert(vpc(f"vpc-{n}", owner_uid="1" if n % 3 else "2"))
        mine = (where("owner_uid", "1"), where("region_id", "cn-hangzhou"))
        whole = tx.select(Vpc, *mine)
        for skip in range(6):
            assert tx.select(Vpc, *mine, skip=skip, limit=2) == whole[skip : skip + 2]
            assert tx.select(Vpc, *mine, skip=skip, limit=2, total=len(whole)) == whole[skip : skip + 2]
            rest = whole[1:]
            after = {"after": tx.cursor(whole[0]), "total": len(rest)}
            assert tx.select(Vpc, *mine, skip=skip, limit=2, **after) == rest[skip : skip + 2]

    store.write(work)


def test_cursor_outlives_its_resource(store):
    """A page goes on behind a resource that was deleted since, and changed resources keep their place."""

    def work(tx):
        first, second, third = [tx.insert(vpc(f"vpc-{letter}")) for letter in "abc"]
        cursor = tx.cursor(second)
        tx.delete(second)
        changed = tx.update(replace(first, name="changed"))
        assert tx.select(Vpc, after=cursor) == [third]
        assert tx.select(Vpc) == [changed, third]

    store.write(work)


@pytest.mark.parametrize("text", ["", "?", "-1", "1.5", "f" * 16, "0x1", "１"])
def test_text_that_is_no_cursor_is_refused(store, text):
    """A cursor of one's own making names its field."""
    with pytest.raises(InvalidInput) as refused:
        store.read(lambda tx: tx.select(Vpc, after=text))
    assert refused.value.field == "after"


def test_search_by_missing_value(store):
    """None finds the resources without a value, alone and beside others."""

    def work(tx):
        unbound, bound, other = (
            tx.insert(switch) for switch in (vswitch("1", None), vswitch("2", "acl-1"), vswitch("3", "acl-2"))
        )
        assert tx.select(VSwitch, where("network_acl_id", None)) == [unbound]
        assert tx.select(VSwitch, where("network_acl_id", None, "acl-1"), limit=9) == [unbound, bound]
        assert tx.select(VSwitch, where("vpc_id", "v"), where("network_acl_id", "acl-2", None)) == [
            unbound,
            other,
        ]
        assert tx.count(VSwitch, where("network_acl_id", None, "acl-2")) == 2

    store.write(work)


def vswitch(id, acl):
    """A VSwitch bound to an ACL, or to none."""
    whole = vpc()
    return VSwitch(
        id=id,
        owner_uid=whole.owner_uid,
        created_at=whole.created_at,
        vpc_id="v",
        zone_id="z",
        name="",
        cidr=whole.cidr,
        route_table_id="t",
        network_acl_id=acl,
    )


def test_many_values_are_one_search(store):
    """Hundreds of ids at once, in any order, come in order of creation."""
    ids = [f"vpc-{number:03}" for number in range(300)]
    store.write(lambda tx: [tx.insert(vpc(id)) for id in ids])
    found = store.read(lambda tx: tx.select(Vpc, where("id", *reversed(ids[:250]), "missing")))
    assert [one.id for one in found] == ids[:250]


@pytest.mark.parametrize(
    "condition", [where("name", "x"), where("nonsense", "x"), where(("id", "name"), "x")]
)
def test_search_without_an_index_is_refused(store, condition):
    """A search that would read the whole table is an error of the program, not a slow answer."""
    with pytest.raises(LookupError):
        store.read(lambda tx: tx.select(Vpc, condition))


def test_unindexed_field_may_narrow_an_indexed_search(store):
    """Beside a condition that an index serves, any field may filter."""
    store.write(lambda tx: [tx.insert(vpc(f"vpc-{letter}", name=letter)) for letter in "ab"])
    found = store.read(lambda tx: tx.select(Vpc, where("owner_uid", vpc().owner_uid), where("name", "b")))
    assert [one.id for one in found] == ["vpc-b"]


def table(id, vpc_id):
    """A route table."""
    return RouteTable(id=id, owner_uid="1", created_at=EPOCH, vpc_id=vpc_id, name=id, kind=TableKind.CUSTOM)


INSIDE = among("vpc_id", (Vpc, VirtualBorderRouter), where("owner_uid", "1"), where("region_id", "here"))


def test_condition_by_what_others_are(store):
    """Things whose VPC meets conditions of its own: pages, places and counts are those of the filtered list."""

    def work(tx):
        for name, uid, region_id in (("a", "1", "here"), ("b", "1", "there"), ("c", "2", "here")):
            tx.insert(vpc(f"vpc-{name}", owner_uid=uid, region_id=region_id))
        made = [tx.insert(table(f"vtb-{n}", vpc_id=f"vpc-{'abc'[n % 3]}")) for n in range(12)]
        mine = where("owner_uid", "1")
        assert tx.select(RouteTable, mine, INSIDE) == made[::3]
        assert (
            tx.select(RouteTable, where("vpc_id", "vpc-a", "vpc-b"), INSIDE, skip=1, limit=2) == made[3:9:3]
        )
        assert tx.count(RouteTable, mine, INSIDE) == 4
        assert pages(tx, (mine, INSIDE), 3, RouteTable) == [made[:9:3], made[9:10]]
        nobodys = among("vpc_id", (Vpc,), where("owner_uid"))
        assert tx.select(RouteTable, mine, nobodys) == []
        assert tx.count(RouteTable, mine, among("vpc_id", (Vpc,), where("owner_uid", "3"))) == 0

    store.write(work)


def test_condition_by_what_others_are_only_narrows(store):
    """Alone it would read the whole table, which is refused."""
    with pytest.raises(LookupError):
        store.read(lambda tx: tx.select(RouteTable, INSIDE))


def value_for(kind, path):
    """A value that the field can have."""
    states = {Peering: PeeringState.ACTIVE}
    return states.get(kind, Provisioning.AVAILABLE) if path == "state" else "x"


#: Each field that its kind can be searched by, and searches that use several.
SEARCHES = [
    (kind, (where(path, value_for(kind, path)),))
    for kind, codec in CODECS.items()
    for path in codec.paths
    if path.replace(".", "_") in codec.table.info["search"]
]
SEARCHES += [
    (Peering, ()),
    (Peering, (where(SIDES, "1"),)),
    (Peering, (where(SIDES, "1", "2"), where("state", *list(PeeringState)[:3]))),
    (Peering, (where("state", PeeringState.ACTIVE), where(("requester.vpc_id", "accepter.vpc_id"), "v"))),
    (RouteTable, (where("owner_uid", "1"), INSIDE)),
]


@pytest.fixture(scope="module")
def sqlite():
    """An empty current schema."""
    engine = engine_for("sqlite://")
    upgrade(engine.alchemy)
    yield engine
    engine.connect().close()


@pytest.mark.parametrize(("kind", "conditions"), SEARCHES)
def test_page_is_a_range_of_an_index(sqlite, kind, conditions):
    """No page reads a table from its start, nor sorts more than a page: the last page costs what the first does."""
    sql, values = Searches(sqlite.dialect).page(kind, conditions, 1, 50)
    plan = [row[3] for row in sqlite.connect().execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()]
    table = CODECS[kind].table.name
    assert not [step for step in plan if step.startswith("SCAN") and table in step.split()], plan
    assert not [step for step in plan if "TEMP B-TREE" in step], plan
