"""The holder: agents come and go, packets keep flowing; when the holder goes, nothing is left."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
import structlog
from tests.builders.topology import Topology
from tests.support.kernel import PATIENCE_S, in_router, pair, program, socket_in, until

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.names import CONDEMNED_GROUP, link_interface
from peerway.adapters.dataplane.kernel.shell import Shell
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.errors import NotFound
from peerway.fabric.model import Fabric

pytestmark = pytest.mark.kernel

#: Runs what follows as a user without any rights.
ORDINARY = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--bounding-set=-all",
    "--inh-caps=-all",
]

#: An agent of its own: builds the same pair of VPCs and then only holds on.
AGENT = """
import sys
from pathlib import Path
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from tests.builders.topology import Topology
from tests.support.kernel import pair
net = Topology()
pair(net)
plane = KernelDataPlane(Path(sys.argv[1]))
print(plane.apply(net.fabric()).failures, plane.holder_pid, flush=True)
sys.stdin.read()
"""

#: Answers every datagram.
ECHO = """
import os, socket
near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
near.bind(("", 7))
os.write(1, b"ready\\n")
while True:
    data, sender = near.recvfrom(100)
    near.sendto(data, sender)
"""


def answered(plane: KernelDataPlane, source: str, target: str) -> bool:
    """Whether an echo comes back."""
    return plane.probe(Probe(source, ip_address(target), timeout_ms=1000)).verdict is Verdict.ANSWERED


def test_packets_flow_while_the_agent_is_killed_and_another_takes_over(state_dir: Path) -> None:
    """Killing the agent drops no packet; the next one finds everything in place and touches nothing."""
    net = Topology()
    _, _, here, there = pair(net)
    agent = subprocess.Popen(
        [sys.executable, "-c", AGENT, str(state_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert agent.stdout is not None
    assert agent.stdout.readline().startswith("{} ")
    second = KernelDataPlane(state_dir)
    try:
        with (
            program(state_dir, there, ECHO) as echo,
            socket_in(second, here, 2, 2) as near,
        ):
            assert echo.recv(10) == b"ready\n"
            near.settimeout(PATIENCE_S)
            near.connect((str(there.ipv4), 7))
            for number in range(400):
                if number == 100:
                    agent.kill()
                    agent.wait()
                if number == 200:
                    assert second.apply(net.fabric()).touched == 0
                near.send(number.to_bytes(2, "big"))
                assert near.recv(100) == number.to_bytes(2, "big")
        assert dict(second.observe().drift) == {}
    finally:
        agent.kill()
        agent.wait()
        for pipe in (agent.stdin, agent.stdout):
            pipe.close()
        second.close(destroy=True)


def test_agent_that_takes_over_applies_what_changed_meanwhile(state_dir: Path) -> None:
    """A second agent removes what its fabric has no more, and adds what is new."""
    net = Topology()
    _one, _other, here, there = pair(net, ipv6=True)
    first = KernelDataPlane(state_dir)
    first.apply(net.fabric())
    first.close(destroy=False)
    net.remove(there)
    fresh = net.instance(net.resources[there.vswitch_id])
    second = KernelDataPlane(state_dir)
    try:
        report = second.apply(net.fabric())
        assert report.failures == {}
        assert answered(second, here.id, str(fresh.ipv4))
        assert second.observe().endpoints == {here.id, fresh.id}
        assert dict(second.observe().drift) == {}
    finally:
        second.close(destroy=True)


def network_namespaces() -> set[str]:
    """Network namespaces in which processes live, as the kernel names them."""
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                found.add(str((process / "ns" / "net").readlink()))
            except OSError:
                continue
    return found


def test_end_of_the_holder_leaves_nothing(state_dir: Path) -> None:
    """Killed outright, the holder takes every process in its instances and every namespace along."""
    before = network_namespaces()
    net = Topology()
    _, _, _here, there = pair(net)
    plane = KernelDataPlane(state_dir)
    try:
        plane.apply(net.fabric())
        with program(state_dir, there, ECHO) as echo:
            assert echo.recv(10) == b"ready\n"
            inside = network_namespaces() - before
            assert inside
            os.kill(plane.holder_pid, signal.SIGKILL)
            assert echo.recv(10) == b""
            until(lambda: not network_namespaces() & inside, "no process is left in the namespaces")
        assert not any(Path("/run/netns").glob("*pcc*"))
    finally:
        plane.close(destroy=True)


def test_driver_starts_anew_when_the_holder_died(state_dir: Path) -> None:
    """The next apply finds the holder gone and builds everything again."""
    net = Topology()
    _, _, here, there = pair(net)
    plane = KernelDataPlane(state_dir)
    try:
        fabric = net.fabric()
        plane.apply(fabric)
        old = plane.holder_pid
        os.kill(old, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{old}").exists() or _is_zombie(old), "the holder is gone")
        assert plane.apply(fabric).failures == {}
        assert plane.holder_pid != old
        assert answered(plane, here.id, str(there.ipv4))
    finally:
        plane.close(destroy=True)


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] in {"Z", "X"}


def test_shell_runs_commands_inside_instances(plane: KernelDataPlane, state_dir: Path) -> None:
    """`peerway exec`: streams are the caller's, the exit status comes back, signals kill, an unknown instance is not found."""
    net = Topology()
    _, _, here, _ = pair(net)
    plane.apply(net.fabric())
    shell = Shell(state_dir)
    read, write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    try:
        with shell.spawn(
            here.id, ["sh", "-c", "ip -4 -o addr show eth0; exit 3"], (null, write, write)
        ) as command:
            assert command.wait(PATIENCE_S) == 3
        assert str(here.ipv4) in os.read(read, 4096).decode()
        with shell.spawn(here.id, ["sleep", "1000"], (null, null, null)) as command:
            command.signal(signal.SIGTERM)
            assert command.wait(PATIENCE_S) == 128 + signal.SIGTERM
        with shell.spawn(here.id, ["no-such-command"], (null, null, null)) as command:
            assert command.wait(PATIENCE_S) == 127
        with pytest.raises(NotFound):
            shell.spawn("i-none", ["true"])
    finally:
        for fd in (read, write, null):
            os.close(fd)


def test_command_holds_its_streams_only(plane: KernelDataPlane, state_dir: Path) -> None:
    """What a command leaves running in the background keeps neither the caller's pipes nor anything of the holder's open."""
    net = Topology()
    _, _, here, _ = pair(net)
    plane.apply(net.fabric())
    read, write = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    try:
        with Shell(state_dir).spawn(here.id, ["sh", "-c", "ls /proc/$$/fd"], (null, write, null)) as command:
            assert command.wait(PATIENCE_S) == 0
        assert os.read(read, 4096).split() == [b"0", b"1", b"2"]
    finally:
        for fd in (read, write, null):
            os.close(fd)


def test_commands_end_with_their_instance_and_with_their_caller(
    plane: KernelDataPlane, state_dir: Path
) -> None:
    """A removed instance's processes are killed; so is a command whose caller hangs up."""
    net = Topology()
    _, _, here, there = pair(net)
    plane.apply(net.fabric())
    with program(state_dir, there, ECHO) as echo:
        assert echo.recv(10) == b"ready\n"
        net.remove(there)
        plane.apply(net.fabric())
        assert echo.recv(10) == b""
    read, write = os.pipe()
    with Shell(state_dir).spawn(here.id, ["sleep", "1000"], (read, write, write)):
        os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)


def test_apply_of_nothing_leaves_an_empty_holder(plane: KernelDataPlane) -> None:
    """Without routers there is no namespace left in the holder but the spare ones."""
    net = Topology()
    pair(net)
    plane.apply(net.fabric())
    plane.apply(Fabric(99))
    assert plane._holder.all() == {}


def test_rootless_user_gets_the_same(tmp_path: Path) -> None:
    """An ordinary user builds, filters and probes in a user namespace of the holder's, and everything ends with it."""
    if os.geteuid() != 0:
        command = [sys.executable]
        where = tmp_path
    else:
        where = Path("/tmp") / f"peerway-rootless-{os.getpid()}-{time.monotonic_ns()}"
        where.mkdir()
        os.chown(where, 65534, 65534)
        python = next(one for one in (sys.executable, "/usr/bin/python3") if _reachable(one))
        command = [*ORDINARY, python]
    source = Path(__file__).with_name("rootless_agent.py")
    root = Path(__file__).parents[3]
    paths = [str(root / "src"), str(root), str(Path(structlog.__file__).parents[1])]
    try:
        done = subprocess.run(
            [*command, "-", str(where / "state")],
            input=source.read_text(encoding="utf-8"),
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(paths),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd="/",
        )
    finally:
        if where != tmp_path:
            for left in (*where.glob("state/*"), *where.glob("state")):
                left.rmdir() if left.is_dir() else left.unlink()
            where.rmdir()
    assert done.stdout.splitlines()[-1:] == ["everything holds"], done.stderr


def _reachable(python: str) -> bool:
    """Whether an ordinary user may run this interpreter."""
    again = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    tried = subprocess.run([*ORDINARY, python, "-c", again], capture_output=True, check=False, cwd="/")
    return tried.returncode == 0


def test_agent_that_takes_over_deletes_what_the_last_had_only_switched_off(state_dir: Path) -> None:
    """A killed agent's reaper leaves interfaces that nobody uses; the next one deletes them, and may need their places at once."""
    net = Topology()
    one, _other, here, there = pair(net)
    joined = net.fabric()
    parted = replace(joined, revision=joined.revision + 1, links={})
    for fabric in (parted, joined):
        killed = KernelDataPlane(state_dir)
        killed.apply(joined)
        killed._reaper.close()  # as if it had been killed before it came to them
        killed.apply(parted)
        (link_id,) = joined.links
        link = link_interface(link_id)
        assert f"{link}@" in in_router(
            killed, one, "ip", "-brief", "link", "show", "group", str(CONDEMNED_GROUP)
        )
        heir = KernelDataPlane(state_dir)
        try:
            assert heir.apply(fabric).failures == {}
            heir._reaper.settle()
            assert (f"{link}@" in in_router(heir, one, "ip", "-brief", "link")) is (fabric is joined)
            assert answered(heir, here.id, str(there.ipv4)) is (fabric is joined)
            assert dict(heir.observe().drift) == {}
        finally:
            heir.close(destroy=True)
            killed.close(destroy=False)
