"""A small machine with Debian's own kernel, emulated by QEMU, for what the kernel underneath was built without.

Owns its making and the running of one command in it. Its root is this machine's, read-only; what it writes stays in its memory. It
needs no rights, touches no network, and is gone with its process. `scripts/prepare kernel` fetches what it needs.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
#: Debian's kernel package, unpacked.
KERNEL = ROOT / ".venv" / "debian-kernel"
TOOLS = ("qemu-system-x86_64", "busybox", "modprobe")

#: Modules without which the machine does not see its root.
_FIRST_MODULES = ("virtio_pci", "9pnet_virtio", "9p")
_ENDED = "machine: ended with "
#: In the initial memory disk: load what the root is reached by, and go there.
_INIT = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mkdir -p /proc /dev /below
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod /modules/$module; done
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro root /below
mount --move /dev /below/dev
mount -t tmpfs run /below/run
cp /command /below/run/command
exec switch_root /below /run/command
"""
#: There: the usual file systems, kernel modules on demand, the command, and off.
_COMMAND = f"""#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/run/tmp PYTHONDONTWRITEBYTECODE=1
export HYPOTHESIS_STORAGE_DIRECTORY=/run/tmp/hypothesis
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/shm /dev/pts /run/tmp
mount -t tmpfs shared /dev/shm
mount -t devpts terminals /dev/pts
printf '#!/bin/sh\\nexec modprobe -d {{kernel}} "$@"\\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
ip link set lo up
cd {{folder}}
{{command}}
echo {_ENDED}$?
echo o >/proc/sysrq-trigger
sleep 60
"""


class Ended(NamedTuple):
    """How a command ended."""

    #: Its exit status; None when the machine stopped before it did.
    status: int | None
    #: What it printed.
    output: str


def missing() -> str:
    """What the machine lacks, in words; empty when it can be started."""
    lacking = [tool for tool in TOOLS if shutil.which(tool, path=_path()) is None]
    if lacking:
        return f"{', '.join(lacking)} not found; `scripts/prepare kernel` says more"
    return (
        ""
        if (KERNEL / "ready").exists()
        else "Debian's kernel was not unpacked; see `scripts/prepare kernel`"
    )


def run(command: Sequence[str], *, timeout_s: float, steady: bool = False, memory_mib: int = 2048) -> Ended:
    """Start the machine, run a command in this folder there, and stop it.

    `steady`: while it works its clock counts instructions, a nanosecond each, so that whatever else this machine does changes
    little.
    """
    with TemporaryDirectory(prefix="machine-") as folder:
        disk = _memory_disk(Path(folder), command)
        try:
            output = subprocess.run(
                _arguments(disk, steady=steady, memory_mib=memory_mib),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_s,
                check=False,
            ).stdout
        except subprocess.TimeoutExpired as error:
            output = error.stdout or b""
    text = output.decode(errors="replace").replace("\r\n", "\n")
    printed, ended, status = text.rpartition(_ENDED)
    return Ended(int(status.split()[0]), printed) if ended else Ended(None, text)


def _arguments(disk: Path, *, steady: bool, memory_mib: int) -> list[str]:
    clock = (
        ["-accel", "tcg,thread=single", "-icount", "shift=0"] if steady else ["-accel", "tcg,thread=multi"]
    )
    return [
        "qemu-system-x86_64",
        *clock,
        *("-smp", "1" if steady else "2"),
        *("-cpu", "max", "-m", str(memory_mib)),
        *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"),
        *("-kernel", str(next((KERNEL / "boot").glob("vmlinuz-*"))), "-initrd", str(disk)),
        *("-append", "console=ttyS0 quiet panic=-1 mitigations=off"),
        *("-virtfs", "local,path=/,mount_tag=root,security_model=none,multidevs=remap,readonly=on"),
    ]


def _memory_disk(folder: Path, command: Sequence[str]) -> Path:
    tree = folder / "tree"
    modules, programs = tree / "modules", tree / "bin"
    for each in (modules, programs):
        each.mkdir(parents=True)
    busybox = shutil.which("busybox", path=_path())
    assert busybox is not None
    shutil.copy(busybox, programs)
    paths = _module_files()
    for path in paths:
        shutil.copy(path, modules)
    (modules / "order").write_text("".join(f"{path.name}\n" for path in paths))
    _write_script(tree / "init", _INIT)
    words = {"kernel": KERNEL, "folder": ROOT, "command": shlex.join(command)}
    _write_script(tree / "command", _COMMAND.format_map({name: str(value) for name, value in words.items()}))
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*"))).encode()
    packed = subprocess.run(
        [busybox, "cpio", "-o", "-H", "newc"], input=names, cwd=tree, check=True, capture_output=True
    ).stdout
    disk = folder / "disk"
    disk.write_bytes(packed)
    return disk


def _write_script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _module_files() -> list[Path]:
    """The modules of the beginning and what they need, in the order of loading."""
    (version,) = (path.name for path in (KERNEL / "lib" / "modules").iterdir())
    found: dict[Path, None] = {}
    for module in _FIRST_MODULES:
        said = subprocess.run(
            ["modprobe", "-d", str(KERNEL), "-S", version, "--show-depends", module],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PATH": _path()},
        ).stdout
        found |= dict.fromkeys(
            Path(line.split()[1]) for line in said.splitlines() if line.startswith("insmod ")
        )
    return list(found)


def _path() -> str:
    """An ordinary user's PATH may lack the folders of these tools."""
    return f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
