"""Kernels that make no arrays. Numba would count references to each array at each call, atomically: without that they are twice as fast."""
from numba import njit

leaf = njit(nogil=True, cache=True, _nrt=False)      # _nrt: numba's own switch for code that allocates nothing
