"""What one packet does in the network, fast: the same answers as `fabric.walk`, step by step.

`walks` follows it, there and back; `choices` follows it every way that a connection's hash may send it.
"""

from peerway.analysis.trace.walks import exchange, walk

__all__ = ["exchange", "walk"]
