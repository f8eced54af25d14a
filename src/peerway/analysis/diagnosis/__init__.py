"""The whole answer to a question about a path: what happens, all that stops it, what would help (PATH-1, PATH-2, PATH-3).

`asking` puts it together and `report` is what it says. `arrivals` gives the verdict; `blockers` finds all that stops a packet by
lifting (`assumptions`) one after another, each by its `causes`; `insides` is what guests do, `findings` the troubleshooting table.
"""

from peerway.analysis.diagnosis.asking import ask, diagnose

__all__ = ["ask", "diagnose"]
