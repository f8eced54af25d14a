"""Questions about reachability on the command line, answered by a live server (PATH-1, PATH-2, PATH-3)."""

import json

import pytest


@pytest.fixture
def pair(tenant):
    """Two VPCs of a tenant with an instance each, joined, with a route there and none back."""
    ids = {}
    for name, cidr, inside in (("a", "10.1.0.0/16", "10.1.1.0/24"), ("b", "10.2.0.0/16", "10.2.1.0/24")):
        vpc = tenant.json("vpc", "create", "--region", "cn-hangzhou", "--cidr", cidr, "--wait")
        switch = tenant.json(
            "vswitch", "create", "--vpc", vpc["id"], "--zone", "cn-hangzhou-h", "--cidr", inside, "--wait"
        )
        made = tenant.json("instance", "create", "--vswitch", switch["id"], "--wait")
        ids |= {name: made["id"], f"{name}-vpc": vpc["id"], f"{name}-switch": switch["id"]}
        ids[f"{name}-address"] = made["ipv4"]
    peering = ("peering", "create", "--vpc", ids["a-vpc"], "--peer-vpc", ids["b-vpc"], "--wait")
    ids["peering"] = tenant.json(*peering)["id"]
    tenant.json("route", "add", ids["a-vpc"], "10.2.0.0/16", "--peering", ids["peering"])
    return ids


def test_analysis_tells_what_stops_it_and_how_to_lift_it(tenant, pair):
    """PATH-1, PATH-3: the tree ends with the verdict, the status is the answer, and the command it names is the fix."""
    ask = ("path", "analyze", pair["a"], pair["b"], "--proto", "tcp", "--port", "443")
    status, out, _ = tenant.run(*ask, "--fix")
    assert status == 1
    lines = out.splitlines()
    assert lines[-1].startswith("one way only")
    (fix,) = {line[line.index("peerway ") :] for line in lines if "peerway route add" in line}
    assert "reply: table" in out
    assert tenant.run(*fix.split()[1:])[0] == 0
    status, out, _ = tenant.run(*ask)
    assert (status, out.splitlines()[-1]) == (0, "reachable")
    assert pair["peering"] in out


def test_analysis_as_json_names_its_revision(tenant, pair):
    """PATH-1: with --output json it is the API's analysis, one of another direction with --reverse."""
    ask = ("path", "analyze", pair["b"], f"{pair['a-switch']}@10.1.1.99", "--output", "json")
    status, out, _ = tenant.run(*ask, "--reverse")
    found = json.loads(out)
    assert status == 1
    assert found["source"] == {"kind": "vswitch", "id": pair["a-switch"], "address": "10.1.1.99"}
    assert found["result"]["verdict"] == "one_way"
    assert found["network_revision"] == found["result"]["revision"] > 0


def test_question_without_an_answer_has_a_status_of_its_own(tenant, pair):
    """PATH-1: what can't be asked, and what isn't there, ends with 2: 1 would mean no, and 4 that it is not known."""
    status, _, error = tenant.run("path", "analyze", pair["a"], pair["b"], "--port", "443")
    assert (status, "port must not be given for icmp" in error) == (2, True)
    status, _, error = tenant.run("path", "analyze", pair["a"], "i-00000000000000000000")
    assert (status, "no instance i-00000000000000000000" in error) == (2, True)
    status, out, _ = tenant.run("path", "analyze", "198.51.100.7", pair["b"])
    assert (status, out.splitlines()[-1].startswith("not known")) == (4, True)


def test_kept_path_is_asked_again_and_deleted_with_its_answers(tenant, pair):
    """PATH-1: a kept question has a list of answers, which go with it."""
    path = tenant.json("path", "create", pair["a"], pair["b-address"], "--name", "there")
    assert tenant.run("path", "analyze", path["id"])[0] == 1
    assert path["id"] in tenant.text("path", "list")
    (analysis,) = tenant.json("path", "analyses", path["id"])
    assert (analysis["state"], analysis["reachable"], analysis["result"]) == ("finished", False, None)
    assert tenant.text("path", "show", analysis["id"]).splitlines()[-1].startswith("one way only")
    assert tenant.json("path", "show", path["id"])["name"] == "there"
    tenant.text("path", "delete", path["id"])
    assert tenant.json("path", "analyses") == []


def test_ports_map_and_batch_answer_at_once(tenant, pair, tmp_path):
    """PATH-1, PATH-4: exact sets for a pair and a VPC, and many questions from a file, whose status tells the worst."""
    tenant.text("route", "add", pair["b-vpc"], "10.1.0.0/16", "--peering", pair["peering"])
    assert tenant.text("path", "ports", pair["a"], pair["b"]).splitlines()[1].split()[3] == "everything"
    (only,) = tenant.json("path", "ports", pair["a"], pair["b-switch"])["reach"]
    assert (only["target"], only["target_last"]) == (pair["b-address"], pair["b-address"])
    rows = tenant.text("path", "map", pair["a-vpc"]).splitlines()
    assert any(pair["a"] in row and pair["b"] in row and "everything" in row for row in rows)
    file = tmp_path / "questions"
    file.write_text(f"# both ways\n{pair['a']} {pair['b']} tcp 443\n{pair['b']} {pair['a-address']}\n")
    assert tenant.text("path", "batch", file).count("reachable") == 2
    file.write_text(f"{pair['a']} 192.0.2.1 udp 53\n{pair['a']} {pair['b']}\n")
    status, out, _ = tenant.run("path", "batch", file, "--output", "json")
    assert (status, [row["verdict"] for row in json.loads(out)]) == (1, ["unreachable", "reachable"])
    file.write_text("one two three four five\n")
    assert tenant.run("path", "batch", file)[0] == 2
