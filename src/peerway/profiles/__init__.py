"""The products of the seeds as data: one TOML file each, and the list of regions."""
