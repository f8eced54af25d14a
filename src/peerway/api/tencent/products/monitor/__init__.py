"""Monitor 2018-07-24: metrics of peering connections, alarm policies and notices."""
