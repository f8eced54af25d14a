"""Load balancers and databases for topology tests, and programs that answer in their guests and ask for them."""

import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from tests.support.guests import python_in, run_in, running_in
from tests.support.live import eventually
from tests.support.postgres_server import SETTINGS, initialise, reachable_programs, unprivileged
from tests.support.sites import Oracles, Site

#: Answers every TCP connection with a name and the client's address; says "ready" first.
NAMER = """
import os, socket, sys
server = socket.create_server(("", int(sys.argv[1])), backlog=256)
os.write(1, b"ready\\n")
while True:
    near, peer = server.accept()
    try:
        near.sendall(f"{sys.argv[2]} {peer[0]}".encode())
    except ConnectionError:  # health checks connect and say nothing
        pass
    near.close()
"""
#: Connects again and again; prints how often each answer came as JSON, none as "".
ASKER = """
import collections, json, socket, sys
answers = collections.Counter()
for _ in range(int(sys.argv[3])):
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[4])) as far:
            answers[far.recv(256).decode()] += 1
    except OSError:
        answers[""] += 1
print(json.dumps(answers))
"""
#: Answers datagrams with a name and the client's address; says "ready" first.
UDP_NAMER = """
import os, socket, sys
server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("", int(sys.argv[1])))
os.write(1, b"ready\\n")
while True:
    _, peer = server.recvfrom(64)
    server.sendto(f"{sys.argv[2]} {peer[0]}".encode(), peer)
"""
#: Asks by datagrams, each time from a socket of its own.
UDP_ASKER = """
import collections, json, socket, sys
answers = collections.Counter()
for _ in range(int(sys.argv[3])):
    with socket.socket(type=socket.SOCK_DGRAM) as far:
        far.settimeout(float(sys.argv[4]))
        far.connect((sys.argv[1], int(sys.argv[2])))
        try:
            far.send(b"?")
            answers[far.recv(256).decode()] += 1
        except OSError:
            answers[""] += 1
print(json.dumps(answers))
"""
#: Sends back what comes, on every connection; says "ready" first.
ECHO = """
import os, socketserver, sys
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(64):
            self.request.sendall(data)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
server = Server(("", int(sys.argv[1])), Echo)
os.write(1, b"ready\\n")
server.serve_forever()
"""
#: Runs a server as another user until a file appears, and ends it with SIGINT then; says "ready" when it has begun.
KEEPER = """
import os, pathlib, signal, subprocess, sys, time
user, group, end, *argv = sys.argv[1:]
who = {"user": int(user), "group": int(group), "extra_groups": []}
server = subprocess.Popen(argv, cwd="/", env={"PATH": os.defpath, "LC_ALL": "C"}, **who)
os.write(1, b"ready\\n")
while server.poll() is None and not pathlib.Path(end).exists():
    time.sleep(0.02)
server.send_signal(signal.SIGINT)
server.wait()
pathlib.Path(end).unlink()
"""
#: Asks PostgreSQL over the network; prints the answer's first field.
QUERY = """
import psycopg, sys
with psycopg.connect(host=sys.argv[1], user="peerway", dbname="postgres", connect_timeout=3) as connection:
    print(connection.execute(sys.argv[2]).fetchone()[0])
"""


def load_balancer(site: Site, **fields: Any) -> dict[str, Any]:
    """A load balancer in the site's VSwitch."""
    made = site.tenant.post("/load-balancers", vswitch_id=site.vswitch["id"], **fields)
    return site.tenant.settled(f"/load-balancers/{made['id']}", "available")


def listen(site: Site, balancer: dict[str, Any], port: int = 80, **fields: Any) -> dict[str, Any]:
    """A port of it."""
    given = {"protocol": "tcp", "port": port} | fields
    made: dict[str, Any] = site.tenant.post(f"/load-balancers/{balancer['id']}/listeners", **given)
    return made


def put_behind(
    listener: dict[str, Any], backend: Site, port: int = 8080, weight: int = 100
) -> dict[str, Any]:
    """A site's instance behind a listener of the same account's."""
    made: dict[str, Any] = backend.tenant.post(
        f"/listeners/{listener['id']}/backends", instance_id=backend.instance["id"], port=port, weight=weight
    )
    return made


def database(site: Site, *whitelist: str, **fields: Any) -> Site:
    """A database in the site's VSwitch; the site with its guest in place of the instance."""
    made = site.tenant.post("/databases", vswitch_id=site.vswitch["id"], whitelist=list(whitelist), **fields)
    made = site.tenant.settled(f"/databases/{made['id']}", "available")
    return replace(site, instance=made | {"ipv4": made["address"]})


def allow(database: Site, *whitelist: str) -> None:
    """Who may connect to a database from now on."""
    database.tenant.call("PATCH", f"/databases/{database.instance['id']}", whitelist=list(whitelist))


def naming(site: Site, program: str = NAMER, port: int = 8080) -> AbstractContextManager[None]:
    """A server in the site's instance that answers with the instance's id."""
    return running_in(site.tenant, site.instance["id"], program, str(port), site.instance["id"])


def answers(
    site: Site, address: str, port: int = 80, times: int = 1, *, program: str = ASKER, patience_s: float = 1.0
) -> Counter[str]:
    """What the site's instance gets from so many connections to an address; "" for no answer."""
    words = (address, str(port), str(times), str(patience_s))
    return Counter(json.loads(python_in(site.tenant, site.instance["id"], program, *words)))


def spread(oracles: Oracles, site: Site, listener: dict[str, Any], address: str, times: int) -> Counter[str]:
    """How many connections each instance behind a listener gets; those that the compiled network names, and no others."""
    oracles.cloud.synced()
    seen = answers(site, address, listener["port"], times)
    got = Counter({answer.partition(" ")[0]: count for answer, count in seen.items()})
    routers = oracles.cloud.network().fabric.routers
    live = {backend.endpoint_id for backend in routers[listener["vpc_id"]].services[listener["id"]].live}
    assert got.keys() == live, "packets and the compiled network disagree about who answers"
    return got


def health(listener: dict[str, Any], backend: Site, word: str) -> None:
    """Wait until the check of a backend says so."""

    def look() -> bool:
        items = backend.tenant.get(f"/listeners/{listener['id']}/backends")["items"]
        return {one["instance_id"]: one["health"] for one in items}[backend.instance["id"]] == word

    eventually(f"{backend.instance['id']} is {word}", look)


@contextmanager
def postgres_in(database: Site) -> Iterator[None]:
    """A real PostgreSQL in a database's guest, for root only; nothing is left of it afterwards."""
    who = unprivileged()
    scratch = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    try:
        scratch.chmod(0o755)
        own = scratch / "own"
        own.mkdir(mode=0o700)
        os.chown(own, who["user"], who["group"])
        programs = reachable_programs(18, scratch, who)
        initialise(programs, own, who)
        with (own / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 0.0.0.0/0 trust\n")
        settings = SETTINGS | {"unix_socket_directories": str(own), "listen_addresses": "*"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = [str(programs / "postgres"), "-D", str(own / "data"), *options]
        end = scratch / "end"
        words = (str(who["user"]), str(who["group"]), str(end), *server)
        with running_in(database.tenant, database.instance["id"], KEEPER, *words):
            url = f"postgresql://peerway@/postgres?host={own}"
            eventually("PostgreSQL answers", lambda: _serves(url))
            try:
                yield
            finally:
                end.touch()
                eventually("PostgreSQL has ended", lambda: not end.exists())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def query(site: Site, address: str, statement: str) -> str:
    """What PostgreSQL at an address answers the site's instance; empty when it does not."""
    status, printed = run_in(
        site.tenant, site.instance["id"], sys.executable, "-c", QUERY, address, statement
    )
    return printed.strip() if status == 0 else ""


def _serves(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
