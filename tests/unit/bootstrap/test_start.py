"""What a process refuses to start with is told in one line that names the option."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from peerway.adapters.agent.client import SocketAgent
from peerway.bootstrap.api import read_ahead
from peerway.bootstrap.lock import only_one
from peerway.bootstrap.parts import Parts, make_data_folder, make_store, make_world
from peerway.domain.errors import Conflict, InvalidInput
from peerway.settings import Common


@pytest.mark.parametrize("place", ["file", "file/below", "n" * 300])
def test_data_folder_that_can_not_be_had_is_refused(tmp_path, place):
    """A file, a folder below a file, a name that is too long: the option is named, and no trace is shown."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="data can't be written to"):
        make_data_folder(Common(data=tmp_path / place))


def test_read_only_data_folder_is_refused():
    """A folder that is there but takes no files, whoever asks: /proc is one on every Linux."""
    with pytest.raises(InvalidInput, match="data can't be written to"):
        make_data_folder(Common(data=Path("/proc/self")))


def test_data_folder_is_made_for_its_user_only(tmp_path):
    """Folder, store and the files beside it are closed to others, also where the folder was there before and is open."""
    folder = make_data_folder(Common(data=tmp_path / "new"))
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    store = make_store(Common(data=folder))
    try:
        store.forget_tokens(datetime.now(UTC))
        modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    finally:
        store.close()
    assert modes
    assert set(modes.values()) == {0o600}, modes


def test_database_of_another_sort_is_refused(tmp_path):
    """An address that no engine knows."""
    with pytest.raises(InvalidInput, match="database can't be used"):
        make_store(Common(data=tmp_path, database="mongodb://here"))


def test_one_lock_has_one_holder(tmp_path):
    """A second holder is refused; after the first has let go, it is taken."""
    lock = tmp_path / "agent.lock"
    with only_one(lock, 0), pytest.raises(Conflict, match="another peerway agent runs"), only_one(lock, 0.05):
        pass
    with only_one(lock, 0):
        pass


def test_network_is_read_before_somebody_asks(tmp_path):
    """The first preview in a fresh process finds the network there and need not read all of it itself (issue 4, item 5)."""
    options = Common(data=make_data_folder(Common(data=tmp_path / "new")))
    with (
        closing(make_store(options)) as store,
        closing(SocketAgent(options.data / "none.sock", "memory")) as agent,
    ):
        parts = Parts(store, make_world(options), agent)
        assert store.write(parts.networks.as_it_is) is None
        read_ahead(parts).join()
        assert store.write(parts.networks.as_it_is) is not None


def test_reading_ahead_may_be_cut_short(tmp_path):
    """A process that stops takes the store away from the reading, which ends without a word to anybody who waits for none."""
    options = Common(data=make_data_folder(Common(data=tmp_path / "new")))
    with closing(SocketAgent(options.data / "none.sock", "memory")) as agent:
        store = make_store(options)
        store.close()
        parts = Parts(store, make_world(options), agent)
        read_ahead(parts).join()
        with closing(make_store(options)) as again:
            assert again.write(parts.networks.as_it_is) is None
