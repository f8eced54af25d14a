"""Actions: rows of a product's table, each with the operation that stands behind it.

A table is a TOML file beside the module with its product's operations:

    product = "VpcPeer"
    version = "2022-01-01"
    common = "RegionId:s"                           # parameters that every action takes

    [actions.AcceptVpcPeerConnection]
    takes = "InstanceId*:s=id, DryRun:b"
    ignores = "ResourceGroupId:s"                   # taken, and without effect
    calls = "peerings.accept_peering"               # the use case, where it takes nothing more; see `Product.fills`
    partly = "no resource group is set"             # what is missing, if something is

    [errors]                                        # for all actions; `errors` of an action come first
    "not_found.peering" = ["ResourceNotFound.InstanceId", 400]

    unsupported = ["MoveResourceGroup"]             # what the real product has beside these
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib.resources import files
from typing import Any, Final

from peerway.api.clouds.call import Call, ReadCall, WriteCall
from peerway.api.clouds.errors import Rows
from peerway.api.clouds.parameters import Given, Parameter, parse_parameters

#: What an operation answers: the fields of the action's answer, or nothing.
Answer = Mapping[str, Any] | None

Reads = Callable[[ReadCall, Given], Answer]
Writes = Callable[[WriteCall, Given], Answer]

#: What fills the request of the use case that a row calls.
Fills = Callable[[WriteCall, "Action", Given], Mapping[str, Any]]

#: Most ids with which a reading operation counts as one that looks at a few rows.
FEW: Final = 20

#: Where use cases are.
USE_CASES: Final = "peerway.app.usecases"


class Effect(Enum):
    """What an operation does to the store, and how long it takes."""

    #: Looks at a few rows by their keys.
    FIND = "find"
    #: Reads, for as long as it takes.
    READ = "read"
    #: Changes.
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Operation:
    """What stands behind an action."""

    #: What it does.
    run: Callable[[Call[Any], Given], Answer]
    #: How it uses the store.
    effect: Effect
    #: Parameter with which a reading one only looks at a few rows by their keys; empty for none.
    few: str = ""

    def finds(self, given: Given) -> bool:
        """Whether it looks at no more than a few rows by their keys."""
        return self.effect is Effect.FIND or (self.effect is Effect.READ and _names_few(given.get(self.few)))


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a product."""

    #: Its name.
    name: str
    #: Product it belongs to.
    product: Product
    #: Parameters it takes.
    parameters: tuple[Parameter, ...]
    #: Names of those that have no effect.
    ignored: frozenset[str]
    #: What stands behind it.
    operation: Operation
    #: What is missing; empty when nothing is.
    partly: str
    #: Its own words for errors.
    errors: Rows
    #: Parameter by the field of the request that it sets.
    fields: Mapping[str, str]
    #: Whatever else its row says, for its dialect.
    extra: Mapping[str, Any]

    def parameter_of(self, name: str) -> str:
        """The parameter that a field of a request stands for: its own name when there is none."""
        return self.fields.get(name) or self.fields.get(name.partition("[")[0]) or name

    def set_by(self, given: Given) -> dict[str, Any]:
        """What the parameters set, by the fields of the use case's request."""
        return {one.field: given[one.name] for one in self.parameters if one.field and one.name in given}


@dataclass(slots=True)
class Product:
    """A product of a cloud: its table, and the operations that were declared for it."""

    #: Its name.
    name: str
    #: Version of its API; empty where there is none.
    version: str
    #: Words for errors, for all its actions.
    errors: Rows
    #: Actions of the real product that are not there.
    unsupported: tuple[str, ...]
    #: Whatever else the table says, such as names of states.
    extra: Mapping[str, Any]
    #: Its actions by name; complete once `bind` was called.
    actions: dict[str, Action] = field(default_factory=dict)
    _rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _common: str = ""
    _operations: dict[str, Operation] = field(default_factory=dict)
    _fills: Fills | None = None

    def finds(self, *names: str) -> Callable[[Reads], Reads]:
        """Declare the operation behind actions: one that looks at a few rows by their keys."""
        return self._declare(names, Effect.FIND)

    def reads(self, *names: str, few: str = "") -> Callable[[Reads], Reads]:
        """Declare the operation behind actions: one that reads for as long as it takes.

        `few` is the parameter with which it only looks at a few rows by their keys.
        """
        return self._declare(names, Effect.READ, few)

    def writes(self, *names: str) -> Callable[[Writes], Writes]:
        """Declare the operation behind actions: one that changes something."""
        return self._declare(names, Effect.WRITE)

    def fills(self, fills: Fills) -> Fills:
        """Declare what fills the requests of rows that call a use case, where the product looks at more than the parameters."""
        self._fills = fills
        return fills

    def has_row(self, name: str) -> bool:
        """Whether the table has the action; for operations that several products share."""
        return name in self._rows

    def bind(self) -> Product:
        """Join rows and operations; `ValueError` when a row has none or an operation no row."""
        strangers = self._operations.keys() - self._rows.keys()
        if strangers:
            raise ValueError(f"{self.name}: operations without a row: {', '.join(sorted(strangers))}")
        for name, row in self._rows.items():
            self.actions[name] = self._action(name, dict(row))
        return self

    def _declare(self, names: tuple[str, ...], effect: Effect, few: str = "") -> Callable[[Any], Any]:
        def declare(run: Any) -> Any:
            for name in names:
                self._operations[name] = Operation(run, effect, few)
            return run

        return declare

    def _action(self, name: str, row: dict[str, Any]) -> Action:
        ignored = parse_parameters(row.pop("ignores", ""))
        taken = (*parse_parameters(self._common), *parse_parameters(row.pop("takes", "")), *ignored)
        # A row's own parameter stands for a common one of that name.
        parameters = tuple({one.name: one for one in taken}.values())
        calls = row.pop("calls", None)
        operation = self._operations.get(name) or (calls and self._calling(name, calls))
        if not operation:
            raise ValueError(f"{self.name}: nothing stands behind {name}")
        return Action(
            name=name,
            product=self,
            parameters=parameters,
            ignored=frozenset(one.name for one in ignored),
            operation=operation,
            partly=row.pop("partly", ""),
            errors=row.pop("errors", {}),
            fields={one.field: one.name for one in parameters if one.field},
            extra=row,
        )

    def _calling(self, name: str, use_case: str) -> Operation:
        """The operation of a row that calls a use case and answers nothing."""
        run, request = use_case_of(use_case)

        def call_it(call: Call[Any], given: Given) -> Answer:
            action = self.actions[name]
            fields = action.set_by(given) if self._fills is None else self._fills(call, action, given)
            call.use(run, request(**fields))
            return None

        return Operation(call_it, Effect.WRITE)


def _names_few(value: object) -> bool:
    """Whether a parameter's value is an id or a few of them."""
    return bool(value) and not (isinstance(value, list) and len(value) > FEW)


def load_product(package: str, *names: str) -> Product:
    """The product of a table, in one file of a package or several; its operations are declared next, then it is bound."""
    table: dict[str, Any] = {}
    for name in names:
        _join(table, tomllib.loads((files(package) / name).read_text(encoding="utf-8")), name)
    return Product(
        name=table.pop("product"),
        version=table.pop("version", ""),
        errors=table.pop("errors", {}),
        unsupported=tuple(table.pop("unsupported", ())),
        _rows=table.pop("actions", {}),
        _common=table.pop("common", ""),
        extra=table,
    )


def _join(table: dict[str, Any], more: Mapping[str, Any], file: str) -> None:
    """Add one file's part of a table; `ValueError` when it says again what another file said."""
    for name, part in more.items():
        if name not in table:
            table[name] = part
        elif isinstance(part, list):
            table[name] = [*table[name], *part]
        elif isinstance(part, dict) and not part.keys() & table[name].keys():
            table[name] = {**table[name], **part}
        else:
            raise ValueError(f"{file}: {name} is in another file already")


def use_case_of(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A use case by its name, such as `peerings.accept_peering`, and its request.

    That is the class of its module with the same name, but for capitals: `AcceptPeering`, `CreateVSwitch`.
    """
    module_name, _, function = name.rpartition(".")
    module = importlib.import_module(f"{USE_CASES}.{module_name}")
    called = function.replace("_", "")
    request = next(one for word, one in vars(module).items() if word.lower() == called and word != function)
    return getattr(module, function), request
