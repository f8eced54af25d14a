"""What a side of a link lets the other side use: names and security groups."""

import pytest

from peerway.app.usecases.lending import LendPeering, lend_peering
from peerway.app.usecases.peerings import DeletePeering, delete_peering
from peerway.app.usecases.security_groups import (
    CreateSecurityGroup,
    DeleteSecurityGroup,
    create_security_group,
    delete_security_group,
)
from peerway.app.usecases.security_rules import CreateSecurityRule, create_security_rule
from peerway.domain.account import Caller, Role
from peerway.domain.errors import Forbidden, IllegalState, InvalidInput, NotFound
from peerway.domain.security import SecurityRule


@pytest.fixture
def sides(estate, alice, bob):
    """A VPC of each, joined."""
    one, other = estate.vpc(alice, "10.1.0.0/16"), estate.vpc(bob, "10.2.0.0/16")
    return one, other, estate.peer(alice, bob, one, other)


@pytest.fixture
def groups(estate, alice, bob, sides):
    """A security group on each side."""
    return [
        estate.do(create_security_group, who, CreateSecurityGroup(vpc_id=vpc.id))
        for who, vpc in zip((alice, bob), sides[:2], strict=True)
    ]


def naming(mine, theirs):
    """A rule of one group that names the other."""
    return CreateSecurityRule(
        security_group_id=mine.id,
        direction="ingress",
        protocol="tcp",
        port_range="80",
        remote_group_id=theirs.id,
    )


def test_each_side_decides_for_itself(estate, alice, bob, sides):
    """A flag is the side's whose account sets it, whoever asked for the connection; what is not named stays."""
    peering = sides[2]
    estate.do(lend_peering, bob, LendPeering(id=peering.id, names=True))
    estate.do(lend_peering, alice, LendPeering(id=peering.id, groups=True))
    after = estate.do(lend_peering, bob, LendPeering(id=peering.id, groups=True))
    assert (after.requester.names, after.requester.groups) == (False, True)
    assert (after.accepter.names, after.accepter.groups) == (True, True)
    assert after.state is peering.state


def test_one_account_with_both_sides_sets_both(estate, alice):
    """Within an account there is nobody else to ask."""
    peering = estate.ask_for(alice, estate.vpc(alice, "10.1.0.0/16"), estate.vpc(alice, "10.2.0.0/16"))
    after = estate.do(lend_peering, alice, LendPeering(id=peering.id, names=True))
    assert (after.requester.names, after.accepter.names) == (True, True)


def test_rule_names_a_group_only_while_it_is_lent(estate, alice, bob, sides, groups):
    """NET-7: a group on the other side of a link can be named once that side lends its groups; else it is a missing one."""
    mine, theirs = groups
    estate.refused(NotFound, create_security_rule, alice, naming(mine, theirs))
    estate.do(lend_peering, alice, LendPeering(id=sides[2].id, groups=True))
    estate.refused(NotFound, create_security_rule, alice, naming(mine, theirs))
    estate.do(lend_peering, bob, LendPeering(id=sides[2].id, groups=True))
    made = estate.do(create_security_rule, alice, naming(mine, theirs))
    assert made.remote_group_id == theirs.id
    estate.do(lend_peering, bob, LendPeering(id=sides[2].id, groups=False))
    estate.refused(NotFound, create_security_rule, alice, naming(mine, theirs))


def test_named_group_is_its_owners_to_delete(estate, alice, bob, sides, groups):
    """A foreign rule keeps no group alive: the owner can't know of it. The rule stays and names nothing."""
    mine, theirs = groups
    estate.do(lend_peering, bob, LendPeering(id=sides[2].id, groups=True))
    estate.do(create_security_rule, alice, naming(mine, theirs))
    estate.do(delete_security_group, bob, DeleteSecurityGroup(id=theirs.id))
    assert [rule.remote_group_id for rule in estate.all(SecurityRule)] == [theirs.id]


def test_who_may_not_lend(estate, alice, carol, sides):
    """Strangers see no connection; one that is being deleted lends nothing any more; a flag is true or false."""
    peering = sides[2]
    estate.refused(NotFound, lend_peering, carol, LendPeering(id=peering.id, names=True))
    estate.refused(InvalidInput, lend_peering, alice, LendPeering(id=peering.id, names="yes"))
    reader = Caller(alice.uid, Role.READER, "")
    estate.refused(Forbidden, lend_peering, reader, LendPeering(id=peering.id, names=True))
    estate.do(delete_peering, alice, DeletePeering(id=peering.id))
    estate.settle()
    estate.refused(IllegalState, lend_peering, alice, LendPeering(id=peering.id, names=True))
