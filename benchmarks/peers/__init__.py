"""The same rows through us and through others: see ``docs/benchmarks.md``."""
