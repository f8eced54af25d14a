"""Tencent Cloud's API of the second version by its own SDK over TLS: all thirteen actions, with real packets."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from QcloudApi.qcloudapi import QcloudApi
from tests.support.certificates import make_certificate
from tests.support.connect_proxy import leading_to
from tests.support.live import Cloud, Tenant, eventually, running_cloud
from tests.support.minutes import Minutes
from tests.support.sites import Oracles, Site

from peerway.adapters.store import open_store
from peerway.domain.peering import Peering

pytestmark = pytest.mark.kernel

#: How the SDK signs and sends.
STYLES = [("GET", "HmacSHA1"), ("POST", "HmacSHA256")]

OURS = {"gz": "cn-guangzhou", "bj": "cn-beijing"}

NO_PEERING = (5000, "InvalidPeeringConnection.NotFound")
NO_VPC = (5000, "InvalidVpc.NotFound")
WRONG_SIDE = (4300, "UnsupportedOperation.VpcPeerPurviewError")
WRONG_STATE = (5100, "UnsupportedOperation.VpcPeerInvalidStateChange")


class Sdk:
    """The SDK for one account in one region."""

    def __init__(self, tenant: Tenant, region: str, style: tuple[str, str] = STYLES[0]) -> None:
        self.tenant, self.region, self.style = tenant, region, style
        #: A module that the SDK does not know is sent where the configuration says.
        self.module = "peerway"

    def raw(self, action: str, /, **parameters: Any) -> dict[str, Any]:
        """What is answered."""
        method, digest = self.style
        config = {
            "secretId": self.tenant.key_id,
            "secretKey": self.tenant.secret,
            "Region": self.region,
            "method": method,
            "SignatureMethod": digest,
            "endpoint": self.tenant.endpoint,
        }
        answer: dict[str, Any] = json.loads(QcloudApi(self.module, config).call(action, parameters))
        assert type(answer["code"]) is int
        return answer

    def call(self, action: str, /, **parameters: Any) -> dict[str, Any]:
        """The fields of an answer that is none of an error."""
        answer = self.raw(action, **parameters)
        assert (answer["code"], answer["message"], answer["codeDesc"]) == (0, "", "Success"), answer
        return answer

    def refused(self, action: str, /, **parameters: Any) -> tuple[int, str]:
        """Number and word of the error that a request ends in."""
        answer = self.raw(action, **parameters)
        assert answer["code"] != 0
        assert answer["message"]
        return answer["code"], answer["codeDesc"]

    def listed(self, id: str) -> dict[str, Any] | None:
        """A connection as a list has it."""
        found = self.call("DescribeVpcPeeringConnections", peeringConnectionId=id)["data"]
        return found[0] if found else None

    def in_state(self, id: str, state: int) -> dict[str, Any]:
        """The connection once it is in that state."""

        def look() -> dict[str, Any] | None:
            found = self.listed(id)
            return found if found and found["state"] == state else None

        found: dict[str, Any] = eventually(f"{id} is {state}", look)
        return found

    def gone(self, id: str) -> None:
        """Wait until no list has the connection."""
        eventually(f"{id} is gone", lambda: self.listed(id) is None)

    def polled(self, action: str, /, **parameters: Any) -> str:
        """Ask for something and wait for the end of its task, as clients do; the connection's id."""
        task = self.call(action, **parameters)["taskId"]
        assert type(task) is int

        def look() -> dict[str, Any] | None:
            data: dict[str, Any] = self.call("DescribeVpcTaskResult", taskId=task)["data"]
            assert data["status"] in {0, 2}, data
            return data if data["status"] == 0 else None

        output = eventually(f"task {task} is done", look)["output"]
        assert (output["errorCode"], output["errorMsg"]) == (0, "")
        id: str = output["uniqVpcPeerId"]
        return id


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where certificate and key are."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def cloud(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway on the kernel data plane, with a certificate that has the names of the clouds' own hosts too."""
    names = ("localhost", "vpc.api.qcloud.com", "monitor.api.qcloud.com")
    certificate, key = make_certificate(folder, *names)
    data = tmp_path_factory.mktemp("peerway")
    options = ("--tls-cert", str(certificate), "--tls-key", str(key))
    with running_cloud(data, "kernel", *options) as running:
        yield running


@pytest.fixture(autouse=True)
def _trust(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the SDK trust the certificate in the way it is told to."""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "certificate.pem"))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def oracles(cloud: Cloud) -> Oracles:
    """The real packet and the compiled network."""
    return Oracles(cloud)


@pytest.fixture
def tenant(cloud: Cloud, request: pytest.FixtureRequest) -> Callable[[str], Tenant]:
    """Makes accounts of the test's own."""
    return lambda name: cloud.tenant(f"{request.node.name}-{name}")


def site_of(sdk: Sdk, cidr: str) -> Site:
    """A VPC with a subnet by the SDK, and an instance in it."""
    subnet = {"subnetName": "sub", "cidrBlock": cidr.replace("0.0/16", "1.0/24"), "zoneId": 100001}
    made = sdk.call("CreateVpc", vpcName="net", cidrBlock=cidr, subnetSet=[subnet])
    tenant, subnet_id = sdk.tenant, made["subnetSet"][0]["unSubnetId"]
    instance = tenant.post("/instances", vswitch_id=subnet_id, name="host")
    instance = tenant.settled(f"/instances/{instance['id']}", "available")
    vpc, vswitch = tenant.get(f"/vpcs/{made['uniqVpcId']}"), tenant.get(f"/vswitches/{subnet_id}")
    return Site(tenant, OURS[sdk.region], vpc, vswitch, instance)


def asked(near: Site, far: Site, **fields: Any) -> dict[str, Any]:
    """Parameters of a request for a connection between two sites."""
    return {
        "vpcId": near.vpc_id,
        "peerVpcId": far.vpc_id,
        "peerUin": far.tenant.uid,
        "peeringConnectionName": "研发 测试&a=b",
        "a_b": "x_y",
    } | fields


def route(sdk: Sdk, site: Site, destination: str, id: str) -> None:
    """Send a range over a connection."""
    routes = [{"destinationCidrBlock": destination, "nextType": 4, "nextHub": id}]
    sdk.call("CreateRoute", vpcId=site.vpc_id, routeTableId=site.table_id, routeSet=routes)


def routes_of(sdk: Sdk, site: Site) -> list[tuple[str, int, str]]:
    """What was written into the table of a site."""
    (table,) = sdk.call("DescribeRouteTable", vpcId=site.vpc_id, routeTableId=site.table_id)["data"]
    return [(one["destinationCidrBlock"], one["nextType"], one["nextHub"]) for one in table["routeSet"]]


@pytest.mark.parametrize("style", STYLES, ids=["-".join(style) for style in STYLES])
def test_two_accounts_in_one_region(
    oracles: Oracles, tenant: Callable[[str], Tenant], style: tuple[str, str]
) -> None:
    """API-1, PEER-1 ... PEER-5: asked for, accepted, routed, renamed, deleted; packets go when routes say so."""
    ours, theirs = Sdk(tenant("a"), "gz", style), Sdk(tenant("b"), "gz", style)
    here, there = site_of(ours, "10.1.0.0/16"), site_of(theirs, "10.2.0.0/16")
    id = ours.call("CreateVpcPeeringConnection", **asked(here, there))["peeringConnectionId"]
    row = theirs.in_state(id, 0)
    assert row == {
        **row,
        "peeringConnectionName": "研发 测试&a=b",
        "unVpcId": here.vpc_id,
        "unPeerVpcId": there.vpc_id,
        "uin": int(ours.tenant.uid),
        "peerUin": int(theirs.tenant.uid),
        "region": "gz",
    }
    assert ours.refused("AcceptVpcPeeringConnection", peeringConnectionId=id) == WRONG_SIDE
    assert ours.refused("EnableVpcPeeringConnection", peeringConnectionId=id) == WRONG_STATE
    theirs.call("AcceptVpcPeeringConnection", peeringConnectionId=id)
    ours.in_state(id, 1)
    assert theirs.refused("AcceptVpcPeeringConnection", peeringConnectionId=id) == WRONG_STATE
    assert oracles.both(here, there) == (False, False), "there are no routes yet"
    route(ours, here, "10.2.0.0/16", id)
    route(theirs, there, "10.1.0.0/16", id)
    assert routes_of(ours, here) == [("10.2.0.0/16", 4, id)]
    assert oracles.both(here, there) == (True, True)
    ours.call("ModifyVpcPeeringConnection", peeringConnectionId=id, peeringConnectionName="new")
    found = ours.listed(id)
    assert found
    assert found["peeringConnectionName"] == "new"
    assert ours.refused("DeleteVpc", vpcId=here.vpc_id) == (5100, "ResourceInUse")
    theirs.call("DeleteVpcPeeringConnection", peeringConnectionId=id)
    ours.gone(id)
    assert (routes_of(ours, here), routes_of(theirs, there)) == ([], [])
    assert oracles.both(here, there) == (False, False)
    again = ours.call("CreateVpcPeeringConnection", **asked(here, there))["peeringConnectionId"]
    theirs.call("RejectVpcPeeringConnection", peeringConnectionId=again)
    ours.in_state(again, 3)
    theirs.gone(again)


@pytest.mark.parametrize("style", STYLES, ids=["-".join(style) for style in STYLES])
def test_two_accounts_in_two_regions(
    oracles: Oracles, tenant: Callable[[str], Tenant], style: tuple[str, str]
) -> None:
    """API-1, PEER-1 ... PEER-5, PEER-9: everything is a task, polled until it is done."""
    ours, theirs = Sdk(tenant("a"), "gz", style), Sdk(tenant("b"), "bj", style)
    here, there = site_of(ours, "10.1.0.0/16"), site_of(theirs, "10.2.0.0/16")
    wanted = asked(here, there, peerRegion="bj", bandwidth="100", type=1)
    id = ours.polled("CreateVpcPeeringConnectionEx", **wanted)
    assert ours.in_state(id, 0)["peerRegion"] == "bj"
    assert theirs.polled("RejectVpcPeeringConnectionEx", peeringConnectionId=id) == id
    ours.in_state(id, 3)
    ours.polled("DeleteVpcPeeringConnectionEx", peeringConnectionId=id)
    id = ours.polled("CreateVpcPeeringConnectionEx", **wanted)
    assert ours.refused("AcceptVpcPeeringConnectionEx", peeringConnectionId=id) == WRONG_SIDE
    assert theirs.polled("AcceptVpcPeeringConnectionEx", peeringConnectionId=id) == id
    found = ours.listed(id)
    assert found
    assert found["state"] == 1, "the task was done, and so it is"
    route(ours, here, "10.2.0.0/16", id)
    route(theirs, there, "10.1.0.0/16", id)
    assert oracles.both(here, there) == (True, True)
    ours.polled("ModifyVpcPeeringConnectionEx", peeringConnectionId=id, bandwidth=20)
    assert ours.tenant.get(f"/peerings/{id}")["bandwidth_mbps"] == 20
    assert theirs.refused("ModifyVpcPeeringConnectionEx", peeringConnectionId=id, bandwidth=10) == WRONG_SIDE
    assert oracles.both(here, there) == (True, True)
    theirs.polled("DeleteVpcPeeringConnectionEx", peeringConnectionId=id)
    ours.gone(id)
    assert (routes_of(ours, here), routes_of(theirs, there)) == ([], [])
    assert oracles.both(here, there) == (False, False)


def test_one_account_in_two_regions(oracles: Oracles, tenant: Callable[[str], Tenant]) -> None:
    """PEER-2: nobody has to accept; the task is done when packets can go."""
    own = tenant("a")
    south, north = Sdk(own, "gz"), Sdk(own, "bj")
    here, there = site_of(south, "10.1.0.0/16"), site_of(north, "10.2.0.0/16")
    id = south.polled("CreateVpcPeeringConnectionEx", **asked(here, there, peerRegion="bj", bandwidth=10))
    route(south, here, "10.2.0.0/16", id)
    route(north, there, "10.1.0.0/16", id)
    assert oracles.both(here, there) == (True, True)


@pytest.mark.parametrize("suffix", ["", "Ex"])
def test_an_expired_request_is_revived(cloud: Cloud, tenant: Callable[[str], Tenant], suffix: str) -> None:
    """PEER-3, PEER-4: only by who asked; then it can be accepted."""
    far = "bj" if suffix else "gz"
    ours, theirs = Sdk(tenant("a"), "gz"), Sdk(tenant("b"), far)
    here, there = site_of(ours, "10.1.0.0/16"), site_of(theirs, "10.2.0.0/16")
    if suffix:
        wanted = asked(here, there, peerRegion=far, bandwidth=10)
        id = ours.polled("CreateVpcPeeringConnectionEx", **wanted)
    else:
        id = ours.call("CreateVpcPeeringConnection", **asked(here, there))["peeringConnectionId"]
    seven_days_ago(cloud, id)
    ours.in_state(id, 2)
    assert theirs.listed(id), "both see that it has expired"
    enable, accept = (f"{verb}VpcPeeringConnection{suffix}" for verb in ("Enable", "Accept"))
    assert theirs.refused(accept, peeringConnectionId=id) == WRONG_STATE
    assert theirs.refused(enable, peeringConnectionId=id) == WRONG_SIDE
    if suffix:
        ours.polled(enable, peeringConnectionId=id)
        theirs.polled(accept, peeringConnectionId=id)
    else:
        ours.call(enable, peeringConnectionId=id)
        theirs.in_state(id, 0)
        theirs.call(accept, peeringConnectionId=id)
    ours.in_state(id, 1)


def seven_days_ago(cloud: Cloud, id: str) -> None:
    """Have a request been made seven days ago; the installation notices by itself that its time is over."""
    with closing(open_store(f"sqlite:///{cloud.data / 'peerway.db'}")) as store:

        def work(tx: Any) -> None:
            found = tx.get(Peering, id)
            tx.update(replace(found, expires_at=found.expires_at - timedelta(days=7)))

        store.write(work)


def test_errors_in_the_pages_words(tenant: Callable[[str], Tenant]) -> None:
    """API-4: what each action's page documents, and what the list of common codes has for the rest."""
    ours, theirs = Sdk(tenant("a"), "gz"), Sdk(tenant("b"), "gz")
    far, stranger = Sdk(theirs.tenant, "bj"), Sdk(tenant("c"), "gz")
    here, there, away = (
        site_of(ours, "10.1.0.0/16"),
        site_of(theirs, "10.2.0.0/16"),
        site_of(far, "10.3.0.0/16"),
    )
    create, across = "CreateVpcPeeringConnection", "CreateVpcPeeringConnectionEx"
    long = "n" * 61
    overlapping = theirs.call("CreateVpc", vpcName="v", cidrBlock="10.1.128.0/17")["vpcId"]
    bad_name, conflict = (4000, "InvalidPeeringConnectionName"), (5100, "PeeringConnectionVpcConflict")
    assert ours.refused(create, **asked(here, there, peeringConnectionName=long)) == bad_name
    assert ours.refused(create, **asked(here, there, vpcId="vpc-0")) == NO_VPC
    assert ours.refused(create, **asked(here, there, peerVpcId="vpc-0")) == NO_VPC
    assert ours.refused(create, **asked(here, away)) == NO_VPC
    assert ours.refused(create, **asked(here, there, peerVpcId=overlapping)) == conflict
    near = asked(here, there, peerRegion="gz", bandwidth=10)
    assert ours.refused(across, **near) == (4000, "InvalidParameter")
    wanted = asked(here, away, peerRegion="bj", bandwidth=10)
    assert ours.refused(across, **wanted | {"peeringConnectionName": long}) == bad_name
    assert ours.refused(across, **wanted | {"peerRegion": "nowhere"}) == (4000, "InvalidParameter")
    assert ours.refused(across, **wanted | {"peerVpcId": there.vpc_id}) == NO_VPC
    assert ours.refused(across, **{**wanted, "bandwidth": "much"}) == (4000, "InvalidParameter")
    inside = ours.call(create, **asked(here, there))["peeringConnectionId"]
    assert ours.refused(create, **asked(here, there)) == (5100, "UnsupportedOperation.VpcPeerAlreadyExist")
    outside = ours.polled(across, **wanted)
    for verb in ("Delete", "Modify", "Accept", "Reject", "Enable"):
        plain, ex = f"{verb}VpcPeeringConnection", f"{verb}VpcPeeringConnectionEx"
        for action, id in ((plain, "pcx-0"), (plain, outside), (ex, "pcx-0"), (ex, inside)):
            assert ours.refused(action, peeringConnectionId=id) == NO_PEERING
        assert stranger.refused(plain, peeringConnectionId=inside) == NO_PEERING
        assert stranger.refused(ex, peeringConnectionId=outside) == NO_PEERING
        assert ours.refused(plain) == (4000, "InvalidParameter")
    assert ours.refused("DescribeVpcPeeringConnections", vpcId="vpc-0") == NO_VPC
    assert stranger.listed(inside) is None
    assert ours.refused("DescribeVpcTaskResult", taskId=7) == (5000, "InvalidTask.NotFound")
    assert ours.refused("DescribeEverything") == (6100, "InvalidAction")
    for number in range(10, 18):
        peer = theirs.call("CreateVpc", vpcName="v", cidrBlock=f"10.{number}.0.0/16")["vpcId"]
        ours.call(create, **asked(here, there, peerVpcId=peer))
    peer = theirs.call("CreateVpc", vpcName="v", cidrBlock="10.20.0.0/16")["vpcId"]
    crowded = ours.refused(create, **asked(here, there, peerVpcId=peer))
    assert crowded == (4400, "PeeringConnectionLimitExceeded")
    forger = Sdk(Tenant(f"http://{ours.tenant.endpoint}", "x", "x", ours.tenant.key_id, "wrong"), "gz")
    nobody = Sdk(Tenant(f"http://{ours.tenant.endpoint}", "x", "x", "nobody", "wrong"), "gz")
    assert forger.refused("DescribeVpcEx") == (4100, "AuthFailure")
    assert nobody.refused("DescribeVpcEx") == (4104, "InvalidSecretId")
    for one in (forger, nobody):
        one.tenant.close()


def test_stock_modules_through_a_proxy_and_metrics_of_real_packets(
    cloud: Cloud, oracles: Oracles, tenant: Callable[[str], Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    """API-1, MON-1: modules that have their hosts built in, led here by a proxy; a minute's packets are its metrics."""
    ours, theirs = Sdk(tenant("a"), "gz", STYLES[1]), Sdk(tenant("b"), "bj", STYLES[1])
    here, there = site_of(ours, "10.1.0.0/16"), site_of(theirs, "10.2.0.0/16")
    id = ours.polled("CreateVpcPeeringConnectionEx", **asked(here, there, peerRegion="bj", bandwidth=10))
    theirs.polled("AcceptVpcPeeringConnectionEx", peeringConnectionId=id)
    route(ours, here, "10.2.0.0/16", id)
    route(theirs, there, "10.1.0.0/16", id)
    assert oracles.both(here, there) == (True, True)
    minutes = Minutes(cloud)
    minutes.end()
    path = f"/instances/{here.instance['id']}/probe"
    ours.tenant.post(path, target=there.address, protocol="icmp", count=10, timeout_ms=2000)
    start = minutes.end()
    with leading_to(ours.tenant.endpoint) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy}")
        ours.module = "vpc"
        assert ours.listed(id)
        ours.module = "monitor"

        def values(metric: str) -> list[float]:
            found = ours.call(
                "GetMonitorData",
                namespace="qce/pcx",
                metricName=metric,
                dimensions=[{"name": "peeringConnectionId", "value": id}],
                period=60,
                startTime=start.isoformat(),
                endTime=start.isoformat(),
            )
            assert (found["metricName"], found["period"]) == (metric, 60)
            points: list[float] = found["dataPoints"]
            return points

        (inward,), (outward,) = values("inpkg"), values("outpkg")
        assert inward >= 10 / 60
        assert outward >= 10 / 60
        assert values("inbandwidth")[0] > 0
        assert values("pkgdrop") == [0]
        refused = ours.refused("GetMonitorData", namespace="qce/pcx", metricName="nonsense")
        assert refused[0] == -505
