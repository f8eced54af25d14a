"""Nothing of the machine that a file was written on stays in the file, and no lock names an address."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("runtime", "dev", "bench", "source", "sdk-tccli", "sdk-jdcloud-old")
#: Folders that every machine has: a path that starts there gives nothing away.
COMMON = ("/", "/usr", "/usr/local", "/opt", "/tmp", "/home", "/srv", "/var", "/nonexistent")


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Path and text of each file that is or would be committed; files that are no text are left out."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listing.returncode:
        pytest.skip("not a git checkout: there is no list of tracked files")
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def machine_paths() -> list[str]:
    """Folders that only this machine has: the checkout, what it lies in, the home and a Python of one's own."""
    own = (ROOT, ROOT.parent, Path.home(), Path(sys.base_prefix))
    return sorted({f"{path}/" for path in map(str, own) if path not in COMMON})


def test_tracked_files_name_no_path_of_this_machine():
    """A file that names the checkout's or the user's folder works nowhere else."""
    pattern = re.compile("|".join(rf"(?<![\w.$}}-]){re.escape(path)}" for path in machine_paths()))
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_address(lock):
    """A lock has names, versions and hashes, so that it holds for every mirror."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    options = [line for line in text.splitlines() if line.startswith("-")]
    assert "://" not in text
    assert not options


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_hashes_every_package(lock):
    """Each entry of a lock is one exact version with at least one hash."""
    entries = locked(lock)
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries.values())


@pytest.mark.parametrize(("inner", "outer"), [("runtime", "dev"), ("dev", "bench")])
def test_lock_contains_the_one_before_it(inner, outer):
    """What is tested and measured is what users get: the same versions, and more beside them."""
    missing = locked(inner).keys() - locked(outer).keys()
    assert not missing


def locked(lock: str) -> dict[str, str]:
    """`name==version ; marker` -> the whole entry."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    entries = re.findall(r"^[a-z0-9].*(?:\n {4}--hash.*)*", text, flags=re.MULTILINE)
    return {entry.split(" \\")[0]: entry for entry in entries}
