"""What would lift a blocker (PATH-3): typed changes, and what each does to the network.

`kinds` is the closed set of changes, `effects` the network once one is made and settled. Which one helps is `diagnosis`' business.
"""

from peerway.analysis.remedies.kinds import (
    NEW_PEERING,
    AcceptPeering,
    ActivateInterface,
    AddRoute,
    AddSourceNat,
    AddToWhitelist,
    AllowByNewGroup,
    AllowInGroup,
    ConnectInterface,
    CreatePeering,
    EnableIpv4Gateway,
    EnablePeering,
    InsertAclEntry,
    LetForward,
    Owned,
    RecoverVbr,
    Remedy,
    RemoveRoute,
)

__all__ = [
    "NEW_PEERING",
    "AcceptPeering",
    "ActivateInterface",
    "AddRoute",
    "AddSourceNat",
    "AddToWhitelist",
    "AllowByNewGroup",
    "AllowInGroup",
    "ConnectInterface",
    "CreatePeering",
    "EnableIpv4Gateway",
    "EnablePeering",
    "InsertAclEntry",
    "LetForward",
    "Owned",
    "RecoverVbr",
    "Remedy",
    "RemoveRoute",
]
