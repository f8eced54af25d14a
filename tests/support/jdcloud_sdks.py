"""JD Cloud's own SDKs as clients: the present one in this process, the old one in a process of its own."""

import inspect
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from jdcloud_sdk.core.config import Config
from jdcloud_sdk.core.const import SCHEME_HTTP
from jdcloud_sdk.core.credential import Credential
from jdcloud_sdk.core.jdcloudrequest import JDCloudRequest
from jdcloud_sdk.core.logger import FATAL, Logger
from tests.support.live import Tenant

#: What runs the old SDK: it sends one request and tells the answer.
OLD_CLIENT = """
import importlib, inspect, json, sys
from jdcloud_sdk.core.config import Config
from jdcloud_sdk.core.const import SCHEME_HTTP
from jdcloud_sdk.core.credential import Credential
from jdcloud_sdk.core.logger import FATAL, Logger

asked = json.loads(sys.argv[1])
service, action, fields = asked["service"], asked["action"], asked["fields"]
client = getattr(importlib.import_module("jdcloud_sdk.services.%s.client.%sClient" % (service, service.capitalize())),
                 service.capitalize() + "Client")
module = importlib.import_module("jdcloud_sdk.services.%s.apis.%sRequest" % (service, action))
kind = getattr(module, action + "Parameters")
needed = [name for name in inspect.signature(kind.__init__).parameters if name != "self"]
parameters = kind(*(fields.pop(name) for name in needed))
for name, value in fields.items():
    getattr(parameters, "set" + name[0].upper() + name[1:])(value)
config = Config(asked["endpoint"], SCHEME_HTTP, 10)
answer = client(Credential(asked["key_id"], asked["secret"]), config, Logger(FATAL)).send(
    getattr(module, action + "Request")(parameters))
error = answer.error and {"code": answer.error.code, "status": answer.error.status, "message": answer.error.message}
print(json.dumps({"request_id": answer.request_id, "result": answer.result, "error": error}))
"""


class Refused(AssertionError):
    """The SDK told of an error."""

    def __init__(self, action: str, code: int, status: str, message: str) -> None:
        super().__init__(f"{action}: {code} {status} {message}")
        self.code, self.status, self.message = code, status, message


@dataclass
class Present:
    """The present SDK, which signs with JDCLOUD3."""

    tenant: Tenant
    service: str
    region: str

    def call(self, action: str, **fields: Any) -> Any:
        """The result of an action; `Refused` otherwise."""
        name = action[0].upper() + action[1:]
        module = import_module(f"jdcloud_sdk.services.{self.service}.apis.{name}Request")
        kind = getattr(module, f"{name}Parameters")
        given = {"regionId": self.region, **fields}
        needed = [one for one in inspect.signature(kind.__init__).parameters if one != "self"]
        parameters = kind(*(given.pop(one) for one in needed))
        given.pop("regionId", None)
        for field, value in given.items():
            getattr(parameters, f"set{field[0].upper()}{field[1:]}")(value)
        return self._send(action, getattr(module, f"{name}Request")(parameters))

    def extension(self, method: str, path: str, **fields: Any) -> Any:
        """The result of a path that the SDK does not have, signed and sent by the SDK all the same."""
        request = JDCloudRequest(path, method)
        request.parameters = {"regionId": self.region, **fields}
        return self._send(path, request)

    def _send(self, action: str, request: Any) -> Any:
        name = f"{self.service.capitalize()}Client"
        client = getattr(import_module(f"jdcloud_sdk.services.{self.service}.client.{name}"), name)
        config = Config(self.tenant.endpoint, SCHEME_HTTP, 10)
        answer = client(Credential(self.tenant.key_id, self.tenant.secret), config, Logger(FATAL)).send(
            request
        )
        assert answer.request_id, "the SDK must find a request's id in each answer"
        if answer.error is not None:
            raise Refused(action, answer.error.code, answer.error.status, answer.error.message)
        return answer.result


@dataclass
class Old:
    """The old SDK, which signs with JDCLOUD2."""

    tenant: Tenant
    service: str
    region: str
    #: Runs Python with it.
    run: Callable[..., subprocess.CompletedProcess[str]]

    def call(self, action: str, **fields: Any) -> Any:
        """The result of an action; `Refused` otherwise."""
        asked = {
            "service": self.service,
            "action": action[0].upper() + action[1:],
            "fields": {"regionId": self.region, **fields},
            "endpoint": self.tenant.endpoint,
            "key_id": self.tenant.key_id,
            "secret": self.tenant.secret,
        }
        ended = self.run("jdcloud-old", "-c", OLD_CLIENT, json.dumps(asked))
        assert ended.returncode == 0, ended.stderr
        told = json.loads(ended.stdout)
        assert told["request_id"]
        if told["error"]:
            raise Refused(action, **told["error"])
        return told["result"]


Sdk = Present | Old
