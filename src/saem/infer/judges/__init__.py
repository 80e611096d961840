"""Judges of texts, one file each: `judge(...)` gives points and evidence by one criterion."""
