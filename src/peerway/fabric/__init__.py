"""The compiled network and what packets do in it: pure values and pure functions."""
