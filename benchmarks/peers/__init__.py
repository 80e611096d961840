"""saem beside Pixeltable, CocoIndex, LlamaIndex and a script by hand, on one job: `python -m benchmarks.peers`. README.md has the table."""
