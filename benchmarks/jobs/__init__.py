"""What the fresh processes do; these modules may import saem, the benchmarks beside this folder may not."""
