"""The reference of the clouds' actions is what the tables say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_dialect_reference_is_current():
    """docs/reference/dialects.md is generated; whoever changes a table writes it anew (API-1 to API-4)."""
    script = ROOT / "scripts" / "dialect_reference.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr
