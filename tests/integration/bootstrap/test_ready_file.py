"""The file that says where a server is, and with which keys: there while the server is, and not longer."""

import subprocess
import sys

import pytest

from peerway.bootstrap.lock import only_one


@pytest.fixture
def ready_file(tmp_path):
    """What a run left that was killed."""
    path = tmp_path / "ready.json"
    path.write_text("{}")
    return path


def start(tmp_path, ready_file, listen):
    """Run `peerway up` until it ends; its exit status and what it said."""
    argv = [sys.executable, "-m", "peerway.cli.main", "up", "--data", str(tmp_path / "data")]
    argv += ["--dataplane", "memory", "--listen", listen, "--ready-file", str(ready_file)]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr


def test_file_of_a_killed_run_goes_at_the_start(tmp_path, ready_file):
    """Whoever waits for the file is not told of a server that is no more, even when the new one does not get ready."""
    status, said = start(tmp_path, ready_file, "nowhere")
    assert (status, "listen must be HOST:PORT" in said) == (1, True), said
    assert not ready_file.exists()


def test_file_of_a_running_server_stays_when_a_second_one_is_refused(tmp_path, ready_file):
    """Who is turned away takes nothing along."""
    (tmp_path / "data").mkdir()
    with only_one(tmp_path / "data" / "up.lock", 0):
        status, said = start(tmp_path, ready_file, "127.0.0.1:0")
    assert (status, "already_running" in said) == (1, True), said
    assert ready_file.exists()


def test_folder_in_place_of_the_file_is_told(tmp_path):
    """What can't be a ready file is refused by name before anything starts."""
    (tmp_path / "folder").mkdir()
    status, said = start(tmp_path, tmp_path / "folder", "127.0.0.1:0")
    assert (status, "ready-file" in said, "Traceback" in said) == (1, True, False), said
