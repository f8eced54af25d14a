"""All that one sender can ask of one address, at once, as exact sets (PATH-1).

Made ready for sets: `spaces` are sets of protocols and ports, `permits` a filter, `grounds` a router. On the way: `asking` follows
sets there and back, `ways` one of the two from router to router, past `filters` and through `translation`. Known by then: `parts`
are what is under way, `trips` what one walk knows, `notes` what an answer depends on, `fates` the answer. Many pairs are `pairs`'
business.
"""

from peerway.analysis.symbolic.asking import Asking, reach
from peerway.analysis.symbolic.fates import ARRIVED, Fate, Reach

__all__ = ["ARRIVED", "Asking", "Fate", "Reach", "reach"]
