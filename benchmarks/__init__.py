"""What the claims of speed and quality in the docs are measured with."""
