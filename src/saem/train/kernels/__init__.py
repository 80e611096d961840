"""Loops over Arrow's own buffers, compiled by numba at first use and kept on disk: no Python object is made for a row."""
