"""What saem costs, measured: `python -m benchmarks`. README.md has the figures."""
