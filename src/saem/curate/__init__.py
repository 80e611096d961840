"""Curation: which rows say the same. Kernels wait for first use."""
from saem.curate.exact_duplicates import exact_duplicates
from saem.curate.image_duplicates import image_duplicates
from saem.curate.near_duplicates import near_duplicates
from saem.curate.repeated_passages import repeated_passages
from saem.curate.semantic_duplicates import semantic_duplicates

__all__ = ["exact_duplicates", "image_duplicates", "near_duplicates", "repeated_passages", "semantic_duplicates"]
