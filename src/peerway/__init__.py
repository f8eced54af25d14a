"""Peerway: a self-hosted VPC interconnect."""

__version__ = "0.1.0"
