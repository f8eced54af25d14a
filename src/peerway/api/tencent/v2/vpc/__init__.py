"""Vpc: peering connections of the second version, and the networks and routes that they need."""
