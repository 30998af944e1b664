"""The readers, one module a format, and the registry that finds one by name."""
