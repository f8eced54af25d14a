"""JD Cloud's service `cps` over HTTP: networks of bare metal, and the peering that is Peerway's own extension."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.api import Site
from tests.support.jdcloud import JdClient, Refused

from peerway.app.usecases.peerings import due_expiries, expire_peering

NORTH, EAST = "cn-north-1", "cn-east-2"


@pytest.fixture
def one(site: Site) -> JdClient:
    """An account's way to the service in the north."""
    return JdClient(site, site.account(), "cps", NORTH)


@pytest.fixture
def other(site: Site) -> JdClient:
    """Another account's way to it in the east."""
    return JdClient(site, site.account(), "cps", EAST)


def at(client: JdClient, region: str) -> JdClient:
    """The same account in another region."""
    return JdClient(client.site, client.account, "cps", region)


def refused(client: JdClient, method: str, path: str, body: object = None) -> Refused:
    """The error of a request."""
    with pytest.raises(Refused) as caught:
        client.ask(method, path, body)
    return caught.value


def connect(client: JdClient, vpc: str, remote: str, **spec: Any) -> str:
    """A new request for a connection."""
    body = {"vpcPeeringSpec": {"name": "link", "vpcId": vpc, "remoteVpcId": remote, **spec}}
    return str(client.ask("PUT", "vpcPeerings", body)["vpcPeeringId"])


def seen(client: JdClient, id: str) -> Any:
    """A connection as the client sees it."""
    return client.ask("GET", f"vpcPeerings/{id}")["vpcPeering"]


def listed(client: JdClient, query: str = "") -> list[str]:
    """Ids of the connections in the client's list."""
    answer = client.ask("GET", f"vpcPeerings?{query}")
    assert len(answer["vpcPeerings"]) == answer["totalCount"]
    return [peering["vpcPeeringId"] for peering in answer["vpcPeerings"]]


def routes(client: JdClient, vpc: str) -> list[tuple[str, str]]:
    """Routes of a VPC's table, without the local ones."""
    (table,) = client.ask("GET", f"routeTables?vpcId={vpc}")["routeTables"]
    shown = client.ask("GET", f"routeTables/{table['routeTableId']}")["routeTable"]["routes"]
    return [(r["destinationCidr"], r["nextHop"]) for r in shown if r["nextHopType"] == "vpcPeering"]


def test_regions_have_zones(one: JdClient) -> None:
    """API-3: the SDK's describeRegiones, without a region in its path."""
    regions = {each["region"]: each for each in one.ask("GET", "/v1/regions")["regions"]}
    assert {"cn-north-1", "cn-east-2", "cn-hongkong"} <= regions.keys()
    assert regions["cn-north-1"]["azs"][0] == {
        "region": "cn-north-1",
        "az": "cn-north-1a",
        "azName": "cn-north-1a",
    }
    assert refused(one, "GET", "/v1/regions/mars-1/vpcs").status == "INVALID_ARGUMENT"


def test_networks_of_bare_metal(one: JdClient) -> None:
    """API-3: made by PUT, changed by POST, with the fields of the SDK's models."""
    spec = {"cidr": "10.0.0.0/16", "name": "n", "enableIpv6": "yes", "description": "desc"}
    body = {"regionId": NORTH, "clientToken": "token-1", "vpcSpec": spec}
    vpc = one.ask("PUT", "vpcs", body)["vpcId"]
    assert one.ask("PUT", "vpcs", body)["vpcId"] == vpc
    assert refused(one, "PUT", "vpcs", body | {"vpcSpec": spec | {"name": "m"}}).status == "ALREADY_EXISTS"
    shown = one.ask("GET", f"vpcs/{vpc}")["vpc"]
    assert (shown["region"], shown["cidr"], shown["description"]) == (NORTH, "10.0.0.0/16", "desc")
    assert shown["ipv6Cidr"].endswith("/56")
    assert one.account.ok("GET", f"/vpcs/{vpc}")["kind"] == "cps"
    changed = one.ask("POST", f"vpcs/{vpc}", {"name": "renamed", "description": None})["vpc"]
    assert (changed["name"], changed["description"]) == ("renamed", "desc")
    assert one.ask("GET", "vpcs?name=renamed&pageSize=20")["totalCount"] == 1
    assert one.ask("GET", "vpcs?name=n")["vpcs"] == []
    assert refused(one, "GET", "vpcs?pageSize=10").status == "INVALID_ARGUMENT"
    assert refused(one, "PUT", "vpcs", {"vpcSpec": spec | {"enableIpv6": "maybe"}}).code == 400
    assert refused(one, "PUT", "vpcs", {"vpcSpec": None}).code == 400
    assert refused(one, "PUT", "vpcs", {"vpcSpec": {"name": "n"}}).code == 400

    made = {"az": "cn-north-1c", "vpcId": vpc, "cidr": "10.0.1.0/24", "name": "s", "description": ""}
    subnet = one.ask("PUT", "subnets", {"subnetSpec": made})["subnetId"]
    shown = one.ask("GET", f"subnets/{subnet}")["subnet"]
    assert (shown["az"], shown["vpcCidr"], shown["totalIpCount"]) == ("cn-north-1c", "10.0.0.0/16", 252)
    assert one.ask("POST", f"subnets/{subnet}", {"name": "t"})["subnet"]["name"] == "t"
    assert one.ask("GET", f"subnets?vpcId={vpc}&az=cn-north-1c&name=t")["totalCount"] == 1
    assert one.ask("GET", "subnets?az=cn-north-1a")["totalCount"] == 0
    told = refused(one, "PUT", "subnets", {"subnetSpec": made | {"az": "nowhere"}})
    assert (told.code, "subnetSpec.az is 'nowhere', it must be one of cn-north-1a, " in told.message) == (
        400,
        True,
    )
    assert refused(one, "PUT", "subnets", {"subnetSpec": made | {"secondaryCidr": "10.9.0.0/24"}}).code == 400

    more = {"secondaryCidrSpec": {"subnetId": subnet, "cidr": "10.7.0.0/16", "name": "more"}}
    range_id = one.ask("PUT", "secondaryCidrs", more)["secondaryCidrId"]
    (shown,) = one.ask("GET", f"secondaryCidrs?subnetId={subnet}")["secondaryCidrs"]
    assert (shown["secondaryCidrId"], shown["cidr"], shown["vpcId"]) == (range_id, "10.7.0.0/16", vpc)
    assert one.ask("DELETE", f"secondaryCidrs/{range_id}") is None
    assert refused(one, "DELETE", f"secondaryCidrs/{range_id}").status == "NOT_FOUND"

    (table,) = one.ask("GET", f"routeTables?vpcId={vpc}")["routeTables"]
    assert (table["name"], table["vpcName"]) == ("system", "renamed")
    local = table["routes"][0]
    assert (local["destinationCidr"], local["nextHopType"]) == ("10.0.1.0/24", "local")
    assert refused(one, "POST", f"routeTables/{table['routeTableId']}", {}).status == "METHOD_NOT_ALLOWED"
    assert refused(one, "DELETE", f"vpcs/{vpc}").status == "FAILED_PRECONDITION"
    one.ask("DELETE", f"subnets/{subnet}")


def test_the_same_account_is_joined_at_once(one: JdClient) -> None:
    """PEER-1, PEER-8, seed 004: no answer is needed, and the system writes both sides' routes."""
    near, far = one.vpc("10.0.0.0/16"), one.vpc("10.1.0.0/16")
    made = connect(one, near, far)
    assert seen(one, made)["state"] == "creating"
    assert seen(one, made)["bandwidth"] == 0
    assert routes(one, near) == [("10.1.0.0/16", made)]
    assert routes(one, far) == [("10.0.0.0/16", made)]
    assert one.ask("DELETE", f"vpcPeerings/{made}") is None
    assert routes(one, near) == routes(one, far) == []


def test_across_accounts_and_regions_the_other_side_answers(one: JdClient, other: JdClient) -> None:
    """PEER-1 ... PEER-5, PEER-9, seed 004: pending, accepted, a cap that changes, and each side seen from its region."""
    near, far = one.vpc("10.0.0.0/16"), other.vpc("10.1.0.0/16")
    spec = {"peerAccount": other.account.uid, "remoteRegionId": EAST, "bandwidth": 50}
    made = connect(one, near, far, **spec)
    asked = seen(one, made)
    assert (asked["state"], asked["role"], asked["bandwidth"]) == ("pending-acceptance", "requester", 50)
    assert (asked["vpcId"], asked["remoteVpcId"], asked["remoteRegion"]) == (near, far, EAST)
    assert asked["peerAccount"] == other.account.uid
    assert asked["expireTime"]
    told = seen(other, made)
    assert (told["role"], told["region"], told["vpcId"], told["remoteVpcId"]) == ("accepter", EAST, far, near)
    assert refused(at(one, EAST), "GET", f"vpcPeerings/{made}").status == "NOT_FOUND"
    assert refused(one, "POST", f"vpcPeerings/{made}:accept").status == "PERMISSION_DENIED"
    assert routes(one, near) == []

    assert other.ask("POST", f"vpcPeerings/{made}:accept", {"regionId": EAST, "vpcPeeringId": made}) is None
    assert routes(one, near) == [("10.1.0.0/16", made)]
    assert routes(other, far) == [("10.0.0.0/16", made)]
    assert refused(other, "POST", f"vpcPeerings/{made}:accept").status == "FAILED_PRECONDITION"
    assert refused(other, "POST", f"vpcPeerings/{made}:reject").status == "FAILED_PRECONDITION"
    assert refused(other, "POST", f"vpcPeerings/{made}", {"bandwidth": 80}).status == "PERMISSION_DENIED"
    assert refused(one, "POST", f"vpcPeerings/{made}", {"bandwidth": 0}).status == "INVALID_ARGUMENT"
    assert refused(one, "POST", f"vpcPeerings/{made}", {"bandwidth": 2000}).status == "QUOTA_EXCEEDED"
    changed = one.ask("POST", f"vpcPeerings/{made}", {"name": "renamed", "description": "d"})["vpcPeering"]
    assert (changed["name"], changed["description"], changed["bandwidth"]) == ("renamed", "d", 50)

    assert listed(one) == listed(other) == [made]
    assert listed(one, "role=accepter") == []
    assert listed(other, "role=accepter") == [made]
    assert listed(one, f"vpcId={near}&name=renamed") == [made]
    assert listed(one, f"filters.1.name=vpcPeeringId&filters.1.values.1={made}") == [made]
    assert listed(one, "state=active") == []
    assert listed(at(one, EAST)) == []
    assert refused(one, "GET", "vpcPeerings?role=owner").status == "INVALID_ARGUMENT"
    assert other.ask("DELETE", f"vpcPeerings/{made}") is None
    assert routes(one, near) == []


def test_who_says_no_sees_it_no_more(one: JdClient, other: JdClient) -> None:
    """PEER-5, seed 004: the record is gone for the accepter, and the requester's says that the peer rejected."""
    near, far = one.vpc("10.0.0.0/16"), other.vpc("10.1.0.0/16")
    made = connect(one, near, far, peerAccount=other.account.uid, remoteRegionId="cn-shanghai")
    assert seen(one, made)["bandwidth"] == 100
    assert refused(one, "POST", f"vpcPeerings/{made}:reject").status == "PERMISSION_DENIED"
    assert other.ask("POST", f"vpcPeerings/{made}:reject") is None
    assert seen(one, made)["state"] == "peer-rejected"
    assert listed(one, "state=peer-rejected") == [made]
    assert listed(other) == []
    assert refused(other, "GET", f"vpcPeerings/{made}").status == "NOT_FOUND"
    assert one.ask("DELETE", f"vpcPeerings/{made}") is None
    assert listed(one) == []


def test_an_unanswered_request_expires(site: Site, one: JdClient, other: JdClient) -> None:
    """PEER-3, seed 004: after 24 hours; then it can't be accepted, and the accepter sees it no more."""
    near, far = one.vpc("10.0.0.0/16"), other.vpc("10.1.0.0/16")
    made = connect(one, near, far, peerAccount=other.account.uid, remoteRegionId=EAST)
    later = site.clock.now() + timedelta(hours=24)
    assert made in {due.id for due in site.store.read(lambda tx: due_expiries(tx, later, 100))}
    site.clock.advance(timedelta(hours=24))
    assert refused(other, "POST", f"vpcPeerings/{made}:accept").status == "FAILED_PRECONDITION"
    site.store.write(lambda tx: expire_peering(tx, site.services.world, made))
    assert seen(one, made)["state"] == "expired"
    assert listed(other) == []


def test_errors_of_requests(one: JdClient, other: JdClient) -> None:
    """PEER-1, PEER-6, PEER-9, seed 004: what a request is refused for."""
    near, far = one.vpc("10.0.0.0/16"), other.vpc("10.1.0.0/16")
    spec = {"name": "link", "vpcId": near, "remoteVpcId": far, "remoteRegionId": EAST}

    def told(**fields: Any) -> tuple[int, str]:
        body = {"vpcPeeringSpec": {**spec, "peerAccount": other.account.uid, **fields}}
        error = refused(one, "PUT", "vpcPeerings", body)
        return error.code, error.status

    assert told(peerAccount=None) == (404, "NOT_FOUND")
    assert told(peerAccount="1234567890123456") == (404, "NOT_FOUND")
    assert told(remoteRegionId=NORTH) == (404, "NOT_FOUND")
    assert told(remoteRegionId="mars-1") == (400, "INVALID_ARGUMENT")
    assert told(remoteVpcId="vpc-nobody") == (404, "NOT_FOUND")
    assert told(vpcId="vpc-nobody") == (404, "NOT_FOUND")
    assert told(vpcId=far) == (404, "NOT_FOUND")
    assert told(bandwidth="fast") == (400, "INVALID_ARGUMENT")
    assert told(bandwidth=5000) == (429, "QUOTA_EXCEEDED")
    assert told(name=None) == (400, "INVALID_ARGUMENT")
    mine = one.vpc("10.2.0.0/16")
    same = {"remoteVpcId": mine, "peerAccount": None, "remoteRegionId": None}
    assert told(**same, bandwidth=10) == (400, "INVALID_ARGUMENT")
    assert told(**same | {"remoteVpcId": near}) == (400, "INVALID_ARGUMENT")
    assert told(**same | {"remoteVpcId": one.vpc("10.0.0.0/24")}) == (400, "INVALID_ARGUMENT")
    virtual = JdClient(one.site, one.account, "vpc", NORTH).vpc("10.3.0.0/16")
    assert told(**same | {"remoteVpcId": virtual}) == (400, "INVALID_ARGUMENT")
    assert told(vpcId=virtual) == (404, "NOT_FOUND")
    first = connect(one, near, mine, clientToken=None)
    assert told(**same) == (409, "ALREADY_EXISTS")
    # Two peers of one VPC inside a region must not overlap.
    assert told(**same | {"remoteVpcId": one.vpc("10.2.128.0/17")}) == (400, "INVALID_ARGUMENT")
    assert refused(one, "DELETE", f"vpcs/{near}").status == "FAILED_PRECONDITION"
    assert refused(other, "DELETE", f"vpcPeerings/{first}").status == "NOT_FOUND"


def test_repeats_with_a_token_are_harmless(one: JdClient) -> None:
    """API-3: the same token and request give the same connection."""
    near, far = one.vpc("10.0.0.0/16"), one.vpc("10.1.0.0/16")
    body = {"clientToken": "t1", "vpcPeeringSpec": {"name": "link", "vpcId": near, "remoteVpcId": far}}
    assert one.ask("PUT", "vpcPeerings", body) == one.ask("PUT", "vpcPeerings", body)
    assert refused(one, "PUT", "vpcPeerings", body | {"clientToken": "t" * 37}).code == 400


def test_other_products_connections_are_not_here(site: Site) -> None:
    """API-3: the service shows its own product's alone."""
    account = site.account()
    client = JdClient(site, account, "cps", NORTH)
    near, far = client.vpc("10.0.0.0/16"), client.vpc("10.1.0.0/16")
    native = account.peering(*(account.ok("GET", f"/vpcs/{id}") for id in (near, far)))
    assert listed(client) == []
    assert refused(client, "GET", f"vpcPeerings/{native['id']}").status == "NOT_FOUND"
    assert refused(client, "DELETE", f"vpcPeerings/{native['id']}").status == "NOT_FOUND"
