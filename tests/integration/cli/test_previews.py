"""`--preview` and `peerway apply`, as a user types them."""

import json

import pytest
import yaml

FILE = """
changes:
  - name: a
    method: POST
    path: /vpcs
    body: {region_id: cn-hangzhou, cidr: 10.0.0.0/16}
  - name: b
    method: POST
    path: /vpcs
    body: {region_id: cn-hangzhou, cidr: 10.1.0.0/16}
"""

#: Joins two routers and switches one side off, which takes waiting for what comes before.
STEPS = [
    {
        "name": "x",
        "method": "POST",
        "path": "/router-interfaces",
        "body": {"router_id": "${a.id}", "role": "initiator"},
    },
    {
        "name": "y",
        "method": "POST",
        "path": "/router-interfaces",
        "body": {"router_id": "${b.id}", "role": "acceptor"},
    },
    *(
        {
            "method": "PATCH",
            "path": f"/router-interfaces/${{{one}.id}}",
            "body": {
                "opposite_interface_id": f"${{{other}.id}}",
                "opposite_router_id": f"${{{other}.router_id}}",
                "opposite_owner_uid": f"${{{other}.owner_uid}}",
            },
        }
        for one, other in (("x", "y"), ("y", "x"))
    ),
    {"name": "c", "method": "POST", "path": "/router-interfaces/${x.id}/connect", "body": {}},
    {"name": "off", "method": "POST", "path": "/router-interfaces/${x.id}/deactivate", "body": {}},
]


@pytest.fixture
def file(tmp_path):
    """A file of changes."""
    path = tmp_path / "changes.yaml"
    path.write_text(FILE)
    return path


def test_preview_does_nothing_and_says_what_would_be(tenant):
    """People get tables, programs the API's JSON; afterwards there is nothing."""
    words = ("vpc", "create", "--region", "cn-hangzhou", "--cidr", "10.0.0.0/16", "--wait", "--preview")
    assert "nothing was done" in tenant.text(*words)
    preview = tenant.json(*words)
    assert (preview["status"], preview["answer"]["cidr"]) == (201, "10.0.0.0/16")
    assert tenant.json("vpc", "list") == []


def test_preview_shows_pairs_quotas_and_refusals(tenant):
    """What is gained and lost, what is used; and what would be refused ends as it would."""
    vpc = tenant.json("vpc", "create", "--region", "cn-hangzhou", "--cidr", "10.0.0.0/16", "--wait")["id"]
    subnet = ("vswitch", "create", "--vpc", vpc, "--zone", "cn-hangzhou-h", "--cidr", "10.0.1.0/24")
    shown = tenant.text(*subnet, "--preview")
    assert "quotas" in shown
    assert "0 -> 1" in shown
    vswitch = tenant.json(*subnet, "--wait")["id"]
    one, other = (tenant.json("instance", "create", "--vswitch", vswitch, "--wait") for _ in range(2))
    shown = tenant.text("instance", "delete", other["id"], "--preview")
    assert "\nloses\n" in shown
    assert one["id"] in shown
    status, _, error = tenant.run("vpc", "delete", vpc, "--preview")
    assert status == 1
    assert "in_use" in error


def test_file_is_previewed_and_applied(tenant, file):
    """A line for each change; the JSON is the API's, and is read like YAML."""
    preview = tenant.json("apply", file, "--preview")
    assert [each["name"] for each in preview["answer"]["changes"]] == ["a", "b"]
    assert tenant.json("vpc", "list") == []
    shown = tenant.text("apply", file)
    assert "POST /vpcs" in shown
    assert len(tenant.json("vpc", "list")) == 2
    file.write_text(json.dumps(yaml.safe_load(FILE)["changes"]))
    assert [each["status"] for each in tenant.json("apply", file)] == [201, 201]


def test_refused_file_names_the_change(tenant, file):
    """One line on standard error; nothing is made."""
    file.write_text(FILE.replace("10.1.0.0/16", "10.1.0.1/16"))
    status, _, error = tenant.run("apply", file)
    assert status == 1
    assert "changes[1] (b): cidr" in error
    assert tenant.json("vpc", "list") == []


def test_file_in_steps_waits_where_it_has_to(tenant, file):
    """As a whole it is refused, and says where to split it; in steps it goes through to the end."""
    changes = [*yaml.safe_load(FILE)["changes"], *STEPS]
    file.write_text(yaml.safe_dump(changes))
    status, _, error = tenant.run("apply", file)
    assert status == 1
    assert "changes[7] (off)" in error
    assert tenant.json("vpc", "list") == []
    done = tenant.json("apply", file, "--in-steps")
    assert [each["name"] for each in done if each["name"]] == ["a", "b", "x", "y", "c", "off"]
    assert done[-1]["answer"]["state"] == "deactivating"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a: [", "is neither YAML nor JSON at line"),
        ("{}", "must be a list of changes"),
        ("[1]", "must be a list of changes"),
        ("", "must be a list of changes"),
    ],
)
def test_file_that_is_none_is_refused_before_anyone_is_asked(tenant, file, content, text):
    """Wrong usage, exit 2."""
    file.write_text(content)
    status, _, error = tenant.run("apply", file)
    assert status == 2
    assert text in error


def test_missing_file_is_wrong_usage(tenant, tmp_path):
    """The file's name stands in the error."""
    status, _, error = tenant.run("apply", tmp_path / "missing.yaml")
    assert status == 2
    assert "missing.yaml" in error
