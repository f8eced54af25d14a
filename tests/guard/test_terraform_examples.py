"""The Terraform examples are written as Terraform writes them, and their README sets what they need."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "terraform"
CONFIGURATIONS = sorted(FOLDER.glob("*/main.tf"))


def test_readme_names_every_configuration() -> None:
    """A reader finds them there."""
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert len(CONFIGURATIONS) == 4
    assert [path.name for path in CONFIGURATIONS if f"({path.relative_to(FOLDER)})" not in readme] == []


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.parent.name)
def test_readme_sets_every_variable(path: Path) -> None:
    """API-2: nobody is asked for a value; and no variable is left over."""
    text = path.read_text("utf-8")
    variables = set(re.findall(r'^variable "(\w+)"', text, flags=re.MULTILINE))
    exported = set(re.findall(r"TF_VAR_(\w+)=", (FOLDER / "README.md").read_text("utf-8")))
    assert variables <= exported
    assert variables == set(re.findall(r"\bvar\.(\w+)", text))


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.parent.name)
def test_resources_belong_to_a_provider_block(path: Path) -> None:
    """Two accounts or regions need two blocks, and what names none would be made by neither."""
    text = path.read_text("utf-8")
    aliases = set(re.findall(r"^  alias += \"(\w+)\"", text, flags=re.MULTILINE))
    blocks = re.findall(r"^(?:resource|data) .*?^}", text, flags=re.MULTILINE | re.DOTALL)
    named = [re.search(r"^  provider += \w+\.(\w+)$", block, flags=re.MULTILINE) for block in blocks]
    assert {found[1] for found in named if found} == aliases
    assert all(named)


@pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform here")
def test_files_are_formatted() -> None:
    """`terraform fmt` reads them whole, so that it finds what is no HCL; without providers it can't find more."""
    argv = ["terraform", "fmt", "-check", "-diff", "-recursive", str(FOLDER)]
    done = subprocess.run(argv, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
