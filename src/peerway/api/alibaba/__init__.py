"""Alibaba Cloud's RPC APIs: all products on one path, told apart by version and action."""
