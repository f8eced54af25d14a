"""What a user reads when something is refused, and what a script gets."""

import pytest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("vpc", "create", "--region", "cn-hangzhou", "--cidr", "10.1.2.3/16"), ("cidr", "10.1.2.3/16")),
        (("vpc", "create", "--region", "moon", "--cidr", "10.1.0.0/16"), ("region_id", "moon")),
        (("vpc", "create", "--region", "cn-hangzhou", "--cidr", "banana"), ("cidr", "banana")),
        (("vpc", "show", "vpc-00000000000000000000"), ("vpc-00000000000000000000", "not_found")),
        (("account", "create", "x"), ("operator",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_refusal_is_one_line_with_field_and_value(tenant, words, said):
    """A refusal ends with 1 and one line that names the field, the rule and the value, and nothing on stdout."""
    status, out, error = tenant.run(*words)
    assert (status, out, error.count("\n")) == (1, "", 1)
    assert error.startswith("peerway: ")
    assert all(word in error for word in said), error


def test_wrong_token_is_refused(shell):
    """Who is not known gets in nowhere."""
    shell.become("wrong")
    status, _, error = shell.run("vpc", "list")
    assert status == 1
    assert "[unauthenticated]" in error


def test_other_tenants_resource_is_not_found(tenant, vpc, cloud):
    """NET-1: another tenant's resource answers like a missing one."""
    tenant.become(cloud.ready["token"])
    other = tenant.json("account", "create", "stranger")
    tenant.become(other["token"])
    assert "[not_found]" in tenant.run("vpc", "delete", vpc["id"])[2]


def test_probe_on_memory_says_that_nothing_was_sent(tenant, vswitch):
    """`peerway ping` does not pretend: with the memory data plane it predicts, and its exit status follows the prediction."""
    one, other = (tenant.json("instance", "create", "--vswitch", vswitch["id"], "--wait") for _ in range(2))
    status, out, _ = tenant.run("ping", one["id"], other["id"], "--count", 2)
    assert status == 0
    assert "no packet was sent" in out
    status, out, _ = tenant.run("ping", one["id"], "10.99.0.1", "--proto", "tcp", "--port", 80, "-c", 1)
    assert status == 1
    assert "would not answer" in out
    answer = tenant.json("ping", one["id"], other["ipv4"], "-c", 2)
    assert (answer["dataplane"], answer["sent"], answer["answered"]) == ("memory", 2, 2)


def test_exec_on_memory_says_why_not(tenant, vswitch):
    """There is no instance to run a command in, and the user learns why."""
    instance = tenant.json("instance", "create", "--vswitch", vswitch["id"])["id"]
    status, _, error = tenant.run("exec", instance, "--", "true")
    assert status == 1
    assert "data plane" in error


def test_attach_makes_an_instance_of_a_namespace(shell):
    """A namespace that is there becomes the guest; operators only, because a path names something of the host."""
    vpc = shell.json("vpc", "create", "--region", "cn-hangzhou", "--cidr", "10.1.0.0/16", "--wait")["id"]
    vswitch = shell.json(
        "vswitch", "create", "--vpc", vpc, "--zone", "cn-hangzhou-h", "--cidr", "10.1.1.0/24"
    )["id"]
    made = shell.json(
        "attach", "--netns", "/proc/self/ns/net", "--vswitch", vswitch, "--name", "guest", "--wait"
    )
    assert (made["netns"], made["name"]) == ("/proc/self/ns/net", "guest")


def test_completion_offers_ids(tenant, vpc, monkeypatch):
    """The shell completes ids with names beside them."""
    monkeypatch.setenv("_PEERWAY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "peerway vpc show vpc-")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert vpc["id"] in tenant.run()[1]


def test_completion_asks_as_the_profile_that_was_named(tenant, vpc, cloud, monkeypatch, tmp_path):
    """With `--profile` the ids are that account's, not those of the account which would be asked without it."""
    monkeypatch.setenv("PEERWAY_CONFIG", str(tmp_path / "config.toml"))
    token = tenant.credentials["token"]
    tenant.text("profile", "save", "mine", "--url", cloud.ready["url"], "--token", token)
    tenant.become(cloud.ready["token"])
    monkeypatch.setenv("_PEERWAY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "peerway --profile mine vpc show vpc-")
    monkeypatch.setenv("COMP_CWORD", "5")
    assert tenant.run()[1].split() == [vpc["id"]]
