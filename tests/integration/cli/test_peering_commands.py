"""The life of a connection through the command line (PEER-1 … PEER-15)."""

import pytest


@pytest.fixture
def two(shell, request):
    """Two accounts with a VPC each, in two regions: (shell, requester, accepter)."""

    class Side:
        """One account and its VPC."""

        def __init__(self, name, region, cidr):
            self.region = region
            self.credentials = shell.json("account", "create", f"{request.node.name} {name}")
            shell.become(self.credentials["token"])
            self.vpc = shell.json("vpc", "create", "--region", region, "--cidr", cidr, "--wait")["id"]
            shell.become(operator)

        def json(self, *words):
            """A command as this account."""
            shell.become(self.credentials["token"])
            return shell.json(*words)

        def run(self, *words):
            """The same, with its exit status."""
            shell.become(self.credentials["token"])
            return shell.run(*words)

    operator = shell.operator_token
    return Side("a", "cn-hangzhou", "10.1.0.0/16"), Side("b", "cn-shanghai", "10.2.0.0/16")


@pytest.fixture
def shell(shell, cloud):
    """The operator's shell, which can become the operator again."""
    shell.operator_token = cloud.ready["token"]
    return shell


def ask(requester, accepter, *more):
    """A request of one account to the other."""
    return requester.json(
        *("peering", "create", "--vpc", requester.vpc, "--peer-vpc", accepter.vpc),
        *(
            "--peer-uid",
            accepter.credentials["uid"],
            "--peer-region",
            accepter.region,
            "--name",
            "link",
            *more,
        ),
    )


def test_request_is_accepted_routed_changed_and_deleted(two):
    """The whole life across accounts and regions; `--wait` ends at the lasting state, and for delete when it is gone."""
    a, b = two
    link = ask(a, b, "--bandwidth", 100, "--link-type", "gold", "--wait")
    assert (link["state"], link["bandwidth_mbps"], link["link_type"]) == ("pending", 100, "gold")
    assert [item["id"] for item in b.json("peering", "list", "--state", "pending", "--side", "accepter")] == [
        link["id"]
    ]
    assert b.json("peering", "accept", link["id"], "--wait")["state"] == "active"
    lent = b.json("peering", "lend", link["id"], "--names", "--groups")
    assert [(lent[side]["names"], lent[side]["groups"]) for side in ("requester", "accepter")] == [
        (False, False),
        (True, True),
    ]
    a.json("route", "add", a.vpc, "10.2.0.0/16", "--peering", link["id"])
    b.json("route", "add", b.vpc, "10.1.0.0/16", "--peering", link["id"])
    uses = a.json("peering", "routes", link["id"])
    assert [(entry["side"], entry["destination"]) for entry in uses] == [
        ("requester", "10.2.0.0/16"),
        ("accepter", "10.1.0.0/16"),
    ]
    assert a.run("peering", "routes", link["id"])[1].count("10.") == 2
    assert a.json("peering", "routes", link["id"], "--limit", 1) == uses[:1]
    assert (
        a.json("peering", "update", link["id"], "--bandwidth", 200, "--name", "fast", "--wait")[
            "bandwidth_mbps"
        ]
        == 200
    )
    assert a.json("peering", "show", link["id"])["name"] == "fast"
    status, out, _ = b.run("peering", "delete", link["id"], "--wait")
    assert (status, "is gone" in out) == (0, True)
    assert a.json("peering", "list", "--state", "active") == []


def test_request_is_rejected(two):
    """PEER-5: the other side says no."""
    a, b = two
    link = ask(a, b)
    assert b.json("peering", "reject", link["id"])["state"] == "rejected"
    status, _, error = b.run("peering", "accept", link["id"])
    assert status == 1
    assert "accept is not possible" in error


def test_verbs_hold_to_the_revision_that_was_seen(two):
    """`--if-revision` with what `show` told: what has changed since is not touched, and the error says so."""
    a, b = two
    link = ask(a, b)["id"]
    seen = b.json("peering", "show", link)["revision"]
    renamed = a.json("peering", "update", link, "--name", "new", "--if-revision", seen)["revision"]
    for who, *verb in ((b, "accept"), (b, "reject"), (a, "delete"), (a, "update", "--name", "other")):
        status, _, error = who.run("peering", verb[0], link, *verb[1:], "--if-revision", seen)
        assert status == 1
        assert "has changed since" in error
        assert "[precondition_failed]" in error
    shown = a.json("peering", "show", link)
    assert (shown["state"], shown["name"], shown["revision"]) == ("pending", "new", renamed)
    assert b.json("peering", "reject", link, "--if-revision", renamed)["state"] == "rejected"


def test_enable_of_what_has_not_expired_is_refused(two):
    """PEER-3: only an expired request can be enabled; the error names the state."""
    a, b = two
    status, _, error = a.run("peering", "enable", ask(a, b)["id"])
    assert status == 1
    assert "pending" in error


def test_one_account_needs_no_acceptance(two):
    """PEER-1, PEER-8: same account and region with routes by the system, under a product's rules."""
    a, _ = two
    other = a.json("vpc", "create", "--region", a.region, "--cidr", "10.3.0.0/16", "--wait")["id"]
    link = a.json(
        *(
            "peering",
            "create",
            "--vpc",
            a.vpc,
            "--peer-vpc",
            other,
            "--auto-routes",
            "--profile",
            "alibaba",
            "--wait",
        )
    )
    assert link["state_name"] == "Activated"
    assert "10.3.0.0/16" in a.run("route", "list", a.vpc)[1]
    a.json("route", "add", a.vpc, "10.3.5.0/24", "--peering", link["id"])
    status, _, error = a.run("peering", "delete", link["id"])
    assert status == 1
    assert "[routes_exist]" in error
    assert a.run("peering", "delete", link["id"], "--force", "--wait")[0] == 0
