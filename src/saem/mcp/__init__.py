"""An MCP server: other people's agents search, ask, remember and query, each call under one principal's rights."""
