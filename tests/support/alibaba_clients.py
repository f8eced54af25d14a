"""Any product of Alibaba Cloud by its own SDKs behind one face: an action and its parameters by their names in the API.

`Tea` is the SDK of today with a package for each product, signing with V3 or, where it is told so, with RPC v1. `Common` is the old
SDK's way to call what it has no class for.
"""

from __future__ import annotations

import importlib
import json
import re
from typing import Any, Protocol

import pytest
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from Tea.exceptions import TeaException
from tests.support.live import Tenant

#: Packages of products, with their versions.
PACKAGES = {
    "vpcpeer": "2022-01-01",
    "vpc": "2016-04-28",
    "sts": "2015-04-01",
    "quotas": "2020-05-10",
    "bssopenapi": "2017-12-14",
}


class Client(Protocol):
    """One account and region at one product."""

    tenant: Tenant

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """The answer's fields; the SDK's own error when it is refused."""

    def code(self, action: str, **parameters: Any) -> str:
        """Code of the error that the request is refused with."""


class Tea:
    """The SDK of today."""

    def __init__(self, tenant: Tenant, product: str = "vpcpeer", **config: Any) -> None:
        self.tenant = tenant
        package = f"alibabacloud_{product}{PACKAGES[product].replace('-', '')}"
        self._models = importlib.import_module(f"{package}.models")
        settings = {
            "access_key_id": tenant.key_id,
            "access_key_secret": tenant.secret,
            "region_id": "cn-hangzhou",
            "endpoint": tenant.endpoint,
            "protocol": "http",
            **config,
        }
        self._client = importlib.import_module(f"{package}.client").Client(Config(**settings))

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """One request by the class and the method of the action."""
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
        kind = getattr(self._models, f"{action}Request", None)
        asked = [kind().from_map(parameters)] if kind else []
        answer: dict[str, Any] = getattr(self._client, name)(*asked).body.to_map()
        assert answer["RequestId"], action
        return answer

    def code(self, action: str, **parameters: Any) -> str:
        """As the SDK tells it; the status has to be one of a refusal."""
        with pytest.raises(TeaException) as refused:
            self.call(action, **parameters)
        told = refused.value.data or {}
        assert 400 <= int(told["statusCode"]) < 500, told
        return str(refused.value.code)


def tea_v1(tenant: Tenant, product: str = "vpcpeer") -> Tea:
    """The SDK of today told to sign as before."""
    return Tea(tenant, product, signature_algorithm="v2")


class Common:
    """The old SDK's request for anything."""

    def __init__(self, tenant: Tenant, product: str = "vpcpeer") -> None:
        self.tenant = tenant
        self.version = PACKAGES.get(product, product)
        self._client = AcsClient(tenant.key_id, tenant.secret, "cn-hangzhou", auto_retry=False)

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """One request with its parameters in the query."""
        request = CommonRequest(domain=self.tenant.endpoint, version=self.version, action_name=action)
        request.set_protocol_type("http")
        request.set_method("POST")
        request.set_accept_format("JSON")
        for name, value in parameters.items():
            for part, text in _flat(name, value):
                request.add_query_param(part, text)
        try:
            answer: dict[str, Any] = json.loads(self._client.do_action_with_exception(request))
        finally:
            self._client.session.close()
        assert answer["RequestId"], action
        return answer

    def code(self, action: str, **parameters: Any) -> str:
        """As the SDK tells it; the status has to be one of a refusal."""
        with pytest.raises(ServerException) as refused:
            self.call(action, **parameters)
        assert 400 <= int(refused.value.get_http_status()) < 500
        return str(refused.value.get_error_code())


def _flat(name: str, value: Any) -> list[tuple[str, Any]]:
    """Names on the wire: `Tag.1.Key`; lists of plain texts that the API parts by commas come as text already."""
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in _flat(f"{name}.{key}", part)]
    if isinstance(value, list):
        return [pair for place, part in enumerate(value, 1) for pair in _flat(f"{name}.{place}", part)]
    return [(name, value)]
