"""Minutes of a running installation that end when a test says so."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

from tests.support.live import Cloud

from peerway.adapters.agent.client import SocketAgent
from peerway.adapters.store import open_store
from peerway.app.clock import VirtualClock
from peerway.app.reconcilers.samples import SampleReconciler
from peerway.domain.metric import SAMPLE_TIME, whole_minute

KEEP = timedelta(days=31)


class Minutes:
    """A worker beside the installation's own, on the kernel data plane and SQLite."""

    def __init__(self, cloud: Cloud) -> None:
        self._url = f"sqlite:///{cloud.data / 'peerway.db'}"
        self._agent = cloud.data / "agent.sock"
        # In the future: the installation's own worker then finds each minute sampled.
        self.clock = VirtualClock(whole_minute(datetime.now(UTC)) + timedelta(hours=1))

    def end(self) -> datetime:
        """End a minute; its start."""
        self.clock.advance(SAMPLE_TIME)
        with closing(open_store(self._url)) as store, closing(SocketAgent(self._agent, "kernel")) as agent:
            assert SampleReconciler(store, agent.link_counters, self.clock, KEEP).step() > 0
        return self.clock.now() - SAMPLE_TIME
