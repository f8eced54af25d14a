"""The data plane that carries no packets."""
