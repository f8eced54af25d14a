"""The service `vpc`: VPC peering, by halves, and the networks around it."""
