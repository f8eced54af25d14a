"""Vpc's actions with what they don't expect: always the cloud's own error, never a failure of ours."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.alibaba_vpc import VpcDoor
from tests.support.api import Site
from tests.support.terraform import Refused

from peerway.api.alibaba.products.vpc import PRODUCT
from peerway.api.clouds.parameters import Parameter

#: Texts that mean nothing anywhere, or something where they shouldn't.
ODD = (
    "",
    "x",
    "0",
    "-1",
    "1e9",
    "99999999999999999",
    "10.0.0.0/33",
    "::/0",
    "vpc-",
    "🦊",
    "%00",
    ",",
    "[]",
    "a" * 300,
    "true",
)


@pytest.fixture(scope="module")
def door(site: Site) -> Iterator[VpcDoor]:
    """An account with a network, so that some ids lead somewhere."""
    made = VpcDoor(site, site.account())
    yield made
    made.close()


@pytest.fixture(scope="module")
def ids(door: VpcDoor) -> list[str]:
    """Ids of things that are there, each where another one is expected."""
    vpc = door.vpc(EnableIpv6=True)
    acl = door("CreateNetworkAcl", VpcId=vpc["VpcId"])["NetworkAclId"]
    instance = door.account.ok("POST", "/instances", {"vswitch_id": door.vswitch(vpc)})["id"]
    return [vpc["VpcId"], vpc["RouteTableId"], vpc["VRouterId"], acl, instance]


def value(parameter: Parameter, words: list[str], chance: random.Random) -> Any:
    """Something for a parameter, of its shape more often than not."""
    if chance.random() < 0.1:
        return chance.choice([{"a": "b"}, ["x"], "x"])
    one: Any
    if parameter.parts:
        one = {part.name: value(part, words, chance) for part in parameter.parts if chance.random() < 0.8}
    else:
        fit = {"i": ["0", "1", "50", "-5"], "b": ["true", "FALSE"]}.get(parameter.kind, words)
        one = chance.choice([*fit, *fit, chance.choice(ODD)])
    return [one] * chance.choice([0, 1, 2]) if parameter.many else one


@pytest.mark.parametrize("name", sorted(action for action in PRODUCT.actions))
def test_nonsense_is_refused_in_the_clouds_words(door: VpcDoor, ids: list[str], name: str) -> None:
    """API-3: whatever the parameters are, the answer is the action's or an error below 500 with a code."""
    chance = random.Random(name)
    words = [*ids, "10.0.5.0/24", "10.9.0.0/16", "cn-hangzhou-h", "VpcPeer", "Instance"]
    for _ in range(25):
        parameters = {
            one.name: value(one, words, chance)
            for one in PRODUCT.actions[name].parameters
            if one.name not in {"RegionId", "ClientToken"} and (one.required or chance.random() < 0.5)
        }
        status, code = outcome(door, name, parameters)
        assert status < 500, parameters
        assert code != "OperationConflict", f"clients ask this again and again: {parameters}"


def outcome(door: VpcDoor, name: str, parameters: dict[str, Any]) -> tuple[int, str]:
    """Status and code of the answer, whichever it is."""
    try:
        door(name, **parameters)
    except Refused as refused:
        return refused.status, refused.code
    return 200, ""
