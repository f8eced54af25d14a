"""The process's limit of open files: one is needed for each namespace."""

from __future__ import annotations

import resource


def raise_file_limit() -> int:
    """Raise the soft limit to the hard one; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
