"""The rows of Tools/benchmark, one file for each kind of work."""
