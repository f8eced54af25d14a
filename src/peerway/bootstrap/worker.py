"""The worker process; and the periodic work that `peerway up` shares with it."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Final, NamedTuple

from peerway.adapters.agent.client import SocketAgent
from peerway.app.reconcilers.analyses import AnalysisReconciler
from peerway.app.reconcilers.deadlines import DeadlineReconciler
from peerway.app.reconcilers.intents import IntentReconciler
from peerway.app.reconcilers.samples import SampleReconciler
from peerway.app.runner import Runner
from peerway.bootstrap.parts import (
    AGENT_SOCKET,
    Parts,
    collect_rarely,
    configure_logs,
    make_clock,
    make_data_folder,
    make_store,
    make_world,
)
from peerway.bootstrap.stopping import stop_on_signals
from peerway.settings import Common

#: How often deadlines are looked at, s.
DEADLINES_S: Final = 1.0

#: How often a worker looks for questions that another process was asked, s.
QUESTIONS_S: Final = 0.05

#: How often a worker looks for changes by which an intent may stand otherwise, s.
INTENTS_S: Final = 0.2

#: How often a worker looks whether a minute has ended, s.
SAMPLES_S: Final = 0.5


def run_worker(options: Common) -> int:
    """Do the periodic work until told to stop."""
    configure_logs(options.log_format)
    collect_rarely()
    folder = make_data_folder(options)
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(contextlib.closing(make_store(options)))
        # What the data plane is called is of no interest here.
        agent = stack.enter_context(contextlib.closing(SocketAgent(folder / AGENT_SOCKET, "")))
        worker = make_worker(Parts(store, make_world(options), agent), options)
        stop_on_signals(worker.deadlines)
        for runner in (worker.analyses, worker.intents, worker.samples):
            runner.start()
            stack.callback(runner.stop)
        worker.deadlines.run()
    return 0


class Worker(NamedTuple):
    """What does the periodic work."""

    #: Ends what has a deadline.
    deadlines: Runner
    #: Answers questions about paths.
    analyses: Runner
    #: Holds intents against the network.
    intents: Runner
    #: Samples what links carry.
    samples: Runner

    def wake(self) -> None:
        """Have it look at once at what somebody waits for."""
        self.analyses.wake()
        self.intents.wake()


def make_worker(parts: Parts, options: Common) -> Worker:
    """What does the periodic work."""
    deadlines = DeadlineReconciler(parts.store, parts.world, make_clock())
    analyses = AnalysisReconciler(parts.store, parts.networks, parts.agent, parts.world)
    intents = IntentReconciler(parts.store, parts.networks)
    keep = timedelta(days=options.sample_days)
    samples = SampleReconciler(parts.store, parts.agent.link_counters, make_clock(), keep)
    return Worker(
        Runner("deadlines", deadlines.step, DEADLINES_S),
        Runner("analyses", analyses.step, QUESTIONS_S),
        Runner("intents", intents.step, INTENTS_S),
        Runner("samples", samples.step, SAMPLES_S),
    )
