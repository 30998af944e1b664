"""The shell: all I/O, Dagster assets and the command line. The only package that may import the others."""
