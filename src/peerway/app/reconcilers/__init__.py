"""Reconcilers: level-triggered, woken by events or time, and right after any number of missed events."""
