"""Many pairs of senders and targets at once, as exact sets: who can ask whom what (PATH-1).

`touches` and `suspects` say which pairs may differ between two networks, `blocks` asks once for all pairs of the same answer, and
`asking` tells it of ranges, of one router, of everybody. What a change makes of it is `difference`'s business.
"""

from peerway.analysis.pairs.asking import Answer, across, at_router, everywhere

__all__ = ["Answer", "across", "at_router", "everywhere"]
