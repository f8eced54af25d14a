"""Tencent Cloud's Python SDK as one account's way to the API: an action and its parameters by their names.

Requests go through the SDK's own classes, so that what they send, and what they make of an answer, is theirs. The SDK warns of
fields of an answer that it does not know, and a warning is an error here.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vpc.v20170312 import models
from tencentcloud.vpc.v20170312.vpc_client import VpcClient
from tests.support.live import Tenant, eventually

#: How clients may sign and send: signature and method.
STYLES = {
    "tc3-post": ("TC3-HMAC-SHA256", "POST"),
    "tc3-get": ("TC3-HMAC-SHA256", "GET"),
    "sha1-post": ("HmacSHA1", "POST"),
    "sha256-get": ("HmacSHA256", "GET"),
}


class Sdk:
    """One account in one region, by one style of requests."""

    def __init__(
        self, tenant: Tenant, region: str, style: str = "tc3-post", *, unsigned: bool = False
    ) -> None:
        self.tenant, self.region = tenant, region
        sign, method = STYLES[style]
        http = HttpProfile(protocol="http", endpoint=tenant.endpoint, reqMethod=method)
        profile = ClientProfile(signMethod=sign, httpProfile=http)
        profile.unsignedPayload = unsigned
        self._client = VpcClient(Credential(tenant.key_id, tenant.secret), region, profile)

    def call(self, action: str, /, **parameters: Any) -> Any:
        """The answer's fields that the SDK's model has."""
        request = getattr(models, f"{action}Request")()
        request.from_json_string(json.dumps(parameters))
        answer = json.loads(getattr(self._client, action)(request).to_json_string())
        assert answer.pop("RequestId"), action
        return answer

    def code(self, action: str, /, **parameters: Any) -> str:
        """The code of the error that the request ends in."""
        with pytest.raises(TencentCloudSDKException) as caught:
            self.call(action, **parameters)
        assert caught.value.get_request_id(), "an error has the request's id"
        code: str = caught.value.get_code()
        return code

    def peering(self, id: str) -> dict[str, Any] | None:
        """The connection as a list has it."""
        found = self.call("DescribeVpcPeeringConnections", PeeringConnectionIds=[id])
        assert found["TotalCount"] == len(found["PeerConnectionSet"])
        return found["PeerConnectionSet"][0] if found["PeerConnectionSet"] else None

    def in_state(self, id: str, state: str) -> dict[str, Any]:
        """The connection once it is in that state."""

        def look() -> dict[str, Any] | None:
            found = self.peering(id)
            return found if found and found["State"] == state else None

        found: dict[str, Any] = eventually(f"{id} is {state}", look)
        return found
