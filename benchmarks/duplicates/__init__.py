"""Near duplicates in 200 MB of real text with planted truth: how fast, how many, how exactly, kept current at what cost; beside others."""
