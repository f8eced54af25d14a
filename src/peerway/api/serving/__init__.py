"""What all doors share: bounds, identities, tools for handlers, telemetry. May not know any door."""
