"""What a change of the network changes for packets (PATH-1).

`changes` says who can ask whom for more or less than before, `dark` which routes lead nowhere any more, or somewhere again.
"""

from peerway.analysis.difference.changes import MOST, Change, Difference, Gap, difference
from peerway.analysis.difference.dark import Route
from peerway.analysis.pairs.blocks import Source, Target

__all__ = ["MOST", "Change", "Difference", "Gap", "Route", "Source", "Target", "difference"]
