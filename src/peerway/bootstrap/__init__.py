"""The only wiring: which store, data plane, clock and doors a process is made of."""

from peerway.bootstrap.agent import run_agent
from peerway.bootstrap.api import run_api, run_worker
from peerway.bootstrap.doctor import diagnose
from peerway.bootstrap.parts import choose_dataplane
from peerway.bootstrap.up import run_up
from peerway.domain.errors import PeerwayError
from peerway.settings import AgentOptions, ApiOptions, Common, DataPlaneChoice, LogFormat, UpOptions

__all__ = [
    "AgentOptions",
    "ApiOptions",
    "Common",
    "DataPlaneChoice",
    "LogFormat",
    "PeerwayError",
    "UpOptions",
    "choose_dataplane",
    "diagnose",
    "run_agent",
    "run_api",
    "run_up",
    "run_worker",
]
