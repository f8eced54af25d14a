"""How far things are that were given a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given
from peerway.api.tencent.v2.vpc.product import PRODUCT
from peerway.app.usecases.tasks import get_task
from peerway.domain.task import TaskState

#: Numbers of how far a task is.
STATES: Final[Mapping[str, int]] = PRODUCT.extra["tasks"]

#: What went wrong, where something did: a number and a text.
OUTCOMES: Final[Mapping[TaskState, tuple[int, str]]] = {
    TaskState.RUNNING: (0, ""),
    TaskState.DONE: (0, ""),
    TaskState.FAILED: (5000, "The peering connection was deleted meanwhile."),
}


@PRODUCT.finds("DescribeVpcTaskResult")
def describe_vpc_task_result(call: ReadCall, given: Given) -> Answer:
    """How far a task is."""
    report = call.use(get_task, str(given["taskId"]))
    code, text = OUTCOMES[report.state]
    output: dict[str, Any] = {"errorCode": code, "errorMsg": text, "uniqVpcPeerId": report.task.resource_id}
    return {"data": {"status": STATES[report.state], "output": output}}
