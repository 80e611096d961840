"""How rows are kept current: deltas -> touched units -> operators -> diff -> unpublished commits -> one publish."""
