"""A gateway: one OpenAI-compatible address before every configured model, with keys, limits per key, and a row for each call."""
