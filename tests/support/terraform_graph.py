"""Terraform's own part: resources with their references, a walk over them by ten at a time, and plans.

What a resource's provider sends is in the modules beside this one, a class for each resource. What is asked for is what a
configuration has, by the arguments' names; what is read is what a state file has, by the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.support.terraform import Provider, Refused

#: How many resources Terraform works on at once, unless it is told otherwise.
PARALLELISM = 10


@dataclass(frozen=True)
class Reference:
    """An attribute of another resource, in an argument."""

    of: Resource
    name: str


class Resource:
    """A resource block of a configuration."""

    #: Arguments that reads don't give back.
    unread: ClassVar[frozenset[str]] = frozenset()
    #: Arguments that are not computed: what a configuration without them asks for.
    defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, provider: Provider, *after: Resource, **arguments: Any) -> None:
        self.provider, self._arguments = provider, arguments
        #: What has to be there first, by reference or by `depends_on`.
        self.needs = {reference.of for reference in _references(arguments)} | set(after)
        #: What the state file has; empty for what is not there.
        self.state: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Reference:
        return Reference(self, name)

    @property
    def id(self) -> str:
        """The resource's id in the state."""
        return str(self.state["id"])

    def create(self, **asked: Any) -> str:
        """Make it; its id."""
        raise NotImplementedError

    def read(self, id: str) -> dict[str, Any] | None:
        """Its attributes; None for what is not there."""
        raise NotImplementedError

    def update(self, id: str, **changed: Any) -> None:
        """Change arguments in place."""
        raise NotImplementedError

    def delete(self, id: str) -> None:
        """Remove it, and wait until it is gone."""
        raise NotImplementedError

    def asked(self) -> dict[str, Any]:
        """The arguments, with what references stand for."""
        found: dict[str, Any] = _resolved(self._arguments)
        return found

    def apply(self) -> None:
        """Make it and write down what it is then."""
        self.state = {"id": self.create(**self.asked())}
        self.refresh()
        assert self.state, "Terraform fails when what it has made is not there"

    def refresh(self) -> None:
        """Read it."""
        found = self.read(self.id)
        self.state = {} if found is None else {"id": self.id, **found}

    def change(self, **arguments: Any) -> None:
        """Apply a configuration with other arguments."""
        self.update(self.id, **_resolved(arguments))
        self._arguments = {**self._arguments, **arguments}
        self.refresh()

    def differences(self) -> dict[str, tuple[Any, Any]]:
        """What a plan shows: arguments that are otherwise than asked for."""
        return {
            name: (self.state.get(name), value)
            for name, value in {**self.defaults, **self.asked()}.items()
            if name not in self.unread and self.state.get(name) != value
        }


class Configuration:
    """Resources in an order in which none comes before what it refers to."""

    def __init__(self, *resources: Resource) -> None:
        self.resources = resources

    def apply(self) -> None:
        """Make all."""
        _walk(self.resources, {one: one.needs for one in self.resources}, lambda one: one.apply())

    def plan(self) -> list[tuple[str, Any]]:
        """Read all; what is not as asked for, with the resource's type."""
        _walk(self.resources, {}, lambda one: one.refresh())
        seen = [(type(one).__name__, one.differences() if one.state else "gone") for one in self.resources]
        return [(name, differences) for name, differences in seen if differences]

    def destroy(self) -> None:
        """Read all, and remove what is there: each after all that needs it."""
        _walk(self.resources, {}, lambda one: one.refresh())
        users: dict[Resource, set[Resource]] = {one: set() for one in self.resources}
        for resource in self.resources:
            for needed in resource.needs:
                users[needed].add(resource)
        there = [one for one in reversed(self.resources) if one.state]
        _walk(there, users, lambda one: one.delete(one.id))

    def gone(self) -> bool:
        """Whether nothing is left of what was made."""
        return all(one.read(one.id) is None for one in self.resources)


def told(thing: Mapping[str, Any], **fields: str) -> dict[str, Any]:
    """Attributes from the fields of an answer; each must be there and not null."""
    found = {name: thing[field] for name, field in fields.items()}
    assert None not in found.values(), found
    return found


def removed(provider: Provider, send: Callable[[], Any], *retried: str, gone: Sequence[str] = ()) -> None:
    """Send a delete until it is not refused with a code that is retried; what is not there is fine."""
    try:
        provider.retried(*retried, send=send)
    except Refused as refused:
        if refused.status != 404 and refused.code not in gone:
            raise


def found(look: Callable[[], dict[str, Any]], *gone: str) -> dict[str, Any] | None:
    """An answer; None where the provider takes the thing for gone."""
    try:
        return look()
    except Refused as refused:
        if refused.status == 404 or refused.code in gone:
            return None
        raise


def _walk(
    resources: Sequence[Resource],
    before: Mapping[Resource, set[Resource]],
    do: Callable[[Resource], None],
) -> None:
    """Do something with each resource once it is done with those before it; several at once."""
    started: dict[Resource, Future[None]] = {}

    def step(resource: Resource, waits: Sequence[Future[None]]) -> None:
        for wait in waits:
            wait.result()
        do(resource)

    with ThreadPoolExecutor(PARALLELISM) as pool:
        for resource in resources:
            # What comes first was handed in first, so that no wait is for something that finds no thread.
            waits = [started[one] for one in before.get(resource, ()) if one in started]
            started[resource] = pool.submit(step, resource, waits)
        for future in started.values():
            future.result()


def _references(value: Any) -> Iterator[Reference]:
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _resolved(value: Any) -> Any:
    if isinstance(value, Reference):
        return value.of.state[value.name]
    if isinstance(value, Mapping):
        return {name: _resolved(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_resolved(one) for one in value]
    return value
