"""Garbage for the parameters of actions, by their own tables: of the right shape more often than not, so that it gets far."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.likely import likely

from peerway.api.clouds.parameters import Parameter

#: Texts that mean nothing anywhere, or something where they shouldn't.
TEXTS = (
    *(
        "",
        " ",
        "x",
        "0",
        "-1",
        "00",
        "1e9",
        "+7",
        "1.5",
        "true",
        "NaN",
        "null",
        "None",
        "*",
        "%",
        "_",
        "..",
        "/",
    ),
    *("99999999999999999", "999999999999999999", "99999999999999999999999999", "-9223372036854775809"),
    *(
        "10.0.0.0/33",
        "10.0.0.0/8",
        "10.0.0.1/16",
        "::/0",
        "fd00::/8",
        "0.0.0.0/0",
        "255.255.255.255",
        "10.0.0",
    ),
    *("vpc-", "vpc-\u0130", "pcc-x", "cn-atlantis", "cn-hangzhou", "cn-hangzhou-h", "instance", "Instance"),
    *(
        "🦊",
        "\u202eabc",
        "e\u0301",
        "\ufeff",
        "ﬁ",
        "\u0661",
        "²",
        "\u2028",
        "a\u0000b",
        "\u0001",
        "\u007f",
        "a\r\nb",
        "\t",
    ),
    *(
        "%00",
        "%",
        "%zz",
        "{id}",
        "{0}",
        "{}",
        "${x}",
        "'; DROP TABLE vpcs; --",
        "<a>&\"'</a>",
        "]]>",
        "@file",
    ),
    *(
        ",",
        ",,,",
        "a,b",
        "[]",
        "{}",
        '[""]',
        '["a"]',
        "[1]",
        '{"a":1}',
        "[[[[]]]]",
        "[" * 500,
        '"',
        "1/2",
        "-1/-1",
        "80/443",
    ),
    *(
        "a" * 65,
        "b" * 300,
        "c" * 3000,
        "é" * 129,
        "2026-11-21T08:31:54Z",
        "9999-99-99",
        "1700000000000",
        "-0",
    ),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "253402300800", "99999999999999", "25:00-26:00"),
)
#: Values that JSON has and texts have not.
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2**31,
        2**32,
        2**53 + 1,
        2**63 - 1,
        -(2**63),
        2**63,
        2**64,
        10**30,
        10**300,
    ),
    *(0.5, -0.0, 1e308, 1e-300, [], {}, [None], [[]], [{}], {"": ""}, {"a": {"b": []}}, ["x"] * 50),
)
#: Structures in a place where there may be none.
SHAPES: tuple[Any, ...] = (
    *({"a": "b"}, {"1": {"Key": "x"}}, ["x"], {"0": "x", "9": "y"}, {"n": {"1": "x"}}, {"1000000": "x"}),
)
#: Numbers at the edges of what is allowed.
NUMBERS = (0, 1, -1, 2, 10, 50, 100, 101, 1000, 1001, 65535, 65536, 2**31 - 1, 2**31, 2**63 - 1, 10**17)


@dataclass
class Garbage:
    """Makes parameters up."""

    chance: random.Random
    #: What there is, by what it is.
    ids: Mapping[str, str]
    #: How often a value is nothing in particular.
    wild: float = 0.1

    def tree(self, parameters: Sequence[Parameter], *, texts: bool) -> dict[str, Any]:
        """Values for an action: all required ones as a rule, some of the others, and now and then a stranger."""
        often = self.chance.choice([0.1, 0.3, 0.9])
        made = {
            one.name: self.value(one, texts=texts)
            for one in parameters
            if self.chance.random() < (0.97 if one.required else often)
        }
        if self.chance.random() < 0.03:
            made[self.chance.choice(["Stranger", "x.y", "a" * 200, "Tag.1", "é"])] = self.junk(texts=texts)
        return made

    def value(self, one: Parameter, *, texts: bool) -> Any:
        """Something for one parameter."""
        if self.chance.random() < self.wild:
            return self.junk(texts=texts)
        if one.many:
            few = Parameter(one.name, one.kind, parts=one.parts, most=one.most)
            return [self.value(few, texts=texts) for _ in range(self.chance.choice([0, 1, 1, 1, 2, 3, 25]))]
        if one.parts:
            return self.tree(one.parts, texts=texts)
        return self.fitting(one, texts=texts)

    def fitting(self, one: Parameter, *, texts: bool) -> Any:
        """A value of the parameter's kind, and often one that means something."""
        words = likely(one.name, self.ids)
        if one.kind == "b":
            return self.chance.choice(["true", "false", "True"] if texts else [True, False])
        if one.kind in {"i", "f"}:
            numbers = [int(word) for word in words if word.isdigit()] * 5
            number = self.chance.choice([*numbers, *NUMBERS])
            return str(number) if texts else number
        text = self._text(words)
        if one.kind in {"l", "j"}:
            inside = self.chance.choice(
                [
                    [text],
                    {text: text},
                    [{}],
                    [1, None],
                    text,
                    {"a": [1e308]},
                    {"instanceId": text},
                    [{"instanceId": text}],
                ]
            )
            return json.dumps(inside) if texts or one.kind == "l" else inside
        if one.kind == "c":
            return ",".join(self._text(words) for _ in range(self.chance.choice([1, 2, 30])))
        return text

    def junk(self, *, texts: bool) -> Any:
        """Something of no kind in particular."""
        if not texts and self.chance.random() < 0.4:
            return self.chance.choice(VALUES)
        return self.chance.choice(SHAPES if self.chance.random() < 0.15 else TEXTS)

    def _text(self, words: Sequence[str]) -> str:
        if words and self.chance.random() < 0.9:
            return self.chance.choice(words)
        return self.chance.choice([*self.ids.values(), *TEXTS])
