"""Fictitious data with known structure, for the demo, the tests and the benchmark. Nobody in it exists."""
