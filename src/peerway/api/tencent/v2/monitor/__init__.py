"""Monitor: metrics of peering connections by their names in the second version."""
