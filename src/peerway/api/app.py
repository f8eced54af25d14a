"""All doors as one ASGI application: one port serves them."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from peerway.api.alibaba.dialect import AlibabaRpc
from peerway.api.clouds.door import CloudDoor
from peerway.api.jdcloud.dialect import JdCloud
from peerway.api.native.app import create_native_app
from peerway.api.serving.services import Services
from peerway.api.serving.tools import Tools
from peerway.api.tencent.dialect import TencentV3
from peerway.api.tencent.v2.dialect import TencentV2


def create_app(services: Services) -> FastAPI:
    """The application. `app.state.stop()` ends its watch streams; call it when the server begins to stop."""
    return create_native_app(services, clouds)


def clouds(behind: ASGIApp, tools: Tools) -> ASGIApp:
    """The clouds' doors, in front of what is behind them."""
    return CloudDoor(behind, tools, (TencentV3(), TencentV2(), AlibabaRpc(), JdCloud()))
