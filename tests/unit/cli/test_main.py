"""The root of the command line: its table, its speed and what it may load."""

import subprocess
import sys

import pytest

from peerway.cli.main import ENTRIES, load, run

#: What only a server needs; Typer has its own use for pydantic.
SERVER_PACKAGES = {"fastapi", "sqlalchemy", "uvicorn", "alembic", "starlette", "peerway.domain"}


@pytest.fixture(autouse=True)
def no_profile(monkeypatch, tmp_path):
    """No profile of the user who runs the tests."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("PEERWAY_URL", "PEERWAY_TOKEN", "PEERWAY_PROFILE", "PEERWAY_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ENTRIES)
def test_table_has_the_commands_own_line(name):
    """Decision 30: the help's line is that of the command, which can be loaded."""
    command = load(name)
    assert command.name == name
    assert (command.help or "").split("\n\n", maxsplit=1)[0].strip() == ENTRIES[name].help


def test_help_lists_every_command(capsys):
    """`peerway --help` names all commands."""
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f" {name} " in text for name in ENTRIES)


@pytest.mark.parametrize("arguments", [["--help"], ["vpc", "--help"], ["version"]])
def test_small_command_loads_no_server(arguments):
    """Decision 30: what a server needs is loaded by the commands that start one, and by no other."""
    program = (
        "import sys\nfrom peerway.cli.main import run\n"
        f"run({arguments!r})\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert sorted(SERVER_PACKAGES & set(done.stderr.split())) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["vpc", "create"],
        ["vpc", "list", "--output", "xml"],
        ["route", "add", "vtb-1", "10.0.0.0/8"],
        ["route", "list"],
        ["sg", "rule", "add", "sg-1"],
        ["acl", "set-entries", "acl-1"],
        ["acl", "set-entries", "acl-1", "--ingress", "accept tcp 80"],
        ["vpc", "update", "vpc-1"],
        ["vswitch", "update", "vsw-1", "--acl", "acl-1", "--no-acl"],
        ["attach", "--vswitch", "vsw-1"],
        ["--profile", "missing", "vpc", "list"],
        ["profile", "save", "x"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two(arguments, capsys):
    """A command that makes no sense is refused before anyone is asked."""
    assert run(arguments) == 2
    assert capsys.readouterr().err


def test_nobody_listening_ends_with_three(monkeypatch, capsys, free_port):
    """Exit code 3 tells a script that the server is not there."""
    monkeypatch.setenv("PEERWAY_URL", f"http://127.0.0.1:{free_port}")
    monkeypatch.setenv("PEERWAY_TOKEN", "hush")
    assert run(["vpc", "list"]) == 3
    error = capsys.readouterr().err
    assert error.startswith("peerway: can't reach the API at http://127.0.0.1:")
    assert error.count("\n") == 1
    assert "hush" not in error


def test_profile_is_saved_for_its_owner_alone(tmp_path, capsys):
    """A saved token is readable by its owner only, and the list doesn't show it."""
    assert run(["profile", "save", "lab", "--url", "http://lab.test", "--token", "hush"]) == 0
    path = tmp_path / "peerway" / "config.toml"
    assert path.stat().st_mode & 0o077 == 0
    assert run(["profile", "list"]) == 0
    out = capsys.readouterr().out
    assert "http://lab.test" in out
    assert "hush" not in out
    assert run(["profile", "delete", "lab"]) == 0
    assert "lab" not in path.read_text()
