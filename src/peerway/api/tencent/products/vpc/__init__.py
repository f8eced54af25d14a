"""Vpc 2017-03-12: networks, and the connections between them."""
