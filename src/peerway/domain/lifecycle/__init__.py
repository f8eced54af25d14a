"""Lifecycles as tables: one engine, one table a resource."""
