"""Fixtures of the command line's unit tests."""

import socket

import pytest


@pytest.fixture
def free_port():
    """A port at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
