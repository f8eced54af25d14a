"""Intents held against a network: whether they hold, who shows that they don't, and what the answer rests on.

`examining` examines one, `watching` many against one network after another. `parties` and `holdings` say who is meant, `pairs` what
becomes of two of them, `sweep` follows many packets by few, `sight` and `surroundings` keep what an answer rests on.
"""

from peerway.analysis.intents.examining import NEVER, Examined, examine, still

__all__ = ["NEVER", "Examined", "examine", "still"]
