"""LIO0: files that cannot be read, suppressions and baselines."""
