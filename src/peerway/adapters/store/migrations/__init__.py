"""The schema's history. Each revision is made by hand, stands for itself and is never changed; new ones are added behind it."""

from peerway.adapters.store.migrations.runner import upgrade

__all__ = ["upgrade"]
