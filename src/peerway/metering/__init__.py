"""What use costs: pure, and exact to the last digit."""
