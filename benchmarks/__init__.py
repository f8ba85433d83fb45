"""How much the plugin costs, in figures of paired runs: `python -m benchmarks`, see docs/performance.md."""
