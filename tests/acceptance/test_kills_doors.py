"""Everything killed amid scenarios at the clouds' doors: what was acknowledged is there, and what is asked again is done once."""

import json
import os
import random
import re
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_postgres_deployment import Deployment, deployment, make_operator
from tests.support.api import Account
from tests.support.crossing import WAYS, Traveller
from tests.support.every_door import SIGNERS, Answer, actions
from tests.support.likely import filled
from tests.support.live import Cloud, Tenant, start_cloud

__all__ = ["deployment"]

HERE, THERE = "cn-hangzhou", "cn-beijing"
#: Ids of nothing.
IDS = defaultdict[str, str](lambda: "x-1")
#: Signatures in what is sent.
SIGNATURE = re.compile(r"(?:Signature=|'Signature': ')([A-Za-z0-9%+/=]{27,64})")
#: A kill comes at most so long after a request began, s.
LATEST_S = 0.01


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Cloud]]:
    """Starts installations on one data folder; the last one is stopped."""
    started: list[Cloud] = []

    def begin() -> Cloud:
        started.append(start_cloud(tmp_path, "memory", "--cleanup"))
        return started[-1]

    yield begin
    for cloud in started[:-1]:
        cloud.close()
    started[-1].stop()


def kill(cloud: Cloud) -> None:
    """End an installation without a warning."""
    os.kill(cloud.process.pid, signal.SIGKILL)
    cloud.process.wait(20)


def at_doors(tenant: Tenant, url: str) -> Traveller:
    """The tenant at the doors of one API."""
    account = Account(None, tenant.uid, "", tenant.key_id, tenant.secret)  # type: ignore[arg-type]
    return Traveller(account, url.partition("://")[2])


def vpc(tenant: Tenant, cidr: str, region_id: str, **fields: Any) -> dict[str, Any]:
    """A VPC that may be connected."""
    made = tenant.post("/vpcs", region_id=region_id, cidr=cidr, **fields)
    return tenant.settled(f"/vpcs/{made['id']}", "available")


def asked_amid_a_kill(cloud: Cloud, chance: random.Random, ask: Callable[[], Answer]) -> Answer | None:
    """The answer of a request while its server is killed; None when there came none."""
    timer = threading.Timer(chance.uniform(0, LATEST_S), kill, [cloud])
    timer.start()
    try:
        return ask()
    except (OSError, HTTPException):
        return None
    finally:
        timer.join()


def id_in(answer: Answer) -> str:
    """The id of the connection that an answer of a create tells."""
    fields = json.loads(answer.body)
    return str(fields["InstanceId"] if "InstanceId" in fields else fields["result"]["vpcPeeringId"])


def alibaba(asking: Traveller, vpc: Any, peer: Any, token: str) -> Answer:
    """A request through Alibaba Cloud's door."""
    return asking.create("alibaba", vpc, peer, ClientToken=token)


def bare_metal(asking: Traveller, vpc: Any, peer: Any, token: str) -> Answer:
    """A request through JD Cloud's door for bare metal."""
    spec = {
        "name": "across",
        "vpcId": vpc["id"],
        "remoteVpcId": peer["id"],
        "remoteRegionId": peer["region_id"],
        "bandwidth": 10,
    }
    return asking.do("jdcloud cps", "createVpcPeering", {"vpcPeeringSpec": spec, "clientToken": token})


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("create", "kind"), [(alibaba, "ecs"), (bare_metal, "cps")])
def test_what_is_asked_again_after_a_kill_is_done_once(
    start: Callable[[], Cloud], create: Callable[..., Answer], kind: str
) -> None:
    """PLAT-1, API-3: a request that a kill left without an answer ends, by its token, in one connection with one id."""
    cloud, chance = start(), random.Random(5)
    made = cloud.operator.post("/accounts", name="tenant")
    keys = made["uid"], made["token"], made["access_key_id"], made["access_key_secret"]
    known: set[str] = set()
    for turn in range(2):
        tenant = cloud.log_in(*keys)
        ends = [
            vpc(tenant, f"10.{2 * turn + place}.0.0/16", region, kind=kind)
            for place, region in enumerate((HERE, THERE))
        ]
        asking = at_doors(tenant, cloud.ready["url"])
        first = asked_amid_a_kill(cloud, chance, lambda: create(asking, *ends, f"token-{turn}"))  # noqa: B023 - at once
        asking.close()
        cloud = start()
        tenant = cloud.log_in(*keys)
        found = {one["id"] for one in tenant.get("/peerings?limit=1000")["items"]}
        assert known <= found, "what was acknowledged is there"
        with closing(at_doors(tenant, cloud.ready["url"])) as asking:
            again = [create(asking, *ends, f"token-{turn}") for _ in range(2)]
        assert [one.code for one in again] == ["", ""], again
        (id,) = {id_in(one) for one in again}
        assert first is None or id_in(first) == id
        assert found - known <= {id}
        known.add(id)


@pytest.mark.postgres
@pytest.mark.slow
def test_two_processes_on_one_database_serve_the_doors_equally(deployment: Deployment) -> None:
    """PLAT-3: what one API made the other shows and changes; a pair that both are asked for at once is connected once."""
    uid, token = make_operator(deployment)
    urls = [deployment.api(data) for data in (deployment.near, deployment.far)]
    operator = deployment.client(urls[0], uid, token)
    made = operator.post("/accounts", name="tenant")
    tenant = Tenant(urls[0], made["uid"], made["token"], made["access_key_id"], made["access_key_secret"])
    deployment.clients.append(tenant)
    here, there = (
        tenant.post("/vpcs", region_id=region, cidr=cidr)
        for region, cidr in ((HERE, "10.0.0.0/16"), (THERE, "10.1.0.0/16"))
    )
    askers = [(door, at_doors(tenant, url)) for door in WAYS for url in urls * 3]
    with ThreadPoolExecutor(len(askers)) as pool:
        tasks = [pool.submit(one.create, door, here, there) for door, one in askers]
        codes = [task.result().code for task in tasks]
    assert codes.count("") == 1
    assert set(codes) <= {"", "ResourceAlreadyExist.VpcPeer", "UnsupportedOperation.VpcPeerAlreadyExist"}
    (peering,) = tenant.get("/peerings")["items"]
    near, far = askers[0][1], askers[1][1]
    assert near.looks(peering["id"]) == far.looks(peering["id"])
    with ThreadPoolExecutor(6) as pool:
        tasks = [pool.submit(one.act, door, "delete", peering["id"]) for door, one in askers[::3]]
        assert [task.result().code for task in tasks].count("") >= 1
    for _, one in askers:
        one.close()


def test_logs_hold_neither_secrets_nor_signatures(tmp_path: Path) -> None:
    """API-2: whatever is asked, rightly or wrongly, the log has no secret, no signature and no text that was to be signed."""
    log, data = tmp_path / "log", tmp_path / "data"
    data.mkdir()
    with log.open("wb") as file:
        cloud = start_cloud(data, "memory", "--cleanup", log=file)
    try:
        tenant = cloud.tenant("tenant")
        with closing(at_doors(tenant, cloud.ready["url"])) as right:
            wrong = Traveller(replace(right.account, secret="wrong-secret-wrong"), right.knocker.endpoint)
            sent = [
                SIGNERS[door](one.knocker, action, filled(action.parameters, IDS), "")
                for one in (right, wrong)
                for door, action in actions()
            ]
            for one in sent:
                right.knocker.send(one)
            wrong.close()
    finally:
        cloud.stop()
    text = log.read_text()
    assert text.count("alibaba Vpc.DescribeVpcs")
    signatures = {
        match for one in sent for match in SIGNATURE.findall(f"{one.target} {one.headers} {one.body!r}")
    }
    assert len(signatures) > 500
    for secret in (
        tenant.secret,
        "wrong-secret-wrong",
        "StringToSign",
        "string_to_sign",
        "%2F&",
        *signatures,
    ):
        assert secret not in text, secret
