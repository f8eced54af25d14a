"""Processes load what they use: what starts often, or runs for long beside others, is kept free of the large packages."""

import json
import subprocess
import sys

import pytest

from peerway.cli.main import ENTRIES

#: Commands whose modules load a server.
SERVERS = {"serve.up", "serve.api"}
#: What answers many questions at once, and what answers HTTP.
HEAVY = ("numpy", "fastapi", "uvicorn")


def loaded(*modules):
    """Which of the large packages a fresh Python has once it has imported these modules."""
    code = f"import importlib, json, sys\nfor each in {modules!r}: importlib.import_module(each)\n"
    code += f"print(json.dumps([each for each in {HEAVY!r} if each in sys.modules]))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return json.loads(answer.stdout)


@pytest.mark.parametrize("module", ["peerway.bootstrap.agent_main", "peerway.bootstrap.worker"])
def test_process_without_an_api_loads_none(module):
    """The agent and the worker don't import NumPy or FastAPI: each costs tens of megabytes, and time at every start."""
    assert loaded(module) == []


def test_commands_load_no_server():
    """No command but `up` and `api` imports NumPy or FastAPI."""
    modules = {entry.module for entry in ENTRIES.values()} - SERVERS
    assert loaded("peerway.cli.main", *(f"peerway.cli.{name}" for name in sorted(modules))) == []
