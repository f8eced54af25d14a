"""What all requests share, whichever door they come by."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final

from peerway.api.serving.limits import Buckets
from peerway.api.serving.services import Services
from peerway.app.readings import Readings
from peerway.app.store import LoopWrites

#: Most previews that are worked out at once; others wait.
PREVIEWS_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Tools:
    """What all requests share."""

    #: The services.
    services: Services
    #: How the loop writes.
    writes: LoopWrites
    #: Threads for long reads.
    executor: Executor
    #: How often each account may still ask.
    accounts: Buckets
    #: How often each address may still fail to authenticate.
    failures: Buckets
    #: The network, ready for questions that are answered at once.
    readings: Readings
    #: Bounds the previews that are worked out at once, so that threads are left for everything else.
    previews: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PREVIEWS_AT_ONCE))
