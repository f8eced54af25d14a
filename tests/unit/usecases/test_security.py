"""Security groups, their rules, and network ACLs."""

import pytest

from peerway.app.usecases.instances import UpdateInstance, update_instance
from peerway.app.usecases.network_acls import (
    AclEntrySpec,
    CreateNetworkAcl,
    DeleteNetworkAcl,
    ReplaceAclEntries,
    UpdateNetworkAcl,
    create_network_acl,
    delete_network_acl,
    get_network_acl,
    list_network_acls,
    replace_acl_entries,
    update_network_acl,
)
from peerway.app.usecases.security_groups import (
    CreateSecurityGroup,
    DeleteSecurityGroup,
    UpdateSecurityGroup,
    create_security_group,
    delete_security_group,
    get_security_group,
    list_security_groups,
    update_security_group,
)
from peerway.app.usecases.security_rule_specs import RuleSpec
from peerway.app.usecases.security_rules import (
    CreateSecurityRule,
    CreateSecurityRules,
    DeleteSecurityRule,
    create_security_rule,
    create_security_rules,
    delete_security_rule,
    list_security_rules,
)
from peerway.app.usecases.vswitches import UpdateVSwitch, update_vswitch
from peerway.domain.errors import AlreadyExists, Conflict, InUse, InvalidInput, NotFound, QuotaExceeded
from peerway.domain.security import NetworkAcl, RuleAction, SecurityGroup, SecurityRule


@pytest.fixture
def vpc(estate, alice):
    """A VPC."""
    return estate.vpc(alice)


@pytest.fixture
def group(estate, alice, vpc):
    """A security group in it."""
    return estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=vpc.id, name="web"))


def rule(group, **fields):
    """A request for a rule that accepts everything from everywhere, changed as given."""
    given = {
        "direction": "ingress",
        "remote_cidr": None if "remote_group_id" in fields else "0.0.0.0/0",
        **fields,
    }
    return CreateSecurityRule(security_group_id=group.id, **given)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"direction": "sideways"}, "direction"),
        ({"priority": 0}, "priority"),
        ({"priority": 101}, "priority"),
        ({"action": "allow"}, "action"),
        ({"protocol": "sctp"}, "protocol"),
        ({"protocol": "tcp", "port_range": "0/80"}, "port_range"),
        ({"protocol": "tcp", "port_range": "90/80"}, "port_range"),
        ({"protocol": "tcp", "port_range": "1/65536"}, "port_range"),
        ({"protocol": "tcp", "port_range": "http"}, "port_range"),
        ({"protocol": "tcp", "port_range": 80}, "port_range"),
        ({"protocol": "icmp", "port_range": "80/80"}, "port_range"),
        ({"protocol": "all", "port_range": "80/80"}, "port_range"),
        ({"remote_cidr": "10.0.0.1/8"}, "remote_cidr"),
        ({"remote_cidr": None}, "remote_cidr"),
        ({"remote_cidr": "10.0.0.0/8", "remote_group_id": "sg-1"}, "remote_cidr"),
        ({"protocol": "icmp", "remote_cidr": "::/0"}, "remote_cidr"),
        ({"protocol": "icmpv6", "remote_cidr": "0.0.0.0/0"}, "remote_cidr"),
        ({"description": "x" * 257}, "description"),
    ],
)
def test_bad_rule_is_refused(estate, alice, group, fields, field):
    """NET-7: each wrong value is a problem with its field and rule, and nothing changes."""
    error = estate.refused(InvalidInput, create_security_rule, alice, rule(group, **fields))
    assert error.field == field


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80/80", (80, 80)),
        ("80-90", (80, 90)),
        ("80/90", (80, 90)),
        ("80", (80, 80)),
        ("-1/-1", (0, 65535)),
        (None, (0, 65535)),
    ],
)
def test_ports_are_read_in_the_usual_forms(estate, alice, group, text, ports):
    """NET-7: Alibaba's and everyone's way to write ports."""
    made = estate.do(create_security_rule, alice, rule(group, protocol="tcp", port_range=text))
    assert (made.port_low, made.port_high) == ports


def test_rule_exists_once(estate, alice, group):
    """NET-7: the same rule twice is refused, one that decides otherwise is not."""
    estate.do(create_security_rule, alice, rule(group))
    assert estate.refused(AlreadyExists, create_security_rule, alice, rule(group)).code == "rule_exists"
    estate.do(create_security_rule, alice, rule(group, priority=2))


def test_group_as_far_side_is_of_the_same_vpc(estate, alice, bob, vpc, group):
    """NET-7: members of a group of the VPC."""
    near = estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=vpc.id))
    estate.do(create_security_rule, alice, rule(group, remote_group_id=near.id))
    for caller in (alice, bob):
        far = estate.do(create_security_group, caller, CreateSecurityGroup(vpc_id=estate.vpc(caller).id))
        error = estate.refused(NotFound, create_security_rule, alice, rule(group, remote_group_id=far.id))
        assert error.data["field"] == "remote_group_id"


def test_batch_is_all_or_none_and_repeatable(estate, alice, group):
    """NET-7: one bad rule undoes the batch; a retried batch returns its rules."""
    good = tuple(
        RuleSpec(direction="ingress", protocol="tcp", port_range=str(p), remote_cidr="::/0")
        for p in (80, 443)
    )
    bad = CreateSecurityRules(security_group_id=group.id, rules=(*good, RuleSpec(direction="up")))
    estate.refused(InvalidInput, create_security_rules, alice, bad)
    request = CreateSecurityRules(security_group_id=group.id, rules=good, client_token="t")
    made = estate.do(create_security_rules, alice, request)
    assert estate.do(create_security_rules, alice, request) == made
    assert list(estate.ask(list_security_rules, alice, group.id).items) == made
    other = CreateSecurityRules(security_group_id=group.id, rules=good[:1], client_token="t")
    assert estate.refused(Conflict, create_security_rules, alice, other).code == "token_reused"


def test_group_holds_two_thousand_rules(estate, alice, group):
    """NET-7: lists are bounded."""
    specs = tuple(
        RuleSpec(direction="ingress", protocol="tcp", port_range=str(p), remote_cidr="0.0.0.0/0")
        for p in range(1, 2001)
    )
    estate.do(create_security_rules, alice, CreateSecurityRules(security_group_id=group.id, rules=specs))
    estate.refused(QuotaExceeded, create_security_rule, alice, rule(group))


def test_group_goes_when_nobody_needs_it(estate, alice, vpc, group):
    """NET-7: a member or another group's rule keeps it; its own rules go with it."""
    instance = estate.instance(alice, estate.vswitch(alice, vpc), security_group_ids=(group.id,))
    assert (
        estate.refused(InUse, delete_security_group, alice, DeleteSecurityGroup(id=group.id)).data["by_id"]
        == instance.id
    )
    estate.do(update_instance, alice, UpdateInstance(id=instance.id, security_group_ids=()))
    other = estate.do(create_security_group, alice, CreateSecurityGroup(vpc_id=vpc.id))
    naming = estate.do(create_security_rule, alice, rule(other, remote_group_id=group.id))
    estate.do(create_security_rule, alice, rule(group, remote_group_id=group.id))
    assert (
        estate.refused(InUse, delete_security_group, alice, DeleteSecurityGroup(id=group.id)).data["by_id"]
        == naming.id
    )
    estate.do(delete_security_rule, alice, DeleteSecurityRule(id=naming.id))
    estate.do(delete_security_group, alice, DeleteSecurityGroup(id=group.id))
    assert (estate.get(SecurityGroup, group.id), estate.all(SecurityRule)) == (None, [])


def test_group_texts_and_inner_access_change(estate, alice, bob, vpc, group):
    """NET-7: the owner may change what is not a rule."""
    after = estate.do(
        update_security_group,
        alice,
        UpdateSecurityGroup(id=group.id, name="db", description="d", inner_access=False),
    )
    assert (after.name, after.description, after.inner_access) == ("db", "d", False)
    assert estate.ask(get_security_group, alice, group.id) == after
    assert estate.ask(list_security_groups, alice, vpc_id=vpc.id).items == (after,)
    estate.refused(NotFound, update_security_group, bob, UpdateSecurityGroup(id=group.id, name="x"))
    estate.refused(
        InvalidInput, update_security_group, alice, UpdateSecurityGroup(id=group.id, inner_access="no")
    )


def test_new_acl_accepts_everything(estate, alice, vpc):
    """NET-7: one entry for IPv4 and one for IPv6 each way, as the cloud does."""
    acl = estate.do(create_network_acl, alice, CreateNetworkAcl(vpc_id=vpc.id))
    for entries in (acl.ingress, acl.egress):
        assert [(e.action, str(e.cidr)) for e in entries] == [
            (RuleAction.ACCEPT, "0.0.0.0/0"),
            (RuleAction.ACCEPT, "::/0"),
        ]


def test_acl_entries_are_replaced_in_order(estate, alice, bob, vpc):
    """NET-7: a direction that is not given keeps its own; order is priority."""
    acl = estate.do(create_network_acl, alice, CreateNetworkAcl(vpc_id=vpc.id, ingress=()))
    assert acl.ingress == ()
    entries = tuple(
        AclEntrySpec(action="drop", protocol="tcp", port_range=str(p), cidr="10.0.0.0/8") for p in (22, 23)
    )
    after = estate.do(replace_acl_entries, alice, ReplaceAclEntries(id=acl.id, ingress=entries))
    assert ([e.port_low for e in after.ingress], after.egress) == ([22, 23], acl.egress)
    estate.refused(NotFound, replace_acl_entries, bob, ReplaceAclEntries(id=acl.id, ingress=()))
    assert estate.ask(get_network_acl, alice, acl.id) == after
    named = estate.do(update_network_acl, alice, UpdateNetworkAcl(id=acl.id, name="n", description="d"))
    assert estate.ask(list_network_acls, alice, vpc_id=vpc.id).items == (named,)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"action": "deny"}, "ingress.1.action"),
        ({"protocol": "x"}, "ingress.1.protocol"),
        ({"protocol": "udp", "port_range": "x"}, "ingress.1.port_range"),
        ({"cidr": "10.0.0.1/8"}, "ingress.1.cidr"),
        ({"protocol": "icmpv6"}, "ingress.1.cidr"),
        ({"name": "x" * 129}, "ingress.1.name"),
    ],
)
def test_bad_acl_entry_is_named_by_its_place(estate, alice, vpc, fields, field):
    """NET-7: the field tells which entry of the list is wrong."""
    good = {"action": "accept", "cidr": "10.0.0.0/8"}
    entries = (AclEntrySpec(**good), AclEntrySpec(**{**good, **fields}))
    error = estate.refused(
        InvalidInput, create_network_acl, alice, CreateNetworkAcl(vpc_id=vpc.id, ingress=entries)
    )
    assert error.field == field


def test_acl_list_is_bounded(estate, alice, vpc):
    """NET-7: not more than two thousand entries."""
    entries = (AclEntrySpec(action="accept", cidr="10.0.0.0/8"),) * 2001
    error = estate.refused(
        InvalidInput, create_network_acl, alice, CreateNetworkAcl(vpc_id=vpc.id, egress=entries)
    )
    assert error.field == "egress"


def test_bound_acl_stays(estate, alice, vpc):
    """NET-7: a VSwitch keeps its ACL."""
    acl = estate.do(create_network_acl, alice, CreateNetworkAcl(vpc_id=vpc.id))
    vswitch = estate.vswitch(alice, vpc)
    estate.do(update_vswitch, alice, UpdateVSwitch(id=vswitch.id, network_acl_id=acl.id))
    assert (
        estate.refused(InUse, delete_network_acl, alice, DeleteNetworkAcl(id=acl.id)).data["by_id"]
        == vswitch.id
    )
    estate.do(update_vswitch, alice, UpdateVSwitch(id=vswitch.id, network_acl_id=None))
    estate.do(delete_network_acl, alice, DeleteNetworkAcl(id=acl.id))
    assert estate.get(NetworkAcl, acl.id) is None
