"""The service `cps`: networks of bare-metal hosts, and their peering, which JD Cloud has in its console only."""
