"""Whether the filter that was loaded is still the one in the kernel.

Owns the memory of what was loaded and the kernel's generation number at that moment: every change of a namespace's rules, by
anyone, raises the number, so one small request tells whether somebody touched them.
"""

from __future__ import annotations

from typing import NamedTuple

from peerway.adapters.dataplane.kernel.codec import attributes
from peerway.adapters.dataplane.kernel.namespaces import Namespaces
from peerway.adapters.dataplane.kernel.netlink import NETFILTER_PROTOCOL
from peerway.adapters.dataplane.kernel.ruleset import Ruleset

_NFTABLES = 10 << 8
_GET_TABLE, _GET_GENERATION = _NFTABLES | 1, _NFTABLES | 16
_NAME = b"peerway\0"
#: Digest of a filter that somebody changed, or that an earlier agent loaded.
UNKNOWN = "?"


class _Loaded(NamedTuple):
    #: Generation right after loading.
    generation: bytes
    #: What was loaded; None when the filter was taken away.
    ruleset: Ruleset | None


class FilterMemory:
    """What was loaded into which namespace."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._loaded: dict[str, _Loaded] = {}

    def remember(self, name: str, ruleset: Ruleset | None) -> None:
        """Note that a filter was just loaded."""
        with self._namespaces.netlink(name, NETFILTER_PROTOCOL) as netlink:
            generation = netlink.get([(_GET_GENERATION, bytes(4))])[0]
        self._loaded[name] = _Loaded(generation or b"", ruleset)

    def loaded(self, name: str) -> Ruleset | None:
        """What was loaded last."""
        loaded = self._loaded.get(name)
        return None if loaded is None else loaded.ruleset

    def forget(self, name: str) -> None:
        """The namespace or its filter is gone."""
        self._loaded.pop(name, None)

    def read(self, name: str) -> str:
        """Digest of the filter in the kernel: empty for none, `UNKNOWN` when it is not what was loaded."""
        loaded = self._loaded.get(name)
        with self._namespaces.netlink(name, NETFILTER_PROTOCOL) as netlink:
            generation = netlink.get([(_GET_GENERATION, bytes(4))])[0]
            if loaded is not None and generation is not None and loaded.generation[:12] == generation[:12]:
                return "" if loaded.ruleset is None else loaded.ruleset.digest
            tables = netlink.dump(_GET_TABLE, bytes(4))
        return UNKNOWN if any(attributes(body, 4).get(1) == _NAME for _, body in tables) else ""
