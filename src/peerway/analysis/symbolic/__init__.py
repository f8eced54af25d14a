"""All that one sender can ask of one address, at once, as exact sets (PATH-1).

`spaces` are sets of protocols and ports; `permits` is a filter and `grounds` a router, made ready for sets; `asking` follows sets
of packets, there and back. Many pairs are `pairs`' business.
"""

from peerway.analysis.symbolic.asking import ARRIVED, ASKED, Asking, Fate, Reach, every_choice, reach

__all__ = ["ARRIVED", "ASKED", "Asking", "Fate", "Reach", "every_choice", "reach"]
