"""A mapping whose edits cost about their own size: the old value stays as it was, most of the new one is shared with it.

Owns the structure only. For mappings too big to be copied at each change; the small ones are plain dictionaries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, Generic, TypeVar, overload

T = TypeVar("T")
V = TypeVar("V")

#: How many dictionaries a map is spread over: with 200,000 keys an edit copies about 200 of them.
SHARDS: Final = 1024


class PersistentMap(Mapping[str, V], Generic[V]):
    """An immutable mapping from text, spread over small dictionaries. Its order means nothing."""

    __slots__ = ("_shards", "_size")

    def __init__(self, items: Mapping[str, V]) -> None:
        shards: list[dict[str, V]] = [{} for _ in range(SHARDS)]
        for key, value in items.items():
            shards[hash(key) % SHARDS][key] = value
        self._shards = shards
        self._size = len(items)

    def __getitem__(self, key: str) -> V:
        return self._shards[hash(key) % SHARDS][key]

    def __contains__(self, key: object) -> bool:
        return key in self._shards[hash(key) % SHARDS]

    @overload
    def get(self, key: str, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: str, default: V | T, /) -> V | T: ...

    def get(self, key: str, default: V | T | None = None, /) -> V | T | None:
        """As of every mapping; said here because the inherited one takes three times as long."""
        return self._shards[hash(key) % SHARDS].get(key, default)

    def __iter__(self) -> Iterator[str]:
        for shard in self._shards:
            yield from shard

    def __len__(self) -> int:
        return self._size

    def differing(self, other: PersistentMap[V]) -> Iterator[str]:
        """Keys under which the two hold different objects. Cost follows the shards that the two don't share."""
        for ours, theirs in zip(self._shards, other._shards, strict=True):
            if ours is not theirs:
                yield from (key for key in ours if ours[key] is not theirs.get(key))
                yield from (key for key in theirs if key not in ours)

    def edited(self, upserts: Mapping[str, V], removals: Collection[str]) -> PersistentMap[V]:
        """A map with these entries set and those keys gone; keys that were not there are passed over."""
        new: PersistentMap[V] = PersistentMap.__new__(PersistentMap)
        new._shards = list(self._shards)
        new._size = self._size
        for number in {hash(key) % SHARDS for key in (*upserts, *removals)}:
            new._shards[number] = dict(self._shards[number])
        for key in removals:
            if new._shards[hash(key) % SHARDS].pop(key, None) is not None:
                new._size -= 1
        for key, value in upserts.items():
            shard = new._shards[hash(key) % SHARDS]
            new._size += key not in shard
            shard[key] = value
        return new
