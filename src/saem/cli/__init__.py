"""The command line: data on stdout, progress and messages on stderr, a last line that names the next command."""
