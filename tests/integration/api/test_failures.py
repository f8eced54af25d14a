"""What the data plane could not do is shown to the owner of the object, and to nobody else but operators."""

from datetime import timedelta

from peerway.app.usecases.sync import NOT_CARRIED, clear_failure, record_failure


def test_a_failure_is_shown_to_its_owner_until_it_is_cleared(site):
    """NET-1: a failure is on record for the object's owner; another tenant does not see it."""
    owner, stranger = site.account(), site.account()
    pauses = {"first_pause": timedelta(seconds=1), "longest_pause": timedelta(seconds=8)}
    site.store.write(lambda tx: record_failure(tx, "pcc-1", "no room", owner.uid, **pauses))
    site.store.write(lambda tx: record_failure(tx, "pcc-1", "still no room", owner.uid, **pauses))
    (shown,) = owner.ok("GET", "/failures")["items"]
    assert (shown["id"], shown["text"], shown["attempts"]) == ("pcc-1", "still no room", 2)
    assert stranger.ok("GET", "/failures")["items"] == []
    assert [each["id"] for each in site.operator.ok("GET", "/failures")["items"]] == ["pcc-1"]
    site.store.write(lambda tx: clear_failure(tx, "pcc-1"))
    assert owner.ok("GET", "/failures")["items"] == []


def test_only_operators_are_told_of_ports(site):
    """NET-1: an owner learns that its network fails, not the name of the host's port, nor who else is on it."""
    owner = site.account()
    vpc = owner.vpc()
    pauses = {"first_pause": timedelta(seconds=1), "longest_pause": timedelta(seconds=8)}
    text = "interface eth3 is the port of vbr-of-somebody, whole"
    site.store.write(lambda tx: record_failure(tx, vpc["id"], text, owner.uid, **pauses))
    (shown,) = owner.ok("GET", "/failures")["items"]
    assert (shown["id"], shown["text"]) == (vpc["id"], NOT_CARRIED)
    assert [each["text"] for each in site.operator.ok("GET", "/failures")["items"]] == [text]
