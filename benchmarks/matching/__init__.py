"""Benchmarks of the matching engine: quality against labelled data, speed against the floor, peers side by side."""
