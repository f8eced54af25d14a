"""Intents on the command line, held by a live server (issue 4, item 6)."""

import json

import pytest


@pytest.fixture
def pair(tenant):
    """Two VPCs of a tenant with an instance each, joined, with routes both ways."""
    ids = {}
    for name, cidr, inside in (("a", "10.1.0.0/16", "10.1.1.0/24"), ("b", "10.2.0.0/16", "10.2.1.0/24")):
        vpc = tenant.json("vpc", "create", "--region", "cn-hangzhou", "--cidr", cidr, "--wait")
        switch = tenant.json(
            "vswitch", "create", "--vpc", vpc["id"], "--zone", "cn-hangzhou-h", "--cidr", inside, "--wait"
        )
        made = tenant.json("instance", "create", "--vswitch", switch["id"], "--wait")
        ids |= {name: made["id"], f"{name}-vpc": vpc["id"]}
    peering = ("peering", "create", "--vpc", ids["a-vpc"], "--peer-vpc", ids["b-vpc"], "--wait")
    ids["peering"] = tenant.json(*peering)["id"]
    for here, cidr in (("a", "10.2.0.0/16"), ("b", "10.1.0.0/16")):
        added = tenant.json("route", "add", ids[f"{here}-vpc"], cidr, "--peering", ids["peering"])
        ids[f"{here}-route"] = added["id"]
    return ids


def test_intent_is_kept_checked_and_defended(tenant, pair):
    """A change that breaks it is refused with the reason; without the refusal it is made, and the check says why it is broken."""
    asked = (
        "--from",
        f"vpc:{pair['a-vpc']}",
        "--to",
        f"instance:{pair['b']}",
        "--proto",
        "tcp",
        "--port",
        "443",
    )
    made = tenant.json(
        "intent", "create", *asked, "--expect", "reach", "--on-break", "refuse", "--name", "web"
    )
    assert (made["port_low"], made["port_high"], made["enforcement"]) == (443, 443, "refuse")
    status, out, _ = tenant.run("intent", "check", made["id"])
    assert (status, out.splitlines()[-1].split()[0]) == (0, "holding")
    status, _, error = tenant.run("route", "delete", pair["b-route"])
    assert status != 0
    assert made["id"] in error
    assert tenant.json("intent", "update", made["id"], "--on-break", "flag")["enforcement"] == "flag"
    assert tenant.run("route", "delete", pair["b-route"])[0] == 0
    status, out, _ = tenant.run("intent", "check", made["id"])
    assert status == 1
    assert "gets no answer" in out.splitlines()[0]
    assert out.splitlines()[-1].startswith("broken")
    assert "web" in tenant.text("intent", "list")
    assert json.loads(tenant.run("intent", "show", made["id"], "--output", "json")[1])["name"] == "web"
    assert made["id"] in tenant.text("intent", "show", made["id"])
    assert tenant.run("intent", "delete", made["id"])[0] == 0
    assert tenant.run("intent", "check", made["id"])[0] == 2
