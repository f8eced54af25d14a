"""What a process is told when it starts: plain values, no reading of the environment here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class DataPlaneChoice(StrEnum):
    """Which data plane carries the packets."""

    #: `kernel` where the machine allows it, else `memory`.
    AUTO = "auto"
    #: None: answers come from the compiled network.
    MEMORY = "memory"
    #: Network namespaces of this host.
    KERNEL = "kernel"


class LogFormat(StrEnum):
    """How log lines look."""

    #: `console` on a terminal, else `json`.
    AUTO = "auto"
    #: For people.
    CONSOLE = "console"
    #: For machines.
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """Settings of every process of one installation."""

    #: Folder with the store, the keys and the sockets.
    data: Path
    #: Store to use instead of the SQLite file in `data`, such as `postgresql://user@host/peerway`.
    database: str | None = None
    #: How log lines look.
    log_format: LogFormat = LogFormat.AUTO
    #: Days for which samples of what links carried are kept.
    sample_days: int = 31

    @property
    def store_url(self) -> str:
        """Where the store is."""
        return self.database or f"sqlite:///{self.data / 'peerway.db'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOptions(Common):
    """Settings of the API process."""

    #: `HOST:PORT` to listen on; port 0 takes a free one.
    listen: str = "127.0.0.1:8520"
    #: Data plane of the installation.
    dataplane: DataPlaneChoice = DataPlaneChoice.AUTO
    #: Requests a second that one account may make for long; bursts may be ten times that.
    requests_per_second: int = 2000
    #: Port that all leased lines get at once, `netns:PATH`; None where an operator takes them on.
    line_port: str | None = None
    #: Take TLS, too, at the same port.
    tls: bool = False
    #: The operator's own certificate (with its chain) and key in PEM, which ask for TLS by themselves; None for one made here.
    tls_cert: Path | None = None
    tls_key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions(ApiOptions):
    """Settings of `peerway up`."""

    #: Make sure that there is an operator account and print its credentials to the ready file.
    dev_account: bool = False
    #: File to write, mode 0600, when everything is ready.
    ready_file: Path | None = None
    #: Remove everything made in the kernel when stopping.
    cleanup: bool = False
    #: Use the kernel's flowtables where it has them.
    flowtables: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions(Common):
    """Settings of the agent process."""

    #: Data plane to drive.
    dataplane: DataPlaneChoice = DataPlaneChoice.AUTO
    #: Remove everything made in the kernel when stopping.
    cleanup: bool = False
    #: Use the kernel's flowtables where it has them.
    flowtables: bool = True
    #: File descriptor whose end of file means that the parent is gone; None when there is no parent to follow.
    parent_fd: int | None = None
