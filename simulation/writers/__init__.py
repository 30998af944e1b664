"""One module a format: each renders a part of the world as the bytes its system delivers, and nothing else."""
