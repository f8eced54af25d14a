"""Each group's verbs against a live server (API-5)."""

import json

import pytest
import yaml

from peerway.cli.columns import COLUMNS


def test_account_is_made_changed_and_listed(shell, cloud):
    """NET-1: an operator makes accounts; the answer has what their owner needs and nothing else."""
    made = shell.json(
        "account", "create", "made", "--site", "international", "--real-name", "--balance", "12.5"
    )
    assert list(made) == ["uid", "access_key_id", "access_key_secret", "token"]
    assert shell.json("account", "show", made["uid"])["site"] == "international"
    assert shell.json("account", "update", made["uid"], "--balance", "7")["balance"] == "7"
    assert made["uid"] in shell.text("account", "list")
    shell.become(made["token"])
    assert shell.json("account", "whoami")["uid"] == made["uid"]


def test_credential_lives_and_dies(tenant):
    """NET-1: a reader's credential reads and may not change; a deleted one lets nobody in."""
    uid, token = tenant.credentials["uid"], tenant.credentials["token"]
    made = tenant.json("account", "credential", "create", uid, "--role", "reader")
    assert made["access_key_id"] in tenant.text("account", "credential", "list", uid)
    tenant.become(made["token"])
    assert tenant.json("vpc", "list") == []
    assert tenant.run("vpc", "create", "--region", "cn-hangzhou", "--cidr", "10.0.0.0/8")[0] == 1
    tenant.become(token)
    tenant.text("account", "credential", "delete", made["access_key_id"])
    tenant.become(made["token"])
    assert "[unauthenticated]" in tenant.run("vpc", "list")[2]


def test_vpc_is_made_changed_and_deleted(tenant, vpc):
    """NET-3: every verb of `vpc`; `--wait` ends when the data plane has it, or has let go of it."""
    assert vpc["state"] == "available"
    assert tenant.json("vpc", "show", vpc["id"]) == vpc
    assert tenant.json("vpc", "update", vpc["id"], "--name", "two")["name"] == "two"
    assert tenant.json("vpc", "add-cidr", vpc["id"], "10.9.0.0/16")["secondary_cidrs"] == ["10.9.0.0/16"]
    assert tenant.json("vpc", "remove-cidr", vpc["id"], "10.9.0.0/16")["secondary_cidrs"] == []
    assert [item["id"] for item in tenant.json("vpc", "list", "--region", "cn-hangzhou")] == [vpc["id"]]
    assert tenant.json("vpc", "list", "--region", "cn-beijing") == []
    assert "is gone" in tenant.text("vpc", "delete", vpc["id"], "--wait")
    assert tenant.run("vpc", "show", vpc["id"])[0] == 1


def test_vswitch_is_made_changed_and_deleted(tenant, vpc, vswitch):
    """NET-4: every verb of `vswitch`."""
    assert vswitch["state"] == "available"
    acl = tenant.json("acl", "create", "--vpc", vpc["id"])["id"]
    assert tenant.json("vswitch", "update", vswitch["id"], "--acl", acl)["network_acl_id"] == acl
    changed = tenant.json("vswitch", "update", vswitch["id"], "--no-acl", "--name", "two")
    assert (changed["network_acl_id"], changed["name"]) == (None, "two")
    assert [item["id"] for item in tenant.json("vswitch", "list", "--vpc", vpc["id"])] == [vswitch["id"]]
    assert tenant.json("vswitch", "show", vswitch["id"])["name"] == "two"
    tenant.text("vswitch", "delete", vswitch["id"], "--wait")
    assert tenant.json("vswitch", "list") == []


def test_routes_are_added_listed_and_deleted(tenant, vpc, vswitch):
    """NET-5: tables and entries; a VPC's id stands for its system table."""
    table = tenant.json("route", "table", "create", "--vpc", vpc["id"], "--name", "mine")
    assert tenant.json("route", "table", "update", table["id"], "--name", "ours")["name"] == "ours"
    assert tenant.json("route", "table", "show", vpc["id"])["kind"] == "system"
    assert len(tenant.json("route", "table", "list", "--vpc", vpc["id"])) == 2
    hole = tenant.json("route", "add", vpc["id"], "10.8.0.0/16", "--blackhole")
    instance = tenant.json("instance", "create", "--vswitch", vswitch["id"])
    hop = tenant.json(
        "route", "add", table["id"], "10.7.0.0/16", "--instance", instance["id"], "--name", "gateway"
    )
    assert tenant.json("route", "show", hop["id"])["next_hop_id"] == instance["id"]
    assert tenant.json("route", "disable", hop["id"])["enabled"] is False
    assert "no" in tenant.text("route", "list", table["id"])
    assert tenant.json("route", "enable", hop["id"])["enabled"] is True
    system = {entry["destination"]: entry["kind"] for entry in tenant.json("route", "list", vpc["id"])}
    assert system == {"10.1.1.0/24": "system", "100.64.0.0/10": "system", "10.8.0.0/16": "custom"}
    everything = tenant.json("route", "list", "--vpc", vpc["id"])
    assert {hole["id"], hop["id"]} <= {entry["id"] for entry in everything}
    tenant.text("route", "delete", hop["id"])
    tenant.text("route", "table", "delete", table["id"])
    assert len(tenant.json("route", "table", "list", "--vpc", vpc["id"])) == 1


def test_instance_is_made_changed_and_deleted(tenant, vpc, vswitch):
    """NET-6: every verb of `instance`."""
    group = tenant.json("sg", "create", "--vpc", vpc["id"])["id"]
    made = tenant.json(
        "instance",
        "create",
        "--vswitch",
        vswitch["id"],
        "--name",
        "web",
        "--ip",
        "10.1.1.20",
        "--sg",
        group,
        "--wait",
    )
    assert (made["ipv4"], made["security_group_ids"], made["state"]) == ("10.1.1.20", [group], "available")
    changed = tenant.json("instance", "update", made["id"], "--no-sg", "--no-source-dest-check")
    assert (changed["security_group_ids"], changed["source_dest_check"]) == ([], False)
    assert [item["id"] for item in tenant.json("instance", "list", "--vswitch", vswitch["id"])] == [
        made["id"]
    ]
    assert tenant.json("instance", "show", made["id"])["name"] == "web"
    tenant.text("instance", "delete", made["id"], "--wait")
    assert tenant.json("instance", "list") == []


def test_security_group_and_rules(tenant, vpc):
    """NET-7: groups and their rules."""
    group = tenant.json("sg", "create", "--vpc", vpc["id"], "--name", "web", "--no-inner-access")
    assert not group["inner_access"]
    assert tenant.json("sg", "update", group["id"], "--inner-access")["inner_access"]
    rule = tenant.json(
        "sg",
        "rule",
        "add",
        group["id"],
        "--protocol",
        "tcp",
        "--port",
        "8000-8100",
        "--cidr",
        "10.0.0.0/8",
        "--priority",
        7,
    )
    assert (rule["port_low"], rule["port_high"], rule["priority"]) == (8000, 8100, 7)
    tenant.json(
        "sg", "rule", "add", group["id"], "--direction", "egress", "--action", "drop", "--group", group["id"]
    )
    assert len(tenant.json("sg", "rule", "list", group["id"])) == 2
    tenant.text("sg", "rule", "delete", rule["id"])
    assert len(tenant.json("sg", "rule", "list", group["id"])) == 1
    assert tenant.json("sg", "show", group["id"])["name"] == "web"
    assert [item["id"] for item in tenant.json("sg", "list", "--vpc", vpc["id"])] == [group["id"]]
    tenant.text("sg", "delete", group["id"])
    assert tenant.json("sg", "list") == []


def test_acl_entries_by_words_and_by_file(tenant, vpc, tmp_path):
    """NET-7: entries keep their order; what `show` prints can be given back as a file."""
    acl = tenant.json("acl", "create", "--vpc", vpc["id"], "--name", "edge")["id"]
    changed = tenant.json(
        *(
            "acl",
            "set-entries",
            acl,
            "--ingress",
            "accept tcp 443 0.0.0.0/0",
            "--ingress",
            "drop all - 10.9.0.0/16",
        ),
        *("--egress", "accept all - 0.0.0.0/0"),
    )
    assert [entry["action"] for entry in changed["ingress"]] == ["accept", "drop"]
    path = tmp_path / "entries.yaml"
    path.write_text(yaml.safe_dump({"ingress": [{"action": "drop", "cidr": "0.0.0.0/0"}]}))
    assert tenant.json("acl", "set-entries", acl, "--file", path)["egress"] == []
    path.write_text(tenant.text("acl", "show", acl, "--output", "json"))
    assert tenant.json("acl", "set-entries", acl, "--file", path)["ingress"][0]["action"] == "drop"
    assert tenant.json("acl", "update", acl, "--name", "rim")["name"] == "rim"
    assert [item["id"] for item in tenant.json("acl", "list", "--vpc", vpc["id"])] == [acl]
    tenant.text("acl", "delete", acl)


def test_quota_is_listed_and_granted(tenant, cloud):
    """PEER-12: an operator raises one account's limit."""
    uid = tenant.credentials["uid"]
    tenant.become(cloud.ready["token"])
    tenant.text("quota", "grant", "peerings_per_vpc", 7, "--uid", uid)
    tenant.become(tenant.credentials["token"])
    limits = {quota["name"]: quota["limit"] for quota in tenant.json("quota", "list", "--profile", "native")}
    assert limits["peerings_per_vpc"] == 7


def test_gateways_and_addresses_come_and_go(tenant, cloud, vpc, vswitch):
    """NET-8, NET-10: every verb of `external`, `eip`, `nat` and `ipv4gw`."""
    mine = tenant.credentials["token"]
    tenant.become(cloud.ready["token"])
    network = tenant.json(
        *("external", "create", "--region", "cn-hangzhou", "--port", f"netns:/run/{vpc['id']}"),
        *("--pool", f"198.51.{int(vpc['id'][-6:], 36) % 250}.0/29"),
    )
    assert tenant.json("external", "show", network["id"])["pools"] == network["pools"]
    tenant.become(mine)
    instance = tenant.json("instance", "create", "--vswitch", vswitch["id"], "--wait")["id"]
    one, other = (tenant.json("eip", "allocate", "--region", "cn-hangzhou") for _ in range(2))
    tenant.text("eip", "associate", one["id"], "--instance", instance)
    assert tenant.run("eip", "associate", one["id"])[0] == 2
    nat = tenant.json("nat", "create", "--vpc", vpc["id"], "--name", "out", "--wait")
    assert nat["state"] == "available"
    tenant.text("nat", "update", nat["id"], "--name", "exit")
    tenant.text("eip", "associate", other["id"], "--nat", nat["id"])
    public = ("--public", other["address"])
    snat = tenant.json("nat", "snat", "add", nat["id"], *public, "--vswitch", vswitch["id"])
    dnat = tenant.json(
        *("nat", "dnat", "add", nat["id"], *public, "--private", "10.1.1.10", "--proto", "tcp"),
        *("--public-port", 443, "--private-port", 8443),
    )
    assert [item["id"] for item in tenant.json("nat", "snat", "list", nat["id"])] == [snat["id"]]
    assert [item["id"] for item in tenant.json("nat", "dnat", "list", nat["id"])] == [dnat["id"]]
    assert [item["name"] for item in tenant.json("nat", "list", "--vpc", vpc["id"])] == ["exit"]
    gateway = tenant.json("ipv4gw", "create", "--vpc", vpc["id"], "--wait")
    assert tenant.json("ipv4gw", "update", gateway["id"], "--enable")["enabled"]
    assert [item["id"] for item in tenant.json("ipv4gw", "list")] == [gateway["id"]]
    tenant.text("ipv4gw", "delete", gateway["id"], "--wait")
    tenant.text("nat", "snat", "delete", snat["id"])
    tenant.text("nat", "dnat", "delete", dnat["id"])
    tenant.text("nat", "delete", nat["id"], "--wait")
    tenant.text("eip", "disassociate", one["id"])
    for eip in tenant.json("eip", "list"):
        tenant.text("eip", "release", eip["id"])
    tenant.become(cloud.ready["token"])
    tenant.text("external", "delete", network["id"])
    assert network["id"] not in tenant.text("external", "list")


def test_load_balancer_listens_and_has_backends(tenant, vpc, vswitch):
    """NET-6: every verb of `slb`."""
    one, other = (tenant.json("instance", "create", "--vswitch", vswitch["id"])["id"] for _ in range(2))
    made = tenant.json("slb", "create", "--vswitch", vswitch["id"], "--address", "10.1.1.200", "--wait")
    assert (made["address"], made["state"]) == ("10.1.1.200", "available")
    assert tenant.json("slb", "update", made["id"], "--name", "web")["name"] == "web"
    checked = ("--check-interval", 200, "--check-threshold", 2)
    tcp = tenant.json("slb", "listener", "add", made["id"], 443, *checked)
    assert (tcp["protocol"], tcp["check"], tcp["check_interval_ms"]) == ("tcp", True, 200)
    udp = tenant.json("slb", "listener", "add", made["id"], 53, "--proto", "udp", "--no-check")
    assert [item["id"] for item in tenant.json("slb", "listener", "list", made["id"])] == [
        tcp["id"],
        udp["id"],
    ]
    assert not tenant.json("slb", "listener", "update", tcp["id"], "--no-check")["check"]
    first = tenant.json("slb", "backend", "add", tcp["id"], one, "--port", 8443, "--weight", 20)
    second = tenant.json("slb", "backend", "add", tcp["id"], other)
    assert (first["port"], first["weight"], second["port"], second["weight"]) == (8443, 20, 443, 100)
    assert tenant.json("slb", "backend", "weigh", second["id"], 0)["weight"] == 0
    assert "unknown" in tenant.text("slb", "backend", "list", tcp["id"])
    tenant.text("slb", "backend", "remove", second["id"])
    assert [item["id"] for item in tenant.json("slb", "backend", "list", tcp["id"])] == [first["id"]]
    assert [item["name"] for item in tenant.json("slb", "list", "--vpc", vpc["id"])] == ["web"]
    assert "listener" in tenant.run("slb", "delete", made["id"])[2]
    for listener in (tcp, udp):
        tenant.text("slb", "listener", "delete", listener["id"])
    tenant.text("slb", "delete", made["id"], "--wait")
    assert tenant.run("slb", "show", made["id"])[0] == 1


def test_database_is_made_changed_and_deleted(tenant, vpc, vswitch):
    """NET-6: every verb of `database`; `ping` asks from its guest and for it by its id."""
    allowed = ("--allow", "10.1.0.0/16", "--allow", "10.2.0.0/16")
    made = tenant.json(
        "database", "create", "--vswitch", vswitch["id"], "--name", "orders", *allowed, "--wait"
    )
    assert (made["engine"], made["port"], made["state"]) == ("postgresql", 5432, "available")
    assert made["whitelist"] == ["10.1.0.0/16", "10.2.0.0/16"]
    instance = tenant.json("instance", "create", "--vswitch", vswitch["id"], "--wait")["id"]
    knock = ("--proto", "tcp", "--port", 5432, "--count", 1)
    assert "would answer" in tenant.text("ping", instance, made["id"], *knock)
    assert "would answer" in tenant.text("ping", made["id"], instance, "--count", 1)
    assert tenant.json("database", "update", made["id"], "--allow", "10.2.0.0/16")["whitelist"] == [
        "10.2.0.0/16"
    ]
    assert "would not answer" in tenant.run("ping", instance, made["id"], *knock)[1]
    assert tenant.json("database", "update", made["id"], "--name", "bills")["whitelist"] == ["10.2.0.0/16"]
    assert tenant.json("database", "update", made["id"], "--allow-nobody")["whitelist"] == []
    both = ("--allow-nobody", "--allow", "10.1.0.0/16")
    assert tenant.run("database", "update", made["id"], *both)[0] == 2
    assert "no_guests" in tenant.run("exec", made["id"], "--", "true")[2]
    assert [item["name"] for item in tenant.json("database", "list", "--vpc", vpc["id"])] == ["bills"]
    tenant.text("database", "delete", made["id"], "--wait")
    assert tenant.run("database", "show", made["id"])[0] == 1


def test_vswitch_is_shared(tenant, cloud, vswitch):
    """NET-9: every verb of `share`."""
    share = tenant.json("share", "create", "--vswitch", vswitch["id"], "--uid", cloud.ready["uid"])
    assert tenant.json("share", "show", share["id"])["vswitch_id"] == vswitch["id"]
    assert [one["id"] for one in tenant.json("share", "list", "--vpc", vswitch["vpc_id"])] == [share["id"]]
    tenant.text("share", "delete", share["id"])
    assert tenant.json("share", "list") == []


def test_quota_is_applied_for_and_answered(tenant, cloud):
    """EC-7: a tenant asks for a higher limit, an operator answers."""
    name = "router_interfaces_per_account"
    wish = tenant.json("quota", "apply", name, 20, "--reason", "branches")
    other = tenant.json("quota", "apply", "vbrs_per_line", 60)
    tenant.text("quota", "withdraw", tenant.json("quota", "apply", "eips_per_account", 60)["id"])
    tenant.become(cloud.ready["token"])
    assert wish["id"] in tenant.text("quota", "applications", "--all-accounts", "--state", "pending")
    assert tenant.json("quota", "approve", wish["id"], "--answer", "fine")["state"] == "approved"
    assert tenant.json("quota", "reject", other["id"])["state"] == "rejected"
    tenant.become(tenant.credentials["token"])
    assert [one["answer"] for one in tenant.json("quota", "applications")] == ["fine", ""]
    limits = {quota["name"]: quota["limit"] for quota in tenant.json("quota", "list")}
    assert (limits[name], limits["vbrs_per_line"]) == (20, 50)


def test_audit_tells_who_did_what(tenant, vpc):
    """Every mutation is in the account's log; the table and the data tell the same."""
    entries = tenant.json("audit", "list")
    made = [entry for entry in entries if entry["resource_id"] == vpc["id"]]
    assert made[0]["key_id"] == tenant.credentials["access_key_id"]
    assert vpc["id"] in tenant.text("audit", "list")


def test_regions_and_profiles_are_listed(tenant):
    """NET-2: regions with their zones, and the products."""
    regions = {region["id"]: region for region in tenant.json("region", "list")}
    assert "cn-hangzhou-h" in regions["cn-hangzhou"]["zones"]
    assert {"native", "alibaba", "tencent", "jdcloud", "jdcloud_vpc"} == {
        item["name"] for item in tenant.json("region", "profiles")
    }
    assert "华东1（杭州）" in tenant.text("region", "list")


def test_watch_follows_changes(tenant, vpc):
    """The watch stream names what changed, one line a change, from a revision on."""
    lines = tenant.text("watch", "--after", 0, "--kind", "vpc", "--count", 1, "--output", "json").splitlines()
    event = json.loads(lines[0])
    assert (event["kind"], event["id"], event["event"]) == ("vpc", vpc["id"], "changed")
    assert vpc["id"] in tenant.text("watch", "--after", event["revision"] - 1, "--count", 1)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("vpc", ("vpc", "list")),
        ("vswitch", ("vswitch", "list")),
        ("route-table", ("route", "table", "list")),
        ("instance", ("instance", "list")),
        ("sg", ("sg", "list")),
        ("acl", ("acl", "list")),
        ("quota", ("quota", "list")),
        ("slb", ("slb", "list")),
        ("database", ("database", "list")),
        ("share", ("share", "list")),
        ("quota-application", ("quota", "applications")),
        ("account", ("account", "list")),
        ("audit", ("audit", "list")),
        ("region", ("region", "list")),
        ("profile", ("region", "profiles")),
    ],
)
def test_columns_are_fields_of_the_api(tenant, cloud, vpc, vswitch, kind, words):
    """A renamed field would empty a column: each column's path leads somewhere in what the API answers."""
    for made in ("instance", "slb", "database"):
        tenant.text(made, "create", "--vswitch", vswitch["id"])
    tenant.text("sg", "create", "--vpc", vpc["id"])
    tenant.text("acl", "create", "--vpc", vpc["id"])
    tenant.text("quota", "apply", "eips_per_account", 60)
    tenant.text("share", "create", "--vswitch", vswitch["id"], "--uid", cloud.ready["uid"])
    item = tenant.json(*words)[0]
    assert [path for _, path in COLUMNS[kind] if not any(option in item for option in path.split("|"))] == []
    assert yaml.safe_load(tenant.text(*words, "-o", "yaml"))[0] == item
    assert tenant.text("-o", "json", *words).startswith("[")


@pytest.mark.parametrize("kind", ["listener", "backend"])
def test_columns_of_what_hangs_on_a_load_balancer(tenant, vswitch, kind):
    """The same for what is listed for one thing only."""
    instance = tenant.json("instance", "create", "--vswitch", vswitch["id"])["id"]
    balancer = tenant.json("slb", "create", "--vswitch", vswitch["id"])["id"]
    listener = tenant.json("slb", "listener", "add", balancer, 80)["id"]
    tenant.text("slb", "backend", "add", listener, instance)
    item = tenant.json("slb", kind, "list", {"listener": balancer, "backend": listener}[kind])[0]
    assert [path for _, path in COLUMNS[kind] if path not in item] == []


def test_status_and_failures_tell_how_far_the_installation_is(tenant, vpc):
    """A user sees that the data plane has caught up, and that nothing failed."""
    status = tenant.json("status")
    assert status["dataplane"] == "memory"
    assert 0 < status["applied_revision"] <= status["revision"]
    assert tenant.json("failures") == []
