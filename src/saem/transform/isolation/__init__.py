"""Parsers at work in processes of their own, because the files that they read may be hostile: little memory, little time, no network."""
