"""Measurements of what Peerway promises, beside what it is compared with; see docs/benchmarks.md."""
