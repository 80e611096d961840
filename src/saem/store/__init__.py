"""3 storage: what is published (SQLite catalog), what it holds (Lance tables), how it is found (search)."""
