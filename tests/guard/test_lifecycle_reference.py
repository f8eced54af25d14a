"""The reference of the lifecycles is what the tables and the profiles say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_lifecycle_reference_is_current():
    """docs/reference/lifecycles.md is generated; whoever changes a table or a profile writes it anew."""
    script = ROOT / "scripts" / "lifecycle_reference.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr
