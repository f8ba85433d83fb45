"""The tests that benchmarks run: copied to a folder of their own, and steered by environment variables."""
