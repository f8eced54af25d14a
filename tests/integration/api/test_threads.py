"""A store that answers over the network is never asked in the event loop."""

import threading

import pytest
from tests.support.api import make_site

from peerway.api.serving.services import Limits


class NotedStore:
    """A store that notes which threads read it."""

    def __init__(self, store):
        self._store = store
        self.readers = set()

    def __getattr__(self, name):
        if name in {"read", "latest_revision"}:
            self.readers.add(threading.current_thread().name)
        return getattr(self._store, name)


@pytest.mark.parametrize("inline", [True, False])
def test_reads_stay_out_of_the_event_loop_when_asked(inline):
    """With `inline_reads` off, authentication and point reads run in threads of the API."""
    noted = []

    def wrap(store):
        noted.append(NotedStore(store))
        return noted[0]

    for site in make_site(Limits(poll_s=60), wrap, inline_reads=inline):
        noted[0].readers.clear()
        assert site.operator.call("GET", "/whoami").status_code == 200
        in_pool = {name.startswith("api") for name in noted[0].readers}
    assert in_pool == {not inline}


class NotedWrites:
    """A store, and its ways to write for a loop, that note by which of them something is written."""

    def __init__(self, noted, ways):
        self._noted = noted
        self.ways = ways

    def __getattr__(self, name):
        if name in {"write", "write_long"}:
            self.ways.append(name)
        return getattr(self._noted, name)

    def loop_writes(self):
        """A noted way."""
        return NotedWrites(self._noted.loop_writes(), self.ways)


@pytest.mark.parametrize("query", ["", "?preview=true"])
def test_files_of_changes_are_done_outside_of_the_event_loop(query):
    """API limits: others are answered while a file of many changes is made or tried."""
    ways = []
    for site in make_site(Limits(poll_s=60), lambda store: NotedWrites(store, ways)):
        account = site.account()
        ways.clear()
        change = {
            "method": "POST",
            "path": "/vpcs",
            "body": {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16"},
        }
        account.ok("POST", f"/changes{query}", {"changes": [change]})
        assert ways == ["write_long"]
