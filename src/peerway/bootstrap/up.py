"""`peerway up`: everything in one command. API and worker here, the data plane in an agent process beside it."""

from __future__ import annotations

import contextlib
import json
import os

import structlog

from peerway.app.store import Store
from peerway.app.usecases.accounts import ensure_operator
from peerway.app.world import World
from peerway.bootstrap.agent_process import AgentProcess
from peerway.bootstrap.api import listen, serve, url_of
from peerway.bootstrap.lock import only_one
from peerway.bootstrap.parts import (
    Parts,
    choose_dataplane,
    collect_rarely,
    configure_logs,
    make_data_folder,
    make_store,
    make_world,
)
from peerway.bootstrap.tls import make_tls
from peerway.bootstrap.worker import make_worker
from peerway.domain.errors import InvalidInput
from peerway.settings import DataPlaneChoice, UpOptions

log = structlog.get_logger(__name__)


def run_up(options: UpOptions) -> int:
    """Run a whole installation until SIGTERM or SIGINT; the process's exit status."""
    configure_logs(options.log_format)
    collect_rarely()
    folder = make_data_folder(options)
    _make_way_for_ready_file(options)
    tls = make_tls(options)
    with only_one(folder / "up.lock", 0), contextlib.ExitStack() as stack:
        _remove_ready_file(options)
        listener = stack.enter_context(listen(options.listen))
        world = make_world(options, options.line_port)
        chosen, reason = choose_dataplane(options.dataplane)
        if chosen is DataPlaneChoice.MEMORY:
            log.warning("no packets will be carried: the data plane is memory", reason=reason)
        store = make_store(options)
        stack.callback(store.close)
        ready = {"url": url_of(listener), "dataplane": chosen.value}
        if tls is not None:
            ready |= {"tls_url": url_of(listener, "https"), "tls_certificate": str(tls.certificate)}
        if options.dev_account:
            ready |= _operator_credentials(store, world)
        agent = stack.enter_context(AgentProcess(options, chosen)).door
        parts = Parts(store, world, agent)
        worker = make_worker(parts, options)
        parts.wake_worker = worker.wake
        for runner in worker:
            runner.start()
            stack.callback(runner.stop)
        serve(options, listener, tls, parts, lambda: _announce(options, ready))
        _remove_ready_file(options)
    return 0


def _operator_credentials(store: Store, world: World) -> dict[str, str]:
    fresh = store.write(lambda tx: ensure_operator(tx, world))
    return {
        "uid": fresh.account.uid,
        "access_key_id": fresh.credential.id,
        "access_key_secret": fresh.access_key_secret,
        "token": fresh.token,
    }


def _announce(options: UpOptions, ready: dict[str, str]) -> None:
    """Write the ready file in one move, readable by this user only."""
    log.info("peerway is up", url=ready["url"], dataplane=ready["dataplane"])
    if options.ready_file is None:
        return
    draft = options.ready_file.with_name(options.ready_file.name + ".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(ready, file)
    draft.replace(options.ready_file)


def _make_way_for_ready_file(options: UpOptions) -> None:
    """Make the ready file's folder before anything is started, and refuse what can't be one."""
    if options.ready_file is None:
        return
    try:
        options.ready_file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput("ready-file", f"can't be written: {error.strerror}", options.ready_file) from error


def _remove_ready_file(options: UpOptions) -> None:
    """Nobody is ready: at the end, and at the start after a run that was killed and left its file."""
    if options.ready_file is None:
        return
    try:
        options.ready_file.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput("ready-file", f"can't be written: {error.strerror}", options.ready_file) from error
