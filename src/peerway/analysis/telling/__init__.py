"""A walk told with all that names it: ids, ranges, the words of what decides.

`hops` are the values, `steps` looks up each step's deciding object, `links` shows links as their owners see them, `sentences` puts
a hop in plain English.
"""

from peerway.analysis.telling.steps import INWARD, acl_entry, next_hop_of, tell

__all__ = ["INWARD", "acl_entry", "next_hop_of", "tell"]
