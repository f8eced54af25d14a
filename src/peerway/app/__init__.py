"""What Peerway does: ports, use cases and reconcilers; no framework and no driver is known here."""
