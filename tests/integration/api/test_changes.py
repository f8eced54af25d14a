"""`POST /changes`: a file of changes is made as a whole or not at all, and each change is what it would be alone."""

import pytest
from tests.support.api import make_site

from peerway.api.native.schemas.changes import MOST
from peerway.api.serving.services import Limits
from peerway.app.usecases.foresee import settle_changed
from peerway.domain.vpc import Instance, Vpc


@pytest.fixture(scope="module")
def site():
    """A store of this module's own; its accounts may make 500 requests at once."""
    yield from make_site(Limits(requests_per_second=100, burst=500))


def change(method, path, body=None, name=None, **fields):
    """One change."""
    given = {"name": name, "body": body, **fields}
    return {
        "method": method,
        "path": path,
        **{key: value for key, value in given.items() if value is not None},
    }


def vpc(name=None, cidr="10.0.0.0/16"):
    """A change that makes a VPC."""
    return change("POST", "/vpcs", {"region_id": "cn-hangzhou", "cidr": cidr}, name)


def vswitch(of, name=None, cidr="10.0.1.0/24"):
    """A change that makes a VSwitch in the VPC that another change makes."""
    return change(
        "POST", "/vswitches", {"vpc_id": f"${{{of}.id}}", "zone_id": "cn-hangzhou-h", "cidr": cidr}, name
    )


def make(account, *changes, **query):
    """The answer to a file."""
    return account.call("POST", "/changes", {"changes": list(changes)}, params=query)


def refused(site, account, *changes):
    """The problem of a file that is refused, and has changed nothing."""
    before = site.store.latest_revision(), site.store.audit_log(None, limit=10_000)
    response = make(account, *changes)
    assert response.status_code >= 400
    assert (site.store.latest_revision(), site.store.audit_log(None, limit=10_000)) == before
    return response.json()


#: A VPC, a VSwitch in it, two instances, a group for one of them, a second VPC and a way to it.
STORY = (
    vpc("a"),
    vpc("b", "10.1.0.0/16"),
    vswitch("a", "s"),
    change("POST", "/security-groups", {"vpc_id": "${a.id}", "name": "web of ${a.router_id}"}, "g"),
    change("POST", "/instances", {"vswitch_id": "${s.id}", "security_group_ids": ["${g.id}"]}, "i"),
    change("PATCH", "/instances/${i.id}", {"name": "at ${i.ipv4}"}),
    change(
        "POST",
        "/peerings",
        {
            "vpc_id": "${a.id}",
            "peer_uid": "${a.owner_uid}",
            "peer_region_id": "${b.region_id}",
            "peer_vpc_id": "${b.id}",
        },
        "p",
    ),
    change(
        "POST",
        "/route-tables/${a.system_table_id}/entries",
        {"destination": "${p.accepter.cidrs.0}", "next_hop": "peering", "next_hop_id": "${p.id}"},
        "r",
    ),
)


def test_file_is_made_in_one_transaction(site):
    """Later changes use what earlier ones answered; each leaves its own audit entries, by whoever asked."""
    account = site.account()
    response = make(account, *STORY)
    assert response.status_code == 200, response.text
    done = response.json()["changes"]
    assert [each["status"] for each in done] == [201, 201, 201, 201, 201, 200, 201, 201]
    instance = account.ok("GET", f"/instances/{done[4]['answer']['id']}")
    assert instance["name"] == f"at {instance['ipv4']}"
    assert instance["security_group_ids"] == [done[3]["answer"]["id"]]
    assert done[7]["answer"]["destination"] == "10.1.0.0/16"
    actions = [entry["action"] for entry in account.ok("GET", "/audit?limit=100")["items"]]
    wanted = ("vpc.create", "vswitch.create", "instance.create", "instance.update", "peering.create")
    assert [actions.count(action) for action in wanted] == [2, 1, 1, 1, 1]


def test_file_can_be_previewed(site):
    """The difference, quotas and prices are those of the whole file; nothing is stored."""
    account = site.account()
    before = site.store.latest_revision()
    other = change("POST", "/instances", {"vswitch_id": "${s.id}"}, "j")
    found = make(account, *STORY, other, preview="true").json()
    assert site.store.latest_revision() == before
    assert [each["waits"] for each in found["answer"]["changes"]] == [False] * 9
    gained = [each for each in found["reachability"]["changes"] if each["gained"] == "everything"]
    made = {each["name"]: each["answer"].get("id") for each in found["answer"]["changes"]}
    ends = {end["id"] for each in gained for end in (*each["sources"], *each["targets"])}
    assert ends >= {made["j"]}
    assert ("vswitches_per_vpc", 0, 1) in {(q["name"], q["before"], q["after"]) for q in found["quotas"]}


@pytest.mark.parametrize(
    ("bad", "field", "rule"),
    [
        (vswitch("a", "w", "10.9.1.0/24"), "changes[1].body.cidr", "must be inside a range of the VPC"),
        (vswitch("z", "w"), "changes[1].body.vpc_id", "refers to z, which is no earlier change's name"),
        (
            change("PATCH", "/vpcs/${a.nothing}", {}, "w"),
            "changes[1].path",
            "refers to nothing, which the answer of a has not",
        ),
        (
            change("PATCH", "/vpcs/${a.id}", {"name": "${a}"}, "w"),
            "changes[1].body.name",
            "must refer to an answer as ${name.field}",
        ),
        (
            change("PATCH", "/vpcs/${a.id}", {"name": "x ${a.secondary_cidrs}"}, "w"),
            "changes[1].body.name",
            "can't have ${a.secondary_cidrs} in a text: it is no text",
        ),
        (change("POST", "/nowhere", {}, "w"), "changes[1].path", "is no path of this API"),
        (change("PATCH", "/vpcs", {}, "w"), "changes[1].method", "must be POST at this path"),
        (change("POST", "/whoami", {}, "w"), "changes[1].method", "can change nothing at this path"),
        (change("POST", "/changes", {"changes": []}, "w"), "changes[1].path", "is no path of this API"),
        (
            change("POST", "/vpcs", {"region_id": "cn-hangzhou", "cidr": "10.0.0.0/16", "colour": 1}, "w"),
            "changes[1].body.colour",
            "is not a known field",
        ),
        (change("DELETE", "/vpcs/${a.id}?force=true", None, "w"), "changes[1].path", None),
    ],
)
def test_error_names_change_field_and_rule(site, bad, field, rule):
    """The first change that is refused ends the file: its place, its name, its field; the VPC before it is not made."""
    problem = refused(site, site.account(), vpc("a"), bad)
    assert (problem["data"]["change"], problem["data"]["name"]) == (1, "w")
    assert problem["detail"].startswith("changes[1] (w): ")
    assert problem["errors"][0]["field"] == field
    assert rule is None or problem["errors"][0]["rule"] == rule


def test_error_without_a_field_keeps_its_status_and_code(site):
    """What is wrong with a state or another's resource is told as it is of the operation alone."""
    account, stranger = site.account(), site.account()
    other = stranger.vpc()
    alone = account.call("PATCH", f"/vpcs/{other['id']}", {"name": "mine"}).json()
    problem = refused(site, account, vpc(), change("PATCH", f"/vpcs/{other['id']}", {"name": "mine"}))
    assert (problem["status"], problem["code"]) == (alone["status"], alone["code"]) == (404, "not_found")
    reader = site.credential(account, "reader")
    assert refused(site, reader, vpc())["code"] == "read_only"
    assert refused(site, account, change("POST", "/accounts", {"name": "x"}))["code"] == "not_operator"


def test_change_that_needs_its_forerunners_ready_says_where_to_split(site):
    """What is only being joined can't be switched off: the preview waits and says so, the file itself is refused as a whole."""
    account = site.account()
    sides = [
        change("POST", "/router-interfaces", {"router_id": f"${{{v}.id}}", "role": role}, f"r{v}")
        for v, role in (("a", "initiator"), ("b", "acceptor"))
    ]
    names = [
        change(
            "PATCH",
            f"/router-interfaces/${{r{one}.id}}",
            {
                "opposite_interface_id": f"${{r{other}.id}}",
                "opposite_router_id": f"${{r{other}.router_id}}",
                "opposite_owner_uid": f"${{r{other}.owner_uid}}",
            },
        )
        for one, other in (("a", "b"), ("b", "a"))
    ]
    file = [vpc("a"), vpc("b", "10.1.0.0/16"), *sides, *names]
    file += [
        change("POST", f"/router-interfaces/${{ra.id}}/{verb}", {}) for verb in ("connect", "deactivate")
    ]
    foretold = make(account, *file, preview="true").json()["answer"]["changes"]
    assert [each["waits"] for each in foretold] == [False] * 7 + [True]
    problem = refused(site, account, *file)
    assert (problem["code"], problem["data"]["split"]) == ("illegal_state", 7)
    assert "split the file before it" in problem["detail"]
    first = make(account, *file[:7]).json()["changes"]
    site.store.write(lambda tx: settle_changed(tx, site.services.world, 0))
    answers = {each["name"]: each["answer"] for each in first if each["name"]}
    rest = account.ok("POST", "/changes", {"changes": file[7:], "answers": answers})
    assert rest["changes"][0]["answer"]["state"] == "deactivating"


def test_bounds_and_names(site):
    """At most 200 changes, at least one; a name is used once, and the whole file has no key of its own."""
    account = site.account()
    assert make(account).status_code == 422
    assert make(account, *[vpc()] * (MOST + 1)).status_code == 422
    problem = refused(site, account, vpc("a"), vpc("a"))
    assert problem["errors"][0]["field"] == "changes[1].name"
    keyed = account.call("POST", "/changes", {"changes": [vpc()]}, headers={"Idempotency-Key": "k"})
    assert keyed.json()["errors"][0]["field"] == "Idempotency-Key"
    assert refused(site, account, change("GET", "/vpcs"))["errors"][0]["field"] == "changes[0].method"


def test_key_of_a_change_makes_its_repeat_harmless(site):
    """The same key and body give the same resource, in a file, too, and alone."""
    account = site.account()
    keyed = {**vpc("a"), "idempotency_key": "once"}
    first, again = (make(account, keyed).json()["changes"][0]["answer"]["id"] for _ in range(2))
    assert first == again
    alone = account.ok("POST", "/vpcs", keyed["body"], headers={"Idempotency-Key": "once"})
    assert alone["id"] == first


def test_plain_braces_are_kept(site):
    """`$${` stands for `${`, and other dollars for themselves."""
    account = site.account()
    named = {**vpc("a"), "body": {**vpc()["body"], "name": "$5 $${a.id}"}}
    assert make(account, named).json()["changes"][0]["answer"]["name"] == "$5 ${a.id}"


def test_references_can_not_blow_up_a_file(site):
    """API limits: some bytes of references don't become gigabytes of text that the server has to hold."""
    account = site.account()
    asked = {"changes": [change("PATCH", "/vpcs/x", {"name": "${b.x}" * 10_000})]}
    problem = account.call("POST", "/changes", {**asked, "answers": {"b": {"x": "y" * 50_000}}}).json()
    assert problem["errors"][0]["field"] == "changes[0].body.name"
    assert "bytes by references" in problem["detail"]


def test_file_counts_as_its_changes(site):
    """API limits: an account can't get around its rate limit by files."""
    account = site.account()
    changes = [change("POST", "/nowhere", {})] * MOST
    codes = [make(account, *changes).json()["code"] for _ in range(3)]
    assert codes == ["invalid", "invalid", "rate_limited"]


def test_quota_holds_for_the_file_as_a_whole(site):
    """The change that passes a limit is refused, and those before it are undone."""
    account = site.account()
    site.operator.ok("PUT", "/quotas/vswitches_per_vpc", {"uid": account.uid, "limit": 1})
    problem = refused(site, account, vpc("a"), vswitch("a"), vswitch("a", "w", "10.0.2.0/24"))
    assert (problem["code"], problem["data"]["change"], problem["data"]["name"]) == ("quota_exceeded", 2, "w")
    assert site.store.read(lambda tx: [one for one in tx.select(Vpc) if one.owner_uid == account.uid]) == []
    assert (
        site.store.read(lambda tx: [one for one in tx.select(Instance) if one.owner_uid == account.uid]) == []
    )
