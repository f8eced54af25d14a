"""What stands behind the ports, one room a port."""
