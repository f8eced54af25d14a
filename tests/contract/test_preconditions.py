"""SQLite files and PostgreSQL, through the API: of many who saw the same, one writes."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest
from tests.support.api import Site, make_site
from tests.support.stores import CONCURRENT

from peerway.adapters.store import open_store
from peerway.api.serving.services import Limits

#: How often they meet.
ROUNDS = 12

#: What each side tries, and the state that it leads to.
TRIES = {
    "accept": ("POST", "/accept", "updating"),
    "reject": ("POST", "/reject", "rejected"),
    "delete": ("DELETE", "", "deleting"),
}


@pytest.fixture(params=CONCURRENT)
def sites(request, make_url):
    """Two servers on one store, as two processes would be."""
    url = make_url(request.param)
    with ExitStack() as stack:
        made: list[Site] = []
        for _ in range(2):
            opening = closing(make_site(Limits(), open_store=lambda clock: open_store(url, clock)))
            made.append(next(stack.enter_context(opening)))
        yield made


def together(calls):
    """What each of the calls, all made at once, is answered."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def test_one_of_many_who_saw_the_same_wins(sites):
    """Accept, reject and delete at once, all with one ETag: exactly one is done, the others are told, and the state is its."""
    one, other = sites  # the later one made the operator's token anew
    alice, bob = other.account(), other.account()
    here, there = alice.vpc(), [bob.vpc(f"10.{n}.0.0/16") for n in range(1, ROUNDS + 1)]
    winners = []
    for vpc in there:
        path = f"/peerings/{alice.peering(here, vpc)['id']}"
        tag = bob.call("GET", path).headers["ETag"]
        tries = [
            (name, replace(account, client=site.client))
            for site in (one, other)
            for name, account in (("accept", bob), ("reject", bob), ("delete", bob), ("delete", alice))
        ]

        def attempt(name, account, path=path, tag=tag):
            method, verb, _ = TRIES[name]
            return name, account.call(method, path + verb, headers={"If-Match": tag})

        answers = together([lambda each=each: attempt(*each) for each in tries])
        done = [name for name, answer in answers if answer.is_success]
        assert len(done) == 1, [(name, answer.status_code, answer.text) for name, answer in answers]
        refused = {
            (answer.status_code, answer.json()["code"]) for _, answer in answers if not answer.is_success
        }
        assert refused == {(412, "precondition_failed")}
        assert bob.ok("GET", path)["state"] == TRIES[done[0]][2]
        winners += done
    assert len(winners) == ROUNDS
