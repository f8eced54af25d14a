"""A fast longest-prefix look-up for forwarding tables. Owns the structure only; `decisions.longest_match` is its slow twin."""

from __future__ import annotations

from peerway.domain.prefixes import Address
from peerway.fabric.model import Fib, FibEntry


class Lookup:
    """One forwarding table, ready for many look-ups: a dictionary for each prefix length in use, the longest asked first."""

    __slots__ = ("_lengths",)

    def __init__(self, fib: Fib) -> None:
        tables: dict[tuple[int, int], dict[int, FibEntry]] = {}
        for entry in fib.entries:
            prefix = entry.prefix
            shift = prefix.max_prefixlen - prefix.prefixlen
            table = tables.setdefault((prefix.version, shift), {})
            table[int(prefix.network_address) >> shift] = entry
        #: By IP version: (bits below the prefix, entries by the number above them), the longest prefix first.
        self._lengths: dict[int, list[tuple[int, dict[int, FibEntry]]]] = {4: [], 6: []}
        for (version, shift), table in sorted(tables.items(), key=lambda item: item[0]):
            self._lengths[version].append((shift, table))

    def find(self, destination: Address) -> FibEntry | None:
        """The entry with the longest prefix that contains the address. Cost follows the number of lengths in use."""
        number = int(destination)
        for shift, table in self._lengths[destination.version]:
            entry = table.get(number >> shift)
            if entry is not None:
                return entry
        return None
