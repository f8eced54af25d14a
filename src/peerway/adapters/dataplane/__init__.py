"""Data planes: each takes the whole desired fabric and makes it so."""
