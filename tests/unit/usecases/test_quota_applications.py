"""Limits of the installation, how far they are used, and applications for higher ones (EC-7, EC-8, EC-9, NET-8, PEER-12)."""

import pytest

from peerway.app.usecases.limit_uses import USES
from peerway.app.usecases.limits import check_limit
from peerway.app.usecases.quota_applications import (
    AnswerApplication,
    ApplyForQuota,
    WithdrawApplication,
    apply_for_quota,
    approve_application,
    get_application,
    list_applications,
    reject_application,
    withdraw_application,
)
from peerway.app.usecases.quotas import list_quotas
from peerway.domain.errors import (
    AlreadyExists,
    Forbidden,
    IllegalState,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.quota import ApplicationState

NAME = "router_interfaces_per_account"


@pytest.fixture
def application(estate, alice):
    """Alice asks for twenty router interfaces."""
    return estate.do(apply_for_quota, alice, ApplyForQuota(name=NAME, desired=20, reason="branches"))


def status(estate, caller, name):
    """One quota of the caller."""
    found = estate.ask(list_quotas, caller)
    return next(quota for quota in found if quota.name == name)


def test_every_limit_says_how_far_it_is_used(estate, alice):
    """Whatever is limited can be listed, with what uses most of it."""
    assert USES.keys() == estate.world.limits.keys()
    vpc = estate.vpc(alice)
    estate.vswitch(alice, vpc, "10.0.1.0/24")
    used = status(estate, alice, "vswitches_per_vpc")
    assert (used.used, used.used_by, used.limit, used.profile) == (1, vpc.id, 150, None)


def test_approved_application_raises_the_limit_at_once(estate, alice, application):
    """EC-7: all limits are raisable per account by an application that the operator role approves."""

    def check(uid):
        estate.ask(lambda tx, world, _: check_limit(tx, world, NAME, uid, 19, scope="it", field="it"), alice)

    with pytest.raises(QuotaExceeded) as refused:
        check(alice.uid)
    assert refused.value.data["limit"] == 5
    answered = estate.do(
        approve_application, estate.operator, AnswerApplication(id=application.id, answer="fine")
    )
    assert (answered.state, answered.answer, answered.answered_at is None) == (
        ApplicationState.APPROVED,
        "fine",
        False,
    )
    check(alice.uid)
    assert status(estate, alice, NAME).limit == 20


def test_rejected_application_changes_no_limit(estate, alice, application):
    """The tenant reads why; the limit stays; it may ask again."""
    rejected = estate.do(
        reject_application, estate.operator, AnswerApplication(id=application.id, answer="no")
    )
    assert rejected.state is ApplicationState.REJECTED
    assert status(estate, alice, NAME).limit == 5
    estate.do(apply_for_quota, alice, ApplyForQuota(name=NAME, desired=6))


@pytest.mark.parametrize("answer", [approve_application, reject_application])
def test_only_operators_answer_and_only_once(estate, alice, application, answer):
    """A tenant answers nothing; an answered application stays answered."""
    with pytest.raises(Forbidden):
        estate.do(answer, alice, AnswerApplication(id=application.id))
    estate.do(answer, estate.operator, AnswerApplication(id=application.id))
    with pytest.raises(IllegalState):
        estate.do(answer, estate.operator, AnswerApplication(id=application.id))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "no_such_quota"}, "name"),
        ({"desired": 5}, "desired"),
        ({"desired": -1}, "desired"),
        ({"desired": 10_000_001}, "desired"),
        ({"reason": "x" * 257}, "reason"),
    ],
)
def test_bad_application_names_the_field(estate, alice, fields, field):
    """Each rule has its error; nothing is stored."""
    with pytest.raises(InvalidInput) as refused:
        estate.do(apply_for_quota, alice, ApplyForQuota(**{"name": NAME, "desired": 20} | fields))
    assert refused.value.data["field"] == field
    assert estate.ask(list_applications, alice).items == ()


def test_one_application_waits_for_each_quota(estate, alice, bob, application):
    """A second one is refused while the first waits, and may follow a withdrawn one; another account is free to ask."""
    with pytest.raises(AlreadyExists):
        estate.do(apply_for_quota, alice, ApplyForQuota(name=NAME, desired=30))
    estate.do(apply_for_quota, bob, ApplyForQuota(name=NAME, desired=30))
    estate.do(withdraw_application, alice, WithdrawApplication(id=application.id))
    estate.do(apply_for_quota, alice, ApplyForQuota(name=NAME, desired=30))


def test_applications_are_their_tenants_own(estate, alice, bob, application):
    """NET-1: another tenant's application is a missing one; operators list all of one state."""
    with pytest.raises(NotFound):
        estate.ask(get_application, bob, application.id)
    with pytest.raises(NotFound):
        estate.do(withdraw_application, bob, WithdrawApplication(id=application.id))
    assert estate.ask(list_applications, bob).items == ()
    seen = estate.ask(list_applications, estate.operator, state="pending", all_accounts=True)
    assert [one.id for one in seen.items] == [application.id]
    assert estate.ask(list_applications, alice, state="approved").items == ()
