"""Doors: each turns one protocol into use cases and their results and errors back. No rule of the field may live here."""
