"""Host labels that a VPC's resolver answers for: each instance's and database's id, and its name where that can be one.

Owns which names become labels.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from peerway.domain.service import Database
from peerway.domain.vpc import Instance

#: A host label of RFC 1123.
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def host_labels(hosts: Iterable[Instance | Database]) -> Mapping[str, tuple[str, ...]]:
    """Labels by id: the id, then the name in lower case when it is a label and no other host of the VPC has it."""
    hosts = tuple(hosts)
    names = Counter(host.name.lower() for host in hosts)
    taken = {host.id for host in hosts}
    return {
        host.id: (host.id, host.name.lower())
        if names[host.name.lower()] == 1 and host.name.lower() not in taken and is_label(host.name.lower())
        else (host.id,)
        for host in hosts
    }


def is_label(text: str) -> bool:
    """Whether the text can be one label of a host name."""
    return _LABEL.fullmatch(text) is not None
