"""Whatever is sent to the dialect, it is understood or refused in words of its own, before anybody is asked who sent it."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from peerway.api.clouds.dialect import Asked
from peerway.api.clouds.wire import Wire
from peerway.api.jdcloud.catalogue import PRODUCTS
from peerway.api.jdcloud.dialect import JdCloud
from peerway.domain.errors import PeerwayError

DIALECT = JdCloud()
ACTIONS = {product.name: list(product.actions.values()) for product in PRODUCTS}
LATIN = st.text(st.characters(max_codepoint=255), max_size=40)
SEGMENTS = st.sampled_from(
    ["", "v1", "regions", "cn-north-1", "vpcs", "vpcPeerings", "a:accept", "%00", "%ff", "..", "+", ":"]
)
PATHS = st.lists(SEGMENTS | LATIN, max_size=6).map("/".join)
QUERIES = st.lists(
    st.sampled_from(["filters.1.name=vpcIds", "filters.1=x", "a", "=", "pageNumber=%ff", "tags.x.key=1"])
    | LATIN,
    max_size=5,
).map("&".join)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
NAMES = [
    *("vpcPeeringName", "vpcId", "remoteVpcId", "userTags", "vpcSpec", "vpcPeeringSpec", "clientToken"),
    *("routeTableRuleSpecs", "subnetIds", "dryRun", "addressPrefix", "filters"),
]
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES).map(orjson.dumps) | st.binary(max_size=60)


def signed(service: str, stamp: str) -> dict[str, str]:
    """Headers that are as they should be, but for the signature."""
    scope = f"{stamp[:8]}/cn-north-1/{service}/jdcloud3_request"
    authorization = (
        f"JDCLOUD3-HMAC-SHA256 Credential=key/{scope}, SignedHeaders=content-type;host, Signature={'0' * 64}"
    )
    return {"authorization": authorization, "x-jdcloud-date": stamp, "x-jdcloud-nonce": "nonce"}


@settings(deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "BREW"]),
    path=PATHS,
    query=QUERIES,
    body=BODIES,
    service=st.sampled_from(["vpc", "cps", "vm"]),
    stamp=st.sampled_from(["20261121T081659Z", "20269999T081659Z", ""]),
)
def test_requests_are_read_or_refused(method, path, query, body, service, stamp):
    """API-1: paths, queries and bodies of any shape lead to parameters or to an error of this cloud's with its own status."""
    wire = Wire(method, f"/v1/regions/{path}", query, signed(service, stamp), body)
    _read(wire)


@settings(deadline=None)
@given(service=st.sampled_from(["vpc", "cps"]), body=BODIES, place=st.integers(0, 200), query=QUERIES)
def test_actions_take_bodies_of_any_shape(service, body, place, query):
    """API-1: the same for paths that are there."""
    actions = ACTIONS[service]
    action = actions[place % len(actions)]
    path = action.extra["path"].replace("{regionId}", "cn-north-1").replace("{", "").replace("}", "")
    _read(Wire(action.extra["method"], f"/v1{path}", query, signed(service, "20261121T081659Z"), body))


def _read(wire):
    asked: Asked | None = None
    try:
        asked = DIALECT.read(wire)
        DIALECT.given(asked)
        asked.claim.check("secret")
    except PeerwayError as error:
        answer = DIALECT.refuse(wire, asked, error, "id")
        assert 400 <= answer.status_code < 500
        told = orjson.loads(answer.body)["error"]
        assert told["code"] == answer.status_code
        assert told["status"]
    else:
        raise AssertionError("a signature of zeros is nobody's")
