"""A live server for the command line, and a way to run commands as one of its accounts."""

import json

import pytest
from tests.support.live import running_cloud

from peerway.cli.main import run


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A whole Peerway on the memory data plane, started by the command line itself."""
    with running_cloud(tmp_path_factory.mktemp("cloud"), "memory") as running:
        yield running


class Shell:
    """Runs commands in this process, as a user's shell would in another."""

    def __init__(self, monkeypatch, capsys, url):
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setenv("PEERWAY_URL", url)
        monkeypatch.setenv("PEERWAY_CONFIG", "/nonexistent/config.toml")
        monkeypatch.delenv("PEERWAY_PROFILE", raising=False)

    def become(self, token):
        """Act as the account of a token."""
        self._monkeypatch.setenv("PEERWAY_TOKEN", token)

    def run(self, *words):
        """Exit status, standard output, standard error."""
        self._capsys.readouterr()
        status = run([str(word) for word in words])
        return status, *self._capsys.readouterr()

    def text(self, *words):
        """Standard output of a command that has to succeed."""
        status, out, err = self.run(*words)
        assert status == 0, err
        return out

    def json(self, *words):
        """The same, read as JSON."""
        return json.loads(self.text(*words, "--output", "json"))


@pytest.fixture
def shell(cloud, monkeypatch, capsys):
    """A shell of the operator."""
    made = Shell(monkeypatch, capsys, cloud.ready["url"])
    made.become(cloud.ready["token"])
    return made


@pytest.fixture
def tenant(shell, request):
    """A shell of a new account, whose credentials are its `credentials`."""
    shell.credentials = shell.json("account", "create", request.node.name)
    shell.become(shell.credentials["token"])
    return shell


@pytest.fixture
def vpc(tenant):
    """A VPC of the tenant."""
    return tenant.json(
        "vpc", "create", "--region", "cn-hangzhou", "--cidr", "10.1.0.0/16", "--name", "one", "--wait"
    )


@pytest.fixture
def vswitch(tenant, vpc):
    """A VSwitch in it."""
    return tenant.json(
        "vswitch", "create", "--vpc", vpc["id"], "--zone", "cn-hangzhou-h", "--cidr", "10.1.1.0/24", "--wait"
    )
