"""Compiling what a change touched gives what compiling everything gives, and leaves the rest alone."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.builders.wide import wide_topologies
from tests.builders.wide_edits import wide_edits

from peerway.fabric.compile import compile_fabric, recompile
from peerway.fabric.persistent import PersistentMap


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_recompile_equals_compile_from_scratch(data):
    """After any edits, the incremental snapshot and fabric equal those made from the stored resources alone (issue 2, item 4)."""
    topology = data.draw(wide_topologies())
    snapshot = topology.snapshot()
    fabric = compile_fabric(snapshot)
    for _ in range(data.draw(st.integers(1, 6))):
        made = data.draw(wide_edits(topology))
        changed = snapshot.with_changes(topology.revision, made.upserts, made.removals)
        new = recompile(fabric, *changed)
        assert changed.snapshot == topology.snapshot()
        assert new == topology.fabric()
        for id, router in new.routers.items():
            assert router is fabric.routers.get(id) or router != fabric.routers.get(id)
            assert id in changed.touched or router is fabric.routers[id]
        for id, link in new.links.items():
            assert link is fabric.links.get(id) or link != fabric.links.get(id)
            assert id in changed.touched_links or link is fabric.links[id]
        snapshot, fabric = changed.snapshot, new


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_snapshot_with_nothing_new_touches_nothing(data):
    """Hearing again of what is stored touches nothing, so that a full scan costs no compilation."""
    topology = data.draw(wide_topologies())
    snapshot = topology.snapshot()
    again = snapshot.with_changes(snapshot.revision, topology.resources.values(), [("vpc", "vpc-none")])
    assert again.touched == again.touched_links == frozenset()
    assert again.snapshot == snapshot


@given(
    st.dictionaries(st.text(max_size=3), st.integers()),
    st.lists(st.tuples(st.dictionaries(st.text(max_size=3), st.integers()), st.sets(st.text(max_size=3)))),
)
def test_persistent_map_equals_dictionary(start, changes):
    """Edited maps hold what an edited dictionary holds, and the map that was edited stays as it was."""
    plain, edited = dict(start), PersistentMap(start)
    for upserts, removals in changes:
        before, copy = edited, dict(plain)
        edited = edited.edited(upserts, removals)
        plain = {key: value for key, value in plain.items() if key not in removals} | upserts
        assert before == copy
        assert edited == plain
        assert len(edited) == len(plain)
