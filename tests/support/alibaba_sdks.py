"""Alibaba Cloud's two Python SDKs for Vpc behind one face: an action and its parameters by their names in the API.

`Present` signs with V3, `Old` with RPC v1. Requests go through the SDKs' own classes, so that what they send, and what they make
of an answer, is theirs.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any, Protocol

from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428 import models
from alibabacloud_vpc20160428.client import Client
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from Tea.exceptions import TeaException
from tests.support.live import Tenant, eventually


class Sdk(Protocol):
    """One account and region, by one of the SDKs."""

    tenant: Tenant
    region: str

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """The answer's fields; the SDK's own error when it is refused."""

    def error(self, action: str, **parameters: Any) -> tuple[str, int]:
        """Code and HTTP status of the error that the request is refused with."""

    def close(self) -> None:
        """Let go of the connections."""


#: Methods of the SDK of today by the names of their actions, in lower case: `CreateVSwitch` is `create_vswitch`.
METHODS = {name.replace("_", ""): name for name in dir(Client) if not name.startswith("_")}


class Present:
    """The SDK of today."""

    def __init__(self, tenant: Tenant, region: str) -> None:
        self.tenant, self.region = tenant, region
        self._client = Client(
            Config(
                access_key_id=tenant.key_id,
                access_key_secret=tenant.secret,
                region_id=region,
                endpoint=tenant.endpoint,
                protocol="http",
            )
        )

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """One request by the classes and the method of the action."""
        kind = getattr(models, f"{action}Request")
        request = kind().from_map({"RegionId": self.region, **parameters})
        response = getattr(self._client, METHODS[action.lower()])(request)
        answer: dict[str, Any] = response.body.to_map()
        assert answer["RequestId"], action
        return answer

    def error(self, action: str, **parameters: Any) -> tuple[str, int]:
        """As the SDK tells it."""
        try:
            answer = self.call(action, **parameters)
        except TeaException as error:
            return str(error.code), int(error.data["statusCode"] if error.data else error.statusCode)
        raise AssertionError(f"{action} was not refused: {answer}")

    def close(self) -> None:
        """Nothing: its connections are all clients' together."""


class Old:
    """The SDK before that."""

    def __init__(self, tenant: Tenant, region: str) -> None:
        self.tenant, self.region = tenant, region
        self._host, _, port = tenant.endpoint.rpartition(":")
        self._client = AcsClient(tenant.key_id, tenant.secret, region, port=int(port), auto_retry=False)

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """One request by the action's class and its setters."""
        module = importlib.import_module(f"aliyunsdkvpc.request.v20160428.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(self._host)
        request.set_protocol_type("http")
        request.set_accept_format("json")
        for name, value in parameters.items():
            _setter(request, name)(value)
        answer: dict[str, Any] = json.loads(self._client.do_action_with_exception(request))
        assert answer["RequestId"], action
        return answer

    def error(self, action: str, **parameters: Any) -> tuple[str, int]:
        """As the SDK tells it."""
        try:
            answer = self.call(action, **parameters)
        except ServerException as error:
            return str(error.get_error_code()), int(error.get_http_status())
        raise AssertionError(f"{action} was not refused: {answer}")

    def close(self) -> None:
        """Let go of the connections."""
        self._client.session.close()


def _setter(request: Any, name: str) -> Callable[[Any], None]:
    """The SDK's setter; lists have an `s` at the end."""
    return getattr(request, f"set_{name}", None) or getattr(request, f"set_{name}s")


def in_state(sdk: Sdk, id: str, state: str) -> dict[str, Any]:
    """The router interface once it is in that state."""

    def look() -> dict[str, Any] | None:
        (found,) = listed(sdk, id)
        return found if found["Status"] == state else None

    return dict(eventually(f"{id} is {state}", look))


def gone(sdk: Sdk, id: str) -> None:
    """Wait until the router interface is not there any more."""
    eventually(f"{id} is gone", lambda: not listed(sdk, id))


def listed(sdk: Sdk, id: str) -> list[dict[str, Any]]:
    """The router interface as the list has it, or nothing."""
    wanted = [{"Key": "RouterInterfaceId", "Value": [id]}]
    answer = sdk.call("DescribeRouterInterfaces", Filter=wanted)
    return list(answer["RouterInterfaceSet"]["RouterInterfaceType"])
