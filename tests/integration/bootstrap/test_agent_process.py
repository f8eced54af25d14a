"""The agent as a child of the process that starts it, with the memory data plane."""

import os
import signal

import pytest
from tests.support.live import child_processes, eventually

from peerway.bootstrap.agent_process import AgentProcess
from peerway.settings import DataPlaneChoice, UpOptions


@pytest.fixture
def process(tmp_path):
    """An agent that is not started yet."""
    return AgentProcess(UpOptions(data=tmp_path), DataPlaneChoice.MEMORY)


def agents():
    """Process ids of this process's agents."""
    return child_processes(os.getpid(), "agent_main")


def test_agent_that_dies_is_started_again(process):
    """An agent that ends by itself has a successor at the same door."""
    with process as running:
        (first,) = agents()
        os.kill(first, signal.SIGKILL)
        eventually("another agent runs", lambda: set(agents()) - {first})
        eventually("it answers", lambda: running.door.applied_revision() >= 0)
    assert agents() == []


def test_agent_that_dies_while_stopping_begins_has_no_successor(process):
    """Stopping ends in time and leaves no agent, also when the agent has just died by itself."""
    with process:
        (pid,) = agents()
        os.kill(pid, signal.SIGKILL)
    assert agents() == []


def test_agent_ends_at_a_signal(process):
    """SIGTERM ends an agent, and not its parent, which starts the next one."""
    with process:
        for _ in range(2):
            (pid,) = eventually("an agent runs", agents)
            eventually("it answers", lambda: process.door.applied_revision() >= 0)
            os.kill(pid, signal.SIGTERM)
            eventually("it has ended", lambda pid=pid: pid not in agents())
    assert agents() == []
