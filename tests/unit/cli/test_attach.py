"""Finding a container's network namespace, by programs that stand in for the runtimes."""

from pathlib import Path

import pytest

from peerway.cli.attach import namespace_of
from peerway.cli.errors import CommandError


def runtime(folder, name, script):
    """A program that answers `inspect`."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_namespace_is_that_of_the_containers_process(tmp_path):
    """The first runtime that knows the container decides."""
    docker = runtime(tmp_path, "docker", "echo 'Error: No such object: web' >&2; exit 1")
    podman = runtime(tmp_path, "podman", "echo 4711")
    assert namespace_of("web", [docker, podman]) == Path("/proc/4711/ns/net")


def test_container_that_is_not_running_has_no_namespace(tmp_path):
    """A stopped container has process id 0."""
    docker = runtime(tmp_path, "docker", "echo 0")
    with pytest.raises(CommandError, match="it is not running"):
        namespace_of("web", [docker])


def test_every_runtime_says_why_not(tmp_path):
    """The user learns what was tried."""
    docker = runtime(tmp_path, "docker", "echo 'No such object: web' >&2; exit 1")
    with pytest.raises(CommandError, match=r"No such object: web; .*missing is not installed"):
        namespace_of("web", [docker, str(tmp_path / "missing")])
