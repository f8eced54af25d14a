"""The Linux-kernel data plane: real packets on one host, as root or in a user namespace.

Reading order: `encode` (fabric → desired kernel objects), `ruleset` (filters → nftables), `state` (what differs → messages),
`converge` (the order of programming), `driver` (the port). `holder` is the small process that keeps the namespaces.
"""
