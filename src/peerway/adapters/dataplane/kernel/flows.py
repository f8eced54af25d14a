"""Interfaces whose packets take the short way when their flow is known; see `offload` for which flows those are.

Owns the memory of which interfaces look for flows: the kernel forgets one that goes, and is told of one that comes.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6

import structlog

from peerway.adapters.dataplane.kernel import codec, syscalls
from peerway.adapters.dataplane.kernel.codec import Message
from peerway.adapters.dataplane.kernel.names import FORGET_RULE, NOWHERE_TABLE
from peerway.adapters.dataplane.kernel.namespaces import Namespaces
from peerway.adapters.dataplane.kernel.nft_client import FilterLoader
from peerway.adapters.dataplane.kernel.ruleset import Ruleset
from peerway.adapters.dataplane.kernel.sysctls import FLOWING, write_settings
from peerway.domain.errors import Unavailable

log = structlog.get_logger(__name__)


class Flows:
    """Which interfaces of each router's namespace look for flows. For the visiting thread."""

    def __init__(self, namespaces: Namespaces, loader: FilterLoader) -> None:
        self._namespaces = namespaces
        self._loader = loader
        self._looking: dict[str, set[str]] = {}

    def forget(self, name: str) -> None:
        """The namespace is new or gone, or its flowtable is."""
        self._looking.pop(name, None)

    def renew(self, name: str, interface: str) -> None:
        """An interface is made, maybe again."""
        self._looking.get(name, set()).discard(interface)

    def may_be(self, name: str) -> bool:
        """Whether flows may be under way on the short way."""
        return name in self._looking

    def missing(self, name: str, interfaces: set[str]) -> set[str]:
        """Those of the interfaces that don't look yet."""
        return interfaces - self._looking.setdefault(name, set())

    def join(self, name: str, ruleset: Ruleset, interfaces: set[str]) -> None:
        """Have interfaces look for flows; the ruleset is loaded, and they are there.

        When the kernel refuses, their flows only stay on the long way until the next time.
        """
        try:
            with self._namespaces.opened(name) as fd:
                if not self._looking[name]:
                    syscalls.setns(fd, syscalls.CLONE_NEWNET)
                    write_settings(FLOWING)
                for text in ruleset.joining(interfaces):
                    self._loader.load(fd, text)
        except (Unavailable, OSError) as error:
            log.warning("flows stay on the long way", namespace=name, error=str(error))
        else:
            self._looking[name] |= interfaces


def forgetting(owner: str) -> list[Message]:
    """Requests after which each flow of a namespace goes the long way once more: a rule comes and goes, so routes are stale."""
    return [
        codec.rule(version, FORGET_RULE, "", b"", 0, NOWHERE_TABLE, owner, delete=delete)
        for version in (AF_INET, AF_INET6)
        for delete in (False, True)
    ]
