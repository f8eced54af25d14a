"""The life of router interfaces through the command line (EC-1 ... EC-7)."""

import pytest


@pytest.fixture
def pair(tenant):
    """Two VPCs of one account in two regions with an interface each; the initiator names the acceptor by its id alone."""
    one, other = (
        tenant.json("vpc", "create", "--region", region, "--cidr", cidr, "--wait")["id"]
        for region, cidr in (("cn-hangzhou", "10.1.0.0/16"), ("cn-shanghai", "10.2.0.0/16"))
    )
    acceptor = tenant.json("ri", "create", "--router", other, "--role", "acceptor", *far("cn-hangzhou"))
    initiator = tenant.json(
        *("ri", "create", "--router", one, "--role", "initiator", *far("cn-shanghai")),
        *("--spec", "Small.1", "--opposite", acceptor["id"], "--name", "out"),
    )
    tenant.json("ri", "update", acceptor["id"], "--opposite", initiator["id"])
    return initiator, acceptor


def far(region):
    """The option for the other side's region."""
    return "--opposite-region", region


def test_pair_is_joined_switched_changed_and_deleted(tenant, pair):
    """The whole life; `--wait` ends at the lasting state, and for delete when it is gone."""
    one, other = (interface["id"] for interface in pair)
    connected = tenant.json("ri", "connect", one, "--wait")
    assert (connected["state"], connected["carries"]) == ("active", True)
    assert tenant.json("ri", "show", other)["connected_at"] == connected["connected_at"]
    assert tenant.json("ri", "update", one, "--spec", "Middle.1", "--wait")["bandwidth_mbps"] == 100
    for interface in (one, other):
        off = tenant.json("ri", "deactivate", interface, "--wait")
        assert (off["state"], off["carries"]) == ("inactive", False)
    assert tenant.json("ri", "activate", one, "--wait")["opposite"]["state"] == "inactive"
    assert tenant.json("ri", "activate", other, "--wait")["carries"]
    tenant.json("ri", "deactivate", one, "--wait")
    assert "is gone" in tenant.text("ri", "delete", one, "--wait")
    assert tenant.json("ri", "show", other)["opposite"]["state"] == "deleted"


def test_list_shows_both_sides(tenant, pair):
    """A line an interface, with its other side."""
    listed = tenant.json("ri", "list")
    assert [item["id"] for item in listed] == [pair[1]["id"], pair[0]["id"]]
    assert [item["id"] for item in tenant.json("ri", "list", "--role", "initiator")] == [pair[0]["id"]]
    table = tenant.text("ri", "list", "--state", "idle")
    assert table.count(pair[0]["id"]) == 2, "as an interface and as the other one's opposite"


def test_opposite_can_be_forgotten_and_settings_given(tenant, pair):
    """An idle interface names nobody again; texts, flags and health check change."""
    one = pair[0]["id"]
    after = tenant.json("ri", "update", one, "--forget-opposite", "--name", "x", "--names", "--no-groups")
    assert (after["opposite_interface_id"], after["opposite_router_id"]) == (None, None)
    assert (after["name"], after["names"], after["groups"]) == ("x", True, False)
    checked = tenant.json("ri", "update", one, "--check-interval", 50, "--check-target", "10.9.9.9")
    assert (checked["check_interval_ms"], checked["check_target"]) == (50, "10.9.9.9")
    status, _, error = tenant.run("ri", "update", one, "--forget-opposite", "--opposite", "ri-x")
    assert (status, "--forget-opposite" in error) == (2, True)
    assert tenant.run("ri", "update", one)[0] == 2


def test_refusals_are_told(tenant, pair):
    """A conflict ends with its text and status."""
    status, _, error = tenant.run("ri", "connect", pair[1]["id"])
    assert status not in {0, 2}
    assert "only the initiator connects" in error
