"""Reads a pasted delivery address into the fields of a form."""

from yantuan.readers.address.reading import Reading, read

__all__ = ["Reading", "read"]
