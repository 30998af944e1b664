"""Bytes into typed record batches or rejects: formats, systems and transports. Knows no warehouse."""
