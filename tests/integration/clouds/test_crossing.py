"""One connection through several clouds' doors: sane names of states, one winner of every race, and trials that change nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, product
from typing import Any

import pytest
from tests.support.api import Site
from tests.support.belongings import own_everything, settle
from tests.support.crossing import WAYS, Traveller
from tests.support.every_door import Answer, Knocker, actions
from tests.support.likely import filled

RANGES = count(1)
#: What each door calls a state.
STATES = {
    "pending": {"alibaba": "Accepting", "tencent": "PENDING", "tencent-v2": "0"},
    "active": {"alibaba": "Activated", "tencent": "ACTIVE", "tencent-v2": "1"},
}
#: What each door answers for a pair that is connected already.
TWICE = {
    "alibaba": "ResourceAlreadyExist.VpcPeer",
    "tencent": "UnsupportedOperation.VpcPeerAlreadyExist",
    "tencent-v2": "UnsupportedOperation.VpcPeerAlreadyExist",
}
#: What they answer for what the state does not allow any more, or for what is gone.
TOO_LATE = {
    "alibaba": {"IncorrectStatus.VpcPeer", "ResourceNotFound.InstanceId"},
    "tencent": {"UnsupportedOperation.VpcPeerInvalidStateChange", "ResourceNotFound"},
    "tencent-v2": {"UnsupportedOperation.VpcPeerInvalidStateChange", "InvalidPeeringConnection.NotFound"},
}


@pytest.fixture
def pair(site: Site) -> Iterator[tuple[Traveller, Traveller]]:
    """Two accounts."""
    both = Traveller(site.account()), Traveller(site.account())
    yield both
    for one in both:
        one.close()


def vpcs(pair: tuple[Traveller, Traveller]) -> tuple[Any, Any]:
    """A VPC of each, in two regions."""
    near, far = (one.account for one in pair)
    return near.vpc(f"10.{next(RANGES)}.0.0/16"), far.vpc(f"10.{next(RANGES)}.0.0/16", "cn-beijing")


def only(account: Any, vpc: Any) -> str:
    """The id of the one connection of a VPC."""
    found = [
        one["id"]
        for one in account.ok("GET", "/peerings?limit=1000")["items"]
        if one["requester"]["vpc_id"] == vpc["id"]
    ]
    (id,) = found
    return str(id)


@pytest.mark.parametrize("made", WAYS)
def test_a_connection_of_one_door_lives_through_the_others(
    site: Site, pair: tuple[Traveller, Traveller], made: str
) -> None:
    """PEER-2, API-3: made by one door; seen, accepted, changed and deleted by each of the others, under its own names."""
    ours, theirs = pair
    for accepting, ending in product(WAYS, WAYS):
        vpc, peer = vpcs(pair)
        settle(site)
        assert ours.create(made, vpc, peer).code == ""
        id = only(ours.account, vpc)
        assert ours.looks(id) == theirs.looks(id) == STATES["pending"]
        assert theirs.act(accepting, "accept", id).code == ""
        settle(site)
        assert ours.looks(id) == theirs.looks(id) == STATES["active"]
        assert ours.act(accepting, "modify", id).code == ""
        settle(site)
        shown = ours.account.ok("GET", f"/peerings/{id}")
        assert (shown["name"], shown["bandwidth_mbps"]) == (f"by {accepting}", 20)
        assert ours.looks(id) == theirs.looks(id) == STATES["active"]
        assert ours.act(ending, "delete", id).code == ""
        settle(site)
        for door in WAYS:
            assert ours.act(door, "delete", id).code in TOO_LATE[door]
        assert ours.looks(id)["alibaba"] == ""


def test_a_connection_without_settings_is_shown_by_all(site: Site, pair: tuple[Traveller, Traveller]) -> None:
    """One of the native API has neither bandwidth nor kind of link: doors show it all the same."""
    vpc, peer = vpcs(pair)
    settle(site)
    id = pair[0].account.peering(vpc, peer)["id"]
    assert pair[0].looks(id) == pair[1].looks(id) == STATES["pending"]


def together(tasks: list[Callable[[], Answer]]) -> list[Answer]:
    """What the tasks answer, all run at once."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        return [one.result() for one in [pool.submit(task) for task in tasks]]


def test_one_of_many_wins(site: Site, pair: tuple[Traveller, Traveller]) -> None:
    """PEER-1: twenty ask for the same connection through three doors at once: one gets it, all others the cloud's code."""
    vpc, peer = vpcs(pair)
    settle(site)
    doors = [door for door, _ in zip(list(WAYS) * 7, range(20), strict=False)]
    askers = [(door, pair[0].another()) for door in doors]
    answers = together([lambda door=door, one=one: one.create(door, vpc, peer) for door, one in askers])  # type: ignore[misc]
    told = list(zip(doors, (answer.code for answer in answers), strict=True))
    assert [code for _, code in told].count("") == 1
    assert all(code == TWICE[door] for door, code in told if code)
    only(pair[0].account, vpc)
    for _, one in askers:
        one.close()


@pytest.mark.parametrize("seed", range(6))
def test_races_end_in_one_state(site: Site, pair: tuple[Traveller, Traveller], seed: int) -> None:
    """PEER-3: accepted, rejected and deleted through different doors at once: what was done fits one order of events."""
    ours, theirs = pair
    vpc, peer = vpcs(pair)
    settle(site)
    assert ours.create("tencent", vpc, peer).code == ""
    id = only(ours.account, vpc)
    doors = [*WAYS, *WAYS][seed % 3 :]
    races = [(theirs, doors[0], "accept"), (theirs, doors[1], "reject"), (ours, doors[2], "delete")]
    racers = [(one.another(), door, verb) for one, door, verb in races]
    answers = together(
        [lambda one=one, door=door, verb=verb: one.act(door, verb, id) for one, door, verb in racers]
    )  # type: ignore[misc]
    for (one, door, _), answer in zip(racers, answers, strict=True):
        assert answer.code == "" or answer.code in TOO_LATE[door], answer
        one.close()
    accepted, rejected, _ = (answer.code == "" for answer in answers)
    assert not (accepted and rejected)
    assert any(answer.code == "" for answer in answers)


def test_a_trial_changes_nothing(site: Site) -> None:
    """API-3: each of Alibaba Cloud's actions that takes DryRun answers that it would be done, or why not, and does nothing."""
    owner = own_everything(site)
    knocker, codes = Knocker(owner.owner), []
    for door, action in actions():
        if door == "alibaba" and any(one.name == "DryRun" for one in action.parameters):
            before = site.store.latest_revision()
            tree = {**filled(action.parameters, owner.ids), "DryRun": "true"}
            answer = knocker.ask(door, action, tree)
            assert answer.code, action.name
            assert site.store.latest_revision() == before, action.name
            assert not answer.code.startswith("OperationConflict")
            codes.append(answer.code)
    knocker.close()
    assert codes.count("DryRunOperation") > 5
